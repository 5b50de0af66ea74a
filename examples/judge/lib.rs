//! A filter for tests alone: it tells what the host's `verify_signature` and the Rust code in Wasm make of
//! a signature, and how long each takes.
//!
//! `POST /judge` takes a list of questions and gives a list of answers, `POST /measure` takes a
//! measurement and gives a duration (`tests/vectors/question.rs`), and `POST /reliable` gives the names of
//! the algorithms that the host passes the self-test of. `scripts/judge.sh` builds it. Nothing of it is in
//! `tenantgate.wasm`.

#![cfg(target_os = "wasi")]
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a trap fails the test that asked"
)]

mod verifiers;

#[allow(missing_docs, reason = "they are the tests' own")]
#[path = "../../tests/vectors/question.rs"]
mod question;

use std::time::SystemTime;

use proxy_wasm::hostcalls;
use proxy_wasm::traits::{Context, HttpContext};
use proxy_wasm::types::Action;
use serde::Serialize;
use tenantgate::crypto::{SignatureVerifier, SoftwareVerifier, Verdict, envoy};

use question::{Answer, Duration, Measurement, Prepared, Question};
use verifiers::{Host, HostOrSoftware};

// The host looks these names up; nothing in Rust calls them.
#[allow(unsafe_code, reason = "the ABI needs an unmangled `_initialize`")]
mod entry {
    use proxy_wasm::traits::HttpContext;

    use super::Judge;

    proxy_wasm::main! {{
        proxy_wasm::set_http_context(|_, _| -> Box<dyn HttpContext> { Box::new(Judge::default()) });
    }}
}

/// One request.
#[derive(Default)]
struct Judge {
    size: usize,
}

impl Context for Judge {}

impl HttpContext for Judge {
    fn on_http_request_headers(&mut self, _: usize, _: bool) -> Action {
        Action::Pause
    }

    fn on_http_request_body(&mut self, size: usize, is_last: bool) -> Action {
        // What is held back is counted again with what follows.
        self.size = self.size.max(size);
        if is_last {
            let body = self.get_http_request_body(0, self.size).unwrap_or_default();
            let answer = match self.get_http_request_header(":path").as_deref() {
                Some("/judge") => json(&judged(&serde_json::from_slice::<Vec<_>>(&body).unwrap())),
                Some("/measure") => json(&measured(&serde_json::from_slice(&body).unwrap())),
                Some("/reliable") => json(&reliable()),
                path => panic!("{path:?} is no target"),
            };
            self.send_http_response(200, Vec::new(), Some(&answer));
        }
        Action::Pause
    }
}

fn judged(questions: &[Question]) -> Vec<Answer> {
    let answer = |question: &Question| {
        let host = Host::default();
        Answer {
            host: question.judged_by(&HostOrSoftware(&host)),
            calls: host.calls(),
            wasm: question.judged_by(&SoftwareVerifier),
        }
    };
    questions.iter().map(answer).collect()
}

fn measured(measurement: &Measurement) -> Duration {
    let prepared = measurement.signature.prepared();
    let host = Host::default();
    let is_by_host = prepared.judged_by(&host) == Verdict::Valid && host.calls() == 1;
    Duration {
        host: is_by_host.then(|| time(&prepared, &host, measurement.turns)),
        wasm: time(&prepared, &SoftwareVerifier, measurement.turns),
    }
}

/// The shortest of so many turns, for one verification. A turn is short, so that some are not interrupted.
fn time(prepared: &Prepared, verifier: &dyn SignatureVerifier, turns: u32) -> f64 {
    let turn = |times: u32| {
        let start = now();
        for _ in 0..times {
            assert_eq!(prepared.judged_by(verifier), Verdict::Valid);
        }
        now().duration_since(start).unwrap().as_secs_f64() * 1e9 / f64::from(times)
    };
    // As often as fits, but for the clock's own cost.
    let times = (TURN / turn(1).max(1.0)).clamp(1.0, 200.0) as u32;
    (0..turns).map(|_| turn(times)).fold(f64::INFINITY, f64::min)
}

fn reliable() -> Vec<&'static str> {
    let algorithms = envoy::reliable_algorithms(&Host::default());
    algorithms.into_iter().map(|algorithm| algorithm.name()).collect()
}

fn now() -> SystemTime {
    hostcalls::get_current_time().unwrap()
}

fn json(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).unwrap()
}

/// Nanoseconds.
const TURN: f64 = 200_000.0;
