//! Arguments that several actions have, and reading them.

use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use clap::builder::{NonEmptyStringValueParser, PossibleValuesParser};
use clap::{Arg, ArgAction, ArgMatches};
use tenantgate::application_key::KeyPrefix;
use tenantgate::time::Timestamp;
use tenantgate::tool::key::{End, KeyError, MAX_LIFETIME, Mint, span, time};

use crate::failure::Failure;
use crate::input::Input;

pub fn name() -> Arg {
    Arg::new("name").value_name("NAME").required(true).help("The name of the key")
}

pub fn store() -> Arg {
    option("store", "FILE", "The file of keys").required(true)
}

pub fn option(name: &'static str, value: &'static str, help: &'static str) -> Arg {
    let parser = NonEmptyStringValueParser::new();
    Arg::new(name).long(name).value_name(value).value_parser(parser).help(help)
}

/// An option that may be repeated.
pub fn list(name: &'static str, value: &'static str, help: &'static str) -> Arg {
    option(name, value, help).action(ArgAction::Append)
}

pub fn flag(name: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).action(ArgAction::SetTrue).help(help)
}

pub fn dry_run() -> Arg {
    flag("dry-run", "Says what would be done, and changes nothing")
}

pub fn format() -> Arg {
    let formats = PossibleValuesParser::new(["text", "json"]);
    option("format", "FORMAT", "How it is written").default_value("text").value_parser(formats)
}

/// How a secret is made, and when it ends.
pub fn making() -> [Arg; 6] {
    [
        option(
            "ttl",
            "D",
            "How long it is good: 90d, 12h, 3600s [default: that of the file, else 24h]",
        )
        .conflicts_with("expires"),
        option("expires", "T", "When it ends: 2026-06-15T00:00:00Z"),
        max_lifetime(),
        option("prefix", "PREFIX", "What the key begins with, 2 to 8 letters")
            .default_value(KeyPrefix::DEFAULT),
        pepper_file(),
        pepper_id(),
    ]
}

pub fn max_lifetime() -> Arg {
    option("max-lifetime", "D", "The longest lifetime from now [default: 1095d]")
}

pub fn pepper_file() -> Arg {
    option("pepper-file", "FILE", "A pepper of 32 bytes or more, by which the key is digested")
        .requires("pepper-id")
}

pub fn pepper_id() -> Arg {
    option("pepper-id", "ID", "What digests call that pepper").requires("pepper-file")
}

/// The value of an option or argument; empty if there is none.
pub fn text<'a>(arguments: &'a ArgMatches, name: &str) -> &'a str {
    arguments.get_one::<String>(name).map(String::as_str).unwrap_or_default()
}

/// What is made of the value of an option, if it has one.
pub fn parsed<T>(
    arguments: &ArgMatches,
    name: &str,
    parse: impl Fn(&str) -> Result<T, KeyError>,
) -> Result<Option<T>, Failure> {
    let value = arguments.get_one::<String>(name);
    let value = value.map(|value| {
        parse(value).map_err(|error| Failure::Argument(format!("`--{name} {value}`: {error}")))
    });
    value.transpose()
}

pub fn file(arguments: &ArgMatches) -> &Path {
    Path::new(text(arguments, "store"))
}

pub fn is_json(arguments: &ArgMatches) -> bool {
    text(arguments, "format") == "json"
}

pub fn end(arguments: &ArgMatches) -> Result<End, Failure> {
    let on = parsed(arguments, "expires", time)?.map(End::On);
    let within = parsed(arguments, "ttl", span)?.map(End::In);
    Ok(on.or(within).unwrap_or(End::ByDefault))
}

pub fn longest(arguments: &ArgMatches) -> Result<Duration, Failure> {
    Ok(parsed(arguments, "max-lifetime", span)?.unwrap_or(MAX_LIFETIME))
}

pub fn prefix(arguments: &ArgMatches) -> Result<KeyPrefix, Failure> {
    let stated = text(arguments, "prefix");
    KeyPrefix::parse(stated)
        .map_err(|_| Failure::Argument(format!("`--prefix {stated}`: not 2 to 8 of `a` to `z`")))
}

/// How keys are digested, with the default prefix.
pub fn digesting(arguments: &ArgMatches, input: &mut Input) -> Result<Mint, Failure> {
    let Some(file) = arguments.get_one::<String>("pepper-file") else { return Ok(Mint::default()) };
    let (name, content) = input.read(file)?;
    let pepper = Mint::pepper(text(arguments, "pepper-id"), &content);
    let pepper = pepper.map_err(|error| Failure::Argument(format!("`{name}`: {error}")))?;
    Ok(Mint { pepper: Some(pepper), ..Mint::default() })
}

#[expect(clippy::disallowed_methods, reason = "this is where the time is handed over")]
pub fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_seconds(since.as_secs())
}

/// A failure about something that has a name.
pub fn about(culprit: &str, error: &KeyError) -> Failure {
    Failure::Argument(format!("`{culprit}`: {error}"))
}
