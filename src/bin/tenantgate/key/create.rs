//! `tenantgate key create` and `rotate`: what prints a new key.

use clap::{ArgMatches, Command};
use tenantgate::application_key::lint::Severity;
use tenantgate::tool::key::{
    Changed, Mint, NewKey, Overlap, Rotation, create, rotate, span, time, warning_text,
};

use super::arguments::{
    self, digesting, dry_run, end, flag, format, is_json, list, longest, making, name, now, option,
    parsed, prefix, store, text,
};
use super::change::{Affected, Change, Needed};
use super::secret::{hand_over, random};
use crate::command::{Subcommand, Verdict, say, warn};
use crate::failure::Failure;
use crate::input::Input;

pub const CREATE: Subcommand =
    Subcommand { name: "create", describe: describe_create, run: run_create };
pub const ROTATE: Subcommand =
    Subcommand { name: "rotate", describe: describe_rotate, run: run_rotate };

/// Options, and the members that they set to a text.
const TEXTS: [(&str, &str, &str, &str); 10] = [
    ("user", "user", "USER", "As whom requests with the key run"),
    ("tenant", "tenant", "TENANT", "The tenant that it acts for"),
    ("subtenant", "subtenant", "ID", "The subtenant that it acts for"),
    ("description", "description", "TEXT", "What it is for"),
    ("project", "project", "TEXT", "The project that it belongs to"),
    ("client-name", "client_name", "TEXT", "A label of the client; no decision rests on it"),
    ("device", "device", "ID", "The one device that has it"),
    ("home-mashup", "home_mashup", "NAME", "The page that its user begins with"),
    ("doc", "documentation", "TEXT", "Why it exists, in Markdown"),
    ("owner", "owner", "CONTACT", "Whom to tell about its end"),
];

/// Options, and the members that they add a text to.
const LISTS: [(&str, &str, &str, &str); 4] = [
    ("scope", "scopes", "SCOPE", "A scope that it holds; can be repeated"),
    ("role", "roles", "ROLE", "A role that it has; can be repeated"),
    ("tag", "tags", "VOCABULARY:TERM", "A tag; can be repeated"),
    (
        "ip",
        "ip_allow",
        "LIST",
        "Addresses that may use it: 10.1.2.3, 10.1.0.0/16, 10.1.2.*, 2001:db8::/48; can be repeated [default: every address]",
    ),
];

fn describe_create(command: Command) -> Command {
    let texts = TEXTS.map(|(option, _, value, help)| {
        let argument = arguments::option(option, value, help);
        if option == "user" { argument.required(true) } else { argument }
    });
    command
        .about("Makes a key, stores its digest, and prints it once")
        .arg(name())
        .arg(store())
        .args(texts)
        .args(LISTS.map(|(option, _, value, help)| list(option, value, help)))
        .arg(list("route", "ROUTE", "A place that it is limited to, as `GET,PUT api.acme.example/things/*`, of which any part may be missing; can be repeated [default: every route]"))
        .arg(flag("allow-query", "It may stand in a URL"))
        .arg(flag("allow-session", "It may open sessions"))
        .arg(option("not-before", "T", "When it begins to be good [default: at once]"))
        .args(making())
        .arg(flag("strict", "Makes none about which a warning is of high severity"))
        .arg(format())
        .arg(dry_run())
}

fn run_create(arguments: &ArgMatches) -> Result<Verdict, Failure> {
    let stated = |option: &str| arguments.get_one::<String>(option).cloned();
    let listed = |option: &str| {
        arguments.get_many::<String>(option).unwrap_or_default().cloned().collect::<Vec<_>>()
    };
    let texts = TEXTS.iter();
    let flags = [("allow-query", "allow_query"), ("allow-session", "allow_session")];
    let new = NewKey {
        name: text(arguments, "name").to_owned(),
        texts: texts
            .filter_map(|(option, member, ..)| stated(option).map(|text| (*member, text)))
            .collect(),
        lists: LISTS.iter().map(|(option, member, ..)| (*member, listed(option))).collect(),
        routes: listed("route"),
        flags: flags
            .into_iter()
            .filter(|(option, _)| arguments.get_flag(option))
            .map(|(_, member)| member)
            .collect(),
        not_before: parsed(arguments, "not-before", time)?,
        end: end(arguments)?,
        longest: longest(arguments)?,
    };
    let (mint, now, random) = (mint(arguments)?, now(), random()?);
    let change = Change::of(arguments, Needed::FileOrNone);
    let is_strict = arguments.get_flag("strict");
    let prepared = change.prepare(Affected::One(&new.name), |store| {
        create(store, &new, &mint, random.expose(), now)
    })?;
    let is_grave = warn_about(&new.name, &prepared.changed);
    if is_strict && is_grave {
        say(&format!("`{}`: not made, for a warning is of high severity", new.name));
        return Ok(Verdict::Wrong);
    }
    let (secret, is_done) = prepared.write()?;
    say(&format!("`{}`: made, good until {}{}", new.name, secret.ends(), is_done.remark()));
    if is_done.is_written() {
        hand_over(&new.name, &secret, is_json(arguments))?;
    }
    Ok(Verdict::Fine)
}

fn describe_rotate(command: Command) -> Command {
    command
        .about("Gives a key another secret, prints it once, and lets the old one be good for an overlap")
        .arg(name())
        .arg(store())
        .arg(option("overlap", "D", "How long the old secret stays good [default: 24h]"))
        .arg(flag("now", "Ends every older secret at once, for one has leaked").conflicts_with("overlap"))
        .arg(flag("force", "Ends an older secret that is still good from another rotation"))
        .args(making())
        .arg(format())
        .arg(dry_run())
}

fn run_rotate(arguments: &ArgMatches) -> Result<Verdict, Failure> {
    let name = text(arguments, "name");
    let overlap = parsed(arguments, "overlap", span)?.map(Overlap::For);
    let rotation = Rotation {
        overlap: match overlap {
            _ if arguments.get_flag("now") => Overlap::None,
            Some(overlap) => overlap,
            None => Overlap::DEFAULT,
        },
        ends_retiring: arguments.get_flag("force"),
        end: end(arguments)?,
        longest: longest(arguments)?,
    };
    let (mint, now, random) = (mint(arguments)?, now(), random()?);
    let change = Change::of(arguments, Needed::File);
    let prepared = change.prepare(Affected::One(name), |store| {
        rotate(store, name, &rotation, &mint, random.expose(), now)
    })?;
    warn_about(name, &prepared.changed);
    let (secret, is_done) = prepared.write()?;
    say(&format!("`{name}`: another secret, good until {}{}", secret.ends(), is_done.remark()));
    if is_done.is_written() {
        hand_over(name, &secret, is_json(arguments))?;
    }
    Ok(Verdict::Fine)
}

fn mint(arguments: &ArgMatches) -> Result<Mint, Failure> {
    let digesting = digesting(arguments, &mut Input::default())?;
    Ok(Mint { prefix: prefix(arguments)?, ..digesting })
}

/// Says what is unwise about a key, and whether some of it is grave.
pub fn warn_about(name: &str, changed: &Changed) -> bool {
    let warnings = changed.warnings(name, now());
    for warning in &warnings {
        warn(&warning_text(warning));
    }
    warnings.iter().any(|warning| warning.severity == Severity::High)
}
