//! Headers and claims, as if every signature were right: what they say is judged by itself.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use tenantgate::crypto::{Algorithm, PublicKey, SignatureVerifier, Verdict};
use tenantgate::jwt::{self, VerifiedToken};

use super::world::{CONFIG, KEYS, NOW};

/// Judges a token of these claims; the line before them, if there is one, is its header. A token that
/// is verified is what another parser reads in it.
pub fn run(data: &[u8]) {
    let newline = data.iter().position(|byte| *byte == b'\n');
    let (header, claims) = match newline.and_then(|at| data.split_at_checked(at)) {
        Some((header, claims)) => (header, claims),
        None => (HEADER, data),
    };
    let encode = |part| URL_SAFE_NO_PAD.encode(part);
    let token = format!("{}.{}.AA", encode(header), encode(claims));
    let verified = jwt::verify(token.as_bytes(), CONFIG.issuers(), &KEYS, &Credulous, NOW);
    if let Ok(verified) = verified {
        check(&verified, token.as_bytes(), claims);
    }
}

const HEADER: &[u8] = br#"{"alg":"ES256","kid":"ec"}"#;

/// Takes every signature for valid.
struct Credulous;

impl SignatureVerifier for Credulous {
    fn verify(&self, _: Algorithm, _: &PublicKey, _: &[u8], _: &[u8]) -> Verdict {
        Verdict::Valid
    }
}

fn check(verified: &VerifiedToken, token: &[u8], claims: &[u8]) {
    let claims = serde_json::from_slice::<serde_json::Value>(claims).expect("JSON");
    let text = |name: &str| claims.get(name).map(|value| value.as_str().expect("a text"));
    let tenancy = verified.tenancy();
    assert!(!verified.is_expired(NOW));
    assert_eq!(text("iss"), Some("https://acme.piam.eu1.mindsphere.io/oauth/token"));
    assert_eq!(text("ten"), Some("acme"));
    assert_eq!(tenancy.tenant().map(|tenant| tenant.as_str()), text("ten"));
    assert_eq!(tenancy.subtenant().map(|subtenant| subtenant.as_str()), text("subtenant"));
    assert_eq!(verified.subject(), text("sub"));
    assert!(!text("jti").is_some_and(|id| id.ends_with("-r")), "a refresh token");

    let rules = verified.issuer().parts();
    let inspected = jwt::inspect(token, &rules.claims, rules.access_tokens).expect("a sound form");
    assert_eq!(&inspected.tenancy, tenancy);
    assert_eq!(inspected.expires_at, Some(verified.expires_at()));
}
