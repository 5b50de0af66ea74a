//! The demo: tenantgate in a real Envoy, between development servers, from one command.
//!
//! ```text
//! cargo run --example demo -- run                     starts everything and prints curl lines, until Ctrl-C
//! cargo run --example demo -- tour                    starts everything and walks the tour
//! cargo run --example demo -- tour --gateway URL --idp URL    walks the tour through what runs elsewhere
//! cargo run --example demo -- idp --listen ADDRESS    the identity provider alone
//! cargo run --example demo -- upstream --listen ADDRESS    the upstream alone
//! ```
//!
//! `ENVOY` names the Envoy binary (else `envoy` on the path) and `WASM` the module (else where
//! `make wasm` leaves it), and `TENANTGATE` the command-line tool (else that of a release build). The
//! identity provider alone reads its one client from `MINDSPHERE_CLIENT_ID` and `MINDSPHERE_CLIENT_SECRET`.

mod arguments;
#[allow(dead_code, reason = "the end-to-end tests use the rest")]
mod development;
mod error;
mod key_stage;
mod key_step;
mod outcome;
mod place;
mod stage;
mod step;
mod tour;

use std::io::{self, Write};
use std::net::SocketAddr;
use std::process::ExitCode;

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use arguments::Command;
use development::http_client;
use development::identity_provider::IdentityProvider;
use development::upstream::Upstream;
use error::DemoError;
use stage::Stage;

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    match Command::parse(&arguments).ok_or(DemoError::Usage).and_then(perform) {
        Ok(code) => code,
        Err(error) => {
            // With nowhere to write to, the exit code still tells.
            drop(writeln!(io::stderr(), "demo: {error}"));
            ExitCode::FAILURE
        }
    }
}

fn perform(command: Command) -> Result<ExitCode, DemoError> {
    match command {
        Command::Run => {
            let stage = Stage::start()?;
            show_callers(&stage)?;
            wait_for_interrupt()?;
            say("stopped")?;
        }
        Command::Tour { place: Some(place) } => return tour::walk(place, None),
        Command::Tour { place: None } => {
            let stage = Stage::start()?;
            return tour::walk(stage.place(), Some(stage.keys()));
        }
        Command::IdentityProvider { listen } => {
            let provider = IdentityProvider::start(listen, vec![stage::client_from_environment()?])
                .map_err(|error| DemoError::IdentityProvider { listen, error })?;
            serve_until_interrupt("identity provider", provider.address())?;
        }
        Command::Upstream { listen } => {
            let upstream =
                Upstream::start(listen).map_err(|error| DemoError::Listen { listen, error })?;
            serve_until_interrupt("upstream", upstream.address())?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Prints one `curl` line, with a live token or key, for each step of the tour.
fn show_callers(stage: &Stage) -> Result<(), DemoError> {
    let place = stage.place();
    let tokens = http_client::exchange(
        place.identity_provider,
        &http_client::request("GET", "/demo/tokens", &[], ""),
    )
    .map_err(DemoError::Connect)?
    .json();
    for step in step::STEPS {
        let Some(gateway) = step.gateway(place) else { continue };
        say(&format!("\n# {}: {}\n{}", step.title, step.expected, step.curl(gateway, &tokens)))?;
    }
    for step in key_step::KEY_STEPS {
        let key = step.caller.map(|(key, _)| stage.keys().key(key)).unwrap_or_default();
        let first = step.disables.map(|key| {
            let seconds = tour::BOUND.as_secs();
            format!(
                "target/release/tenantgate key {}    # and wait for {seconds} s\n",
                key_stage::disabling(key)
            )
        });
        let line = step.curl(stage.keys().gateway(), key);
        say(&format!(
            "\n# {}: {}\n{}{line}",
            step.title,
            step.expected,
            first.unwrap_or_default()
        ))?;
    }
    say(&format!(
        "\ngateway http://{}, log in {}, Ctrl-C stops everything",
        place.gateway,
        stage::LOG
    ))
}

fn serve_until_interrupt(name: &str, address: SocketAddr) -> Result<(), DemoError> {
    say(&format!("{name} listens on {address}"))?;
    wait_for_interrupt()
}

fn wait_for_interrupt() -> Result<(), DemoError> {
    let mut signals = Signals::new([SIGINT, SIGTERM]).map_err(DemoError::Signals)?;
    signals.forever().next();
    Ok(())
}

fn say(line: &str) -> Result<(), DemoError> {
    let mut output = io::stdout();
    writeln!(output, "{line}").and_then(|()| output.flush()).map_err(DemoError::Print)
}
