//! The requests of the eight IDaaS methods against a provider that verifies what it gets, by the real clock:
//! what the recorded requests cannot show, for their ids and times are those of another day.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops by panicking; clippy spares only functions that carry `#[test]`"
)]

#[path = "../examples/demo/development/mod.rs"]
#[allow(dead_code, reason = "the demo uses the rest")]
mod development;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use development::clock;
use development::http_client::{exchange, request};
use development::idaas::IdaasProvider;
use development::idaas::account;
use development::idaas::assertion::AssertionError;
use development::idaas::client::{CREDENTIALS_URI, FILE_CLUSTER, Joined, TOKEN_FILE_URI};
use development::idaas::control::Clock;
use development::idaas::metadata::MetadataMode;
use development::idaas::method::{Method, Source};
use development::idaas::record::{Outcome, Verified};
use development::idaas::refusal::Refusal;
use development::signing_key::random_hex;
use tenantgate::crypto::{PrivateKey, SharedSecret, SoftwareSigner};
use tenantgate::message::{CallResponse, Endpoint, HttpCall};
use tenantgate::secret::Secret;
use tenantgate::technical_token::idaas::{
    AccessKey, AccessKeySource, Authn, Client, ClientConfig, Evidence, Exchange, Pam, RotatingFile,
    Scope, SubjectToken, TemporaryKey, Wish,
};
use tenantgate::technical_token::{Assertion, AssertionKey, Moment, SigningKey};
use tenantgate::time::Timestamp;
use tenantgate::tool::token::{self, Inquiry, Obtained, Substitute};

#[test]
fn every_method_is_believed_each_time() {
    for (method, source, key) in ways() {
        let provider = provider();
        for round in 1..=2 {
            let token = fetch(&provider, method, source, key);
            let grant = provider.grant(&token).expect("a token of the provider");
            assert_eq!(
                (grant.method, grant.scope.as_str()),
                (method, account::SCOPE),
                "{method:?} {key}"
            );
            assert_eq!(provider.grants().len(), round);
            if method == Method::PrivateKeyJwt {
                assert_eq!(grant.proof, key);
            }
        }
        assert_eq!(provider.refusals(), []);
    }
}

/// `tenantgate token` has the configuration's word for all of it, and the filter's own code.
#[test]
fn the_tool_obtains_a_token_by_every_method_and_tells_no_secret() {
    for (method, source, key) in ways() {
        let provider = provider();
        let mut client = provider.client(method).unwrap().with_source(source);
        if method == Method::PrivateKeyJwt {
            client = client.with_private_key(&provider.captures().keys[key].pkcs8);
        }
        let joined = client.join(provider.address());
        let obtained = obtained(&provider, &client.name, &joined);
        let told = token::text(&obtained, moment().now);
        assert!(obtained.usable_until.is_some(), "{method:?} {source:?} {key}: {told}");
        assert_eq!((provider.grants().len(), provider.refusals()), (1, Vec::new()));
        let grant = &provider.grants()[0];
        let ids = ["ACCESS_KEY_ID", "ROLE_ARN", "PROVIDER_ARN", "TOKEN_FILE", "DISABLED", "NAME"];
        let is_secret = |name: &str| !ids.iter().any(|end| name.ends_with(end));
        let variables = joined.environment.iter().filter(|(name, _)| is_secret(name));
        for (name, value) in variables {
            assert!(!told.contains(value.as_str()) || name.ends_with("_URI"), "{name}: {told}");
        }
        assert!(!told.contains(&grant.token), "{told}");
    }
}

/// What `tenantgate token` makes of a credential.
fn obtained(provider: &IdaasProvider, name: &str, joined: &Joined) -> Obtained {
    let document = serde_json::json!({
        "deployment": "egress", "credentials": [joined.credential],
        "routes": [{
            "name": "out", "match": {"hosts": ["*"], "path": "/**", "methods": "any"},
            "authentication": "none",
            "upstream": {"caller_token": "remove", "inject": [{"credential": name}]},
        }],
    });
    let value = |name: &str| {
        joined.environment.iter().find(|(own, _)| own == name).map(|(_, value)| value.clone())
    };
    // What no tool can read through the proxy is given as a file, as the platform writes it.
    let service_account = format!("{}\n", provider.service_account_token()).into_bytes();
    let file = Substitute::new(FILE_CLUSTER, service_account);
    token::obtain(&Inquiry {
        name: "config.json",
        document: document.to_string().as_bytes(),
        environment: &value,
        credential: name,
        subtenant: None,
        allow_plaintext: true,
        files: std::slice::from_ref(&file),
        now: moment().now,
        random: &|| moment().random.unwrap(),
        perform: &|call| {
            assert_ne!(&*call.endpoint.cluster, FILE_CLUSTER, "the file is given");
            Ok(perform(provider, call))
        },
    })
    .unwrap_or_else(|error| panic!("{name}: {error}"))
}

#[test]
fn the_tool_obtains_what_idaas_holds_and_tells_no_secret() {
    let provider = provider();
    let client = provider.client(Method::PrivateKeyJwt).unwrap().with_developer_api();
    let mut joined = client.join(provider.address());
    joined.credential["held_api_key"] = serde_json::json!({"identifier": account::API_KEY_NAME});
    let got = obtained(&provider, &client.name, &joined);
    let told = token::text(&got, moment().now);
    assert!(got.usable_until.is_some() && provider.refusals().is_empty(), "{told}");
    assert!(!told.contains(account::API_KEY) && !told.contains(&provider.grants()[0].token));

    joined.credential["held_api_key"] = serde_json::json!({"identifier": "other"});
    let got = obtained(&provider, &client.name, &joined);
    assert!(got.usable_until.is_none(), "{}", token::text(&got, moment().now));
}

#[test]
fn the_plain_metadata_service_is_enough_for_a_role() {
    let provider = provider();
    provider.set_metadata_mode(MetadataMode::Plain);
    fetch(&provider, Method::Plugin, Source::EcsRole, "");
    assert_eq!(provider.grants().len(), 1);
}

#[test]
fn a_token_is_exchanged_by_every_method_that_posts_a_form() {
    for (method, source, key) in ways() {
        let provider = provider();
        provider.accept_subject_token("a token of a caller");
        let Client::Form(client) = client(&provider, method, source, key) else { continue };
        let read = readings(&provider, &Client::Form(client.clone()));
        let subject = SubjectToken::access_token(Secret::new("a token of a caller".to_owned()));
        let exchange = Exchange::new(subject.unwrap(), scope());
        let assertion = assertion(&provider, method, key);
        let evidence = Evidence { assertion: assertion.as_ref(), read: &read };
        let call = client.call(Wish::Exchange(&exchange), evidence).unwrap();
        assert_eq!(perform(&provider, &call).status, 200, "{method:?}: {:?}", provider.refusals());
        let subject = provider.grants()[0].subject_token.clone();
        assert_eq!(subject.as_deref(), Some("a token of a caller"), "{method:?}");
    }
}

#[test]
fn the_developer_api_lends_a_role_and_reads_a_key() {
    let provider = provider();
    let mut config = config(&provider, Method::ClientSecretPost, Source::Environment, "");
    config.scope = Scope::parse(Pam::SCOPE).unwrap();
    let client = Client::new(&config, [0; 32]).unwrap();
    let evidence = Evidence { assertion: None, read: &[] };
    let call = client.call(&config.scope, evidence, &moment()).unwrap();
    let token = client.grant(&perform(&provider, &call)).unwrap().token;

    let pam = Pam {
        endpoint: endpoint(account::DEVELOPER_API_HOST, "/"),
        instance_id: Arc::from(account::INSTANCE),
        timeout: Duration::from_secs(5),
    };
    let answer = perform(&provider, &pam.role_call(account::ROLE_ARN, &token));
    let key: TemporaryKey = Pam::role_key(&answer).unwrap();
    drop(key);
    let answer = perform(&provider, &pam.api_key_call(account::API_KEY_NAME, &token));
    assert_eq!(Pam::api_key(&answer).unwrap().expose(), account::API_KEY);
    let given: Vec<_> =
        provider.records().into_iter().skip(1).map(|record| record.outcome).collect();
    assert!(matches!(
        &given[..],
        [Outcome::Verified(Verified::AccessKey(_)), Outcome::Verified(Verified::ApiKey)]
    ));
}

#[test]
fn a_clock_that_is_an_hour_off_is_told_by_the_provider() {
    for (clock, error) in [
        (Clock::Fast(3600), AssertionError::Expired),
        (Clock::Slow(3600), AssertionError::IssuedInFuture),
    ] {
        let provider = provider();
        provider.set_clock(clock);
        let client = client(&provider, Method::PrivateKeyJwt, Source::Environment, "p256");
        let assertion = assertion(&provider, Method::PrivateKeyJwt, "p256");
        let evidence = Evidence { assertion: assertion.as_ref(), read: &[] };
        let answer = perform(&provider, &client.call(&scope(), evidence, &moment()).unwrap());
        assert_eq!(answer.status, 401);
        assert_eq!(provider.refusals(), [Refusal::Assertion(error)]);
    }
}

/// Every method, every source of access keys and every kind of key.
fn ways() -> Vec<(Method, Source, &'static str)> {
    let mut ways = Vec::new();
    for method in Method::ALL {
        match method {
            Method::Plugin => ways.extend(
                [
                    Source::CredentialsUri,
                    Source::EcsRole,
                    Source::Environment,
                    Source::EnvironmentSts,
                    Source::Rrsa,
                ]
                .map(|source| (method, source, "")),
            ),
            Method::PrivateKeyJwt => ways.extend(
                ["rsa1024", "rsa2048", "rsa2056", "rsa3072", "rsa4096", "p256", "p384", "p521"]
                    .map(|key| (method, Source::Environment, key)),
            ),
            Method::Pca => ways.push((method, Source::Environment, "rsa2048")),
            _ => ways.push((method, Source::Environment, "")),
        }
    }
    assert_eq!(ways.len(), 19);
    ways
}

fn fetch(provider: &IdaasProvider, method: Method, source: Source, key: &str) -> String {
    let client = client(provider, method, source, key);
    let read = readings(provider, &client);
    let assertion = assertion(provider, method, key);
    let evidence = Evidence { assertion: assertion.as_ref(), read: &read };
    let call = client.call(&scope(), evidence, &moment()).expect("all is there");
    let answer = perform(provider, &call);
    assert_eq!(answer.status, 200, "{method:?} {source:?} {key}: {:?}", provider.refusals());
    let token = client.grant(&answer).expect("a grant").token;
    String::from_utf8(token.expose().clone()).unwrap()
}

fn readings(
    provider: &IdaasProvider,
    client: &Client,
) -> Vec<tenantgate::technical_token::Reading> {
    let mut read = Vec::new();
    let Some(preparation) = client.preparation() else { return read };
    while let Some(call) = preparation.next(&read, &moment()) {
        assert!(read.len() < 10, "{read:?}");
        let answer = perform(provider, &call);
        read.push(preparation.read(&read, Ok(&answer), moment().now).expect("a reading"));
    }
    read
}

fn assertion(provider: &IdaasProvider, method: Method, key: &str) -> Option<Secret<String>> {
    let joined = provider.client(method).unwrap();
    let key = match method {
        Method::ClientSecretJwt => {
            AssertionKey::secret(SharedSecret::new(joined.secret.into_bytes()), None).unwrap()
        }
        Method::Pca | Method::PrivateKeyJwt => {
            let pem = &provider.captures().keys[key].pkcs8;
            AssertionKey::private(Arc::new(PrivateKey::parse_pem(pem).unwrap()), None).unwrap()
        }
        _ => return None,
    };
    let assertion = Assertion {
        audience: account::TOKEN_ENDPOINT.into(),
        issuer: account::CLIENT.into(),
        subject: account::CLIENT.into(),
        life: Duration::from_secs(600),
        key,
        kid: None,
        x5t_s256: None,
    };
    let Moment { now, random, signer } = moment();
    Some(assertion.make(now, random.unwrap(), signer).unwrap())
}

fn client(provider: &IdaasProvider, method: Method, source: Source, key: &str) -> Client {
    Client::new(&config(provider, method, source, key), [0; 32]).unwrap()
}

fn config(provider: &IdaasProvider, method: Method, source: Source, key: &str) -> ClientConfig {
    let joined = provider.client(method).unwrap();
    let secret = || Secret::new(joined.secret.clone());
    let key = || SigningKey {
        pem: Secret::new(provider.captures().keys[key].pkcs8.clone()),
        algorithm: None,
    };
    let metadata = || endpoint(account::METADATA_HOST, "/");
    let named = |name: &str| name.to_owned();
    let authn = match method {
        Method::ClientSecretBasic => Authn::ClientSecretBasic { secret: secret() },
        Method::ClientSecretJwt => Authn::ClientSecretJwt { secret: secret() },
        Method::ClientSecretPost => Authn::ClientSecretPost { secret: secret() },
        Method::Oidc => {
            Authn::Oidc { credential_name: named(account::OIDC_CREDENTIAL), token: file() }
        }
        Method::Pca => Authn::Pca {
            credential_name: named(account::PCA_CREDENTIAL),
            key: key(),
            certificate: joined.certificate.clone(),
            chain: joined.chain.clone(),
        },
        Method::Pkcs7 => {
            Authn::Pkcs7 { credential_name: named(account::PKCS7_CREDENTIAL), metadata: metadata() }
        }
        Method::Plugin => {
            let stated = |token: Option<&str>| {
                AccessKeySource::Environment(AccessKey {
                    id: account::ACCESS_KEY_ID.to_owned(),
                    secret: Secret::new(account::ACCESS_KEY_SECRET.to_owned()),
                    security_token: token.map(|token| Secret::new(token.to_owned())),
                })
            };
            let source = match source {
                Source::CredentialsUri => AccessKeySource::Uri(of_uri(CREDENTIALS_URI)),
                Source::EcsRole => AccessKeySource::EcsRole {
                    metadata: metadata(),
                    role: None,
                    allows_unhardened: true,
                },
                Source::EnvironmentSts => stated(Some(account::SECURITY_TOKEN)),
                Source::Rrsa => AccessKeySource::Rrsa {
                    sts: endpoint("sts.aliyuncs.com", "/"),
                    role_arn: account::ROLE_ARN.to_owned(),
                    provider_arn: account::PROVIDER_ARN.to_owned(),
                    session_name: None,
                    token: file(),
                },
                Source::DeveloperApi | Source::Environment => stated(None),
            };
            Authn::Plugin { sources: vec![source] }
        }
        Method::PrivateKeyJwt => Authn::PrivateKeyJwt { key: key() },
    };
    ClientConfig {
        instance_id: account::INSTANCE.to_owned(),
        client_id: account::CLIENT.to_owned(),
        issuer: account::ISSUER.to_owned(),
        token_endpoint: account::TOKEN_ENDPOINT.to_owned(),
        endpoint: match method {
            Method::Plugin => endpoint(account::OPEN_API_HOST, "/"),
            _ => endpoint(account::TOKEN_HOST, account::TOKEN_PATH),
        },
        scope: scope(),
        authn,
        developer_api: None,
        connect_timeout: ClientConfig::CONNECT_TIMEOUT,
        timeout: ClientConfig::TIMEOUT,
    }
}

/// Sends it as a proxy does: with fields of its own beside ours.
fn perform(provider: &IdaasProvider, call: &HttpCall) -> CallResponse {
    let id = random_hex();
    let mut fields = vec![
        ("host", &*call.endpoint.authority),
        ("x-envoy-internal", "true"),
        ("x-forwarded-for", "127.0.0.1"),
        ("x-envoy-expected-rq-timeout-ms", "10000"),
        ("x-request-id", &id),
    ];
    for (name, value) in &call.headers {
        fields.push((name, std::str::from_utf8(value.expose()).unwrap()));
    }
    let body = std::str::from_utf8(call.body.expose()).unwrap();
    let bytes = request(call.method, &call.endpoint.path, &fields, body);
    let answer = exchange(provider.address(), &bytes).unwrap();
    CallResponse {
        status: answer.status,
        content_type: Some(answer.field("content-type").as_bytes().to_vec()),
        retry_after: None,
        fresh_for: None,
        etag: None,
        body: Secret::new(answer.body),
    }
}

fn provider() -> IdaasProvider {
    IdaasProvider::start(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).unwrap()
}

fn moment() -> Moment<'static> {
    let random = u128::from_str_radix(&random_hex(), 16).unwrap().to_be_bytes();
    let now = Timestamp::from_seconds(clock::now());
    Moment { now, random: Some(random), signer: &SoftwareSigner }
}

fn scope() -> Scope {
    Scope::parse(account::SCOPE).unwrap()
}

fn file() -> RotatingFile {
    RotatingFile {
        endpoint: of_uri(TOKEN_FILE_URI),
        refresh: Duration::from_secs(60),
        timeout: Duration::from_secs(5),
    }
}

fn of_uri(uri: &str) -> Endpoint {
    let (host, path) = uri.strip_prefix("http://").unwrap().split_once('/').unwrap();
    endpoint(host, &format!("/{path}"))
}

fn endpoint(host: &str, path: &str) -> Endpoint {
    Endpoint {
        cluster: Arc::from("idaas"),
        scheme: "https",
        authority: Arc::from(host),
        path: Arc::from(path),
    }
}
