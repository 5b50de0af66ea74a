//! What a server says when it refuses.
//!
//! The code is `error` by RFC 6749 §5.2, also for UAA and the token endpoint of IDaaS, whose
//! `request_id` its support asks for; `Code` and `RequestId` with Alibaba Cloud's OpenAPI, whose first
//! letters may be small; `code` and `logref` with the platform's own services, where it may stand in a
//! list `errors`. Code and id go to the log as far as they are words; never the description: it is free
//! text, and may quote what was sent.

use std::fmt;

use crate::json::{self, Value};
use crate::message::CallResponse;
use crate::technical_token::AnswerError;

/// An answer that refuses.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Refusal {
    /// The HTTP status; 503 and 504 may be the proxy's own.
    pub status: u16,
    /// The error code, with or without a description.
    pub code: Option<Word>,
    /// The server's id of the request.
    pub request_id: Option<Word>,
}

/// A word that a server wrote, fit for a log: 1 to 64 bytes of ASCII letters, digits and `._:-`.
#[derive(Clone, Copy, Eq, PartialEq)]
pub struct Word {
    bytes: [u8; Self::LIMIT],
    length: u8,
}

/// The codes that are told apart, by how they begin up to a full stop or their end.
const KNOWN: [&str; 21] = [
    "Forbidden",
    "InvalidAccessKeyId",
    "InvalidSecurityToken",
    "InvalidTimeStamp",
    "NoPermission",
    "ServiceUnavailable",
    "SignatureDoesNotMatch",
    "SignatureNonceUsed",
    "Throttling",
    "access_denied",
    "authorization_pending",
    "invalid_client",
    "invalid_grant",
    "invalid_request",
    "invalid_scope",
    "server_error",
    "slow_down",
    "temporarily_unavailable",
    "too_many_requests",
    "unauthorized_client",
    "unsupported_grant_type",
];

impl Refusal {
    /// Reads an answer, whatever its body is.
    pub fn read(response: &CallResponse) -> Self {
        let body = json::parse(response.body.expose()).ok();
        let body = body.as_ref().map(|body| match body.get("errors") {
            Some(Value::Array(errors)) => errors.first().unwrap_or(body),
            Some(_) | None => body,
        });
        let word = |names: &[&str]| {
            let member = |name: &&str| body?.get(name).and_then(Value::as_str);
            Word::parse(names.iter().find_map(member)?)
        };
        Self {
            status: response.status,
            code: word(&["error", "Code", "code"]),
            request_id: word(&["request_id", "RequestId", "requestId", "logref"]),
        }
    }

    /// The code as one of the words that we know; sub-codes (behind a full stop) are left out.
    pub fn known(&self) -> Option<&'static str> {
        let code = self.code.as_ref()?.as_str();
        let main = code.split_once('.').map_or(code, |(main, _)| main);
        KNOWN.into_iter().find(|known| *known == main)
    }

    /// Whether the server does not know who asks, so that what proved it may have changed.
    pub fn is_about_the_client(&self) -> bool {
        AnswerError::Status { status: self.status, error: self.known() }.is_about_the_client()
    }
}

impl Word {
    /// The longest word, in bytes.
    pub const LIMIT: usize = 64;

    /// The word that `text` is, as a whole: a part of it could mislead.
    pub fn parse(text: &str) -> Option<Self> {
        let is_word = |byte: u8| byte.is_ascii_alphanumeric() || b"._:-".contains(&byte);
        let mut bytes = [0; Self::LIMIT];
        let length = u8::try_from(text.len()).ok().filter(|length| *length > 0)?;
        let room = bytes.get_mut(..text.len())?;
        room.copy_from_slice(text.as_bytes());
        text.bytes().all(is_word).then_some(Self { bytes, length })
    }

    /// Its text.
    pub fn as_str(&self) -> &str {
        let text = self.bytes.get(..usize::from(self.length)).unwrap_or_default();
        std::str::from_utf8(text).unwrap_or_default()
    }
}

impl fmt::Debug for Word {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_str().fmt(formatter)
    }
}

impl fmt::Display for Word {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;

    fn refusal(status: u16, body: &str) -> Refusal {
        Refusal::read(&CallResponse {
            status,
            content_type: None,
            retry_after: None,
            fresh_for: None,
            etag: None,
            body: Secret::new(body.as_bytes().to_vec()),
        })
    }

    #[test]
    fn code_and_request_id_are_read_in_every_spelling_with_or_without_a_description() {
        let rows = [
            (
                r#"{"error":"invalid_client","error_description":"x","request_id":"RID1"}"#,
                "invalid_client",
                "RID1",
            ),
            (r#"{"error":"too_many_requests"}"#, "too_many_requests", ""),
            (r#"{"Code":"Forbidden","Message":"nope","RequestId":"RID2"}"#, "Forbidden", "RID2"),
            (
                r#"{"code":"Throttling.User","message":"x","requestId":"R-3"}"#,
                "Throttling.User",
                "R-3",
            ),
            (
                r#"{"errors":[{"code":"mdsp.core.x.401","message":"x","logref":"4af2"},{"code":"b"}]}"#,
                "mdsp.core.x.401",
                "4af2",
            ),
            (r#"{"errors":[]}"#, "", ""),
            (r#"{"errors":7,"code":"a"}"#, "a", ""),
            (r#"{"error":"a","Code":"b"}"#, "a", ""),
            (r#"{"error":7,"Code":"b"}"#, "b", ""),
            ("plain text", "", ""),
            ("[1]", "", ""),
            ("", "", ""),
        ];
        for (body, code, request_id) in rows {
            let refusal = refusal(400, body);
            let text = |word: Option<Word>| word.map_or(String::new(), |word| word.to_string());
            assert_eq!(
                (text(refusal.code), text(refusal.request_id)),
                (code.into(), request_id.into()),
                "{body}"
            );
        }
    }

    #[test]
    fn a_word_is_taken_as_a_whole_or_not_at_all() {
        let longest = "x".repeat(64);
        for word in ["a", "InvalidAccessKeyId.NotFound", "A0B1-c_d", "urn:x:y", &longest] {
            assert_eq!(Word::parse(word).unwrap().as_str(), word);
        }
        for odd in [
            "",
            "a b",
            "a\nb",
            "a\u{1b}[2J",
            "a=b",
            "a`b",
            "é",
            "eyJ/x",
            &"x".repeat(65),
            &"x".repeat(300),
        ] {
            assert_eq!(Word::parse(odd), None, "{odd}");
        }
    }

    #[test]
    fn codes_are_known_without_their_sub_codes_and_by_no_other_beginning() {
        let known = |code: &str| refusal(400, &format!("{{\"Code\":\"{code}\"}}")).known();
        assert_eq!(known("InvalidAccessKeyId.NotFound"), Some("InvalidAccessKeyId"));
        assert_eq!(known("InvalidTimeStamp.Expired"), Some("InvalidTimeStamp"));
        assert_eq!(known("Throttling.User"), Some("Throttling"));
        assert_eq!(known("NoPermission"), Some("NoPermission"));
        assert_eq!(known("NoPermissionX"), None);
        assert_eq!(known("secret-looking-text"), None);
    }

    #[test]
    fn an_unknown_client_is_told_from_a_forbidden_one() {
        let rows = [
            (401, "", true),
            (400, r#"{"error":"invalid_client"}"#, true),
            (404, r#"{"Code":"InvalidAccessKeyId.NotFound"}"#, true),
            (400, r#"{"Code":"SignatureDoesNotMatch"}"#, true),
            (400, r#"{"Code":"InvalidSecurityToken.Expired"}"#, true),
            (403, r#"{"Code":"NoPermission"}"#, false),
            (400, r#"{"error":"invalid_scope"}"#, false),
            (503, "", false),
        ];
        for (status, body, expected) in rows {
            assert_eq!(refusal(status, body).is_about_the_client(), expected, "{body}");
        }
    }
}
