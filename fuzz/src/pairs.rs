//! Header maps in the host's form, and what is made of the request that they are.

use tenantgate::credential;
use tenantgate::message::{
    PathRules, RequestHead, RequestTarget, canonical_host, parse_pairs, write_pairs,
};

use super::world::CONFIG;

/// Reads a header map, writes it again, and takes the request apart.
pub fn run(data: &[u8]) {
    let Some(fields) = parse_pairs(data) else { return };
    check_spelling(data, &fields);
    let head = RequestHead::new(fields);
    if let Ok(target) = RequestTarget::parse(&head, PathRules::default()) {
        let host = canonical_host(target.host().as_bytes());
        assert_eq!(host.as_deref(), Ok(target.host()), "the host is canonical once and for all");
        assert!(!target.method().bytes().any(|byte| byte.is_ascii_lowercase()));
    }
    if let Ok(presented) = credential::extract(&head, CONFIG.places())
        && let Some(bearer) = presented.bearer
    {
        assert!(!bearer.expose().is_empty());
        assert!(bearer.expose().iter().all(u8::is_ascii_graphic));
    }
}

/// Each header map of texts has one spelling, but for the empty one.
fn check_spelling(data: &[u8], fields: &[(&[u8], &[u8])]) {
    let texts = fields.iter().map(|(name, value)| {
        Some((std::str::from_utf8(name).ok()?, std::str::from_utf8(value).ok()?))
    });
    if let Some(texts) = texts.collect::<Option<Vec<_>>>()
        && !data.is_empty()
    {
        assert_eq!(write_pairs(texts), data);
    }
}
