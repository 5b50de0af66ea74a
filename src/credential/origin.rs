//! Whether a page of our own made a request. A browser adds cookies to requests of every page, so
//! a cookie alone does not say that its owner wants what is asked for.

use super::CredentialError;
use crate::message::{RequestHead, canonical_host};

/// Whether a request with nothing but a cookie needs a proof of origin: it could change something
/// (RFC 9110 §9.2.1), or it opens a connection that other pages could read from.
pub(super) fn is_needed(head: &RequestHead<'_>) -> bool {
    let is_safe = matches!(head.method(), Some(b"GET" | b"HEAD" | b"OPTIONS"));
    !is_safe || opens_connection(head)
}

/// Whether a request asks for more than one answer: an upgrade, or a connection in a connection.
pub(crate) fn opens_connection(head: &RequestHead<'_>) -> bool {
    [b"upgrade".as_slice(), b":protocol"].into_iter().any(|name| head.values(name).next().is_some())
}

/// Whether a page of our own, or no page at all, made a request with the cookie of a session.
///
/// Besides [`is_same`], an `x-xsrf-token` counts where the browser does not speak of the site: a page
/// of another origin could set it only after a preflight that the route and its upstream let pass. It
/// helps browsers without `sec-fetch-site` behind proxies that change the authority.
pub(crate) fn is_own_page(head: &RequestHead<'_>) -> bool {
    let has = |name: &[u8]| head.values(name).any(|value| !value.trim_ascii().is_empty());
    let is_told = head.values(b"sec-fetch-site").next().is_some();
    is_same(head) || (!is_told && has(b"x-xsrf-token"))
}

/// Whether a request that needs a proof of origin may be one of another page: it says where it comes from, as browsers
/// do, and that is not where it goes to. Programs say nothing.
///
/// # Errors
/// [`CredentialError::OriginUnproven`].
pub(crate) fn check_form_origin(head: &RequestHead<'_>) -> Result<(), CredentialError> {
    let is_stated = [b"sec-fetch-site".as_slice(), b"origin"]
        .into_iter()
        .any(|name| head.values(name).next().is_some());
    if is_needed(head) && is_stated && !is_same(head) {
        return Err(CredentialError::OriginUnproven);
    }
    Ok(())
}

/// Whether the browser says that the request comes from the origin that it goes to.
///
/// `sec-fetch-site` decides where it is there, since proxies do not rewrite it; else `origin` must
/// name the authority of the request. Without either there is no proof.
pub(super) fn is_same(head: &RequestHead<'_>) -> bool {
    let mut sites = head.values(b"sec-fetch-site");
    let mut origins = head.values(b"origin");
    match (sites.next(), sites.next(), origins.next(), origins.next()) {
        (Some(site), None, _, _) => matches!(site, b"same-origin" | b"none"),
        (None, _, Some(origin), None) => is_own(origin, head),
        _ => false,
    }
}

/// Whether an `origin` (RFC 6454 §7) is that of the request. Where a proxy before this one ended
/// TLS, the request came by `http` and its page by `https`; never the other way round.
fn is_own(origin: &[u8], head: &RequestHead<'_>) -> bool {
    let is_plain = head.values(b":scheme").all(|scheme| scheme == b"http")
        && head.values(b":scheme").count() == 1;
    let (rest, default_port) = match (origin.strip_prefix(b"https://"), is_plain) {
        (Some(rest), _) => (Some(rest), "443"),
        (None, true) => (origin.strip_prefix(b"http://"), "80"),
        (None, false) => (None, ""),
    };
    let (Some(origin), Some(authority)) = (rest, head.authority()) else {
        return false;
    };
    let (Ok(ours), Ok(theirs)) = (canonical_host(authority), canonical_host(origin)) else {
        return false;
    };
    ours == theirs && port(authority, default_port) == port(origin, default_port)
}

/// The port of an authority that has a canonical host.
fn port<'a>(authority: &'a [u8], default: &'a str) -> &'a [u8] {
    let after_address = authority.rsplit(|&b| b == b']').next().unwrap_or_default();
    let port = after_address.splitn(2, |&b| b == b':').nth(1).unwrap_or_default();
    if port.is_empty() { default.as_bytes() } else { port }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head<'a>(fields: &[(&'a str, &'a str)]) -> RequestHead<'a> {
        RequestHead::new(fields.iter().map(|(n, v)| (n.as_bytes(), v.as_bytes())).collect())
    }

    #[test]
    fn what_changes_something_or_opens_a_connection_needs_a_proof() {
        for (method, expected) in [
            ("GET", false),
            ("HEAD", false),
            ("OPTIONS", false),
            ("POST", true),
            ("PUT", true),
            ("PATCH", true),
            ("DELETE", true),
            ("PROPFIND", true),
        ] {
            assert_eq!(is_needed(&head(&[(":method", method)])), expected, "{method}");
        }
        for upgrade in [("upgrade", "websocket"), ("Upgrade", ""), (":protocol", "websocket")] {
            assert!(is_needed(&head(&[(":method", "GET"), upgrade])), "{upgrade:?}");
        }
        assert!(is_needed(&head(&[])));
    }

    #[test]
    fn a_session_is_shown_to_be_meant_by_a_field_that_other_pages_cannot_set() {
        let token = ("X-XSRF-TOKEN", "TWX-XSRF-TOKEN-VALUE");
        let foreign = ("origin", "https://evil.example");
        let rows: [(&[(&str, &str)], bool); 8] = [
            (&[token], true),
            (&[token, foreign], true),
            (&[("x-xsrf-token", " ")], false),
            (&[("x-xsrf-token", ""), foreign], false),
            (&[foreign], false),
            (&[], false),
            (&[token, ("sec-fetch-site", "cross-site")], false),
            (&[token, ("sec-fetch-site", "same-origin"), foreign], true),
        ];
        for (fields, expected) in rows {
            let fields = [&[(":authority", "api.example")], fields].concat();
            assert_eq!(is_own_page(&head(&fields)), expected, "{fields:?}");
        }
    }

    #[test]
    fn the_browsers_word_about_the_site_decides_where_it_is_there() {
        let own = ("origin", "https://api.example");
        let foreign = ("origin", "https://evil.example");
        for (site, expected) in [
            ("same-origin", true),
            ("none", true),
            ("same-site", false),
            ("cross-site", false),
            ("Same-Origin", false),
            ("same-origin, cross-site", false),
            ("", false),
        ] {
            let site = ("sec-fetch-site", site);
            for fields in [&[site][..], &[site, own], &[site, foreign]] {
                let fields = [&[(":authority", "api.example")], fields].concat();
                assert_eq!(is_same(&head(&fields)), expected, "{fields:?}");
            }
        }
        let twice = [("sec-fetch-site", "none"), ("sec-fetch-site", "none"), own];
        assert!(!is_same(&head(&twice)));
    }

    #[test]
    fn an_origin_is_ours_if_scheme_host_and_port_are() {
        let rows = [
            ("https", "api.example", "https://api.example", true),
            ("https", "API.example.", "https://api.example", true),
            ("https", "api.example:443", "https://api.example", true),
            ("https", "api.example", "https://api.example:443", true),
            ("https", "api.example:8443", "https://api.example:8443", true),
            ("https", "[::1]:8443", "https://[::1]:8443", true),
            ("https", "[::1]", "https://[::1]", true),
            ("http", "api.example", "http://api.example", true),
            ("http", "api.example:80", "http://api.example", true),
            // TLS ended before this proxy.
            ("http", "api.example", "https://api.example", true),
            ("https", "api.example", "http://api.example", false),
            ("", "api.example", "http://api.example", false),
            ("https", "api.example:8443", "https://api.example", false),
            ("https", "api.example", "https://api.example:8443", false),
            ("http", "api.example:443", "http://api.example", false),
            ("https", "[::1]:8443", "https://[::1]", false),
            ("https", "api.example", "https://evil.example", false),
            ("https", "api.example", "https://api.example.evil.example", false),
            ("https", "api.example", "https://evil.example/api.example", false),
            ("https", "api.example", "https://api.example@evil.example", false),
            ("https", "api.example", "https://api.example/", false),
            ("https", "api.example", "https://api.example https://evil.example", false),
            ("https", "api.example", "HTTPS://api.example", false),
            ("https", "api.example", "api.example", false),
            ("https", "api.example", "null", false),
            ("https", "api.example", "", false),
            ("https", "", "https://", false),
        ];
        for (scheme, authority, origin, expected) in rows {
            let mut fields = vec![(":authority", authority), ("origin", origin)];
            if !scheme.is_empty() {
                fields.push((":scheme", scheme));
            }
            assert_eq!(is_same(&head(&fields)), expected, "{fields:?}");
        }
        let own = [(":authority", "a.example"), ("origin", "https://a.example")];
        assert!(is_same(&head(&own)));
        let twice = [own[0], own[1], own[1]];
        assert!(!is_same(&head(&twice)));
        assert!(!is_same(&head(&[own[0]])));
        assert!(!is_same(&head(&[own[1]])));
    }
}
