//! Walks the tour and says of each step what was sent, expected and got.

use std::io;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use serde_json::Value;

use crate::development::http_client::{exchange, request};
use crate::error::DemoError;
use crate::outcome::Outcome;
use crate::place::Place;
use crate::say;
use crate::step::{STEPS, Step};

/// Walks every step; success only if each came out as expected.
///
/// # Errors
/// [`DemoError::Connect`] if the gateway or the identity provider cannot be reached.
pub fn walk(place: Place) -> Result<ExitCode, DemoError> {
    let tokens =
        patiently(|| exchange(place.identity_provider, &request("GET", "/demo/tokens", &[], "")))?
            .json();
    patiently(|| exchange(place.gateway, &request("GET", "/", &[], "")))?;
    let mut failed = 0_usize;
    let mut walked = 0_usize;
    for step in STEPS {
        let Some(gateway) = step.gateway(place) else {
            say(&format!("left {}: there is no way out here", step.title))?;
            continue;
        };
        walked = walked.saturating_add(1);
        let outcome = outcome(gateway, step, &tokens)?;
        let verdict = if step.expected.is(&outcome) { "ok  " } else { "FAIL" };
        failed = failed.saturating_add(usize::from(!step.expected.is(&outcome)));
        say(&format!(
            "{verdict} {}: sent {}; expected {}; got {outcome}",
            step.title,
            sent(step, &tokens),
            step.expected
        ))?;
    }
    let left = STEPS.len().saturating_sub(walked);
    let left = if left == 0 { String::new() } else { format!(", {left} not walked here") };
    say(&format!("{walked} steps, {failed} not as expected{left}"))?;
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
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
