//! `tenantgate key list`, `show`, `check`, `digest` and `lint`: what changes nothing.

use std::io::ErrorKind;
use std::net::IpAddr;
use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{ArgMatches, Command};
use tenantgate::application_key::{KeyRules, Peppers};
use tenantgate::tool::key::{
    Findings, KeyError, KeyUse, Listing, Presented, State, Store, check, list_json, list_text,
    read, read_usage, show_json, show_text, span, time, usage_file,
};

use super::arguments::{
    about, digesting, file, flag, format, is_json, name, now, option, parsed, pepper_file,
    pepper_id, prefix, store, text,
};
use super::secret::presented;
use crate::command::{Subcommand, Verdict, print, warn};
use crate::failure::Failure;
use crate::input::Input;

pub const LIST: Subcommand = Subcommand { name: "list", describe: describe_list, run: run_list };
pub const SHOW: Subcommand = Subcommand { name: "show", describe: describe_show, run: run_show };
pub const CHECK: Subcommand =
    Subcommand { name: "check", describe: describe_check, run: run_check };
pub const DIGEST: Subcommand =
    Subcommand { name: "digest", describe: describe_digest, run: run_digest };
pub const LINT: Subcommand = Subcommand { name: "lint", describe: describe_lint, run: run_lint };

fn describe_list(command: Command) -> Command {
    let states = PossibleValuesParser::new(State::ALL.map(State::name));
    command
        .about("Lists keys, never their secrets")
        .arg(store())
        .arg(option("state", "STATE", "Those in this state").value_parser(states))
        .arg(option("user", "USER", "Those of this user"))
        .arg(option("expiring-within", "D", "Those whose last secret ends within this time; if there are some, the exit status is 3"))
        .arg(usage())
        .arg(format())
}

fn run_list(arguments: &ArgMatches) -> Result<Verdict, Failure> {
    let listing = Listing {
        state: arguments.get_one::<String>("state").and_then(|state| State::named(state)),
        user: arguments.get_one::<String>("user").cloned(),
        expiring_within: parsed(arguments, "expiring-within", span)?,
    };
    with_store(arguments, |store| {
        let keys = listing.of(store.document(), now());
        let usage = used(arguments)?;
        let usage = usage.as_ref();
        print(&if is_json(arguments) { list_json(&keys, usage) } else { list_text(&keys, usage) })?;
        let is_soon = listing.expiring_within.is_some() && !keys.is_empty();
        Ok(if is_soon { Verdict::Soon } else { Verdict::Fine })
    })
}

fn describe_show(command: Command) -> Command {
    command
        .about("Shows all that the file says of a key, with digests cut to 8 digits")
        .arg(name())
        .arg(store())
        .arg(format())
}

fn run_show(arguments: &ArgMatches) -> Result<Verdict, Failure> {
    let name = text(arguments, "name");
    let show = if is_json(arguments) { show_json } else { show_text };
    with_store(arguments, |store| {
        print(&show(store, name, now()).map_err(|error| about(name, &error))?)?;
        Ok(Verdict::Fine)
    })
}

fn describe_check(command: Command) -> Command {
    command
        .about("Says what a gateway with this file would say to a key, and why")
        .arg(store())
        .arg(key())
        .arg(option("method", "METHOD", "The method of the request").default_value("GET"))
        .arg(option("path", "PATH", "The path of the request").default_value("/"))
        .arg(option("host", "HOST", "The host of the request").default_value("localhost"))
        .arg(option("ip", "ADDRESS", "The client's address [default: one that cannot be read]"))
        .arg(option("at", "T", "The time of the request [default: now]"))
        .arg(flag("in-url", "The key stands in the URL, and the gateway takes keys there"))
        .arg(option("prefix", "PREFIX", "What keys of ours begin with").default_value("gwk"))
        .arg(pepper_file())
        .arg(pepper_id())
        .arg(format())
}

fn run_check(arguments: &ArgMatches) -> Result<Verdict, Failure> {
    let mut input = Input::default();
    let address = arguments.get_one::<String>("ip").map(|address| {
        let parsed = address.parse::<IpAddr>();
        parsed.map_err(|_| Failure::Argument(format!("`--ip {address}`: not an address")))
    });
    let address = address.transpose()?;
    let at = parsed(arguments, "at", time)?.unwrap_or_else(now);
    let peppers: Vec<_> = digesting(arguments, &mut input)?.pepper.into_iter().collect();
    let failure = |error| about(text(arguments, "store"), &error);
    let rules = KeyRules {
        prefix: prefix(arguments)?,
        peppers: Peppers::new(peppers).map_err(KeyError::Pepper).map_err(failure)?,
        ..KeyRules::default()
    };
    let key = presented(text(arguments, "key"), &mut input)?;
    let request = Presented {
        key: &key,
        address,
        method: text(arguments, "method"),
        host: text(arguments, "host"),
        path: text(arguments, "path"),
        is_in_url: arguments.get_flag("in-url"),
    };
    with_store(arguments, |store| {
        let answer = check(store.document(), &rules, &request, at).map_err(failure)?;
        print(if is_json(arguments) { &answer.json } else { &answer.text })?;
        Ok(if answer.is_allowed { Verdict::Fine } else { Verdict::Wrong })
    })
}

fn describe_digest(command: Command) -> Command {
    command
        .about("Prints the digest of a key, as a record states it")
        .arg(key())
        .arg(pepper_file())
        .arg(pepper_id())
}

fn run_digest(arguments: &ArgMatches) -> Result<Verdict, Failure> {
    let mut input = Input::default();
    let mint = digesting(arguments, &mut input)?;
    let key = presented(text(arguments, "key"), &mut input)?;
    print(&format!("{}\n", mint.digest(&key).text()))?;
    Ok(Verdict::Fine)
}

fn describe_lint(command: Command) -> Command {
    command
        .about("Says what is wrong or unwise about the keys of a file")
        .arg(store())
        .arg(flag("strict", "What is unwise counts as wrong"))
        .arg(usage())
        .arg(format())
}

fn run_lint(arguments: &ArgMatches) -> Result<Verdict, Failure> {
    with_store(arguments, |store| {
        let found = Findings::of(store.document(), used(arguments)?.as_ref(), now());
        print(&if is_json(arguments) { found.json() } else { found.text() })?;
        let is_unwise = arguments.get_flag("strict") && !found.warnings.is_empty();
        let is_wrong = is_unwise || !found.invalid.is_empty();
        Ok(if is_wrong { Verdict::Wrong } else { Verdict::Fine })
    })
}

fn usage() -> clap::Arg {
    option(
        "usage",
        "FILE",
        "The report of use that `key serve` writes [default: that beside the file of keys, if it is there]",
    )
}

/// What is known of the use of keys. Without a file of it, nothing is.
fn used(arguments: &ArgMatches) -> Result<Option<KeyUse>, Failure> {
    let stated = arguments.get_one::<String>("usage").map(PathBuf::from);
    let path = stated.clone().unwrap_or_else(|| usage_file(file(arguments)));
    let culprit = path.display().to_string();
    let text = read(&path).map_err(|error| about(&culprit, &error))?;
    if text.is_none() && stated.is_some() {
        return Err(Failure::Read { file: culprit, error: ErrorKind::NotFound.into() });
    }
    let report = text.map(|text| read_usage(&text)).transpose();
    let report = report.map_err(|error| about(&culprit, &error))?;
    if let Some(caution) = report.as_ref().and_then(KeyUse::caution) {
        warn(&format!("`{culprit}`: {caution}"));
    }
    Ok(report)
}

/// From where a key is read: never an argument itself, which other processes and the shell's history see.
fn key() -> clap::Arg {
    option("key", "FILE", "The file that holds the key; - is the input").default_value("-")
}

/// Reads the file without a lock: it is replaced at once or not at all.
fn with_store(
    arguments: &ArgMatches,
    ask: impl FnOnce(&Store<'_>) -> Result<Verdict, Failure>,
) -> Result<Verdict, Failure> {
    let path = file(arguments);
    let failure = |error: KeyError| about(text(arguments, "store"), &error);
    let Some(content) = read(path).map_err(failure)? else {
        let error = ErrorKind::NotFound.into();
        return Err(Failure::Read { file: text(arguments, "store").to_owned(), error });
    };
    ask(&Store::read(Some(&content)).map_err(failure)?)
}
