//! `tenantgate key import`.

use clap::builder::{NonEmptyStringValueParser, PossibleValuesParser};
use clap::{Arg, ArgMatches, Command};
use tenantgate::secret::Secret;
use tenantgate::tool::SIZE_LIMIT;
use tenantgate::tool::key::import::{Fate, Import, ImportFormat, Tables, import};
use tenantgate::tool::key::{KeyError, warning_text};

use super::arguments::{
    digesting, dry_run, end, longest, max_lifetime, now, option, pepper_file, pepper_id, store,
    text,
};
use super::change::{Affected, Change, Needed};
use crate::command::{Subcommand, Verdict, say, warn};
use crate::failure::Failure;
use crate::input::Input;

pub const IMPORT: Subcommand =
    Subcommand { name: "import", describe: describe_import, run: run_import };

fn describe_import(command: Command) -> Command {
    let formats = PossibleValuesParser::new(ImportFormat::ALL.map(|(name, _)| name));
    let files = Arg::new("files").value_name("FILE").required(true).num_args(1..);
    command
        .about("Takes over keys of ThingWorx: their digests, users, addresses and ends")
        .arg(
            files
                .value_parser(NonEmptyStringValueParser::new())
                .help("What services of the platform answered; what several say of one name is joined. - is the input"),
        )
        .arg(store())
        .arg(
            option("format", "FORMAT", "How the files are written: tables in JSON, text with commas, or an export (experimental)")
                .default_value("infotable")
                .value_parser(formats),
        )
        .arg(option("user", "USER", "As whom keys run of which no file says it"))
        .arg(
            option("ttl", "D", "How long keys are good of which no file says it [default: that of the file, else 24h]")
                .conflicts_with("expires"),
        )
        .arg(option("expires", "T", "When keys end of which no file says it: 2026-06-15T00:00:00Z"))
        .arg(max_lifetime())
        .arg(pepper_file())
        .arg(pepper_id())
        .arg(dry_run())
}

fn run_import(arguments: &ArgMatches) -> Result<Verdict, Failure> {
    let mut input = Input::default();
    let tables = tables(arguments, &mut input)?;
    let mint = digesting(arguments, &mut input)?;
    let how = Import {
        user: arguments.get_one::<String>("user").map(String::as_str),
        end: end(arguments)?,
        longest: longest(arguments)?,
        mint: &mint,
        now: now(),
    };
    let change = Change::of(arguments, Needed::FileOrNone);
    let prepared = change.prepare(Affected::All, |store| import(store, tables.rows(), &how))?;
    let (made, skipped): (Vec<_>, Vec<_>) =
        prepared.value().iter().cloned().partition(|one| matches!(one.fate, Fate::Made { .. }));
    let warnings: Vec<_> =
        made.iter().flat_map(|one| prepared.changed.warnings(&one.name, now())).collect();
    let remark = if made.is_empty() { "" } else { prepared.write()?.1.remark() };
    for one in &skipped {
        if let Fate::Skipped(reason) = &one.fate {
            warn(&format!("`{}`: not imported: {reason}", one.name));
        }
    }
    if tables.nameless() > 0 {
        warn(&format!("rows without a name, which were not imported: {}", tables.nameless()));
    }
    let ignored = tables.ignored();
    let further = ignored.len().saturating_sub(COLUMNS_SHOWN);
    for column in ignored.take(COLUMNS_SHOWN) {
        warn(&format!("`{column}`: nothing of this column was imported"));
    }
    if further > 0 {
        warn(&format!("further columns of which nothing was imported: {further}"));
    }
    for one in &made {
        say(&format!("`{}`: imported{remark}", one.name));
        if let Fate::Made { remarks } = &one.fate {
            for remark in remarks {
                warn(&format!("{}: {remark}", one.name));
            }
        }
    }
    for warning in &warnings {
        warn(&warning_text(warning));
    }
    say(&format!(
        "imported {}, left out {}{remark}",
        made.len(),
        skipped.len() + tables.nameless()
    ));
    let is_whole = skipped.is_empty() && tables.nameless() == 0 && tables.ignored().len() == 0;
    Ok(if is_whole { Verdict::Fine } else { Verdict::Wrong })
}

fn tables(arguments: &ArgMatches, input: &mut Input) -> Result<Tables, Failure> {
    let stated = text(arguments, "format");
    let found = ImportFormat::ALL.iter().find(|(name, _)| *name == stated);
    let format = found.map_or(ImportFormat::Infotable, |(_, format)| *format);
    let mut tables = Tables::default();
    for file in arguments.get_many::<String>("files").unwrap_or_default() {
        let (name, content) = input.read(file)?;
        let content = Secret::new(content);
        let about = |words: &dyn std::fmt::Display| Failure::Argument(format!("`{name}`: {words}"));
        if u64::try_from(content.expose().len()).is_ok_and(|length| length > SIZE_LIMIT) {
            return Err(about(&KeyError::TooLarge));
        }
        tables.read(format, content.expose()).map_err(|error| about(&error))?;
    }
    Ok(tables)
}

/// More than a table of the platform has.
const COLUMNS_SHOWN: usize = 40;
