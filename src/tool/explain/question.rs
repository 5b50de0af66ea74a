//! What is asked: one request, and what is handed in for lack of a network.

use std::fmt;
use std::net::IpAddr;

use crate::config::{Config, Environment};
use crate::message::{Connection, RequestHead};
use crate::secret::Secret;
use crate::time::Timestamp;

/// One request to a configuration. It may hold a token, so it has no `Debug`.
pub struct Question<'q> {
    /// The name of the file that holds the configuration.
    pub name: &'q str,
    /// What the file holds.
    pub document: &'q [u8],
    /// The environment that the filter would see; what is not set there is made up.
    pub environment: Environment<'q>,
    /// The method.
    pub method: String,
    /// The path with its query, as sent.
    pub path: String,
    /// The host, as sent.
    pub host: String,
    /// Whether it comes by `http`, and not by `https`.
    pub is_plain: bool,
    /// Further header fields.
    pub headers: Vec<(String, String)>,
    /// A bearer token for `authorization`.
    pub token: Option<Secret<String>>,
    /// An application key for its header.
    pub key: Option<Secret<Vec<u8>>>,
    /// Key sets: of the issuer of this name, or of every other one that fetches its keys.
    pub key_sets: Vec<(Option<String>, Vec<u8>)>,
    /// When the request comes.
    pub now: Timestamp,
    /// Takes signatures for good where keys are missing.
    pub skip_signature: bool,
    /// The address of the client.
    pub client: Option<IpAddr>,
}

/// What a request line states.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RequestLine {
    /// The method.
    pub method: String,
    /// The host, if it states one.
    pub host: Option<String>,
    /// The path with its query.
    pub path: String,
    /// Whether it states that it comes by `http`.
    pub is_plain: bool,
}

/// A request line that is none.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum RequestLineError {
    /// It has a blank inside of its path, or something else than a version behind it.
    Blank,
    /// It has another form.
    Form,
}

/// What `GET /x` or `GET https://host/x` states. The version that HTTP/1
/// has at its end is left out, whichever it is: no decision depends on it.
///
/// # Errors
/// [`RequestLineError`] for anything else. What a proxy would refuse is not refused here.
pub fn parse_request(line: &str) -> Result<RequestLine, RequestLineError> {
    let (method, target) = line.trim().split_once(' ').ok_or(RequestLineError::Form)?;
    let target = target.trim_start();
    let target = match target.rsplit_once(' ') {
        Some((target, version)) if is_version(version) => target.trim_end(),
        Some(_) | None => target,
    };
    if target.contains(char::is_whitespace) {
        return Err(RequestLineError::Blank);
    }
    let absolute = ["https://", "http://"].iter().find_map(|scheme| target.strip_prefix(scheme));
    let (host, path) = match absolute {
        Some(rest) => match rest.find(['/', '?']) {
            Some(at) => (Some(rest.get(..at)), rest.get(at..)),
            None => (Some(Some(rest)), Some("/")),
        },
        None => (None, Some(target)),
    };
    let (host, path) = (host.flatten(), path.unwrap_or_default());
    if path.is_empty() || is_version(path) {
        return Err(RequestLineError::Form);
    }
    Ok(RequestLine {
        method: method.to_owned(),
        host: host.map(str::to_owned),
        path: path.to_owned(),
        is_plain: target.starts_with("http://"),
    })
}

/// `HTTP/1.1`, `HTTP/2` and the like.
fn is_version(word: &str) -> bool {
    word.strip_prefix("HTTP/").is_some_and(|number| {
        let (major, minor) = number.split_once('.').unwrap_or((number, "0"));
        let is_digit = |part: &str| part.len() == 1 && part.bytes().all(|b| b.is_ascii_digit());
        is_digit(major) && is_digit(minor)
    })
}

/// What is known of the connection: it shows no certificate.
pub(super) struct Client(Option<IpAddr>);

impl Connection for Client {
    fn certificate_digest(&self) -> Option<[u8; 32]> {
        None
    }

    fn source(&self) -> Option<IpAddr> {
        self.0
    }
}

impl Question<'_> {
    pub(super) fn connection(&self) -> Client {
        Client(self.client)
    }

    /// The fields as a proxy hands them over: names in lower case.
    pub(super) fn fields(&self, config: &Config) -> Vec<(String, Secret<Vec<u8>>)> {
        let field = |name: &str, value: &str| {
            (name.to_ascii_lowercase(), Secret::new(value.as_bytes().to_vec()))
        };
        let mut fields = vec![
            field(":method", &self.method),
            field(":scheme", if self.is_plain { "http" } else { "https" }),
            field(":authority", &self.host),
            field(":path", &self.path),
        ];
        fields.extend(self.headers.iter().map(|(name, value)| field(name, value)));
        fields.extend(self.token.iter().map(|token| {
            ("authorization".to_owned(), Secret::new(format!("Bearer {}", token.expose()).into()))
        }));
        let places = config.owned_headers().keys();
        let header = places.and_then(|places| places.headers().next());
        let header = header.map_or("appkey", |header| header.as_str());
        let key = self.key.as_ref().map(|key| Secret::new(key.expose().clone()));
        fields.extend(key.map(|key| (header.to_owned(), key)));
        fields
    }

    pub(super) fn head<'f>(
        &self,
        fields: &'f [(String, Secret<Vec<u8>>)],
        client: &'f Client,
    ) -> RequestHead<'f> {
        let fields =
            fields.iter().map(|(name, value)| (name.as_bytes(), value.expose().as_slice()));
        let has_body = self.headers.iter().any(|(name, value)| {
            name.eq_ignore_ascii_case("content-length") && value.trim() != "0"
        });
        RequestHead::new(fields.collect()).with_connection(client).ending(!has_body)
    }
}

impl fmt::Display for RequestLineError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Blank => {
                "has a blank in its path, or no HTTP version at its end; a blank in a path is `%20`"
            }
            Self::Form => "is no request; write `GET /path` or `GET https://host/path`",
        })
    }
}

impl std::error::Error for RequestLineError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_line_has_a_method_a_path_and_perhaps_a_host() {
        let rows = [
            ("GET /x?y=1", ("GET", None, "/x?y=1")),
            (" POST  /x HTTP/1.1", ("POST", None, "/x")),
            ("GET /x HTTP/1.0", ("GET", None, "/x")),
            ("GET /x  HTTP/2 ", ("GET", None, "/x")),
            ("GET https://h HTTP/3", ("GET", Some("h"), "/")),
            ("GET /HTTP/1.1", ("GET", None, "/HTTP/1.1")),
            ("GET https://h:8443/x", ("GET", Some("h:8443"), "/x")),
            ("GET http://h", ("GET", Some("h"), "/")),
            ("GET http://h?x", ("GET", Some("h"), "?x")),
            ("GET x", ("GET", None, "x")),
            ("GET //h/x", ("GET", None, "//h/x")),
        ];
        for (line, (method, host, path)) in rows {
            let found = parse_request(line).unwrap_or_else(|_| panic!("{line}"));
            let host = host.map(str::to_owned);
            let (method, path) = (method.to_owned(), path.to_owned());
            let is_plain = line.contains("http://");
            assert_eq!(found, RequestLine { method, host, path, is_plain }, "{line}");
        }
        for line in ["", "GET", "GET ", "/x", "GET HTTP/1.1"] {
            assert_eq!(parse_request(line), Err(RequestLineError::Form), "{line}");
        }
        for line in ["GET /x HTTP/11", "GET /x http/1.1", "GET /a b HTTP/1.1", "GET /a\tb"] {
            assert_eq!(parse_request(line), Err(RequestLineError::Blank), "{line}");
        }
    }
}
