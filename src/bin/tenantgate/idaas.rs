//! `tenantgate idaas`.

use std::env;

use clap::builder::NonEmptyStringValueParser;
use clap::{Arg, ArgAction, ArgMatches, Command};
use tenantgate::tool::idaas::{Order, default_file, import};

use crate::command::{Subcommand, Verdict, print};
use crate::failure::Failure;
use crate::input::Input;

/// `tenantgate idaas import [FILE]`.
pub const SUBCOMMAND: Subcommand = Subcommand { name: "idaas", describe, run };

fn describe(command: Command) -> Command {
    let import = Command::new("import")
        .about("Prints a credential, clusters and names of variables for a client-config.json")
        .arg(
            Arg::new("file")
                .value_name("FILE")
                .help("The client-config.json, also with comments and with line breaks in texts; - is the input [default: that of CLOUD_IDAAS_CONFIG_PATH, else ~/.cloud_idaas/client-config.json]"),
        )
        .arg(
            Arg::new("name")
                .long("name")
                .value_name("NAME")
                .default_value("idaas")
                .help("What the credential is called; its clusters are called after it"),
        )
        .arg(
            Arg::new("callers")
                .long("callers")
                .value_name("TENANT")
                .action(ArgAction::Append)
                .value_delimiter(',')
                .value_parser(NonEmptyStringValueParser::new())
                .help("The tenants whose callers it may serve, or `any` [default: left to you]"),
        )
        .after_help(EXAMPLES);
    command
        .about("Takes over the configuration of Alibaba Cloud IDaaS clients")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(import)
        .after_help(EXAMPLES)
}

#[expect(clippy::disallowed_methods, reason = "this is where the environment is handed over")]
fn run(arguments: &ArgMatches) -> Result<Verdict, Failure> {
    let Some((_, arguments)) = arguments.subcommand() else { return Ok(Verdict::Fine) };
    let environment = |name: &str| env::var(name).ok();
    let stated = arguments.get_one::<String>("file").cloned();
    let file = stated.or_else(|| default_file(&environment)).ok_or_else(|| {
        let words =
            "no FILE is stated, and neither CLOUD_IDAAS_CONFIG_PATH nor HOME says where it is";
        Failure::Argument(words.to_owned())
    })?;
    let (name, document) = Input::default().read(&file)?;
    let order = Order {
        document: &document,
        environment: &environment,
        name: arguments.get_one::<String>("name").map(String::as_str).unwrap_or_default(),
        callers: arguments.get_many("callers").unwrap_or_default().cloned().collect(),
    };
    let imported = import(&order).map_err(|error| Failure::Argument(format!("`{name}`: {error}")));
    print(&imported?)?;
    Ok(Verdict::Fine)
}

const EXAMPLES: &str = "\
Examples:
  tenantgate idaas import > idaas.yaml
  tenantgate idaas import client-config.json --name files --callers acme
  kubectl get configmap idaas -o jsonpath='{.data.client-config\\.json}' | tenantgate idaas import -

The document is checked as the filter does it. Variables are named, never printed; those of the
vendor's credential chain (ALIBABA_CLOUD_*) decide which servers are called, so run it where the
program runs.

Exit status: 0 it was printed, 2 the arguments or the document cannot be used.";
