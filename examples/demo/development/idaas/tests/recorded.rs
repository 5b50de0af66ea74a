//! One recorded request, to be changed and sent.

use serde_json::Value;

use super::super::super::http_client::{Received, exchange};
use super::super::IdaasProvider;
use super::super::access_keys::AccessKey;
use super::super::control::Clock;
use super::super::endpoint::Endpoint;
use super::super::lock;
use super::super::method::Source;
use super::super::record::Outcome;
use super::super::refusal::Refusal;
use super::super::timestamp;

/// A request as the vendor's client sent it.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// The id of the capture and the place in it.
    pub id: String,
    pub method: String,
    pub target: String,
    /// Without `content-length`.
    pub fields: Vec<(String, String)>,
    pub body: String,
    /// What stands beside the request in the record.
    pub rest: Value,
    /// The secret of the client in this capture.
    pub secret: Option<String>,
    /// When it was recorded, in seconds since 1970.
    pub at: u64,
}

impl Recorded {
    /// All requests of all captures, in order; each capture apart.
    pub fn all(provider: &IdaasProvider) -> Vec<Vec<Self>> {
        provider.captures().captures.iter().map(Self::of_capture).collect()
    }

    /// The requests of one capture.
    pub fn of(provider: &IdaasProvider, id: &str) -> Vec<Self> {
        let capture = provider.captures().captures.iter().find(|capture| capture["id"] == id);
        Self::of_capture(capture.unwrap())
    }

    fn of_capture(capture: &Value) -> Vec<Self> {
        let requests = capture["requests"].as_array().unwrap();
        requests
            .iter()
            .enumerate()
            .map(|(number, request)| {
                let url = request["url"].as_str().unwrap();
                let (_, path) = url.split_once("://").unwrap().1.split_once('/').unwrap();
                let fields = request["headers"].as_array().unwrap().iter().map(|pair| {
                    (pair[0].as_str().unwrap().to_owned(), pair[1].as_str().unwrap().to_owned())
                });
                Self {
                    id: format!("{} {number}", capture["id"].as_str().unwrap()),
                    method: request["method"].as_str().unwrap().to_owned(),
                    target: format!("/{path}"),
                    fields: fields.filter(|(name, _)| name != "Content-Length").collect(),
                    body: request["body"].as_str().unwrap().to_owned(),
                    rest: request.clone(),
                    secret: capture["env"]["IDAAS_CLIENT_SECRET"].as_str().map(str::to_owned),
                    at: requests.iter().find_map(time).unwrap_or(1_795_319_000),
                }
            })
            .collect()
    }

    /// Prepares the provider: its clock, the secret, and the access key that signed.
    pub fn set_the_stage(&self, provider: &IdaasProvider) {
        provider.set_clock(Clock::Stopped(self.at));
        provider.accept_subject_token("made-up-subject-token");
        if let Some(secret) = &self.secret {
            provider.set_secret(secret);
        }
        if let Some(secret) = self.rest["acs3"]["access_key_secret"].as_str() {
            let authorization = self.field("authorization").unwrap();
            let id = authorization.split(['=', ',']).nth(1).unwrap();
            let key = AccessKey {
                id: id.to_owned(),
                secret: secret.to_owned(),
                token: self.field("x-acs-security-token").map(str::to_owned),
                expires: None,
                source: Source::Environment,
            };
            lock(&provider.state).access_keys.add(key);
        }
    }

    pub fn send(&self, provider: &IdaasProvider) -> Received {
        let mut head = format!("{} {} HTTP/1.1\r\n", self.method, self.target);
        for (name, value) in &self.fields {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str(&format!("Content-Length: {}\r\n\r\n{}", self.body.len(), self.body));
        exchange(provider.address(), head.as_bytes()).unwrap()
    }

    /// Sends it to a provider of its own, prepared; asserts that it is refused for this reason.
    pub fn is_refused(&self, because: &Refusal) {
        let provider = super::provider();
        self.set_the_stage(&provider);
        self.is_refused_by(&provider, because);
    }

    /// The same by a provider that is prepared already.
    pub fn is_refused_by(&self, provider: &IdaasProvider, because: &Refusal) {
        let answer = self.send(provider);
        let record = provider.records().pop().unwrap();
        assert_eq!(record.outcome, Outcome::Refused(because.clone()), "{}", self.id);
        let (status, code) = because.code(record.endpoint);
        assert_eq!(answer.status, status, "{}", self.id);
        let body = answer.json();
        let [code_name, text_name, id_name] = match record.endpoint {
            Some(Endpoint::OpenApi | Endpoint::Service | Endpoint::Sts) => {
                ["Code", "Message", "RequestId"]
            }
            _ => ["error", "error_description", "request_id"],
        };
        let plain = [Endpoint::CredentialsUri, Endpoint::Metadata, Endpoint::TokenFile];
        if !record.endpoint.is_some_and(|endpoint| plain.contains(&endpoint)) {
            assert_eq!(body[code_name], code, "{}", self.id);
            assert_eq!(body[text_name], because.to_string(), "{}", self.id);
            assert!(body[id_name].is_string(), "{}", self.id);
        }
    }

    /// Asserts that it is verified.
    pub fn is_verified_by(&self, provider: &IdaasProvider) -> Received {
        let answer = self.send(provider);
        let record = provider.records().pop().unwrap();
        assert!(matches!(record.outcome, Outcome::Verified(_)), "{}: {record:?}", self.id);
        assert_eq!(answer.status, 200, "{}", self.id);
        answer
    }

    pub fn field(&self, name: &str) -> Option<&str> {
        let found = self.fields.iter().find(|(field, _)| field.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    #[must_use]
    pub fn with_field(mut self, name: &str, value: &str) -> Self {
        self = self.without_field(name);
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }

    #[must_use]
    pub fn without_field(mut self, name: &str) -> Self {
        self.fields.retain(|(field, _)| !field.eq_ignore_ascii_case(name));
        self
    }

    pub fn parameter(&self, name: &str) -> Option<String> {
        let mut pairs = form_urlencoded::parse(self.body.as_bytes());
        pairs.find_map(|(field, value)| (field == name).then(|| value.into_owned()))
    }

    /// With another value of a form's field, which may be new; `None` takes it out.
    #[must_use]
    pub fn with_parameter(mut self, name: &str, value: Option<&str>) -> Self {
        self.body = replaced(&self.body, name, value);
        self
    }

    /// The same in the query.
    #[must_use]
    pub fn with_query(mut self, name: &str, value: Option<&str>) -> Self {
        let (path, query) = self.target.split_once('?').unwrap();
        self.target = format!("{path}?{}", replaced(query, name, value));
        self
    }
}

fn replaced(pairs: &str, name: &str, value: Option<&str>) -> String {
    let mut text = form_urlencoded::Serializer::new(String::new());
    let pairs: Vec<_> = form_urlencoded::parse(pairs.as_bytes()).into_owned().collect();
    let mut is_new = true;
    for (field, old) in &pairs {
        if field == name {
            is_new = false;
            text.extend_pairs(value.map(|value| (field, value)));
        } else {
            text.append_pair(field, old);
        }
    }
    if is_new {
        text.extend_pairs(value.map(|value| (name, value)));
    }
    text.finish()
}

/// When a request was recorded, as far as it or its answer tells.
fn time(request: &Value) -> Option<u64> {
    let headers = request["headers"].as_array()?;
    let date =
        headers.iter().find(|pair| pair[0] == "x-acs-date").and_then(|pair| pair[1].as_str());
    let body = &request["response"]["body"];
    date.and_then(timestamp::parse)
        .or_else(|| body["expires_at"].as_u64()?.checked_sub(body["expires_in"].as_u64()?))
}
