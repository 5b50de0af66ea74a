//! A token that a platform issues to its workload, keeps in a file, and replaces in time: the service
//! account token of Kubernetes, a JWT-SVID.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::json::{self, Number, Value};
use crate::time::Timestamp;

/// How long before its end a token is no longer used without being read again.
const MARGIN: Duration = Duration::from_secs(600);

/// Until when a token that was read is believed: 600 s before its `exp`. It is opened for that alone:
/// whoever is asked for a token checks it. One that is no JWT, or has no `exp`, is for one fetch.
pub(super) fn believed_until(token: &str) -> Timestamp {
    let expiry = || {
        let payload = token.split('.').nth(1)?;
        let payload = URL_SAFE_NO_PAD.decode(payload).ok()?;
        let claims = json::parse(&payload).ok()?;
        let seconds = claims.get("exp").and_then(Value::as_number).map(Number::as_f64)?;
        Timestamp::from_numeric_date(seconds)
    };
    expiry().map_or(Timestamp::default(), |end| end.before(MARGIN))
}

/// A text of one line that a header field can carry: 1 byte to 16 KiB of visible ASCII, white space
/// around it left out.
pub(super) fn line(body: &[u8]) -> Option<&str> {
    let text = body.trim_ascii();
    let is_line = (1..=LIMIT).contains(&text.len()) && text.iter().all(u8::is_ascii_graphic);
    if is_line { std::str::from_utf8(text).ok() } else { None }
}

/// The longest token, in bytes.
pub(super) const LIMIT: usize = 16 * 1024;

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
            assert_eq!(believed_until(&token), Timestamp::from_seconds(until), "{token}");
        }
    }
}
