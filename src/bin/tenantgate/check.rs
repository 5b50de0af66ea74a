//! `tenantgate check`.

use std::io::Read as _;
use std::{env, fs, io};

use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgAction, ArgMatches, Command};
use tenantgate::tool::{self, Check, Severity, report};

use crate::command::{Subcommand, Verdict, print};
use crate::failure::Failure;

/// `tenantgate check FILE...`.
pub const SUBCOMMAND: Subcommand = Subcommand { name: "check", describe, run };

fn describe(command: Command) -> Command {
    command
        .about("Finds what is wrong with a configuration, and what is worth a second thought")
        .arg(
            Arg::new("file")
                .value_name("FILE")
                .required(true)
                .action(ArgAction::Append)
                .num_args(1..)
                .help("YAML or JSON: a configuration, or a file of Envoy, Istio or Envoy Gateway that holds some; - is the input"),
        )
        .arg(
            Arg::new("format")
                .long("format")
                .value_name("FORMAT")
                .default_value("text")
                .value_parser(PossibleValuesParser::new(["text", "json", "sarif"]))
                .help("How findings are written; sarif is SARIF 2.1.0, for code scanners"),
        )
        .arg(
            Arg::new("deny-warnings")
                .long("deny-warnings")
                .action(ArgAction::SetTrue)
                .help("Ends with status 1 also when there are warnings alone"),
        )
        .arg(
            Arg::new("require-env")
                .long("require-env")
                .action(ArgAction::SetTrue)
                .help("Takes an environment variable that is not set here for an error, as the filter does"),
        )
        .after_help(EXAMPLES)
}

#[expect(clippy::disallowed_methods, reason = "this is where the environment is handed over")]
fn run(arguments: &ArgMatches) -> Result<Verdict, Failure> {
    let environment = |name: &str| env::var(name).ok();
    let how = Check {
        environment: &environment,
        requires_environment: arguments.get_flag("require-env"),
    };
    let mut checked = report::Checked::new();
    for file in arguments.get_many::<String>("file").unwrap_or_default() {
        let bytes = read(file).map_err(|error| Failure::Read { file: file.clone(), error })?;
        let name = if file == "-" { "<stdin>" } else { file };
        checked.push((name.to_owned(), tool::check(name, &bytes, &how)));
    }
    print(&match arguments.get_one::<String>("format").map(String::as_str) {
        Some("json") => report::json(&checked),
        Some("sarif") => report::sarif(&checked),
        Some(_) | None => report::text(&checked),
    })?;
    let warnings = report::count(&checked, Severity::Warning);
    let is_wrong = report::count(&checked, Severity::Error) > 0
        || warnings > 0 && arguments.get_flag("deny-warnings");
    Ok(if is_wrong { Verdict::Wrong } else { Verdict::Fine })
}

fn read(file: &str) -> io::Result<Vec<u8>> {
    if file == "-" {
        let mut bytes = Vec::new();
        io::stdin().read_to_end(&mut bytes)?;
        return Ok(bytes);
    }
    fs::read(file)
}

const EXAMPLES: &str = "\
Examples:
  tenantgate check gateway.yaml
  tenantgate check --deny-warnings --require-env envoy/*.yaml
  kubectl get wasmplugin gate -o yaml | tenantgate check -
  tenantgate check --format sarif gateway.yaml > findings.sarif

Exit status: 0 nothing is wrong, 1 something was found, 2 the arguments or a file cannot be used.";
