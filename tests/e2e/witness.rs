//! An upstream that remembers whom each request came from, and with which token.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use serde_json::json;

use crate::development::caller::issuer_of;
use crate::development::clock;
use crate::development::fault::json_response;
use crate::development::http_server::{Answer, HttpServer, Request};
use crate::development::signing_key::{SigningKey, claims_of};

/// A running upstream.
pub struct Witness {
    server: HttpServer,
    arrivals: Arc<Mutex<Vec<Arrival>>>,
}

/// A request that arrived.
#[derive(Clone, Debug)]
pub struct Arrival {
    pub path: String,
    subtenants: Vec<String>,
    authorizations: Vec<String>,
    /// Seconds since 1970.
    at: u64,
}

impl Witness {
    pub fn start() -> Self {
        let arrivals = Arc::new(Mutex::new(Vec::new()));
        let shared = Arc::clone(&arrivals);
        let answer = move |request: &Request| {
            shared.lock().unwrap().push(Arrival::of(request));
            Answer::Whole(json_response(200, json!({}).to_string().into_bytes()))
        };
        let server =
            HttpServer::start(SocketAddr::from(([127, 0, 0, 1], 0)), answer).expect("an upstream");
        Self { server, arrivals }
    }

    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// The requests under this path so far.
    pub fn arrivals(&self, path: &str) -> Vec<Arrival> {
        let arrivals = self.arrivals.lock().unwrap();
        arrivals.iter().filter(|arrival| arrival.path.starts_with(path)).cloned().collect()
    }
}

impl Arrival {
    fn of(request: &Request) -> Self {
        let at = clock::now();
        let values = |name: &str| {
            let fields =
                request.fields.iter().filter(|(field, _)| field.eq_ignore_ascii_case(name));
            fields.map(|(_, value)| String::from_utf8_lossy(value).into_owned()).collect()
        };
        Self {
            path: request.target.clone(),
            subtenants: values("x-subtenant"),
            authorizations: values("authorization"),
            at,
        }
    }

    /// The token that it came with.
    pub fn token(&self) -> &str {
        match self.authorizations.as_slice() {
            [one] => one.strip_prefix("Bearer ").expect("a bearer token"),
            several => panic!("{} tokens: {self:?}", several.len()),
        }
    }

    /// Asserts that it came with one technical token, which `key` signed for tenant `acme` and this
    /// subtenant, and which had not ended.
    pub fn assert_token_is_for(&self, subtenant: &str, key: &SigningKey) {
        assert_eq!(self.subtenants, [subtenant], "{self:?}");
        let token = self.token();
        assert!(key.has_signed(token), "signed by somebody else: {self:?}");
        let claims = claims_of(token);
        let expected = json!([issuer_of("acme"), "acme", subtenant, "client_credentials"]);
        let found = ["iss", "ten", "subtenant", "grant_type"].map(|name| &claims[name]);
        assert_eq!(json!(found), expected, "{self:?}");
        let ends_at = claims["exp"].as_u64().expect("an expiry");
        assert!(self.at < ends_at, "ended {} s ago: {self:?}", self.at - ends_at);
    }
}
