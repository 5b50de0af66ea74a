//! `tenantgate explain`.

use std::env;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use tenantgate::secret::Secret;
use tenantgate::time::Timestamp;
use tenantgate::tool::explain::{
    self, ExplainError, Question, RequestLine, Verdict as Decision, parse_request,
};
use tenantgate::tool::key::key_of;

use crate::command::{Subcommand, Verdict, print};
use crate::failure::Failure;
use crate::input::Input;

/// `tenantgate explain FILE --request REQUEST`.
pub const SUBCOMMAND: Subcommand = Subcommand { name: "explain", describe, run };

fn describe(command: Command) -> Command {
    command
        .about("Shows what the filter would do with one request, and why, without a network")
        .arg(
            Arg::new("file").value_name("FILE").required(true).help(
                "YAML or JSON: a configuration, or a file of Envoy, Istio or Envoy Gateway that holds one",
            ),
        )
        .arg(
            Arg::new("request")
                .long("request")
                .value_name("REQUEST")
                .required(true)
                .help("The request: 'GET /path?query' or 'GET https://host/path'"),
        )
        .arg(
            Arg::new("host")
                .long("host")
                .value_name("HOST")
                .help("Its host, if REQUEST has none; -H 'host: HOST' is the same [default: localhost]"),
        )
        .arg(
            Arg::new("header")
                .long("header")
                .short('H')
                .value_name("NAME: VALUE")
                .action(ArgAction::Append)
                .help("A further header field"),
        )
        .arg(
            Arg::new("token")
                .long("token")
                .value_name("@FILE")
                .help("The bearer token, in a file, with or without `Bearer` before it; - is the input. Arguments can be seen by others, so it cannot stand here itself"),
        )
        .arg(
            Arg::new("key")
                .long("key")
                .value_name("@FILE")
                .help("The application key, in a file, for its header; - is the input"),
        )
        .arg(
            Arg::new("client")
                .long("client")
                .value_name("ADDRESS")
                .value_parser(value_parser!(std::net::IpAddr))
                .help("The client's address, as the proxy trusts it"),
        )
        .arg(
            Arg::new("jwks")
                .long("jwks")
                .value_name("[ISSUER=]FILE")
                .action(ArgAction::Append)
                .help("The key set of the issuer of that name, or of all others that fetch theirs"),
        )
        .arg(
            Arg::new("skip-signature")
                .long("skip-signature")
                .action(ArgAction::SetTrue)
                .help("Takes the token's signature for good where the issuer's keys are missing, and says so"),
        )
        .arg(
            Arg::new("now")
                .long("now")
                .value_name("SECONDS")
                .value_parser(value_parser!(u64))
                .help("When the request comes, in seconds since 1970 [default: now]"),
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
    let line = text("request").unwrap_or_default();
    // It may hold a token, so it is not shown.
    let request = parse_request(line)
        .map_err(|error| Failure::Argument(format!("what --request states {error}")))?;
    let RequestLine { method, host, path, is_plain } = request;
    let mut headers = Vec::new();
    let mut hosts: Vec<_> = text("host").map(str::to_owned).into_iter().collect();
    for given in arguments.get_many::<String>("header").unwrap_or_default() {
        let (name, value) = header(given)?;
        if name.eq_ignore_ascii_case("host") {
            hosts.push(value);
        } else {
            headers.push((name, value));
        }
    }
    if hosts.len() > 1 {
        let words = "the host is stated twice; state it by --host or --header, once";
        return Err(Failure::Argument(words.to_owned()));
    }
    let host = host.or_else(|| hosts.pop());
    let issuers = explain::issuers(&name, &document);
    let (mut key_files, mut key_sets) = (Vec::new(), Vec::new());
    for given in arguments.get_many::<String>("jwks").unwrap_or_default() {
        let (issuer, file) = key_set(given, &issuers);
        let (file, bytes) = input.read(file)?;
        key_files.push(file);
        key_sets.push((issuer.map(str::to_owned), bytes));
    }
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let now = arguments.get_one::<u64>("now").copied().unwrap_or(since);
    let question = Question {
        name: &name,
        document: &document,
        environment: &environment,
        method,
        path,
        host: host.unwrap_or_else(|| "localhost".to_owned()),
        is_plain,
        headers,
        token: text("token").map(|argument| token(argument, &mut input)).transpose()?,
        key: text("key").map(|argument| key(argument, &mut input)).transpose()?,
        key_sets,
        now: Timestamp::from_seconds(now),
        skip_signature: arguments.get_flag("skip-signature"),
        client: arguments.get_one::<std::net::IpAddr>("client").copied(),
    };
    let explained = explain::explain(&question).map_err(|error| {
        let mut file = &name;
        if let ExplainError::KeySet { index, .. } = &error {
            file = key_files.get(*index).unwrap_or(file);
        }
        Failure::Argument(format!("`{file}`: {error}"))
    })?;
    print(&match text("format") {
        Some("json") => explain::json(&explained),
        Some(_) | None => explain::text(&explained),
    })?;
    Ok(match explained.verdict {
        Decision::Allowed | Decision::Answered(_) => Verdict::Fine,
        Decision::Denied(_) | Decision::WouldBeDenied(_) => Verdict::Wrong,
        Decision::Undecided => Verdict::Undecided,
    })
}

/// Name and value of a header field. Neither is shown where they are none: they may be a token.
fn header(given: &str) -> Result<(String, String), Failure> {
    let refuse = |words: &str| Err(Failure::Argument(words.to_owned()));
    let Some((name, value)) = given.split_once(':') else {
        return refuse("a --header has no `:`");
    };
    // A token (RFC 9110 §5.6.2).
    let is_of_token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    if name.is_empty() || !name.bytes().all(is_of_token) {
        return refuse("a --header has a name that no header field can have");
    }
    if value.contains(['\r', '\n', '\0']) {
        return refuse("a --header has a value with a line break or NUL");
    }
    Ok((name.to_owned(), value.trim_matches([' ', '\t']).to_owned()))
}

/// Issuer and file of a key set. What stands before `=` is an issuer if there is one of that name, or no
/// file of the whole name: `keys=2.json` may be a file.
fn key_set<'a>(given: &'a str, issuers: &[String]) -> (Option<&'a str>, &'a str) {
    match given.split_once('=') {
        Some((name, file)) if issuers.iter().any(|issuer| issuer == name) => (Some(name), file),
        Some((name, file)) if !name.contains('/') && !Path::new(given).exists() => {
            (Some(name), file)
        }
        Some(_) | None => (None, given),
    }
}

/// The application key of a file.
fn key(argument: &str, input: &mut Input) -> Result<Secret<Vec<u8>>, Failure> {
    let bytes = credential("key", argument, input)?;
    key_of(bytes.expose().clone())
        .map_err(|error| Failure::Argument(format!("the file of the key: {error}")))
}

/// What stands in the file of a credential.
fn credential(what: &str, argument: &str, input: &mut Input) -> Result<Secret<Vec<u8>>, Failure> {
    let file = match (argument, argument.strip_prefix('@')) {
        ("-", _) => argument,
        (_, Some(file)) => file,
        (_, None) => {
            let words = format!("--{what} takes `@FILE` or `-`, not the {what} itself");
            return Err(Failure::Argument(words));
        }
    };
    match input.read(file) {
        Ok((_, bytes)) => Ok(Secret::new(bytes)),
        // What was meant for a name of a file may be the credential.
        Err(Failure::Read { error, .. }) => {
            Err(Failure::Read { file: format!("the {what}"), error })
        }
        Err(other) => Err(other),
    }
}

/// The token of a file, with or without `Bearer` before it, as it stands in `authorization`.
fn token(argument: &str, input: &mut Input) -> Result<Secret<String>, Failure> {
    let refuse = |words: &str| Err(Failure::Argument(words.to_owned()));
    let bytes = credential("token", argument, input)?;
    let Ok(text) = std::str::from_utf8(bytes.expose()) else {
        return refuse("the file of the token is not text");
    };
    let text = text.trim_start_matches('\u{feff}').trim();
    let (scheme, rest) = text.split_once(char::is_whitespace).unwrap_or(("", text));
    let token = if scheme.eq_ignore_ascii_case("bearer") { rest.trim_start() } else { text };
    if token.is_empty() || token.eq_ignore_ascii_case("bearer") {
        return refuse("the file of the token holds none");
    }
    if token.contains(char::is_whitespace) {
        return refuse(
            "the file of the token holds more than one word; it must hold the token alone, or `Bearer` and the token",
        );
    }
    Ok(Secret::new(token.to_owned()))
}

const EXAMPLES: &str = "\
Examples:
  tenantgate explain gateway.yaml --request 'GET /api/assets/1' --host api.acme.example
  tenantgate explain gateway.yaml --request 'GET /api/assets/1' --token @token.jwt --jwks keys.json
  tenantgate explain gateway.yaml --request 'GET /things/1' --key @key --client 10.1.2.3
  tenantgate explain gateway.yaml --request 'POST /x' -H 'origin: https://a.example' --token - \\
    --jwks partner=partner.json --jwks others.json --now 1800000000 --format json

Marks: + is met, - is not, ? cannot be told here. Nothing is fetched: a technical token counts as there.

Exit status: 0 the request would be allowed, 1 it would be denied (in report-only too), 2 the arguments,
a file or its configuration cannot be used, 3 nobody can tell, since the issuer's keys or variables are
missing.";
