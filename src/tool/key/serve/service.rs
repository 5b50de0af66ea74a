//! What is answered to whom.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use super::super::mint::Mint;
use super::answer::{Problem, problem};
use super::manage::{self, Call};
use super::message::{Body, Request, Response};
use super::published::Page;
use super::source::{Current, FileState, Source};
use super::usage::UsageBook;
use crate::secret::Secret;
use crate::time::{Timestamp, utc};

/// Everything that a request may need.
pub struct Service {
    /// The file.
    pub source: Source,
    /// Where its documents are.
    pub path: StorePath,
    /// What readers must present, if anything.
    pub readers: Option<Token>,
    /// How keys are made and removed by service call, if they may be.
    pub management: Option<Management>,
    /// Where gateways report which keys are used, if they may.
    pub usage: Option<UsageBook>,
    /// What belongs to the caller.
    pub outside: Outside,
}

/// How keys are made and removed by service call.
pub struct Management {
    /// What those must present who do.
    pub token: Token,
    /// How keys are made.
    pub mint: Mint,
    /// The longest lifetime.
    pub longest: Duration,
}

/// The clock, the random bytes and the log.
#[derive(Clone, Copy)]
pub struct Outside {
    /// The time.
    pub now: fn() -> Timestamp,
    /// 32 bytes of the operating system's generator.
    pub random: fn() -> Option<Secret<[u8; 32]>>,
    /// Writes one line.
    pub log: fn(&str),
}

/// A bearer token: 16 to 4,096 visible characters of ASCII.
#[derive(Debug)]
pub struct Token(Secret<String>);

/// Where the documents are: an absolute path without an end of `/`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct StorePath(String);

impl Token {
    /// A token; `None` if it is too short to be one, too long, or has other characters.
    pub fn new(text: String) -> Option<Self> {
        let text = Secret::new(text);
        let is_token = (16..=4096).contains(&text.expose().len())
            && text.expose().bytes().all(|b| b.is_ascii_graphic());
        is_token.then(|| Self(text))
    }

    /// Whether two are the same.
    pub fn is_same(&self, other: &Self) -> bool {
        self.0 == other.0
    }

    /// Whether a request has it in `authorization`, or in `header`.
    pub(super) fn is_in(&self, request: &Request, header: Option<&str>) -> bool {
        let bearer = request.value("authorization").and_then(|value| {
            let (scheme, token) = value.split_at_checked(7)?;
            scheme.eq_ignore_ascii_case(b"bearer ").then(|| token.trim_ascii())
        });
        let presented = bearer.or_else(|| header.and_then(|header| request.value(header)));
        presented.is_some_and(|token| {
            let token = Secret::new(token.to_vec());
            token == Secret::new(self.0.expose().clone().into_bytes())
        })
    }
}

impl StorePath {
    /// A path; `None` if it cannot be one, or has another use here.
    pub fn parse(path: &str) -> Option<Self> {
        let is_path = path.len() > 1
            && path.starts_with('/')
            && !path.ends_with('/')
            && path.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'?' | b'#' | b'%'))
            && !path.contains("//")
            && path != HEALTH
            && !path.starts_with(manage::ROOT);
        is_path.then(|| Self(path.to_owned()))
    }

    /// The path as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Service {
    /// Answers a request.
    pub fn answer(&self, request: &Request) -> Response {
        let path = request.path();
        if path == HEALTH {
            return read_only(request, || self.health());
        }
        if let Some(rest) = path.strip_prefix(&self.path.0)
            && (rest.is_empty() || rest.starts_with('/'))
        {
            if let Some(book) = self.usage.as_ref().filter(|_| rest == USAGE) {
                return self.report(book, request);
            }
            return read_only(request, || self.document(request, rest.strip_prefix('/')));
        }
        match (&self.management, Call::of(path)) {
            (Some(management), Some(call)) => self.manage(management, &call, request),
            (None, _) | (_, None) => problem(Problem::NotFound, None),
        }
    }

    /// Looks at the file, so that somebody knows how it is although no reader asks.
    pub fn look(&self) {
        drop(self.current());
    }

    /// Says that an answer has not arrived, if somebody must know.
    pub fn not_delivered(&self, response: &Response, request: &Request) {
        match response.body {
            Body::Secret(_) => self.log(
                request.from,
                "the answer did not arrive: nobody has seen that key; delete it, and make another one",
            ),
            Body::Shared(_) => {}
        }
    }

    /// Writes what was reported, if something is new.
    pub fn keep_usage(&self) {
        if let Some(book) = &self.usage
            && let Some(words) = book.keep(&self.current().published)
        {
            self.say(&words);
        }
    }

    /// Takes a report of which keys were used.
    fn report(&self, book: &UsageBook, request: &Request) -> Response {
        if request.method != "POST" {
            return problem(Problem::Method("POST"), None);
        }
        if !book.token.is_in(request, None) {
            self.log(request.from, "refused: no valid token for reports of use");
            return problem(Problem::Unauthorized, None);
        }
        if !request.value("content-type").is_some_and(manage::is_json) {
            return problem(Problem::NotJson, None);
        }
        match book.take(&request.body, &self.current().published, (self.outside.now)()) {
            Ok(lines) => {
                lines.iter().for_each(|line| self.log(request.from, line));
                Response::empty(204)
            }
            Err(error) => problem(Problem::Malformed, Some(&error.to_string())),
        }
    }

    fn document(&self, request: &Request, shard: Option<&str>) -> Response {
        if self.readers.as_ref().is_some_and(|token| !token.is_in(request, None)) {
            self.log(request.from, "refused: no valid token for reading");
            return problem(Problem::Unauthorized, None);
        }
        let Current { published, state, .. } = self.current();
        if state == FileState::Withheld {
            return problem(Problem::StoreStale, None);
        }
        match shard {
            None => page(published.main(), request, "private, no-cache"),
            Some(name) => published.shard(name).map_or_else(
                || problem(Problem::NotFound, None),
                // A copy with the tag of today may have a serial of yesterday: none is kept.
                |found| page(found, request, "no-store"),
            ),
        }
    }

    fn current(&self) -> Current {
        let current = self.source.current((self.outside.now)());
        for note in &current.notes {
            self.say(&note.to_string());
        }
        current
    }

    fn health(&self) -> Response {
        // Whoever has no token makes nobody read the file: it is looked at all the same.
        let Current { published, state, .. } = self.source.last((self.outside.now)());
        let status = match state {
            FileState::Current => "current",
            FileState::Stale => "stale",
            FileState::Withheld => "withheld",
        };
        let body = json!({
            "status": status,
            "serial": published.serial(),
            "records": published.records(),
            "left_out": published.left_out().len(),
        });
        let body = Body::Shared(Arc::from(format!("{body}\n").into_bytes()));
        Response::empty(200).body(JSON, body).with("cache-control", "no-store")
    }

    fn manage(&self, management: &Management, call: &Call<'_>, request: &Request) -> Response {
        if request.method != "POST" {
            return problem(Problem::Method("POST"), None);
        }
        // The platform's clients present a key of theirs in this header.
        if !management.token.is_in(request, Some("appkey")) {
            self.log(request.from, "refused: no valid token for management");
            return problem(Problem::Unauthorized, None);
        }
        let done = manage::run(call, request, management, &self.source, self.outside);
        for line in &done.lines {
            self.log(request.from, line);
        }
        done.response
    }

    /// One line about a request.
    fn log(&self, from: SocketAddr, words: &str) {
        self.say(&format!("{from} {words}"));
    }

    fn say(&self, words: &str) {
        (self.outside.log)(&format!("{} {words}", utc::written((self.outside.now)())));
    }
}

/// What is asked by `GET` and `HEAD` alone.
fn read_only(request: &Request, answer: impl FnOnce() -> Response) -> Response {
    match &*request.method {
        "GET" | "HEAD" => answer(),
        _ => problem(Problem::Method("GET, HEAD"), None),
    }
}

/// A document, or 304 if the client has it (RFC 9110 §13.1.2).
fn page(page: &Page, request: &Request, caching: &'static str) -> Response {
    let is_known = request.elements("if-none-match").any(|tag| {
        let tag = tag.strip_prefix(b"W/").unwrap_or(tag);
        tag == b"*" || tag == page.etag.as_bytes()
    });
    let response = if is_known {
        Response::empty(304)
    } else {
        Response::empty(200).body(JSON, Body::Shared(Arc::clone(&page.body)))
    };
    response.with("etag", &*page.etag).with("cache-control", caching)
}

/// Behind the path of the keys.
const USAGE: &str = "/usage";
const HEALTH: &str = "/healthz";
const JSON: &str = "application/json";
