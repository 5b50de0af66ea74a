//! Changes of a key file: under its lock, looked at as a whole, then written at once or not at all.

use std::path::Path;
use std::time::Duration;

use clap::{ArgMatches, Command};
use tenantgate::time::Timestamp;
use tenantgate::tool::key::{
    Changed, End, Extension, KeyError, LockedFile, Store, delete, expire, extend, prune, read,
    span, switch, time, time_text,
};

use super::arguments::{
    about, dry_run, file, flag, longest, max_lifetime, name, now, option, parsed, store, text,
};
use super::create::warn_about;
use crate::command::{Subcommand, Verdict, say};
use crate::failure::Failure;

/// A change of a file.
pub struct Change<'a> {
    file: &'a Path,
    needed: Needed,
    is_dry: bool,
}

/// Whether the file must be there.
#[derive(Clone, Copy, Eq, PartialEq)]
pub enum Needed {
    File,
    FileOrNone,
}

/// Which keys are changed.
#[derive(Clone, Copy)]
pub enum Affected<'a> {
    All,
    One(&'a str),
    Removed(&'a str),
}

/// A change that can be written.
pub struct Prepared<T> {
    pub changed: Changed,
    file: String,
    value: T,
    lock: Option<LockedFile>,
}

/// Whether a change was written.
#[derive(Clone, Copy, Eq, PartialEq)]
pub enum Done {
    Dry,
    Written,
}

impl<'a> Change<'a> {
    pub fn of(arguments: &'a ArgMatches, needed: Needed) -> Self {
        Self { file: file(arguments), needed, is_dry: arguments.get_flag("dry-run") }
    }

    /// Changes what the file holds in memory.
    pub fn prepare<T>(
        &self,
        affected: Affected<'_>,
        act: impl FnOnce(&mut Store<'_>) -> Result<T, KeyError>,
    ) -> Result<Prepared<T>, Failure> {
        let file = self.file.display().to_string();
        if self.needed == Needed::File {
            std::fs::metadata(self.file)
                .map_err(|error| Failure::Read { file: file.clone(), error })?;
        }
        let of_file = |error: KeyError| about(&file, &error);
        // Without the lock nothing can be left behind, and nothing is written.
        let lock =
            if self.is_dry { None } else { Some(LockedFile::lock(self.file).map_err(of_file)?) };
        let content = match &lock {
            None => read(self.file),
            Some(lock) => lock.read(),
        };
        let content = content.map_err(of_file)?;
        let mut store = Store::read(content.as_deref()).map_err(of_file)?;
        let (culprit, left) = match affected {
            Affected::All => (&*file, None),
            Affected::One(name) => (name, Some(name)),
            Affected::Removed(name) => (name, None),
        };
        let of_key = |error: KeyError| about(culprit, &error);
        let value = act(&mut store).map_err(of_key)?;
        let changed = store.changed(left, now()).map_err(of_key)?;
        Ok(Prepared { changed, file, value, lock })
    }
}

impl<T> Prepared<T> {
    /// What was made of the file in memory.
    pub const fn value(&self) -> &T {
        &self.value
    }

    /// Writes the file, but for a dry run.
    pub fn write(self) -> Result<(T, Done), Failure> {
        let Some(lock) = self.lock else { return Ok((self.value, Done::Dry)) };
        lock.replace(self.changed.text.as_bytes()).map_err(|error| about(&self.file, &error))?;
        Ok((self.value, Done::Written))
    }
}

impl Done {
    pub fn is_written(self) -> bool {
        self == Self::Written
    }

    /// What is said behind all that would have been done.
    pub const fn remark(self) -> &'static str {
        match self {
            Self::Dry => " (dry run: nothing was written)",
            Self::Written => "",
        }
    }
}

pub const EXTEND: Subcommand =
    Subcommand { name: "extend", describe: describe_extend, run: run_extend };
pub const ENABLE: Subcommand =
    Subcommand { name: "enable", describe: describe_enable, run: run_enable };
pub const DISABLE: Subcommand =
    Subcommand { name: "disable", describe: describe_disable, run: run_disable };
pub const EXPIRE: Subcommand =
    Subcommand { name: "expire", describe: describe_expire, run: run_expire };
pub const DELETE: Subcommand =
    Subcommand { name: "delete", describe: describe_delete, run: run_delete };
pub const PRUNE: Subcommand =
    Subcommand { name: "prune", describe: describe_prune, run: run_prune };

fn describe_extend(command: Command) -> Command {
    command
        .about("Moves the end of a key: a way out for devices that cannot get another one")
        .arg(name())
        .arg(store())
        .arg(option("until", "T", "The new end: 2026-06-15T00:00:00Z").conflicts_with("by"))
        .arg(option("by", "D", "How much later: 90d").required_unless_present("until"))
        .arg(
            option("reason", "TEXT", "Why; it is appended to the documentation of the key")
                .required(true),
        )
        .arg(flag("revive", "Also if it has ended"))
        .arg(max_lifetime())
        .arg(dry_run())
}

fn run_extend(arguments: &ArgMatches) -> Result<Verdict, Failure> {
    let name = text(arguments, "name");
    let until = parsed(arguments, "until", time)?.map(End::On);
    let by = parsed(arguments, "by", span)?.map(End::In);
    let extension = Extension {
        end: until.or(by).unwrap_or(End::ByDefault),
        reason: text(arguments, "reason"),
        revives: arguments.get_flag("revive"),
        longest: longest(arguments)?,
    };
    let change = Change::of(arguments, Needed::File);
    let prepared =
        change.prepare(Affected::One(name), |store| extend(store, name, &extension, now()))?;
    warn_about(name, &prepared.changed);
    let (end, done) = prepared.write()?;
    say(&format!("`{name}`: good until {}{}", time_text(end), done.remark()));
    Ok(Verdict::Fine)
}

fn describe_enable(command: Command) -> Command {
    simple(command, "Lets a disabled key be used again")
}

fn run_enable(arguments: &ArgMatches) -> Result<Verdict, Failure> {
    of_one(arguments, "enabled", |store, name, _| switch(store, name, true))
}

fn describe_disable(command: Command) -> Command {
    simple(command, "Stops a key, and keeps it")
}

fn run_disable(arguments: &ArgMatches) -> Result<Verdict, Failure> {
    of_one(arguments, "disabled", |store, name, _| switch(store, name, false))
}

fn describe_expire(command: Command) -> Command {
    simple(command, "Ends all secrets of a key now")
}

fn run_expire(arguments: &ArgMatches) -> Result<Verdict, Failure> {
    of_one(arguments, "ended", expire)
}

fn simple(command: Command, what: &'static str) -> Command {
    command.about(what).arg(name()).arg(store()).arg(dry_run())
}

fn of_one(
    arguments: &ArgMatches,
    participle: &str,
    act: fn(&mut Store<'_>, &str, Timestamp) -> Result<(), KeyError>,
) -> Result<Verdict, Failure> {
    let name = text(arguments, "name");
    let change = Change::of(arguments, Needed::File);
    let prepared = change.prepare(Affected::One(name), |store| act(store, name, now()))?;
    let ((), done) = prepared.write()?;
    say(&format!("`{name}`: {participle}{}", done.remark()));
    Ok(Verdict::Fine)
}

fn describe_delete(command: Command) -> Command {
    simple(command, "Removes a key and all that is known of it")
        .arg(flag("yes", "Removes it indeed; needed but for a dry run"))
}

fn run_delete(arguments: &ArgMatches) -> Result<Verdict, Failure> {
    let name = text(arguments, "name");
    let change = Change::of(arguments, Needed::File);
    if !arguments.get_flag("yes") && !change.is_dry {
        let words = format!("`{name}`: `--yes` removes it; `disable` stops it and keeps it");
        return Err(Failure::Argument(words));
    }
    let prepared = change.prepare(Affected::Removed(name), |store| delete(store, name))?;
    let ((), done) = prepared.write()?;
    say(&format!("`{name}`: deleted{}", done.remark()));
    Ok(Verdict::Fine)
}

fn describe_prune(command: Command) -> Command {
    command
        .about("Removes secrets that ended long ago, and keys without any other")
        .arg(store())
        .arg(option("older-than", "D", "How long ago they ended [default: 30d]"))
        .arg(dry_run())
}

fn run_prune(arguments: &ArgMatches) -> Result<Verdict, Failure> {
    let older_than = parsed(arguments, "older-than", span)?.unwrap_or(PRUNE_AGE);
    let change = Change::of(arguments, Needed::File);
    let prepared = change.prepare(Affected::All, |store| Ok(prune(store, older_than, now())))?;
    if prepared.value.is_empty() {
        say("nothing to prune");
        return Ok(Verdict::Fine);
    }
    let (pruned, done) = prepared.write()?;
    for one in pruned {
        let what = if one.is_whole { "the key and its secrets" } else { "secrets" };
        say(&format!("`{}`: removed {what} ({}){}", one.name, one.secrets, done.remark()));
    }
    Ok(Verdict::Fine)
}

/// 30 days.
const PRUNE_AGE: Duration = Duration::from_secs(30 * 86_400);
