//! Every recorded request is verified, with what this provider gave out in the place of what the recorder did.

use std::collections::BTreeMap;

use serde_json::Value;

use super::super::super::http_client::Received;
use super::super::IdaasProvider;
use super::super::lock;
use super::super::metadata::MetadataMode;
use super::recorded::Recorded;

#[test]
fn every_recorded_request_gets_the_answer_that_it_got() {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let mut requests = 0;
    let captures = Recorded::all(&super::provider());
    assert_eq!(captures.len(), 60);
    for capture in captures {
        let provider = super::provider();
        let mut given = Given::default();
        for recorded in capture {
            let id = recorded.id.clone();
            recorded.set_the_stage(&provider);
            set_the_instance(&provider, &id);
            let status = recorded.rest["response"]["status"].as_u64().unwrap();
            let expected = recorded.rest["response"]["body"].clone();
            let answer = given.put_into(recorded, &provider).send(&provider);
            assert_eq!(u64::from(answer.status), status, "{id}: {}", answer.text());
            assert_eq!(shape(&answer.json()), shape(&expected), "{id}");
            given.take_from(&answer);
            requests += 1;
        }
        for grant in provider.grants() {
            *counts.entry(grant.method.name().to_owned()).or_default() += 1;
        }
    }
    assert_eq!(requests, 71);
    let expected = [
        ("CLIENT_SECRET_BASIC", 3),
        ("CLIENT_SECRET_JWT", 2),
        ("CLIENT_SECRET_POST", 6),
        ("OIDC", 5),
        ("PCA", 2),
        ("PKCS7", 2),
        ("PLUGIN", 15),
        ("PRIVATE_KEY_JWT", 14),
    ];
    assert_eq!(counts, expected.map(|(name, count)| (name.to_owned(), count)).into());
}

#[test]
fn what_the_recorder_gave_out_itself_is_not_believed() {
    use super::super::assertion::AssertionError::Signature;
    use super::super::refusal::{DocumentError, Refusal};

    let provider = super::provider();
    for (id, number, refusal) in [
        ("PKCS7", 2, Refusal::Document(DocumentError::Unknown)),
        ("OIDC_path", 0, Refusal::ServiceAccount(Signature)),
        ("OIDC_opaque", 0, Refusal::ServiceAccount(Signature)),
        ("PLUGIN_rrsa", 0, Refusal::ServiceAccount(Signature)),
        ("PAM_akless", 1, Refusal::BearerToken),
        ("PAM_apikey", 1, Refusal::BearerToken),
    ] {
        Recorded::of(&provider, id)[number].is_refused(&refusal);
    }
}

/// What this provider gave out, to stand where the recorder's made-up values stand.
#[derive(Default)]
pub struct Given {
    document: Option<String>,
    metadata_token: Option<String>,
    token: Option<String>,
}

impl Given {
    pub fn put_into(&self, mut request: Recorded, provider: &IdaasProvider) -> Recorded {
        if let (Some(token), Some(_)) =
            (&self.metadata_token, request.field("x-aliyun-ecs-metadata-token"))
        {
            request = request.with_field("x-aliyun-ecs-metadata-token", token);
        }
        if let Some(("Bearer", _)) =
            request.field("authorization").and_then(|value| value.split_once(' '))
        {
            let token = format!("Bearer {}", self.token.as_deref().unwrap());
            request = request.with_field("Authorization", &token);
        }
        match request.parameter("client_assertion_type").as_deref() {
            Some("urn:cloud:idaas:params:oauth:client-assertion-type:pkcs7-bearer") => {
                request = request.with_parameter("client_assertion", self.document.as_deref());
            }
            Some("urn:cloud:idaas:params:oauth:client-assertion-type:id-token-bearer") => {
                let recorded = request.parameter("client_assertion").unwrap();
                // A line feed at its end is kept.
                let token = provider.sign_service_account_token(|_| {})
                    + if recorded.ends_with('\n') { "\n" } else { "" };
                request = request.with_parameter("client_assertion", Some(&token));
            }
            _ => {}
        }
        if request.target.contains("&OIDCToken=") {
            let token = provider.sign_service_account_token(|_| {});
            request = request.with_query("OIDCToken", Some(&token));
        }
        request
    }

    pub fn take_from(&mut self, answer: &Received) {
        let text = answer.text();
        if let Some(token) = answer.json()["access_token"].as_str() {
            self.token = Some(token.to_owned());
        } else if text.starts_with("MII") {
            self.document = Some(text);
        } else if text.ends_with("==") {
            self.metadata_token = Some(text);
        }
    }
}

/// The instance of some captures is another one.
fn set_the_instance(provider: &IdaasProvider, id: &str) {
    if id.starts_with("PLUGIN_ecs_imdsv1") || id.starts_with("PKCS7_meta404") {
        provider.set_metadata_mode(MetadataMode::Plain);
    }
    if id.starts_with("PLUGIN_ecs_named") {
        lock(&provider.state).metadata.role = "NamedRole".to_owned();
    }
}

/// The names of all members and which of their values are numbers. The recorder answered an exchange
/// without `issued_token_type`.
fn shape(value: &Value) -> Value {
    match value {
        Value::Object(members) => members
            .iter()
            .filter(|(name, _)| *name != "issued_token_type")
            .map(|(name, value)| (name.clone(), shape(value)))
            .collect(),
        Value::Array(_) | Value::Bool(_) | Value::Null | Value::String(_) => Value::Null,
        Value::Number(_) => Value::from(0),
    }
}
