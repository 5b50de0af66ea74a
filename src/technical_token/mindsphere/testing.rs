//! Tokens of the platform for the tests of its kinds.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::jwt::{ClaimName, ClaimNames};
use crate::time::Timestamp;

pub(super) const NOW: Timestamp = Timestamp::from_seconds(1_000_000);
pub(super) const ISSUER: &str = "https://tenant1.piam.eu1.mindsphere.io/oauth/token";
pub(super) const HEADER: &str = r#"{"alg":"RS256","kid":"key-id-1","typ":"JWT"}"#;

pub(super) fn names() -> ClaimNames {
    let name = |name| ClaimName::parse(name).unwrap();
    ClaimNames {
        client: name("client_id"),
        scopes: name("scope"),
        subtenant: Some(name("subtenant")),
        tenant: Some(name("ten")),
        user: Some(name("user_id")),
    }
}

/// A token with the documented claims, one member replaced, added, or (`null`) removed.
pub(super) fn token(header: &str, member: &str, value: &str) -> Vec<u8> {
    let mut claims: Vec<(&str, String)> = vec![
        ("iss", format!("\"{ISSUER}\"")),
        ("ten", "\"tenant1\"".into()),
        ("scope", "[\"iot.fil.r\"]".into()),
        ("iat", "999999".into()),
        ("exp", "1001799".into()),
        ("jti", "\"868a95bbbddc4fd8a57e340c2bb7ebb6\"".into()),
    ];
    claims.retain(|(name, _)| *name != member);
    if value != "null" {
        claims.push((member, value.to_owned()));
    }
    let claims: Vec<_> = claims.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
    let encoded = |text: &str| URL_SAFE_NO_PAD.encode(text);
    let claims = encoded(&format!("{{{}}}", claims.join(",")));
    [encoded(header), claims, encoded("signature")].join(".").into_bytes()
}
