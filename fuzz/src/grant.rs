//! Answers of token endpoints.

use tenantgate::jwt;
use tenantgate::message::CallResponse;
use tenantgate::secret::Secret;

use super::world::{CONFIG, NOW};

/// Takes an answer as one to each credential. What is accepted can be sent, and is what was asked
/// for. The first byte decides on status and type.
pub fn run(data: &[u8]) {
    let Some((first, body)) = data.split_first() else { return };
    let (status, content_type) = match first {
        b'e' => (401, "application/json"),
        b't' => (200, "text/html"),
        _ => (200, "application/json;charset=UTF-8"),
    };
    let answer = CallResponse {
        status,
        content_type: Some(content_type.as_bytes().to_vec()),
        fresh_for: None,
        etag: None,
        retry_after: None,
        body: Secret::new(body.to_vec()),
    };
    for source in CONFIG.sources() {
        let Ok(token) = source.accept(&answer, None, NOW) else { continue };
        let bytes = token.value().expose();
        assert!(status == 200 && !bytes.is_empty() && bytes.iter().all(u8::is_ascii_graphic));
        assert!(token.is_usable(NOW) && token.expires_at().since(NOW).as_secs() <= 24 * 3600);
        let restored = source.restore(token.to_record(), None, NOW);
        assert!(restored.is_ok_and(|restored| restored.expires_at() == token.expires_at()));
        if source.name() == "acme-service" {
            check_tenant(bytes);
        }
    }
}

/// A token of another tenant in the cache is the worst thing that could happen.
fn check_tenant(token: &[u8]) {
    let rules = CONFIG.issuers().find("https://acme.piam.eu1.mindsphere.io/oauth/token");
    let rules = rules.expect("the issuer").parts();
    let claims = jwt::inspect(token, &rules.claims, rules.access_tokens).expect("a sound form");
    assert_eq!(claims.issuer.as_deref(), Some(&*rules.issuer));
    assert_eq!(claims.tenancy.tenant().map(|tenant| tenant.as_str()), Some("acme"));
    assert_eq!(claims.tenancy.subtenant(), None);
}
