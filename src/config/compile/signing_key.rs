//! Private keys in environment variables, and the algorithms that are stated for them.

use super::super::error::Place;
use super::super::report::Report;
use super::super::warning::Notice;
use super::client::Secrets;
use super::credential_problem::CredentialProblem;

use super::variables::{Content, named};
use crate::crypto::Algorithm;
use crate::technical_token::{AssertionKey, SigningKey, SigningKeyError};

/// The key in the variable that is named at `place`, and what it signs with. `None` when there is none, which
/// has been reported; as has been what cannot sign.
pub(super) fn signing_key(
    (place, name): (&Place, &str),
    (algorithm_place, algorithm): (&Place, Option<Algorithm>),
    secrets: &Secrets<'_>,
    report: &mut Report,
) -> Option<(SigningKey, Option<AssertionKey>)> {
    let pem = named(place, name, Content::Lines, secrets, report)?;
    let key = SigningKey { pem, algorithm };
    let read = match key.read() {
        Ok(read) => {
            if read.is_short() {
                report.warn(place, Notice::KeyShort);
            }
            Some(read)
        }
        Err(SigningKeyError::Algorithm(_)) => {
            report.error(algorithm_place, CredentialProblem::AlgorithmUnfit);
            None
        }
        Err(SigningKeyError::Unreadable(error)) => {
            report.error(place, CredentialProblem::KeyUnreadable(error));
            None
        }
    };
    Some((key, read))
}
