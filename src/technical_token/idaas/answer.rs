//! Answers of the token endpoint, and of the OpenAPI action `GenerateOauthToken`.
//!
//! Where the vendor's client fails late or goes on, this fails: a token that is missing, of another
//! type than `Bearer` (in any case; absent is allowed), or that no header can carry. Numbers may be
//! written as texts of digits, and `null` is absent. `expires_at` and `expires_in` both count: the
//! earlier end holds, so that a clock that is off can only shorten a token's life.

use std::time::Duration;

use crate::json::{self, Value};
use crate::message::CallResponse;
use crate::secret::Secret;
use crate::technical_token::response::{checked, is_json};
use crate::technical_token::{AnswerError, Grant, Refusal, TokenRejected};
use crate::time::Timestamp;

/// What the members of an answer are called.
struct Names {
    token: &'static str,
    token_type: &'static str,
    expires_in: &'static str,
    expires_at: &'static str,
}

/// Reads an answer of the token endpoint, also to a token exchange.
///
/// # Errors
/// [`AnswerError`]; with the status of a refusal comes the code, if it is one of [`Refusal::known`].
pub fn token_grant(response: &CallResponse) -> Result<Grant, AnswerError> {
    const NAMES: Names = Names {
        token: "access_token",
        token_type: "token_type",
        expires_in: "expires_in",
        expires_at: "expires_at",
    };
    grant(&document(response)?, &NAMES)
}

/// Reads an answer to `GenerateOauthToken`.
///
/// # Errors
/// As [`token_grant`].
pub fn openapi_grant(response: &CallResponse) -> Result<Grant, AnswerError> {
    const NAMES: Names = Names {
        token: "AccessToken",
        token_type: "TokenType",
        expires_in: "ExpiresIn",
        expires_at: "ExpiresAt",
    };
    let document = document(response)?;
    grant(document.get("TokenResponse").ok_or(AnswerError::NotAGrant)?, &NAMES)
}

/// The JSON of an answer with a 2xx status. Some of these servers state no `content-type`.
pub(super) fn document(response: &CallResponse) -> Result<Value<'_>, AnswerError> {
    if !(200..300).contains(&response.status) {
        let refusal = Refusal::read(response);
        return Err(AnswerError::Status { status: refusal.status, error: refusal.known() });
    }
    if !response.content_type.as_deref().is_none_or(is_json) {
        return Err(AnswerError::NotJson);
    }
    json::parse(response.body.expose()).map_err(|_| AnswerError::NotJson)
}

fn grant(answer: &Value<'_>, names: &Names) -> Result<Grant, AnswerError> {
    let text = |name| match member(answer, name) {
        None => Ok(None),
        Some(value) => value.as_str().map(Some).ok_or(AnswerError::NotAGrant),
    };
    let token = text(names.token)?.ok_or(AnswerError::NotAGrant)?;
    if text(names.token_type)?.is_some_and(|kind| !kind.eq_ignore_ascii_case("bearer")) {
        return Err(AnswerError::Rejected(TokenRejected::NotBearer));
    }
    let token = checked(Secret::new(token.as_bytes().to_vec())).map_err(AnswerError::Rejected)?;
    let expires_at = seconds(answer, names.expires_at)?.filter(|seconds| *seconds > 0);
    Ok(Grant {
        token,
        expires_in: seconds(answer, names.expires_in)?.map(Duration::from_secs),
        expires_at: expires_at.map(Timestamp::from_seconds),
    })
}

/// A member that is there and not `null`.
fn member<'v>(answer: &'v Value<'_>, name: &str) -> Option<&'v Value<'v>> {
    answer.get(name).filter(|value| **value != Value::Null)
}

/// A whole number of seconds, which may stand in a text.
fn seconds(answer: &Value<'_>, name: &str) -> Result<Option<u64>, AnswerError> {
    let Some(value) = member(answer, name) else { return Ok(None) };
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let seconds = match value {
        Value::Number(number) => number.as_u64(),
        Value::String(digits) if is_digits(digits) => digits.parse().ok(),
        Value::Array(_) | Value::Bool(_) | Value::Null | Value::Object(_) | Value::String(_) => {
            None
        }
    };
    seconds.map(Some).ok_or(AnswerError::NotAGrant)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, content_type: Option<&str>, body: &str) -> CallResponse {
        CallResponse {
            status,
            content_type: content_type.map(|text| text.as_bytes().to_vec()),
            retry_after: None,
            fresh_for: None,
            etag: None,
            body: Secret::new(body.as_bytes().to_vec()),
        }
    }

    type Ends = (Option<u64>, Option<u64>);

    fn read(body: &str) -> Result<Ends, AnswerError> {
        let grant = token_grant(&answer(200, Some("application/json"), body))?;
        assert_eq!(grant.token.expose(), b"t");
        let at = grant.expires_at.map(Timestamp::as_seconds);
        Ok((grant.expires_in.map(|span| span.as_secs()), at))
    }

    #[test]
    fn a_grant_has_both_of_its_ends_where_the_answer_has_them() {
        let rows = [
            (
                r#""token_type":"Bearer","expires_in":1200,"expires_at":1795320094"#,
                (Some(1200), Some(1_795_320_094)),
            ),
            (
                r#""token_type":"bEARER","expires_in":"1200","expires_at":"1795320094""#,
                (Some(1200), Some(1_795_320_094)),
            ),
            (r#""expires_in":1200.0"#, (Some(1200), None)),
            (r#""expires_in":0,"expires_at":0"#, (Some(0), None)),
            (r#""token_type":null,"expires_in":null,"expires_at":null"#, (None, None)),
            (r#""id_token":7,"issued_token_type":"x""#, (None, None)),
        ];
        for (members, ends) in rows {
            assert_eq!(
                read(&format!("{{\"access_token\":\"t\",{members}}}")),
                Ok(ends),
                "{members}"
            );
        }
    }

    #[test]
    fn whatever_is_not_a_grant_is_refused() {
        use AnswerError::{NotAGrant, NotJson, Rejected};
        let rows = [
            ("not json", NotJson),
            ("", NotJson),
            ("[1]", NotAGrant),
            ("{}", NotAGrant),
            (r#"{"expires_in":3600,"expires_at":1795322524}"#, NotAGrant),
            (r#"{"access_token":null}"#, NotAGrant),
            (r#"{"access_token":7}"#, NotAGrant),
            (r#"{"access_token":"t","token_type":7}"#, NotAGrant),
            (r#"{"access_token":"t","token_type":"DPoP"}"#, Rejected(TokenRejected::NotBearer)),
            (r#"{"access_token":"t","token_type":""}"#, Rejected(TokenRejected::NotBearer)),
            (r#"{"access_token":"a b"}"#, Rejected(TokenRejected::Unsendable)),
            (r#"{"access_token":""}"#, Rejected(TokenRejected::Unsendable)),
            (r#"{"access_token":"t","expires_in":-1}"#, NotAGrant),
            (r#"{"access_token":"t","expires_in":1.5}"#, NotAGrant),
            (r#"{"access_token":"t","expires_in":""}"#, NotAGrant),
            (r#"{"access_token":"t","expires_in":"+1"}"#, NotAGrant),
            (r#"{"access_token":"t","expires_at":true}"#, NotAGrant),
            (r#"{"access_token":"t","expires_at":"soon"}"#, NotAGrant),
        ];
        for (body, expected) in rows {
            assert_eq!(read(body), Err(expected), "{body}");
        }
    }

    #[test]
    fn every_2xx_counts_and_a_stated_type_must_be_json() {
        let body = r#"{"access_token":"t"}"#;
        let error = |status, kind| token_grant(&answer(status, kind, body)).err();
        assert_eq!(error(200, None), None);
        assert_eq!(error(299, Some("application/json; charset=utf-8")), None);
        assert_eq!(error(200, Some("text/html")), Some(AnswerError::NotJson));
        for status in [199, 300, 302] {
            assert_eq!(error(status, None), Some(AnswerError::Status { status, error: None }));
        }
    }

    #[test]
    fn the_grant_of_the_openapi_lies_one_level_deeper_by_other_names() {
        let read = |body: &str| openapi_grant(&answer(200, None, body));
        let inner =
            r#"{"AccessToken":"t","TokenType":"Bearer","ExpiresIn":1200,"ExpiresAt":1795320109}"#;
        let grant = read(&format!("{{\"RequestId\":\"R\",\"TokenResponse\":{inner}}}")).unwrap();
        assert_eq!(grant.expires_in, Some(Duration::from_secs(1200)));
        assert_eq!(grant.expires_at, Some(Timestamp::from_seconds(1_795_320_109)));
        for body in
            [inner, "{}", r#"{"TokenResponse":7}"#, r#"{"TokenResponse":{"access_token":"t"}}"#]
        {
            assert_eq!(read(body).err(), Some(AnswerError::NotAGrant), "{body}");
        }
    }
}
