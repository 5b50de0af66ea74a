//! `tenantgate key serve`.

use std::env;
use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgMatches, Command};
use tenantgate::tool::key::serve::{
    Management, Outside, Server, Service, Source, Stop, StorePath, Token, UsageBook,
};
use tenantgate::tool::key::{Mint, span};

use super::arguments::{
    digesting, flag, longest, max_lifetime, now, option, parsed, pepper_file, pepper_id, prefix,
    text,
};
use super::secret::random;
use crate::command::{Subcommand, Verdict, say, warn};
use crate::failure::Failure;
use crate::input::Input;

pub const SERVE: Subcommand =
    Subcommand { name: "serve", describe: describe_serve, run: run_serve };

fn describe_serve(command: Command) -> Command {
    let counts = PossibleValuesParser::new(SHARDS);
    let file = Arg::new("file").value_name("FILE").required(true).help("The file of keys");
    let prefix = option("prefix", "PREFIX", "What keys begin with that are made by service call");
    command
        .about("Serves the keys of a file to gateways that poll them")
        .arg(file)
        .arg(option("listen", "ADDRESS:PORT", "Where to listen; port 0 lets the system choose one").required(true))
        .arg(option("path", "PATH", "Where the keys are").default_value("/keys"))
        .arg(option("shards", "N", "In how many documents at least [default: one, and more from 1,001 keys on]").value_parser(counts))
        .arg(option("stale-after", "D", "For how long keys are served after their file has become unusable [default: 15m]"))
        .arg(option("token-env", "NAME", "The variable of the token that readers must present [default: everybody may read]"))
        .arg(option("manage-token-env", "NAME", "The variable of the token by which keys are made and deleted by service call [default: nobody may]"))
        .arg(option("usage-token-env", "NAME", "The variable of the token by which gateways report which keys are used [default: none may]"))
        .arg(flag("allow-remote", "Listens on other addresses than those of this machine alone").requires("token-env"))
        .arg(prefix.default_value("gwk"))
        .arg(max_lifetime())
        .arg(pepper_file())
        .arg(pepper_id())
}

fn run_serve(arguments: &ArgMatches) -> Result<Verdict, Failure> {
    let address = address(arguments)?;
    let stated = text(arguments, "path");
    let path = StorePath::parse(stated).ok_or_else(|| {
        let form = "no absolute path of visible characters, or one that has another use here";
        Failure::Argument(format!("`--path {stated}`: {form}"))
    })?;
    let (readers, managers) =
        (token(arguments, "token-env")?, token(arguments, "manage-token-env")?);
    let reporters = token(arguments, "usage-token-env")?;
    let is_same = |one: &Option<Token>, other: &Option<Token>| {
        one.as_ref().zip(other.as_ref()).is_some_and(|(one, other)| one.is_same(other))
    };
    for (is_same, words) in [
        (is_same(&readers, &managers), "`--manage-token-env`: readers have the same token"),
        (is_same(&readers, &reporters), "`--usage-token-env`: readers have the same token"),
        (is_same(&managers, &reporters), "`--usage-token-env`: managers have the same token"),
    ] {
        if is_same {
            return Err(Failure::Argument(words.to_owned()));
        }
    }
    let management = match managers {
        None => None,
        Some(token) => Some(Management {
            token,
            mint: Mint {
                prefix: prefix(arguments)?,
                ..digesting(arguments, &mut Input::default())?
            },
            longest: longest(arguments)?,
        }),
    };
    let file = text(arguments, "file");
    let shards = text(arguments, "shards").parse().unwrap_or(0);
    let stale_after = parsed(arguments, "stale-after", span)?.unwrap_or(STALE_AFTER);
    let (source, notes) = Source::open(Path::new(file), shards, stale_after)
        .map_err(|error| Failure::Argument(format!("`{file}`: {error}")))?;
    let usage = reporters.map(|token| UsageBook::open(token, Path::new(file)));
    let (usage, usage_note) = usage.unzip();
    let failure = |error: io::Error| Failure::Argument(format!("`--listen {address}`: {error}"));
    let server = Server::listen(address).map_err(failure)?;
    end_by_signal(server.stop()).map_err(failure)?;
    for note in notes {
        say(&note.to_string());
    }
    if let Some(note) = usage_note.flatten() {
        warn(&note);
    }
    // Whoever started it waits for this line: it must arrive.
    let mut output = io::stdout().lock();
    writeln!(output, "listening on http://{}{}", server.address(), path.as_str())
        .and_then(|()| output.flush())
        .map_err(Failure::Write)?;
    drop(output);
    let outside = Outside { now, random: || random().ok(), log: say };
    server.run(&Arc::new(Service { source, path, readers, management, usage, outside }));
    say("ended");
    Ok(Verdict::Fine)
}

/// Where to listen: on this machine alone, unless it is told otherwise.
fn address(arguments: &ArgMatches) -> Result<SocketAddr, Failure> {
    let stated = text(arguments, "listen");
    let wrong = |words: &str| Failure::Argument(format!("`--listen {stated}`: {words}"));
    let address: SocketAddr = stated.parse().map_err(|_| wrong("no address with a port"))?;
    if !address.ip().to_canonical().is_loopback() && !arguments.get_flag("allow-remote") {
        return Err(wrong(
            "not on this machine alone; `--allow-remote` listens there all the same",
        ));
    }
    Ok(address)
}

#[expect(clippy::disallowed_methods, reason = "this is where the environment is handed over")]
fn token(arguments: &ArgMatches, name: &str) -> Result<Option<Token>, Failure> {
    let Some(variable) = arguments.get_one::<String>(name) else { return Ok(None) };
    let wrong = |words: &str| Failure::Argument(format!("`--{name} {variable}`: {words}"));
    let value = env::var(variable).map_err(|_| wrong("the variable is not set"))?;
    let token = Token::new(value);
    token.map(Some).ok_or_else(|| wrong("its value is not 16 to 4096 visible ASCII characters"))
}

/// Ends the server by the signals that end programs. Where there are none, the system ends it.
#[cfg(unix)]
fn end_by_signal(stop: Stop) -> io::Result<()> {
    use signal_hook::consts::{SIGINT, SIGTERM};
    let mut signals = signal_hook::iterator::Signals::new([SIGINT, SIGTERM])?;
    std::thread::spawn(move || {
        for _ in &mut signals {
            stop.ask();
        }
    });
    Ok(())
}

#[cfg(not(unix))]
fn end_by_signal(_: Stop) -> io::Result<()> {
    Ok(())
}

/// A file that is only being mended is served on.
const STALE_AFTER: Duration = Duration::from_secs(15 * 60);
const SHARDS: [&str; 9] = ["1", "2", "4", "8", "16", "32", "64", "128", "256"];
