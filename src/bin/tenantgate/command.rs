//! The table of subcommands; each has a file of its own.

use std::io::Write as _;
use std::process::ExitCode;

use clap::{ArgMatches, Command};

use crate::failure::Failure;
use crate::{catalogue, check, completions, explain, idaas, key, render, schema, token};

/// All subcommands, in the order of `--help`.
const SUBCOMMANDS: &[Subcommand] = &[
    check::SUBCOMMAND,
    explain::SUBCOMMAND,
    render::SUBCOMMAND,
    schema::SUBCOMMAND,
    token::SUBCOMMAND,
    catalogue::SUBCOMMAND,
    idaas::SUBCOMMAND,
    key::SUBCOMMAND,
    completions::SUBCOMMAND,
];

/// A subcommand.
pub struct Subcommand {
    /// Its name.
    pub name: &'static str,
    /// Its arguments and its help.
    pub describe: fn(Command) -> Command,
    /// Does what it is for.
    pub run: fn(&ArgMatches) -> Result<Verdict, Failure>,
}

/// What a run has found.
#[derive(Clone, Copy)]
pub enum Verdict {
    /// Nothing is wrong.
    Fine,
    /// Something will soon be wrong with what was looked at.
    Soon,
    /// Something is wrong with what was looked at.
    Wrong,
    /// Nobody can tell here.
    Undecided,
}

/// The whole command line.
pub fn command() -> Command {
    let subcommands = SUBCOMMANDS.iter().map(|one| (one.describe)(Command::new(one.name)));
    Command::new("tenantgate")
        .version(env!("CARGO_PKG_VERSION"))
        .about("Checks and explains configurations of tenantgate, the proxy-wasm filter")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommands(subcommands)
        .after_help(EXAMPLES)
}

/// Runs the subcommand that was asked for.
pub fn run() -> ExitCode {
    // On a mistake of the user it prints what is wrong and ends with status 2.
    let matches = command().get_matches();
    let asked = matches.subcommand().and_then(|(name, arguments)| {
        let found = SUBCOMMANDS.iter().find(|one| one.name == name)?;
        Some((found, arguments))
    });
    let verdict = asked.map_or(Ok(Verdict::Fine), |(one, arguments)| (one.run)(arguments));
    match verdict {
        Ok(Verdict::Fine) => ExitCode::SUCCESS,
        Ok(Verdict::Wrong) => ExitCode::from(1),
        Ok(Verdict::Soon | Verdict::Undecided) => ExitCode::from(3),
        Err(failure) => {
            // If not even that can be written, the status still tells.
            let _ = writeln!(anstream::stderr(), "tenantgate: {failure}");
            ExitCode::from(2)
        }
    }
}

/// Writes to the output, with colours where it is a terminal that has them (`NO_COLOR` is obeyed). A
/// reader that has seen enough (`| head`) is no failure.
pub fn print(text: &str) -> Result<(), Failure> {
    let mut output = anstream::stdout();
    let written = output.write_all(text.as_bytes()).and_then(|()| output.flush());
    match written {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(Failure::Write(error)),
        Err(_) | Ok(()) => Ok(()),
    }
}

/// Says what was done, beside the output.
pub fn say(words: &str) {
    let _ = writeln!(anstream::stderr(), "tenantgate: {words}");
}

/// Says something beside the output. If that cannot be written, the output counts all the same.
pub fn warn(words: &str) {
    let _ = writeln!(anstream::stderr(), "tenantgate: warning: {words}");
}

const EXAMPLES: &str = "\
Examples:
  tenantgate check gateway.yaml
  tenantgate check --format sarif envoy.yaml > findings.sarif
  tenantgate explain gateway.yaml --request 'GET /api/x' --token @token.jwt --jwks keys.json
  tenantgate render envoy gateway.yaml --upstream app.internal:8080 > envoy.yaml

Exit status: 0 nothing is wrong, 1 something was found, 2 the arguments, a file or the output cannot be
used, 3 nobody can tell (explain), or a key ends soon (key list).";
