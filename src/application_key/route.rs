//! Which requests a key is limited to.

use std::fmt;

use crate::message::{CanonicalPath, HostError, PathError, PathRules, PathSpelling};
use crate::message::{canonical_host, is_method};

/// One of the places that a key is limited to. What it leaves out is not limited.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct KeyRoute {
    /// Hosts in canonical form, or `*.` and one for every host below it.
    pub hosts: Vec<Box<str>>,
    /// Methods in upper case. `GET` stands for `HEAD` as well.
    pub methods: Vec<Box<str>>,
    /// A canonical path: `/a` means itself and everything below, `/a/` everything below.
    pub path_prefix: Option<Box<str>>,
}

/// Why a place could not be meant.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum RouteError {
    /// It limits nothing.
    Empty,
    /// A host has no canonical form.
    Host(HostError),
    /// `hosts` or `methods` is an empty list, which would let nobody in.
    ListEmpty,
    /// Not a method in upper case, or `CONNECT` or `TRACE`, which are refused everywhere.
    Method,
    /// The path could never be requested.
    Path(PathError),
    /// More than [`KeyRoute::LIST_LIMIT`] hosts or methods.
    TooMany,
}

/// A request, as a place is compared with it: in canonical form.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'r> {
    /// The method.
    pub method: &'r str,
    /// The host, lower case, without port.
    pub host: &'r str,
    /// The decoded path without its query.
    pub path: &'r str,
}

impl KeyRoute {
    /// The most hosts, and the most methods.
    pub const LIST_LIMIT: usize = 16;

    /// A place. `spelling` is that of the requests that it is compared with.
    ///
    /// # Errors
    /// [`RouteError`] for the first thing wrong.
    pub fn new(
        methods: Option<&[&str]>,
        path_prefix: Option<&str>,
        hosts: Option<&[&str]>,
        spelling: PathSpelling,
    ) -> Result<Self, RouteError> {
        if methods.is_none() && path_prefix.is_none() && hosts.is_none() {
            return Err(RouteError::Empty);
        }
        let rules = PathRules { spelling, ..PathRules::default() };
        let path = |text: &str| match CanonicalPath::parse(text.as_bytes(), rules) {
            Ok(_) if text.contains('?') => Err(RouteError::Path(PathError::EncodedDelimiter)),
            Ok(path) => Ok(path.as_str().into()),
            Err(error) => Err(RouteError::Path(error)),
        };
        Ok(Self {
            hosts: listed(hosts, host)?,
            methods: listed(methods, method)?,
            path_prefix: path_prefix.map(path).transpose()?,
        })
    }

    /// Whether a request is one of those that it means.
    pub fn covers(&self, asked: Asked<'_>) -> bool {
        (self.hosts.is_empty() || self.hosts.iter().any(|host| covers_host(host, asked.host)))
            && (self.methods.is_empty()
                || self.methods.iter().any(|method| covers_method(method, asked.method)))
            && self.path_prefix.as_deref().is_none_or(|prefix| covers_path(prefix, asked.path))
    }
}

pub(super) fn covers_host(pattern: &str, host: &str) -> bool {
    match pattern.strip_prefix("*.") {
        Some(parent) => {
            let below = host.strip_suffix(parent).and_then(|below| below.strip_suffix('.'));
            below.is_some_and(|below| !below.is_empty())
        }
        None => pattern == host,
    }
}

pub(super) fn covers_method(listed: &str, method: &str) -> bool {
    listed == method || (listed == "GET" && method == "HEAD")
}

/// Whole segments: `/a` covers `/a` and `/a/b`, and not `/ab`.
pub(super) fn covers_path(prefix: &str, path: &str) -> bool {
    path.strip_prefix(prefix)
        .is_some_and(|rest| rest.is_empty() || prefix.ends_with('/') || rest.starts_with('/'))
}

fn listed(
    texts: Option<&[&str]>,
    read: impl Fn(&str) -> Result<Box<str>, RouteError>,
) -> Result<Vec<Box<str>>, RouteError> {
    match texts {
        None => Ok(Vec::new()),
        Some([]) => Err(RouteError::ListEmpty),
        Some(texts) if texts.len() > KeyRoute::LIST_LIMIT => Err(RouteError::TooMany),
        Some(texts) => texts.iter().map(|text| read(text)).collect(),
    }
}

fn host(text: &str) -> Result<Box<str>, RouteError> {
    let name = text.strip_prefix("*.").unwrap_or(text);
    let canonical = canonical_host(name.as_bytes()).map_err(RouteError::Host)?;
    if !canonical.eq_ignore_ascii_case(name) {
        return Err(RouteError::Host(HostError::NotPlain));
    }
    Ok(if name.len() < text.len() { ["*.", &canonical].concat().into() } else { canonical.into() })
}

fn method(text: &str) -> Result<Box<str>, RouteError> {
    let is_refused = matches!(text, "CONNECT" | "TRACE");
    if is_method(text.as_bytes()) && !is_refused {
        Ok(text.into())
    } else {
        Err(RouteError::Method)
    }
}

impl fmt::Display for RouteError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Empty => "a route without methods, path prefix and hosts limits nothing",
            Self::Host(error) => return error.fmt(formatter),
            Self::ListEmpty => "an empty list of methods or hosts would let nobody in",
            Self::Method => "not a method in upper case, or one that is refused everywhere",
            Self::Path(error) => return error.fmt(formatter),
            Self::TooMany => "at most 16 methods and 16 hosts can be listed",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::{LetterCase, TrailingSlash};

    fn route(text: &str) -> KeyRoute {
        KeyRoute::new(None, Some(text), None, PathSpelling::default()).unwrap()
    }

    fn asked<'r>(method: &'r str, host: &'r str, path: &'r str) -> Asked<'r> {
        Asked { method, host, path }
    }

    #[test]
    fn prefixes_mean_whole_segments() {
        let rows: [(&str, &[&str], &[&str]); 3] = [
            ("/a/b", &["/a/b", "/a/b/", "/a/b/c"], &["/a", "/a/bc", "/A/b", "/x/a/b"]),
            ("/a/b/", &["/a/b/", "/a/b/c"], &["/a/b", "/a/bc"]),
            ("/", &["/", "/a"], &[]),
        ];
        for (prefix, inside, outside) in rows {
            let covers = |path: &&str| route(prefix).covers(asked("GET", "h", path));
            assert!(inside.iter().all(covers), "{prefix}");
            assert!(!outside.iter().any(covers), "{prefix}");
        }
        assert!(route("/%61").covers(asked("GET", "h", "/a")), "prefixes are decoded");
    }

    #[test]
    fn prefixes_are_spelled_as_the_requests_are() {
        let folded = PathSpelling {
            letter_case: LetterCase::Folded,
            trailing_slash: TrailingSlash::Dropped,
        };
        let route = KeyRoute::new(None, Some("/Things/A/"), None, folded).unwrap();
        for path in ["/things/a", "/things/a/b"] {
            assert!(route.covers(asked("GET", "h", path)), "{path}");
        }
        assert!(!route.covers(asked("GET", "h", "/things/ab")));
    }

    #[test]
    fn all_that_is_stated_must_fit() {
        let hosts = ["Api.example", "*.dev.example"];
        let route =
            KeyRoute::new(Some(&["GET", "PUT"]), Some("/a"), Some(&hosts), PathSpelling::default())
                .unwrap();
        let rows = [
            ("GET", "api.example", "/a", true),
            ("HEAD", "x.dev.example", "/a/b", true),
            ("PUT", "x.y.dev.example", "/a/b", true),
            ("POST", "api.example", "/a", false),
            ("GET", "dev.example", "/a", false),
            ("GET", ".dev.example", "/a", false),
            ("GET", "xdev.example", "/a", false),
            ("GET", "api.example", "/b", false),
        ];
        for (method, host, path, expected) in rows {
            assert_eq!(route.covers(asked(method, host, path)), expected, "{method} {host} {path}");
        }
        let put = KeyRoute::new(Some(&["PUT"]), None, None, PathSpelling::default()).unwrap();
        assert!(!put.covers(asked("HEAD", "h", "/")));
    }

    #[test]
    fn places_that_cannot_be_meant_are_refused() {
        type Row<'t> = (Option<&'t [&'t str]>, Option<&'t str>, Option<&'t [&'t str]>, RouteError);
        let many = ["A"; KeyRoute::LIST_LIMIT + 1];
        let rows: [Row<'_>; 12] = [
            (None, None, None, RouteError::Empty),
            (Some(&[]), None, None, RouteError::ListEmpty),
            (None, Some("/a"), Some(&[]), RouteError::ListEmpty),
            (Some(&["get"]), None, None, RouteError::Method),
            (Some(&["TRACE"]), None, None, RouteError::Method),
            (Some(&many), None, None, RouteError::TooMany),
            (None, Some("a"), None, RouteError::Path(PathError::NotAbsolute)),
            (None, Some(""), None, RouteError::Path(PathError::NotAbsolute)),
            (None, Some("/a/../b"), None, RouteError::Path(PathError::DotSegment)),
            (None, Some("/a?b"), None, RouteError::Path(PathError::EncodedDelimiter)),
            (None, None, Some(&["a.example:80"]), RouteError::Host(HostError::NotPlain)),
            (None, None, Some(&["*"]), RouteError::Host(HostError::Character)),
        ];
        for (methods, path_prefix, hosts, expected) in rows {
            let made = KeyRoute::new(methods, path_prefix, hosts, PathSpelling::default());
            assert_eq!(made, Err(expected));
        }
        let most = ["A"; KeyRoute::LIST_LIMIT];
        assert!(KeyRoute::new(Some(&most), None, None, PathSpelling::default()).is_ok());
    }
}
