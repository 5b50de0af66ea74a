//! The cookie of a session by an application key.

use tenantgate::application_key::{Session, SessionKey, SessionKeys, SessionRefused};
use tenantgate::crypto::SharedSecret;
use tenantgate::time::Timestamp;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Reads the bytes as a cookie, which no fuzzer can sign, and as the payload of a signed one. What is read is written as
/// something that reads the same.
pub fn run(data: &[u8]) {
    let keys = SessionKey::new("k", vec![7; SessionKey::SHORTEST])
        .and_then(|key| SessionKeys::new(vec![key]))
        .expect("a good key");
    let refused = keys.verify(data, Timestamp::default());
    assert!(refused.is_err() || data.starts_with(b"v1.k."), "an unsigned cookie is a session");

    let payload = URL_SAFE_NO_PAD.encode(data);
    let message = format!("appkey-session.v1.k.{payload}");
    let mac = SharedSecret::new(vec![7; SessionKey::SHORTEST]).hmac_sha256(message.as_bytes());
    let cookie = format!("v1.k.{payload}.{}", URL_SAFE_NO_PAD.encode(mac));
    match keys.verify(cookie.as_bytes(), Timestamp::default()) {
        Ok(session) => {
            let again = keys.sign(&session).expect("there is a key");
            assert!(again.len() <= Session::LIMIT, "a cookie of ours is too long");
            assert_eq!(keys.verify(again.as_bytes(), Timestamp::default()), Ok(session));
        }
        Err(refused) => assert!(
            matches!(
                refused,
                SessionRefused::Shape | SessionRefused::IdleEnd | SessionRefused::AbsoluteEnd
            ),
            "a signed cookie is refused for {refused:?}"
        ),
    }
}
