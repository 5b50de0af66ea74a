//! The service account token of a pod, which Kubernetes keeps in a file and replaces in time.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::RotatingFile;
use super::readings::{Mark, bare_call, body_of, line, unusable};
use crate::json::{self, Number, Value};
use crate::message::{CallFailure, CallResponse, HttpCall};
use crate::technical_token::preparation::{Moment, Preparation, PreparationError, Reading};
use crate::time::Timestamp;

const WHAT: &str = "service_account_token";

/// A token that was read. It is opened for its end alone: whoever is asked for a token checks it.
#[derive(Clone, Copy, Debug)]
pub(super) struct ServiceAccountToken;

impl ServiceAccountToken {
    /// How long before its end a token is no longer used.
    const MARGIN: Duration = Duration::from_secs(600);

    pub(super) fn among(read: &[Reading]) -> Option<&str> {
        std::str::from_utf8(Mark::ServiceAccount.among(read)?).ok()
    }

    /// Until when a token is believed: 600 s before its `exp`. One that is no JWT, or has no `exp`, is
    /// for this fetch alone.
    pub(super) fn until(token: &str) -> Timestamp {
        let expiry = || {
            let payload = token.split('.').nth(1)?;
            let payload = URL_SAFE_NO_PAD.decode(payload).ok()?;
            let claims = json::parse(&payload).ok()?;
            let seconds = claims.get("exp").and_then(Value::as_number).map(Number::as_f64)?;
            Timestamp::from_numeric_date(seconds)
        };
        expiry().map_or(Timestamp::default(), |end| end.before(Self::MARGIN))
    }
}

impl RotatingFile {
    /// The call that reads it.
    pub(super) fn call(&self) -> HttpCall {
        bare_call("GET", self.endpoint.clone(), Vec::new(), self.timeout)
    }

    /// The token in an answer, without the line feed that may end the file.
    ///
    /// It is believed until 600 s before its end, and no longer than the file's `refresh`.
    pub(super) fn token(
        &self,
        answer: Result<&CallResponse, CallFailure>,
        now: Timestamp,
    ) -> Result<Reading, PreparationError> {
        let token = line(body_of(WHAT, answer)?).ok_or(unusable(WHAT))?;
        let until = ServiceAccountToken::until(token).min(now + self.refresh);
        Ok(Mark::ServiceAccount.on(token.as_bytes(), until))
    }
}

impl Preparation for RotatingFile {
    fn next(&self, read: &[Reading], _: &Moment<'_>) -> Option<HttpCall> {
        ServiceAccountToken::among(read).is_none().then(|| self.call())
    }

    fn read(
        &self,
        _: &[Reading],
        answer: Result<&CallResponse, CallFailure>,
        now: Timestamp,
    ) -> Result<Reading, PreparationError> {
        self.token(answer, now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_believed_until_600_s_before_its_end_or_for_one_fetch() {
        let token = |claims: &str| format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims));
        let rows = [
            (token(r#"{"exp":1795322494}"#), 1_795_321_894),
            (token(r#"{"exp":1795322494.0}"#), 1_795_321_894),
            (token(r#"{"exp":599}"#), 0),
            (token("{}"), 0),
            (token(r#"{"exp":"1795322494"}"#), 0),
            ("opaque-token".to_owned(), 0),
            ("a.b.c".to_owned(), 0),
        ];
        for (token, until) in rows {
            let until = Timestamp::from_seconds(until);
            assert_eq!(ServiceAccountToken::until(&token), until, "{token}");
        }
    }
}
