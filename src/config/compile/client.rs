//! The client of a credential: its id, and its secret by environment variable, inline, or from a file
//! that a cluster serves.

use std::time::Duration;

use super::super::Environment;
use super::super::error::Quoted;
use super::super::raw::{Entry, Section};
use super::super::report::Report;
use super::super::warning::Notice;
use super::credential_problem::CredentialProblem;
use super::values::endpoint;
use crate::secret::Secret;
use crate::technical_token::{ClientCredentials, SecretForm, SecretSource};

/// What is needed to read secrets.
pub(super) struct Secrets<'e> {
    pub(super) environment: Environment<'e>,
    pub(super) is_inline_allowed: bool,
}

/// The client of a credential. `None` when it is incomplete, which has been reported.
pub(super) fn client(
    section: &Section<'_>,
    secrets: &Secrets<'_>,
    report: &mut Report,
) -> Option<ClientCredentials> {
    let id = client_id(section, secrets, report);
    match secret(section, ("client_secret", "client_secret_env"), secrets, report)? {
        SecretPlace::Known(secret) => Some(ClientCredentials::new(&id?, secret)),
        SecretPlace::Read(source) => Some(ClientCredentials::reading(&id?, source)),
    }
}

/// The id of a client. `None` when there is none, which has been reported.
pub(super) fn client_id(
    section: &Section<'_>,
    secrets: &Secrets<'_>,
    report: &mut Report,
) -> Option<String> {
    match pair(section, "client_id", "client_id_env", report)? {
        Stated::Inline(entry) => entry.text().map(str::to_owned),
        Stated::Variable(entry) => variable(&entry, secrets, report),
    }
}

/// Where a secret is.
pub(super) enum SecretPlace {
    /// Here: in a variable, or in the document.
    Known(Secret<String>),
    /// In a file that a cluster serves.
    Read(SecretSource),
}

/// A secret that the first of two keys states, the variable that the second one names, or the file of
/// `secret`. `None` when that is not clear, which has been reported.
pub(super) fn secret(
    section: &Section<'_>,
    (inline, named): (&'static str, &'static str),
    secrets: &Secrets<'_>,
    report: &mut Report,
) -> Option<SecretPlace> {
    if let Some(read) = section.section("secret") {
        if section.states(inline) || section.states(named) {
            let problem = CredentialProblem::SecretTwice { inline, variable: named };
            report.error(read.place(), problem);
        }
        return secret_source(&read, SecretForm::Text, report).map(SecretPlace::Read);
    }
    let secret = match pair(section, inline, named, report)? {
        Stated::Inline(entry) if secrets.is_inline_allowed => {
            report.warn(entry.place(), Notice::InlineSecret);
            entry.text().map(str::to_owned)
        }
        Stated::Inline(entry) => {
            report.error(entry.place(), CredentialProblem::SecretInline { variable: named });
            None
        }
        Stated::Variable(entry) => variable(&entry, secrets, report),
    };
    Some(SecretPlace::Known(Secret::new(secret?)))
}

/// Where a secret is read. `None` when that is not clear, which has been reported.
pub(super) fn secret_source(
    section: &Section<'_>,
    form: SecretForm,
    report: &mut Report,
) -> Option<SecretSource> {
    let place = section.place_of("uri");
    let endpoint = endpoint(section, &place, section.text("uri")?, report);
    Some(SecretSource {
        endpoint: endpoint?,
        timeout: section.duration("timeout").unwrap_or(SECRET_TIMEOUT),
        refresh: section.duration("refresh").unwrap_or(SECRET_REFRESH),
        form,
    })
}

/// The client of a credential that sends id and secret as they stand in a `Basic` value, which has no
/// place for an id with a colon (RFC 7617 §2).
pub(super) fn basic_client(
    section: &Section<'_>,
    secrets: &Secrets<'_>,
    report: &mut Report,
) -> Option<ClientCredentials> {
    let client = client(section, secrets, report)?;
    if client.id().contains(':') {
        let is_inline = section.states("client_id");
        let key = if is_inline { "client_id" } else { "client_id_env" };
        report.error(&section.place_of(key), CredentialProblem::IdColon);
    }
    Some(client)
}

enum Stated<'d> {
    Inline(Entry<'d>),
    Variable(Entry<'d>),
}

/// Which of the two keys is stated; exactly one must be.
fn pair<'d>(
    section: &Section<'d>,
    inline: &'static str,
    variable: &'static str,
    report: &mut Report,
) -> Option<Stated<'d>> {
    match (section.entry(inline), section.entry(variable)) {
        (Some(_), Some(_)) => {
            report.error(&section.place_of(inline), CredentialProblem::StatedTwice { variable });
            None
        }
        (Some(entry), None) => Some(Stated::Inline(entry)),
        (None, Some(entry)) => Some(Stated::Variable(entry)),
        (None, None) => {
            report.error(&section.place_of(variable), CredentialProblem::VariableUnnamed);
            None
        }
    }
}

/// The value of the environment variable that `entry` names. `None` when there is none, which has been
/// reported.
pub(super) fn variable(
    entry: &Entry<'_>,
    secrets: &Secrets<'_>,
    report: &mut Report,
) -> Option<String> {
    long_variable(entry, VALUE_LIMIT, secrets, report)
}

/// The same for a value of up to `limit` bytes.
pub(super) fn long_variable(
    entry: &Entry<'_>,
    limit: usize,
    secrets: &Secrets<'_>,
    report: &mut Report,
) -> Option<String> {
    let name = entry.text()?;
    if !is_variable(name) {
        // Not shown: it may be the secret itself, in the wrong place.
        report.error(entry.place(), CredentialProblem::VariableName);
        return None;
    }
    let shown = looks_like_variable(name).then(|| Quoted::from(name));
    let problem = match value_within(limit, name, secrets) {
        Value::None => CredentialProblem::VariableUnset(shown),
        Value::Unusable => CredentialProblem::VariableValue { name: shown, limit },
        Value::Good(value) => return Some(value.expose().clone()),
    };
    report.error(entry.place(), problem);
    None
}

/// How long reading a secret may take.
const SECRET_TIMEOUT: Duration = Duration::from_secs(2);

/// How long a worker goes on with a secret that it has read.
const SECRET_REFRESH: Duration = Duration::from_secs(60);

/// What an environment variable holds.
pub(super) enum Value {
    /// A value that can be used.
    Good(Secret<String>),
    /// It is not set, or empty.
    None,
    /// Control characters, or too many bytes.
    Unusable,
}

/// The value of an environment variable, of up to [`VALUE_LIMIT`] bytes.
pub(super) fn value(name: &str, secrets: &Secrets<'_>) -> Value {
    value_within(VALUE_LIMIT, name, secrets)
}

/// The longest value that is no token, in bytes.
pub(super) const VALUE_LIMIT: usize = 4096;

fn value_within(limit: usize, name: &str, secrets: &Secrets<'_>) -> Value {
    let Some(value) = (secrets.environment)(name).map(Secret::new) else { return Value::None };
    let text = value.expose();
    if text.is_empty() {
        Value::None
    } else if text.len() > limit || text.chars().any(char::is_control) {
        Value::Unusable
    } else {
        Value::Good(value)
    }
}

/// Whether a name may be shown: many secrets can be names of variables, but few are in upper case.
pub fn looks_like_variable(name: &str) -> bool {
    name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
}

/// Whether an environment variable may be named so.
pub fn is_variable(name: &str) -> bool {
    let is_allowed = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    name.len() <= 128
        && name.bytes().all(is_allowed)
        && !name.starts_with(|c: char| c.is_ascii_digit())
}
