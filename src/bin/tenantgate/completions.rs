//! `tenantgate completions`.

use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgMatches, Command};
use clap_complete::Shell;

use crate::command::{self, Subcommand, Verdict, print};
use crate::failure::Failure;

/// `tenantgate completions SHELL`.
pub const SUBCOMMAND: Subcommand = Subcommand { name: "completions", describe, run };

const SHELLS: [(&str, Shell); 3] =
    [("bash", Shell::Bash), ("fish", Shell::Fish), ("zsh", Shell::Zsh)];

fn describe(command: Command) -> Command {
    command
        .about("Prints a script that completes the arguments in a shell")
        .arg(
            Arg::new("shell")
                .value_name("SHELL")
                .required(true)
                .value_parser(PossibleValuesParser::new(SHELLS.map(|(name, _)| name)))
                .help("The shell"),
        )
        .after_help(EXAMPLES)
}

fn run(arguments: &ArgMatches) -> Result<Verdict, Failure> {
    let name = arguments.get_one::<String>("shell");
    let shell = SHELLS.iter().find(|(shell, _)| name.is_some_and(|name| name == shell));
    if let Some((_, shell)) = shell {
        let mut script = Vec::new();
        clap_complete::generate(*shell, &mut command::command(), "tenantgate", &mut script);
        print(&String::from_utf8_lossy(&script))?;
    }
    Ok(Verdict::Fine)
}

const EXAMPLES: &str = "\
Examples:
  source <(tenantgate completions bash)
  tenantgate completions zsh > \"${fpath[1]}/_tenantgate\"
  tenantgate completions fish > ~/.config/fish/completions/tenantgate.fish

Exit status: 0 it was printed, 2 the arguments cannot be used.";
