//! What a request asks for, in canonical form: method, host and path.

use std::borrow::Cow;

use super::head::RequestHead;
use super::host::{HostError, canonical_host};
use super::path::{CanonicalPath, PathError, PathRules};

/// The canonical target of a request. Decisions are made on this and never on raw bytes.
#[derive(Clone, Debug)]
pub struct RequestTarget<'a> {
    method: &'a str,
    host: Cow<'a, str>,
    path: CanonicalPath<'a>,
}

/// Why a request has no canonical target.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum RequestError {
    /// The host has no canonical form.
    Host(HostError),
    /// There is no authority, or more than one.
    HostMissing,
    /// CONNECT: the filter guards requests, not tunnels.
    MethodConnect,
    /// There is no method, more than one, it is not an RFC 9110 token of at most 32 bytes, or it
    /// has a lower-case letter: some servers would read `delete` as `DELETE`.
    MethodMalformed,
    /// TRACE: it would show the caller the credentials that we put on.
    MethodTrace,
    /// The path has no canonical form.
    Path(PathError),
    /// There is no path, or more than one.
    PathMissing,
}

impl<'a> RequestTarget<'a> {
    /// The canonical target of `head`; borrowed where nothing has to be changed.
    ///
    /// # Errors
    /// [`RequestError`] when the method is refused everywhere, or servers could differ about what
    /// is asked for.
    pub fn parse(head: &RequestHead<'a>, rules: PathRules) -> Result<Self, RequestError> {
        let method = parse_method(head.method())?;
        let authority = head.authority().ok_or(RequestError::HostMissing)?;
        let host = canonical_host(authority).map_err(RequestError::Host)?;
        let target = head.path().ok_or(RequestError::PathMissing)?;
        let path = CanonicalPath::parse(target, rules).map_err(RequestError::Path)?;
        Ok(Self { method, host, path })
    }

    /// The same place under another method, as received elsewhere in the request.
    ///
    /// # Errors
    /// [`RequestError`] for a method that no request may have.
    pub fn asking_for(&self, method: &'a [u8]) -> Result<Self, RequestError> {
        Ok(Self { method: parse_method(Some(method))?, ..self.clone() })
    }

    /// The method as received, without lower-case letters; methods are case-sensitive.
    pub const fn method(&self) -> &'a str {
        self.method
    }

    /// The host in lower case, without port and trailing dot.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The path without its query.
    pub const fn path(&self) -> &CanonicalPath<'a> {
        &self.path
    }
}

impl RequestError {
    /// The exact cause as a word for logs.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Host(error) => error.reason(),
            Self::HostMissing => "host_missing",
            Self::MethodConnect => "method_connect",
            Self::MethodMalformed => "method_malformed",
            Self::MethodTrace => "method_trace",
            Self::Path(error) => error.reason(),
            Self::PathMissing => "path_missing",
        }
    }
}

fn parse_method(method: Option<&[u8]>) -> Result<&str, RequestError> {
    let method = method.ok_or(RequestError::MethodMalformed)?;
    match method {
        b"GET" => return Ok("GET"),
        b"POST" => return Ok("POST"),
        _ => {}
    }
    if method.eq_ignore_ascii_case(b"TRACE") {
        return Err(RequestError::MethodTrace);
    }
    if method.eq_ignore_ascii_case(b"CONNECT") {
        return Err(RequestError::MethodConnect);
    }
    if !is_method(method) {
        return Err(RequestError::MethodMalformed);
    }
    std::str::from_utf8(method).map_err(|_| RequestError::MethodMalformed)
}

/// Whether a request may have this method: an RFC 9110 token of 1 to 32 bytes without lower-case
/// letters.
pub fn is_method(method: &[u8]) -> bool {
    // Envoy passes `delete` on, and many frameworks take it for `DELETE`. Routes name methods in upper
    // case, so it would take the way of a method that nobody listed.
    let is_allowed =
        |b: &u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b"!#$%&'*+-.^_`|~".contains(b);
    (1..=METHOD_LIMIT).contains(&method.len()) && method.iter().all(is_allowed)
}

const METHOD_LIMIT: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(fields: &[(&str, &str)]) -> Result<(String, String, String), RequestError> {
        let fields = fields.iter().map(|(n, v)| (n.as_bytes(), v.as_bytes()));
        let head = RequestHead::new(fields.collect());
        RequestTarget::parse(&head, PathRules::default()).map(|target| {
            let path = target.path().as_str().to_owned();
            (target.method().to_owned(), target.host().to_owned(), path)
        })
    }

    #[test]
    fn a_target_is_method_host_and_path_in_canonical_form() {
        let fields = [
            (":method", "GET"),
            (":authority", "API.acme.example:8443"),
            (":path", "/%61ssets?limit=3"),
        ];
        let expected = ("GET".into(), "api.acme.example".into(), "/assets".into());
        assert_eq!(parse(&fields), Ok(expected));
    }

    #[test]
    fn a_target_that_lacks_a_part_or_has_it_twice_is_refused() {
        let (get, host, path) = ((":method", "GET"), (":authority", "a"), (":path", "/"));
        let rows: [(&[(&str, &str)], RequestError); 6] = [
            (&[host, path], RequestError::MethodMalformed),
            (&[get, get, host, path], RequestError::MethodMalformed),
            (&[get, path], RequestError::HostMissing),
            (&[get, host, host, path], RequestError::HostMissing),
            (&[get, host], RequestError::PathMissing),
            (&[get, host, path, path], RequestError::PathMissing),
        ];
        for (fields, expected) in rows {
            assert_eq!(parse(fields), Err(expected), "{fields:?}");
        }
    }

    #[test]
    fn methods_that_no_route_may_serve_are_refused() {
        let rows = [
            ("TRACE", RequestError::MethodTrace),
            ("trace", RequestError::MethodTrace),
            ("CONNECT", RequestError::MethodConnect),
            ("delete", RequestError::MethodMalformed),
            ("Get", RequestError::MethodMalformed),
            ("PATCh", RequestError::MethodMalformed),
            ("G ET", RequestError::MethodMalformed),
            ("", RequestError::MethodMalformed),
            (&"X".repeat(33), RequestError::MethodMalformed),
        ];
        for (method, expected) in rows {
            let fields = [(":method", method), (":authority", "a"), (":path", "/")];
            assert_eq!(parse(&fields), Err(expected), "{method}");
        }
        let connect = [(":method", "CONNECT"), (":authority", "a:443")];
        assert_eq!(parse(&connect), Err(RequestError::MethodConnect));
    }
}
