//! `tenantgate token`.

use std::env;
use std::hash::{BuildHasher as _, RandomState};
use std::time::{SystemTime, UNIX_EPOCH};

use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgAction, ArgMatches, Command};
use tenantgate::time::Timestamp;
use tenantgate::tool::token::{self, Anchors, Inquiry, Substitute};

use crate::command::{Subcommand, Verdict, print};
use crate::failure::Failure;
use crate::input::Input;

/// `tenantgate token FILE --credential NAME`.
pub const SUBCOMMAND: Subcommand = Subcommand { name: "token", describe, run };

fn describe(command: Command) -> Command {
    command
        .about("Obtains the token of a credential as the filter would, and shows each check of it")
        .arg(
            Arg::new("file").value_name("FILE").required(true).help(
                "YAML or JSON: a configuration, or a file of Envoy, Istio or Envoy Gateway that holds one",
            ),
        )
        .arg(
            Arg::new("credential")
                .long("credential")
                .value_name("NAME")
                .required(true)
                .help("The name of the credential. Its environment variables must be set"),
        )
        .arg(
            Arg::new("subtenant")
                .long("subtenant")
                .value_name("ID")
                .help("The subtenant that the token is to act for"),
        )
        .arg(
            Arg::new("given")
                .long("file")
                .value_name("CLUSTER=PATH")
                .action(ArgAction::Append)
                .help("Reads a file in place of what only the proxy reaches by that cluster, as a secret or a service account token; URI=PATH where a cluster has several"),
        )
        .arg(
            Arg::new("ca")
                .long("ca")
                .value_name("FILE")
                .help("The certificates in PEM that a server's chain must end in [default: Mozilla's]"),
        )
        .arg(
            Arg::new("allow-plaintext")
                .long("allow-plaintext")
                .action(ArgAction::SetTrue)
                .help("Sends and reads secrets in the clear where an address is plain http on another machine"),
        )
        .arg(
            Arg::new("format")
                .long("format")
                .value_name("FORMAT")
                .default_value("text")
                .value_parser(PossibleValuesParser::new(["text", "json"]))
                .help("How it is written"),
        )
        .after_help(EXAMPLES)
}

#[expect(clippy::disallowed_methods, reason = "this is where the environment is handed over")]
fn run(arguments: &ArgMatches) -> Result<Verdict, Failure> {
    let environment = |name: &str| env::var(name).ok();
    let text = |name: &str| arguments.get_one::<String>(name).map(String::as_str);
    let mut input = Input::default();
    let (name, document) = input.read(text("file").unwrap_or_default())?;
    let anchors = match text("ca") {
        None => Anchors::of_the_web(),
        Some(file) => Anchors::from_pem(&input.read(file)?.1)
            .map_err(|error| Failure::Argument(format!("`{file}` {error}")))?,
    };
    let given = arguments.get_many::<String>("given").unwrap_or_default();
    let files = given.map(|text| substitute(text, &mut input)).collect::<Result<Vec<_>, _>>()?;
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let now = Timestamp::from_seconds(since.as_secs());
    let inquiry = Inquiry {
        name: &name,
        document: &document,
        environment: &environment,
        credential: text("credential").unwrap_or_default(),
        subtenant: text("subtenant"),
        allow_plaintext: arguments.get_flag("allow-plaintext"),
        files: &files,
        now,
        random: &random,
        perform: &|call| token::perform(call, &anchors, now),
    };
    let obtained =
        token::obtain(&inquiry).map_err(|error| Failure::Argument(format!("`{name}`: {error}")))?;
    print(&match text("format") {
        Some("json") => token::json(&obtained),
        Some(_) | None => token::text(&obtained, now),
    })?;
    Ok(if obtained.usable_until.is_some() { Verdict::Fine } else { Verdict::Wrong })
}

fn substitute(text: &str, input: &mut Input) -> Result<Substitute, Failure> {
    let named = text.split_once('=').filter(|(name, path)| !name.is_empty() && !path.is_empty());
    let (name, path) = named.ok_or_else(|| {
        Failure::Argument(format!("`--file {text}` names no cluster; write `--file CLUSTER=PATH`"))
    })?;
    Ok(Substitute::new(name, input.read(path)?.1))
}

/// The keys of the standard library's maps are the system's random numbers, other ones each time.
fn random() -> [u8; 16] {
    let [one, other] = [(), ()].map(|()| RandomState::new().hash_one(0));
    (u128::from(one) << 64 | u128::from(other)).to_le_bytes()
}

const EXAMPLES: &str = "\
Examples:
  tenantgate token gateway.yaml --credential tenant-svc
  tenantgate token gateway.yaml --credential tenant-svc --subtenant cust-1
  tenantgate token gateway.yaml --credential partner --ca company-ca.pem --format json
  tenantgate token gateway.yaml --credential files --file files-files=/var/run/secrets/idaas/token

It calls the host of the URI itself, where the filter calls the named cluster. Neither secrets nor the
token are shown; claims are.

Exit status: 0 the filter would use the token, 1 it would not, or there is none, 2 the arguments or a file
cannot be used.";
