//! Walks the tour and says of each step what was sent, expected and got.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use serde_json::Value;

use crate::development::clock;
use crate::development::http_client::{exchange, request};
use crate::error::DemoError;
use crate::key_stage::{KeyStage, disabling, manage};
use crate::key_step::{KEY_STEPS, KeyOutcome, KeyStep};
use crate::outcome::Outcome;
use crate::place::Place;
use crate::say;
use crate::step::{STEPS, Step};

/// Within what time a gateway has heard of the end of a key: `refresh` of its store, and 2 s.
pub const BOUND: Duration = Duration::from_secs(12);

/// Walks every step; success only if each came out as expected.
///
/// # Errors
/// [`DemoError::Connect`] if the gateway or the identity provider cannot be reached.
pub fn walk(place: Place, keys: Option<&KeyStage>) -> Result<ExitCode, DemoError> {
    let tokens =
        patiently(|| exchange(place.identity_provider, &request("GET", "/demo/tokens", &[], "")))?
            .json();
    patiently(|| exchange(place.gateway, &request("GET", "/", &[], "")))?;
    let mut tally = Tally::default();
    for step in STEPS {
        let Some(gateway) = step.gateway(place) else {
            tally.leave(step.title, "there is no way out here")?;
            continue;
        };
        let outcome = outcome(gateway, step, &tokens)?;
        let is_so = step.expected.is(&outcome);
        tally.tell(is_so, step.title, sent(step, &tokens), step.expected, &outcome)?;
    }
    for step in KEY_STEPS {
        let Some(keys) = keys else {
            tally.leave(step.title, "there are no application keys here")?;
            continue;
        };
        let (outcome, remark) = key_outcome(keys, step)?;
        let got = format!("{outcome}{remark}");
        tally.tell(step.expected.is(&outcome), step.title, step.sent(), step.expected, got)?;
    }
    tally.finish()
}

/// What came of the steps so far.
#[derive(Default)]
struct Tally {
    walked: usize,
    failed: usize,
    left: usize,
}

impl Tally {
    fn tell(
        &mut self,
        is_as_expected: bool,
        title: &str,
        sent: String,
        expected: impl fmt::Display,
        got: impl fmt::Display,
    ) -> Result<(), DemoError> {
        self.walked = self.walked.saturating_add(1);
        self.failed = self.failed.saturating_add(usize::from(!is_as_expected));
        let verdict = if is_as_expected { "ok  " } else { "FAIL" };
        say(&format!("{verdict} {title}: sent {sent}; expected {expected}; got {got}"))
    }

    fn leave(&mut self, title: &str, why: &str) -> Result<(), DemoError> {
        self.left = self.left.saturating_add(1);
        say(&format!("left {title}: {why}"))
    }

    fn finish(self) -> Result<ExitCode, DemoError> {
        let Self { walked, failed, left } = self;
        let left = if left == 0 { String::new() } else { format!(", {left} not walked here") };
        say(&format!("{walked} steps, {failed} not as expected{left}"))?;
        Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

/// A route on trial lets requests pass at once, before keys and tokens are at hand; those that come
/// later are judged.
fn outcome(gateway: SocketAddr, step: &Step, tokens: &Value) -> Result<Outcome<String>, DemoError> {
    let request = step.request(tokens);
    let ask = || exchange(gateway, &request).map_err(DemoError::Connect);
    let mut outcome = Outcome::of(&ask()?, step.token(tokens));
    for _ in 0..10 {
        if !outcome.is_undecided() {
            break;
        }
        thread::sleep(Duration::from_millis(500));
        outcome = Outcome::of(&ask()?, step.token(tokens));
    }
    Ok(outcome)
}

/// What came of a step with a key, and how long that took if it had to be waited for. Then 20 further
/// requests, each on a connection of its own and so of any worker, have the same answer.
fn key_outcome(keys: &KeyStage, step: &KeyStep) -> Result<(KeyOutcome<String>, String), DemoError> {
    let key = step.caller.map(|(key, _)| keys.key(key));
    let request = step.request(key.unwrap_or_default());
    let ask = || {
        let received = exchange(keys.gateway(), &request).map_err(DemoError::Connect)?;
        Ok(KeyOutcome::of(&received, key))
    };
    let Some(disabled) = step.disables else { return Ok((ask()?, String::new())) };
    manage(&disabling(disabled))?;
    let since = clock::since_1970();
    let waited = || clock::since_1970().saturating_sub(since);
    loop {
        let mut outcome = ask()?;
        for _ in 0..20 {
            if !step.expected.is(&outcome) {
                break;
            }
            outcome = ask()?;
        }
        if step.expected.is(&outcome) || waited() > BOUND {
            let remark = format!(" after {:.1} s", waited().as_secs_f64());
            return Ok((outcome, remark));
        }
        thread::sleep(Duration::from_millis(100));
    }
}

fn sent(step: &Step, tokens: &Value) -> String {
    let caller = match step.caller {
        None => "no token".to_owned(),
        Some(name) if tokens.get(name).is_some() => format!("token {name}"),
        Some(name) => format!("no token, because {name} is missing at the identity provider"),
    };
    format!("{} {} with {caller}", step.method, step.path)
}

/// Tries again for half a minute: in containers the servers start in any order.
fn patiently<T>(attempt: impl Fn() -> io::Result<T>) -> Result<T, DemoError> {
    for _ in 0..60 {
        if let Ok(success) = attempt() {
            return Ok(success);
        }
        thread::sleep(Duration::from_millis(500));
    }
    attempt().map_err(DemoError::Connect)
}
