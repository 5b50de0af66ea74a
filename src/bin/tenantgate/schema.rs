//! `tenantgate schema`.

use clap::{ArgMatches, Command};
use tenantgate::tool;

use crate::command::{Subcommand, Verdict, print};
use crate::failure::Failure;

/// `tenantgate schema`.
pub const SUBCOMMAND: Subcommand = Subcommand { name: "schema", describe, run };

fn describe(command: Command) -> Command {
    command
        .about("Prints a JSON Schema by which editors complete and check configurations")
        .after_help(EXAMPLES)
}

fn run(_: &ArgMatches) -> Result<Verdict, Failure> {
    print(&tool::schema())?;
    Ok(Verdict::Fine)
}

const EXAMPLES: &str = "\
Examples:
  tenantgate schema > tenantgate.schema.json

The first line of a YAML file can then name it, for editors with the YAML language server:
  # yaml-language-server: $schema=tenantgate.schema.json

Exit status: 0 it was printed, 2 the arguments cannot be used.";
