//! The access key that an ECS machine's RAM role lends, from the metadata service.
//!
//! ```text
//! PUT token ─> GET name of the role ─> PUT token ─> GET key        (without a stated name)
//!                                      PUT token ─> GET key        (with one)
//! ```
//! Where the service gives no token, or refuses one, the `GET` is made without, unless that is refused.

use std::sync::Arc;

use super::encoding::escaped;
use super::readings::{Mark, body_of, line, unusable};
use super::{MetadataService, TemporaryKey, WithoutToken};
use crate::json;
use crate::message::{CallFailure, CallResponse, HttpCall};
use crate::technical_token::preparation::{Moment, Preparation, PreparationError, Reading};
use crate::time::Timestamp;

const ROLE: &str = "ram_role_name";
const KEY: &str = "ram_role_key";

/// The RAM role of the machine.
#[derive(Clone, Debug)]
pub struct EcsRole {
    /// Where its key is read.
    pub service: MetadataService,
    /// Its name; without one the service is asked for it.
    pub role: Option<Arc<str>>,
    /// Whether the service may be asked without a token.
    pub without_token: WithoutToken,
}

/// What is read now, and the token that is there for it.
enum Step<'r> {
    Token(Mark),
    Role(&'r [u8]),
    Key(&'r [u8], &'r str),
}

impl EcsRole {
    fn step<'r>(&'r self, read: &'r [Reading]) -> Step<'r> {
        let known = Mark::Role.among(read).and_then(|role| std::str::from_utf8(role).ok());
        let (role, mark) = match self.role.as_deref().or(known) {
            Some(role) => (Some(role), Mark::KeyToken),
            None => (None, Mark::RoleToken),
        };
        match (mark.among(read), role) {
            (None, _) => Step::Token(mark),
            (Some(token), None) => Step::Role(token),
            (Some(token), Some(role)) => Step::Key(token, role),
        }
    }

    /// To go on without a token, for this fetch.
    fn without_token(
        &self,
        mark: Mark,
        error: PreparationError,
    ) -> Result<Reading, PreparationError> {
        match self.without_token {
            WithoutToken::Allowed => Ok(mark.on(b"", Timestamp::default())),
            WithoutToken::Refused => Err(error),
        }
    }
}

impl Preparation for EcsRole {
    fn next(&self, read: &[Reading], _: &Moment<'_>) -> Option<HttpCall> {
        const PATH: &str = "/latest/meta-data/ram/security-credentials/";
        if Mark::Key.among(read).is_some() {
            return None;
        }
        Some(match self.step(read) {
            Step::Token(_) => self.service.token_call("21600"),
            Step::Role(token) => self.service.call(PATH.to_owned(), token),
            Step::Key(token, role) => self.service.call([PATH, &escaped(role)].concat(), token),
        })
    }

    fn read(
        &self,
        read: &[Reading],
        answer: Result<&CallResponse, CallFailure>,
        _: Timestamp,
    ) -> Result<Reading, PreparationError> {
        let (mark, token, result) = match self.step(read) {
            Step::Token(mark) => {
                let token = MetadataService::token(answer);
                let reading = token.map(|token| mark.on(token.as_bytes(), Timestamp::default()));
                return reading.or_else(|error| self.without_token(mark, error));
            }
            Step::Role(token) => (Mark::RoleToken, token, role(answer)),
            Step::Key(token, _) => (Mark::KeyToken, token, key(answer)),
        };
        match result {
            Err(error) if !token.is_empty() => self.without_token(mark, error),
            result => result,
        }
    }
}

/// The name of a role (RAM allows letters, digits and `.-_`, up to 64).
fn role(answer: Result<&CallResponse, CallFailure>) -> Result<Reading, PreparationError> {
    let is_name = |text: &&str| {
        text.len() <= 64
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte))
    };
    let name = line(body_of(ROLE, answer)?).filter(is_name).ok_or(unusable(ROLE))?;
    Ok(Mark::Role.on(name.as_bytes(), Timestamp::default()))
}

fn key(answer: Result<&CallResponse, CallFailure>) -> Result<Reading, PreparationError> {
    document_key(KEY, body_of(KEY, answer)?)
}

/// The key in a document whose `Code` is `Success`.
pub(super) fn document_key(what: &'static str, body: &[u8]) -> Result<Reading, PreparationError> {
    let parse = || {
        let document = json::parse(body).ok()?;
        let is_success = document.get("Code")?.as_str() == Some("Success");
        is_success.then(|| TemporaryKey::parse(&document))?
    };
    parse().map(TemporaryKey::into_reading).ok_or(unusable(what))
}
