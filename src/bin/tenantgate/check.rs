//! `tenantgate check`.

use std::env;

use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgAction, ArgMatches, Command};
use tenantgate::tool::{self, Check, Severity, report};

use crate::command::{Subcommand, Verdict, print};
use crate::failure::Failure;
use crate::input::Input;

/// `tenantgate check FILE...`.
pub const SUBCOMMAND: Subcommand = Subcommand { name: "check", describe, run };

fn describe(command: Command) -> Command {
    command
        .about("Finds what is wrong with a configuration, and what is worth a second thought")
        .arg(
            Arg::new("file")
                .value_name("FILE")
                .required_unless_present("envoy")
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
            Arg::new("envoy")
                .long("envoy")
                .value_name("BOOTSTRAP")
                .help("Envoy's own configuration: also finds what lets requests past the filter or keeps it from working, in view of all FILEs"),
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
    let mut input = Input::default();
    let mut files = Vec::new();
    let proxy = arguments.get_one::<String>("envoy");
    let mut named: Vec<_> = proxy.into_iter().collect();
    for file in arguments.get_many::<String>("file").unwrap_or_default() {
        // A second time it would say nothing new; the input is refused there.
        if file == "-" || !named.contains(&file) {
            files.push(input.read(file)?);
            named.push(file);
        }
    }
    let files: Vec<_> =
        files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
    let mut checked = report::Checked::new();
    if let Some(file) = proxy {
        let (name, bytes) = input.read(file)?;
        let findings = tool::check_envoy(&name, &bytes, &files, &how);
        checked.push((name, findings));
    }
    for (name, bytes) in files {
        checked.push((name.to_owned(), tool::check(name, bytes, &how)));
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

const EXAMPLES: &str = "\
Examples:
  tenantgate check gateway.yaml
  tenantgate check --deny-warnings --require-env envoy/*.yaml
  tenantgate check --envoy bootstrap.yaml gateway.yaml
  kubectl get wasmplugin gate -o yaml | tenantgate check -
  tenantgate check --format sarif gateway.yaml > findings.sarif

Exit status: 0 nothing is wrong, 1 something was found, 2 the arguments cannot be used, or a file cannot
be opened. What cannot be understood in a file is a finding.";
