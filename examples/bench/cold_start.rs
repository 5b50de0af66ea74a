//! A cold start: many requests at once for an Envoy that has neither keys nor a technical token yet.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::development::http_client::Connection;
use crate::error::BenchError;
use crate::load::{Aim, request};
use crate::row::{Listener, REPORTS, Token};
use crate::stage::Servers;
use crate::table::Table;
use crate::tokens::Tokens;

/// What became of [`REQUESTS`] requests, each with a token of its own.
pub struct ColdStart {
    listener: Listener,
    workers: u32,
    /// How many were forwarded with a technical token.
    forwarded: usize,
    /// How many were told to come back (503): more than may wait.
    sent_away: usize,
    /// How often the identity provider was asked for its keys.
    key_calls: usize,
    /// How often it was asked for a technical token.
    token_calls: usize,
    /// Until all were sent.
    sent: Duration,
    /// Until the first of them was answered: not before the provider was.
    first: Duration,
    /// Until all were.
    all: Duration,
}

/// Measures it at these listeners with so many workers.
///
/// # Errors
/// [`BenchError`] if Envoy does not start, or a request gets no answer.
pub fn measure(servers: &Servers, tokens: &Tokens) -> Result<Vec<ColdStart>, BenchError> {
    let provider = servers.identity_provider();
    provider.set_keys_delay(PROVIDER_TAKES);
    provider.set_token_delay(PROVIDER_TAKES);
    let starts = SETTINGS.map(|(listener, workers)| rush(servers, tokens, listener, workers));
    provider.set_keys_delay(Duration::ZERO);
    provider.set_token_delay(Duration::ZERO);
    starts.into_iter().collect()
}

impl ColdStart {
    /// All of it, as `results.json` has it.
    pub fn json(&self) -> Value {
        json!({
            "listener": self.listener.name(),
            "workers": self.workers,
            "requests": REQUESTS,
            "provider_takes_ms": PROVIDER_TAKES.as_millis(),
            "forwarded": self.forwarded,
            "sent_away": self.sent_away,
            "key_calls": self.key_calls,
            "token_calls": self.token_calls,
            "sent_ms": self.sent.as_millis(),
            "first_answered_ms": self.first.as_millis(),
            "all_answered_ms": self.all.as_millis(),
        })
    }
}

/// The table.
pub fn table(starts: &[ColdStart]) -> Table {
    let cells = |start: &ColdStart| {
        let counts = [start.forwarded, start.sent_away, start.key_calls, start.token_calls];
        let times = [start.sent, start.first, start.all];
        let mut cells = vec![start.listener.name().to_owned(), start.workers.to_string()];
        cells.extend(counts.map(|count| count.to_string()));
        cells.extend(times.map(|time| time.as_millis().to_string()));
        cells
    };
    let takes = PROVIDER_TAKES.as_millis();
    Table {
        title: format!(
            "{REQUESTS} requests at once for an Envoy that has just started, while the provider takes {takes} ms for each \
             answer: what became of them, the calls that the provider saw, and milliseconds until they were sent and answered"
        ),
        columns: vec![
            "listener",
            "workers",
            "forwarded",
            "sent away (503)",
            "calls for keys",
            "calls for tokens",
            "sent (ms)",
            "first (ms)",
            "all (ms)",
        ],
        rows: starts.iter().map(cells).collect(),
    }
}

#[allow(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
fn rush(
    servers: &Servers,
    tokens: &Tokens,
    listener: Listener,
    workers: u32,
) -> Result<ColdStart, BenchError> {
    let provider = servers.identity_provider();
    let calls = || ["keys", "token"].map(|endpoint| provider.calls(endpoint));
    let [keys_before, tokens_before] = calls();
    let envoy = servers.envoy(&[listener], workers)?;
    let aim = Aim { address: envoy.listener(listener.name())?, target: REPORTS, status: 200 };
    let connections: Result<Vec<_>, _> =
        (0..REQUESTS).map(|_| Connection::open(aim.address)).collect();
    let mut connections = connections.map_err(BenchError::Http)?;
    let start = Instant::now();
    for (connection, credential) in connections.iter_mut().zip(tokens.all(Token::FirstSeen)) {
        let request = request(aim.target, credential, "");
        connection.send(&request).map_err(BenchError::Http)?;
    }
    let sent = start.elapsed();
    let mut first = None;
    let (mut forwarded, mut sent_away) = (0, 0);
    for connection in &mut connections {
        match connection.receive().map_err(BenchError::Http)?.status {
            503 => sent_away += 1,
            got if got == aim.status => forwarded += 1,
            got => return Err(BenchError::Status { expected: aim.status, got }),
        }
        first.get_or_insert_with(|| start.elapsed());
    }
    let all = start.elapsed();
    let [key_calls, token_calls] = calls();
    Ok(ColdStart {
        listener,
        workers,
        forwarded,
        sent_away,
        key_calls: key_calls.saturating_sub(keys_before),
        token_calls: token_calls.saturating_sub(tokens_before),
        sent,
        first: first.unwrap_or_default(),
        all,
    })
}

/// How many there are, all at once.
pub const REQUESTS: usize = 1000;
/// So long that all requests are there before it has answered.
const PROVIDER_TAKES: Duration = Duration::from_secs(1);
/// By default, with twice the workers, and with room for all to wait.
const SETTINGS: [(Listener, u32); 3] =
    [(Listener::Tenantgate, 1), (Listener::Tenantgate, 2), (Listener::TenantgateManyWaiters, 1)];
