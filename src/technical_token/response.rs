//! Answers of token endpoints (RFC 6749 §5.1, §5.2): size-bounded, read strictly, never quoted.

use std::time::Duration;

use super::preparation::ReadingFault;
use super::token::TokenRejected;
use crate::json::{self, Value};
use crate::message::CallResponse;
use crate::secret::Secret;
use crate::time::Timestamp;

/// What a token endpoint granted, not yet checked against what was asked.
#[derive(Debug)]
pub struct Grant {
    /// The access token.
    pub token: Secret<Vec<u8>>,
    /// How long it lives by the answer's word, from its receipt.
    pub expires_in: Option<Duration>,
    /// When it expires by the answer's word, where the endpoint knows such a member.
    pub expires_at: Option<Timestamp>,
}

/// Why an answer holds no token that can be used.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum AnswerError {
    /// It is not JSON by its `content-type`, or not by its bytes.
    NotJson,
    /// It has no `access_token` text, a `token_type` that is none, or an odd `expires_in`.
    NotAGrant,
    /// The token is not the one asked for.
    Rejected(TokenRejected),
    /// The endpoint answered with another status than 200; the error code of RFC 6749 §5.2 where
    /// it gave a known one.
    Status {
        /// The HTTP status; 503 and 504 may be the proxy's own.
        status: u16,
        /// The `error` member, if it is one that the RFC, RFC 8707 or UAA defines.
        error: Option<&'static str>,
    },
    /// A key was to be read, and this is no answer with one.
    Unread(ReadingFault),
}

impl Grant {
    /// Reads an answer.
    ///
    /// # Errors
    /// [`AnswerError`]; [`AnswerError::Rejected`] for a token that is unsendable or no bearer token.
    pub(super) fn read(response: &CallResponse) -> Result<Self, AnswerError> {
        let body = response.body.expose();
        if response.status != 200 {
            return Err(AnswerError::Status { status: response.status, error: error_code(body) });
        }
        if !response.content_type.as_deref().is_some_and(is_json) {
            return Err(AnswerError::NotJson);
        }
        let answer = json::parse(body).map_err(|_| AnswerError::NotJson)?;
        let token = text(&answer, "access_token")?.ok_or(AnswerError::NotAGrant)?;
        let bearer = text(&answer, "token_type")?.is_none_or(|t| t.eq_ignore_ascii_case("bearer"));
        if !bearer {
            return Err(AnswerError::Rejected(TokenRejected::NotBearer));
        }
        Ok(Self {
            token: checked(Secret::new(token.as_bytes().to_vec()))
                .map_err(AnswerError::Rejected)?,
            expires_in: expires_in(&answer)?,
            expires_at: None,
        })
    }

    /// When it expires by the answer's word, received at `now`: the earlier end, if there are two. So a
    /// clock that is off can only shorten a token's life.
    pub fn end(&self, now: Timestamp) -> Option<Timestamp> {
        let ends = [self.expires_in.map(|span| now + span), self.expires_at];
        ends.into_iter().flatten().min()
    }
}

impl AnswerError {
    /// The exact reason as a word, stable, for logs.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::NotJson => "answer_not_json",
            Self::NotAGrant => "answer_not_a_grant",
            Self::Rejected(rejected) => rejected.reason(),
            Self::Status { status: 429, .. } => "status_429",
            Self::Status { error: Some(error), .. } => error,
            Self::Status { status: 400..=499, .. } => "status_4xx",
            Self::Status { status: 503 | 504, .. } => "unavailable_or_timeout",
            Self::Status { status: 500..=599, .. } => "status_5xx",
            Self::Status { .. } => "status_unexpected",
            Self::Unread(fault) => fault.reason(),
        }
    }

    /// Whether the endpoint does not take the client for whom it says it is: its secret may have been
    /// replaced.
    pub const fn is_about_the_client(self) -> bool {
        match self {
            Self::NotJson | Self::NotAGrant | Self::Rejected(_) | Self::Unread(_) => false,
            Self::Status { status: 401, .. } => true,
            // RFC 6749 §5.2 lets it be a 400; the others are those of Alibaba Cloud for access keys.
            Self::Status { error: Some(error), .. } => matches!(
                error.as_bytes(),
                b"invalid_client"
                    | b"InvalidAccessKeyId"
                    | b"InvalidSecurityToken"
                    | b"SignatureDoesNotMatch"
            ),
            Self::Status { error: None, .. } => false,
        }
    }

    /// Whether the endpoint has had too many calls: some say it by a code and another status than 429.
    pub const fn is_about_the_rate(self) -> bool {
        match self {
            Self::NotJson | Self::NotAGrant | Self::Rejected(_) | Self::Unread(_) => false,
            Self::Status { status: 429, .. } => true,
            Self::Status { error: Some(error), .. } => {
                matches!(error.as_bytes(), b"Throttling" | b"slow_down" | b"too_many_requests")
            }
            Self::Status { error: None, .. } => false,
        }
    }

    /// Whether asking again soon is of no use until somebody mends a configuration: the endpoint
    /// refuses us, or gives tokens other than asked.
    pub const fn is_lasting(self) -> bool {
        match self {
            Self::Rejected(TokenRejected::KeyUnknown | TokenRejected::KeysUnavailable)
            | Self::Unread(_) => false,
            Self::NotJson | Self::NotAGrant | Self::Rejected(_) => true,
            Self::Status { status, .. } => matches!(status, 400..=499) && !self.is_about_the_rate(),
        }
    }
}

/// The longest token, in bytes.
const TOKEN_LIMIT: usize = 16 * 1024;

/// A token that a header may carry: 1 byte to 16 KiB of visible ASCII.
pub(super) fn checked(token: Secret<Vec<u8>>) -> Result<Secret<Vec<u8>>, TokenRejected> {
    let bytes = token.expose();
    let sendable = (1..=TOKEN_LIMIT).contains(&bytes.len())
        && bytes.iter().all(|byte| (0x21..=0x7E).contains(byte));
    if sendable { Ok(token) } else { Err(TokenRejected::Unsendable) }
}

/// A member that is absent or a text.
fn text<'v>(answer: &'v Value<'_>, name: &str) -> Result<Option<&'v str>, AnswerError> {
    match answer.get(name) {
        None => Ok(None),
        Some(value) => value.as_str().map(Some).ok_or(AnswerError::NotAGrant),
    }
}

/// `expires_in`: a number of seconds, which some servers write as a text.
fn expires_in(answer: &Value<'_>) -> Result<Option<Duration>, AnswerError> {
    let Some(value) = answer.get("expires_in") else { return Ok(None) };
    let seconds = match value {
        Value::Number(number) => number.as_f64(),
        Value::String(digits) => digits.parse().map_err(|_| AnswerError::NotAGrant)?,
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => {
            return Err(AnswerError::NotAGrant);
        }
    };
    Duration::try_from_secs_f64(seconds).map(Some).map_err(|_| AnswerError::NotAGrant)
}

fn error_code(body: &[u8]) -> Option<&'static str> {
    const KNOWN: [&str; 9] = [
        "access_denied",
        "invalid_client",
        "invalid_grant",
        "invalid_request",
        "invalid_scope",
        "invalid_target",
        "unauthorized",
        "unauthorized_client",
        "unsupported_grant_type",
    ];
    let answer = json::parse(body).ok()?;
    let error = answer.get("error")?.as_str()?;
    KNOWN.into_iter().find(|known| *known == error)
}

/// Whether a `content-type` is `application/json` or ends in `+json`, parameters ignored.
pub(super) fn is_json(content_type: &[u8]) -> bool {
    let essence = content_type.split(|byte| *byte == b';').next().unwrap_or_default();
    let essence = essence.trim_ascii().to_ascii_lowercase();
    essence == b"application/json" || essence.ends_with(b"+json")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, content_type: &str, body: &str) -> CallResponse {
        CallResponse {
            status,
            content_type: Some(content_type.as_bytes().to_vec()),
            retry_after: None,
            fresh_for: None,
            etag: None,
            body: Secret::new(body.as_bytes().to_vec()),
        }
    }

    fn read(body: &str) -> Result<(Vec<u8>, Option<Duration>), AnswerError> {
        let grant = Grant::read(&answer(200, "application/json;charset=UTF-8", body))?;
        Ok((grant.token.expose().clone(), grant.expires_in))
    }

    #[test]
    fn a_grant_is_read_with_or_without_its_lifetime() {
        let thirty = Some(Duration::from_secs(1800));
        let rows = [
            (r#"{"access_token":"t","token_type":"Bearer","expires_in":1800}"#, thirty),
            (r#"{"access_token":"t","expires_in":1800.0}"#, thirty),
            (r#"{"access_token":"t","expires_in":"1800"}"#, thirty),
            (r#"{"access_token":"t","token_type":"bearer"}"#, None),
        ];
        for (body, lifetime) in rows {
            assert_eq!(read(body), Ok((b"t".to_vec(), lifetime)), "{body}");
        }
    }

    #[test]
    fn whatever_is_not_a_grant_is_refused() {
        use AnswerError::{NotAGrant, NotJson, Rejected};
        let rows = [
            ("", NotJson),
            ("<html>", NotJson),
            ("{\"access_token\":\"t\",\"access_token\":\"u\"}", NotJson),
            ("{}", NotAGrant),
            ("[]", NotAGrant),
            (r#"{"access_token":7}"#, NotAGrant),
            (r#"{"access_token":"t","token_type":7}"#, NotAGrant),
            (r#"{"access_token":"t","token_type":"mac"}"#, Rejected(TokenRejected::NotBearer)),
            (r#"{"access_token":"t","token_type":""}"#, Rejected(TokenRejected::NotBearer)),
            (r#"{"access_token":"t","expires_in":-1}"#, NotAGrant),
            (r#"{"access_token":"t","expires_in":null}"#, NotAGrant),
            (r#"{"access_token":""}"#, Rejected(TokenRejected::Unsendable)),
            (r#"{"access_token":"a b"}"#, Rejected(TokenRejected::Unsendable)),
            (r#"{"access_token":"a\r\nx: y"}"#, Rejected(TokenRejected::Unsendable)),
        ];
        for (body, expected) in rows {
            assert_eq!(read(body), Err(expected), "{body}");
        }
    }

    #[test]
    fn html_with_status_200_is_refused_by_its_type_alone() {
        let html = answer(200, "text/html", r#"{"access_token":"t"}"#);
        assert_eq!(Grant::read(&html).err(), Some(AnswerError::NotJson));
    }

    #[test]
    fn an_error_is_told_by_its_code_only_if_it_is_a_known_one() {
        let status = |error| AnswerError::Status { status: 401, error };
        let rows = [
            (
                r#"{"error":"invalid_client","error_description":"x"}"#,
                status(Some("invalid_client")),
            ),
            (r#"{"error":"secret-looking-text"}"#, status(None)),
            ("<html>", status(None)),
        ];
        for (body, expected) in rows {
            let answer = answer(401, "application/json", body);
            assert_eq!(Grant::read(&answer).err(), Some(expected), "{body}");
        }
    }

    #[test]
    fn the_earlier_of_two_ends_counts() {
        let now = Timestamp::from_seconds(1000);
        let rows = [
            (None, None, None),
            (Some(20), None, Some(1020)),
            (None, Some(1030), Some(1030)),
            (Some(20), Some(1030), Some(1020)),
            (Some(40), Some(1030), Some(1030)),
            (Some(40), Some(900), Some(900)),
        ];
        for (span, at, end) in rows {
            let grant = Grant {
                token: Secret::new(b"t".to_vec()),
                expires_in: span.map(Duration::from_secs),
                expires_at: at.map(Timestamp::from_seconds),
            };
            assert_eq!(grant.end(now), end.map(Timestamp::from_seconds), "{span:?} {at:?}");
        }
    }

    #[test]
    fn a_client_is_not_known_by_its_code_or_by_401() {
        let about = |status, error| AnswerError::Status { status, error }.is_about_the_client();
        assert!(about(400, Some("invalid_client")));
        assert!(about(401, Some("unauthorized")) && about(401, None));
        assert!(!about(400, Some("invalid_scope")) && !about(403, None) && !about(500, None));
        assert!(!AnswerError::NotAGrant.is_about_the_client());
        for of_access_keys in
            ["InvalidAccessKeyId", "InvalidSecurityToken", "SignatureDoesNotMatch"]
        {
            assert!(about(400, Some(of_access_keys)), "{of_access_keys}");
        }
        assert!(!about(400, Some("InvalidTimeStamp")) && !about(403, Some("NoPermission")));
    }

    #[test]
    fn a_rate_that_is_too_high_passes_whatever_the_status() {
        let error = |status, error| AnswerError::Status { status, error };
        for error in [
            error(429, None),
            error(400, Some("Throttling")),
            error(400, Some("slow_down")),
            error(403, Some("too_many_requests")),
        ] {
            assert!(error.is_about_the_rate() && !error.is_lasting(), "{error:?}");
        }
        assert!(!error(400, Some("invalid_client")).is_about_the_rate());
        assert!(!error(400, None).is_about_the_rate() && !AnswerError::NotJson.is_about_the_rate());
    }

    #[test]
    fn refusals_last_and_overload_passes() {
        let lasting = |status| AnswerError::Status { status, error: None }.is_lasting();
        for status in [400, 401, 403, 404] {
            assert!(lasting(status), "{status}");
        }
        for status in [429, 500, 502, 503, 504, 302] {
            assert!(!lasting(status), "{status}");
        }
    }
}
