//! What a test can make of the provider, and what it gives out for a proxy.

use std::time::Duration;

use serde_json::{Value, json};

use super::super::super::clock::since_1970;
use super::super::super::fault::{BODY_MARK, Fault};
use super::super::control::Clock;
use super::super::endpoint::Endpoint;
use super::super::method::{Method, Source};
use super::super::record::Outcome;
use super::super::refusal::Refusal;
use super::super::state::SECRET;
use super::recorded::Recorded;

#[test]
fn a_fault_is_once_or_until_it_is_taken_back_and_at_one_server() {
    let provider = super::provider();
    let request = Recorded::of(&provider, "CLIENT_SECRET_POST").remove(0);
    request.set_the_stage(&provider);
    let unavailable = Fault::Status { status: 503, retry_after: Some(Duration::from_secs(7)) };
    provider.fail_next(Endpoint::Token, unavailable.clone());
    provider.refuse_next(Endpoint::Token, Refusal::Secret);
    provider.fail_next(Endpoint::Metadata, Fault::Html);

    let answer = request.send(&provider);
    assert_eq!((answer.status, answer.field("retry-after")), (503, "7"));
    assert!(answer.text().contains(BODY_MARK));
    let answer = request.send(&provider);
    assert_eq!((answer.status, &answer.json()["error"]), (401, &json!("invalid_client")));
    request.is_verified_by(&provider);

    provider.set_fault(Endpoint::Token, Fault::Empty);
    assert_eq!([(); 2].map(|()| request.send(&provider).body.len()), [0, 0]);
    provider.set_fault(Endpoint::Token, Fault::None);
    request.is_verified_by(&provider);
    // A fault that this provider has no meaning for is none.
    provider.set_fault(Endpoint::Token, Fault::OtherTenant);
    request.is_verified_by(&provider);

    let outcomes: Vec<_> = provider.records().into_iter().map(|record| record.outcome).collect();
    let faulty = outcomes.iter().filter(|outcome| **outcome == Outcome::Faulty).count();
    assert_eq!((faulty, provider.grants().len(), provider.calls(Endpoint::Token)), (4, 3, 7));
    assert_eq!((provider.refusals().len(), provider.calls(Endpoint::Metadata)), (0, 0));
}

#[test]
fn a_delay_holds_the_answer_of_one_server() {
    let provider = super::provider();
    let request = Recorded::of(&provider, "CLIENT_SECRET_POST").remove(0);
    request.set_the_stage(&provider);
    let took = || {
        let start = since_1970();
        request.is_verified_by(&provider);
        since_1970().saturating_sub(start)
    };
    provider.set_delay(Endpoint::Token, Duration::from_millis(300));
    assert!(took() >= Duration::from_millis(300));
    provider.set_delay(Endpoint::Token, Duration::ZERO);
    provider.delay_next(Endpoint::Token, Duration::from_millis(300));
    assert!(took() >= Duration::from_millis(300));
    provider.set_delay(Endpoint::OpenApi, Duration::from_secs(60));
    provider.delay_next(Endpoint::OpenApi, Duration::from_secs(60));
    assert!(took() < Duration::from_secs(10));
}

#[test]
fn the_clock_can_be_off() {
    let now = Clock::Right.now();
    assert!(now > 1_700_000_000);
    let near = |clock: Clock, expected: u64| clock.now().abs_diff(expected) <= 2;
    assert!(near(Clock::Slow(3600), now - 3600));
    assert!(near(Clock::Fast(3600), now + 3600));
    assert_eq!(Clock::Stopped(5).now(), 5);
}

#[test]
fn a_client_of_each_method_has_the_recorded_document() {
    let provider = super::provider();
    for (id, method) in [
        ("CLIENT_SECRET_BASIC", Method::ClientSecretBasic),
        ("CLIENT_SECRET_JWT", Method::ClientSecretJwt),
        ("CLIENT_SECRET_POST", Method::ClientSecretPost),
        ("OIDC_path", Method::Oidc),
        ("PCA", Method::Pca),
        ("PKCS7", Method::Pkcs7),
        ("PLUGIN_ak", Method::Plugin),
        ("PRIVATE_KEY_JWT_rsa2048_pkcs8", Method::PrivateKeyJwt),
    ] {
        let captures = provider.captures();
        let capture = captures.captures.iter().find(|capture| capture["id"] == id).unwrap();
        let mut recorded = capture["config"].clone();
        let authn = recorded["authnConfiguration"].as_object_mut().unwrap();
        // Variables have the client's own names, and the root is not in the chain.
        let name = method.name();
        for (key, variable) in
            [("clientSecretEnvVarName", "SECRET"), ("privateKeyEnvVarName", "PRIVATE_KEY")]
        {
            if authn.contains_key(key) {
                authn.insert(key.to_owned(), json!(format!("{name}_{variable}")));
            }
        }
        if method == Method::Pca {
            authn.insert("x509CertChains".to_owned(), json!(captures.certificates["intermediate"]));
        }
        let client = provider.client(method).unwrap();
        assert_eq!(client.document(), recorded, "{id}");
        let env = capture["env"].as_object().unwrap();
        let values: Vec<_> =
            client.environment().into_iter().map(|(_, value)| json!(value)).collect();
        let mut expected: Vec<Value> = env.values().cloned().collect();
        expected.sort_by_key(Value::to_string);
        let mut values = values;
        values.sort_by_key(Value::to_string);
        assert_eq!(values, expected, "{id}");
    }
    assert_eq!(Method::ALL.len(), 8);
}

#[test]
fn a_client_joins_a_proxy_with_its_clusters_and_variables() {
    let provider = super::provider();
    for method in Method::ALL {
        for source in [
            Source::CredentialsUri,
            Source::EcsRole,
            Source::Environment,
            Source::EnvironmentSts,
            Source::Rrsa,
        ] {
            let client = provider
                .client(method)
                .unwrap()
                .named("mine-1")
                .with_source(source)
                .with_scope("a|b");
            let joined = client.join(provider.address());
            assert_eq!(
                (&joined.credential["name"], &joined.credential["idaas"]["scope"]),
                (&json!("mine-1"), &json!("a|b"))
            );
            let names: Vec<_> = joined.clusters.iter().map(|(name, _)| *name).collect();
            let used = joined.credential["clusters"].as_object().unwrap().values();
            for cluster in used.chain(
                joined.credential.get("service_account_token").map(|token| &token["cluster"]),
            ) {
                assert!(names.contains(&cluster.as_str().unwrap()), "{cluster}");
            }
            let has_file =
                method == Method::Oidc || (method, source) == (Method::Plugin, Source::Rrsa);
            assert_eq!(joined.credential.get("service_account_token").is_some(), has_file);
            let own =
                joined.environment.iter().filter(|(name, _)| name.starts_with("MINE_1_")).count();
            let is_own = !matches!(method, Method::Oidc | Method::Pkcs7 | Method::Plugin);
            assert_eq!(own, usize::from(is_own), "{method:?}");
        }
    }
    let client = provider.client(Method::PrivateKeyJwt).unwrap();
    let joined = client.with_algorithm("RS512").with_developer_api().join(provider.address());
    assert_eq!(joined.credential["algorithm"], "RS512");
    let clusters = json!({"token": "idaas", "developer_api": "idaas-developer-api"});
    assert_eq!(joined.credential["clusters"], clusters);
    let client = provider.client(Method::ClientSecretJwt).unwrap();
    assert_eq!((client.secret.as_str(), client.name.as_str()), (SECRET, "client-secret-jwt"));
    let wrong = client.with_secret("x").with_private_key("y").with_certificate("z", "");
    assert_eq!(wrong.environment(), [("CLIENT_SECRET_JWT_SECRET".to_owned(), "x".to_owned())]);
}
