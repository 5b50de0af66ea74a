//! Environment variables that a vendor's document names, those with lines, and those that a vendor's client
//! looks for.

use super::super::error::{Place, Quoted};
use super::super::report::Report;
use super::client::{Secrets, is_variable, looks_like_variable};
use super::credential_problem::CredentialProblem;
use crate::secret::Secret;

/// What a value may hold besides visible letters and blanks.
#[derive(Clone, Copy)]
pub(super) enum Content {
    /// Tabs: a client's secret.
    Line,
    /// Tabs and line breaks: a key in PEM.
    Lines,
}

impl Content {
    const fn limit(self) -> usize {
        match self {
            Self::Line => 4096,
            Self::Lines => 16 * 1024,
        }
    }

    fn allows(self, letter: char) -> bool {
        match (self, letter) {
            (_, '\t') | (Self::Lines, '\r' | '\n') => true,
            (_, _) => !letter.is_control(),
        }
    }
}

/// Reports what stands for the name of a variable and cannot be one. It is not shown: it may be the secret
/// itself, in the wrong place.
pub(super) fn check_name(place: &Place, name: &str, report: &mut Report) {
    if !is_name(name) {
        report.error(place, CredentialProblem::VariableName);
    }
}

/// The value of the variable that is named at `place`. `None` when there is none, or
/// [`check_name`] has something against it, which has been reported.
pub(super) fn named(
    place: &Place,
    name: &str,
    content: Content,
    secrets: &Secrets<'_>,
    report: &mut Report,
) -> Option<Secret<String>> {
    if !is_name(name) {
        return None;
    }
    let shown = || looks_like_variable(name).then(|| Quoted::from(name));
    let value = (secrets.environment)(name).map(Secret::new);
    let Some(value) = value.filter(|value| !value.expose().is_empty()) else {
        report.error(place, CredentialProblem::VariableUnset(shown()));
        return None;
    };
    let (text, limit) = (value.expose(), content.limit());
    if text.len() > limit || !text.chars().all(|letter| content.allows(letter)) {
        report.error(place, CredentialProblem::VariableValue { name: shown(), limit });
        return None;
    }
    Some(value)
}

/// The value of a variable that the vendor's client looks for. `None` when it is not set or empty; what
/// cannot be used is reported.
pub(super) fn looked_for(
    name: &'static str,
    place: &Place,
    secrets: &Secrets<'_>,
    report: &mut Report,
) -> Option<Secret<String>> {
    let value = Secret::new((secrets.environment)(name)?);
    let (text, limit) = (value.expose(), Content::Line.limit());
    if text.is_empty() {
        return None;
    }
    if text.len() > limit || text.chars().any(char::is_control) {
        let name = Some(Quoted::from(name));
        report.error(place, CredentialProblem::VariableValue { name, limit });
        return None;
    }
    Some(value)
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && is_variable(name) && !looks_like_secret(name)
}

/// Whether a name of a variable is more likely a generated secret: long, with lower-case letters and digits,
/// and in one piece.
fn looks_like_secret(name: &str) -> bool {
    name.len() >= 20
        && !name.contains('_')
        && name.bytes().any(|b| b.is_ascii_lowercase())
        && name.bytes().any(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_word_with_digits_is_taken_for_a_secret_and_a_name_is_not() {
        for secret in ["CSmadeUp4SecretOfAClient0", "abcdefghij0123456789"] {
            assert!(looks_like_secret(secret), "{secret}");
        }
        for name in [
            "IDAAS_CLIENT_SECRET",
            "IDAASCLIENTSECRETNUMBER12345",
            "idaas_client_secret_number_1",
            "clientSecretEnvVarName",
            "abcdefghij012345678",
        ] {
            assert!(!looks_like_secret(name), "{name}");
        }
    }
}
