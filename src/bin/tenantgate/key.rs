//! `tenantgate key`.

mod arguments;
mod change;
mod create;
mod import;
mod question;
mod secret;
mod serve;

use clap::{ArgMatches, Command};

use crate::command::{Subcommand, Verdict};
use crate::failure::Failure;

/// `tenantgate key ACTION --store FILE`, and `tenantgate key serve FILE`.
pub const SUBCOMMAND: Subcommand = Subcommand { name: "key", describe, run };

/// All actions, in the order of a key's life.
const ACTIONS: [Subcommand; 15] = [
    create::CREATE,
    question::LIST,
    question::SHOW,
    create::ROTATE,
    change::EXTEND,
    change::ENABLE,
    change::DISABLE,
    change::EXPIRE,
    change::DELETE,
    change::PRUNE,
    import::IMPORT,
    question::CHECK,
    question::DIGEST,
    question::LINT,
    serve::SERVE,
];

fn describe(command: Command) -> Command {
    let actions = ACTIONS.iter().map(|one| (one.describe)(Command::new(one.name)));
    command
        .about("Makes, lists, replaces, ends and serves application keys in a file")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommands(actions.map(|action| action.after_help(EXAMPLES)))
        .after_help(EXAMPLES)
}

fn run(arguments: &ArgMatches) -> Result<Verdict, Failure> {
    let Some((name, arguments)) = arguments.subcommand() else { return Ok(Verdict::Fine) };
    let action = ACTIONS.iter().find(|one| one.name == name);
    action.map_or(Ok(Verdict::Fine), |action| (action.run)(arguments))
}

const EXAMPLES: &str = "\
Examples:
  tenantgate key create pump-17 --store keys.json --user edge-pump-17 --ttl 90d --ip 10.1.2.3
  tenantgate key rotate pump-17 --store keys.json --overlap 7d --ttl 90d > pump-17.key
  tenantgate key list --store keys.json --expiring-within 14d
  tenantgate key check --store keys.json --method GET --path /things --ip 10.1.2.3 < pump-17.key
  tenantgate key prune --store keys.json --older-than 30d --dry-run
  tenantgate key import listing.json expiry.json --store keys.json --dry-run
  KEY_STORE_TOKEN=... tenantgate key serve keys.json --listen 127.0.0.1:8600 --token-env KEY_STORE_TOKEN

A new key is the only thing that create and rotate print; the file has its digest alone, so nobody can show
it again. All else is said on standard error.

Exit status: 0 it was done, or nothing is wrong; 1 check: the key is refused, import: keys were left out, lint: a record lets nobody in, or
with --strict something is unwise, create --strict: something is very unwise; 2 the arguments, a file or the
output cannot be used, nothing was changed; 3 list --expiring-within: some do.";
