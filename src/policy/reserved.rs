//! The headers that no configuration may name for another purpose: the one list of them.

use crate::message::HeaderName;

/// Whether `name` is a header that we never set, because something else depends on it: the proxy,
/// the connection, the body, how the method or the address of the request is read, or what kind of
/// answer is asked for. ASCII case is ignored and `_` equals `-`.
pub fn is_reserved(name: &HeaderName) -> bool {
    let name = folded(name);
    OVERRIDES.iter().chain(&RESERVED).any(|reserved| name == *reserved)
        || PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

/// Whether `name` is a header that carries credentials, so that it can carry no identity. A
/// technical token may be put there.
pub fn is_credential(name: &HeaderName) -> bool {
    CREDENTIALS.iter().any(|other| name.is_alike(other.as_bytes()))
}

/// Two names that a server could take for one fold to the same text.
pub(super) fn folded(name: &HeaderName) -> String {
    name.as_str().replace('_', "-")
}

/// The header that carries a caller's bearer token (RFC 6750 §2.1).
pub(super) const AUTHORIZATION: &str = "authorization";

/// What carries a caller's credentials. The upstream sees none of them, but for the caller's own
/// `authorization` on a route that forwards it.
pub(super) const CREDENTIALS: [&str; 3] = ["appkey", AUTHORIZATION, "proxy-authorization"];

/// What could change method or address behind our back.
pub(super) const OVERRIDES: [&str; 5] = [
    "x-http-method",
    "x-http-method-override",
    "x-method-override",
    "x-original-url",
    "x-rewrite-url",
];

const RESERVED: [&str; 24] = [
    "accept",
    "cache-control",
    "connection",
    "cookie",
    "date",
    "expect",
    "forwarded",
    "host",
    "http2-settings",
    "keep-alive",
    "max-forwards",
    "origin",
    "pragma",
    "proxy-connection",
    "range",
    "te",
    "traceparent",
    "tracestate",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "via",
    "x-real-ip",
    "x-request-id",
];

const PREFIXES: [&str; 7] =
    ["accept-", "content-", "grpc-", "if-", "sec-", "x-envoy-", "x-forwarded-"];

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> HeaderName {
        HeaderName::parse(text).unwrap()
    }

    #[test]
    fn headers_with_another_purpose_are_reserved_in_every_spelling() {
        let reserved = [
            "Host",
            "forwarded",
            "Range",
            "accept",
            "Accept_Encoding",
            "content-type",
            "content_length",
            "x-http-method-override",
            "X_Rewrite_URL",
            "if-match",
            "grpc-timeout",
            "sec-fetch-site",
            "X-Envoy-Original-Path",
            "x_forwarded_for",
        ];
        for text in reserved {
            assert!(is_reserved(&name(text)), "{text}");
        }
        let free = [
            "authorization",
            "proxy-authorization",
            "x-tenant",
            "x-content-owner",
            "acceptance",
            "hosts",
            "x-te",
        ];
        for text in free {
            assert!(!is_reserved(&name(text)), "{text}");
        }
    }

    #[test]
    fn headers_of_credentials_are_known_in_every_spelling() {
        for text in ["appKey", "Authorization", "proxy_authorization"] {
            assert!(is_credential(&name(text)), "{text}");
        }
        assert!(!is_credential(&name("x-token")));
    }
}
