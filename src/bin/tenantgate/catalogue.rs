//! `tenantgate catalogue`.

use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgMatches, Command};
use tenantgate::presets::{MINDSPHERE_CATALOGUE, catalogue_preset};
use tenantgate::tool::catalogue;

use crate::command::{Subcommand, Verdict, print};
use crate::failure::Failure;

/// `tenantgate catalogue show PRESET`.
pub const SUBCOMMAND: Subcommand = Subcommand { name: "catalogue", describe, run };

fn describe(command: Command) -> Command {
    let show = Command::new("show")
        .about("Prints the roles of a preset: what each opens, and how sure that is")
        .arg(
            Arg::new("preset")
                .value_name("PRESET")
                .required(true)
                .value_parser(PossibleValuesParser::new([MINDSPHERE_CATALOGUE.name]))
                .help("The preset"),
        )
        .arg(
            Arg::new("format")
                .long("format")
                .value_name("FORMAT")
                .default_value("text")
                .value_parser(PossibleValuesParser::new(["text", "json"]))
                .help("How it is written"),
        )
        .after_help(EXAMPLES);
    command
        .about("Shows what a preset takes for subtenancy-aware")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(show)
        .after_help(EXAMPLES)
}

fn run(arguments: &ArgMatches) -> Result<Verdict, Failure> {
    let Some((_, arguments)) = arguments.subcommand() else { return Ok(Verdict::Fine) };
    let name = arguments.get_one::<String>("preset");
    if let Some(preset) = name.and_then(|name| catalogue_preset(name)) {
        print(&match arguments.get_one::<String>("format").map(String::as_str) {
            Some("json") => catalogue::json(preset),
            Some(_) | None => catalogue::text(preset),
        })?;
    }
    Ok(Verdict::Fine)
}

const EXAMPLES: &str = "\
Examples:
  tenantgate catalogue show mindsphere
  tenantgate catalogue show mindsphere --format json

Exit status: 0 it was printed, 2 the arguments cannot be used.";
