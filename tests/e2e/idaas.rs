//! Credentials of Alibaba Cloud IDaaS, against a provider that verifies what proves who asks.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::bootstrap;
use crate::development::caller::Caller;
use crate::development::codes;
use crate::development::envoy::EnvoyError;
use crate::development::fault::Fault;
use crate::development::http_client::{Received, request};
use crate::development::idaas::IdaasProvider;
use crate::development::idaas::account;
use crate::development::idaas::assertion::AssertionError;
use crate::development::idaas::client::{Client, FILE_CLUSTER, Joined, SERVICE_CLUSTER};
use crate::development::idaas::control::Clock;
use crate::development::idaas::endpoint::Endpoint;
use crate::development::idaas::method::{Method, Source};
use crate::development::idaas::record::{Outcome, Verified};
use crate::development::idaas::refusal::Refusal;
use crate::development::scratch::Scratch;
use crate::development::signing_key::claims_of;
use crate::development::upstream::seen;
use crate::files::Files;
use crate::filter;
use crate::lab::{Lab, Setup, eventually};

#[test]
fn each_method_gets_a_token_that_the_provider_verified_and_the_upstream_sees() {
    // With one secret `CLIENT_SECRET_BASIC` and `CLIENT_SECRET_POST` are the same client, and share a token.
    let [basic, others @ ..] = Method::ALL;
    for methods in [&[basic][..], &others[..]] {
        let idaas = provider();
        let clients: Vec<_> = methods.iter().map(|method| idaas.client(*method).unwrap()).collect();
        let (lab, joined) = start(&idaas, &clients);
        let mut secrets = secrets(&joined);
        for client in &clients {
            let token = injected(&lab, &client.name);
            let grant = idaas.grant(&token).expect("a token of the provider");
            assert_eq!((grant.method, &grant.scope), (client.method, &client.scope));
            assert_eq!(injected(&lab, &client.name), token, "it is kept");
            secrets.push(token);
        }
        assert_eq!((idaas.grants().len(), idaas.refusals()), (methods.len(), Vec::new()));
        secrets.push(idaas.service_account_token());
        lab.assert_nothing_leaked(&secrets);
    }
}

#[test]
fn a_callers_token_is_exchanged_by_every_method_that_posts_a_form() {
    let idaas = provider();
    let by_form = Method::ALL.into_iter().filter(|method| *method != Method::Plugin);
    let clients: Vec<_> = by_form.map(|method| idaas.client(method).unwrap()).collect();
    let joined: Vec<_> = clients.iter().map(|client| client.join(idaas.address())).collect();
    let mut secrets = secrets(&joined);
    let lab = start_exchanging(joined);
    for caller in [Caller::of_tenant("acme"), Caller::of_tenant("beta").in_subtenant("north")] {
        let token = lab.idp.sign(&caller);
        idaas.accept_subject_token(&token);
        for client in &clients {
            let answer = lab.get_with_token(&path(&client.name), &token);
            assert_eq!(answer.status, 200, "{}: {}\n{}", client.name, answer.text(), lab.logs());
            let exchanged = bearer(&answer);
            let grant = idaas.grant(&exchanged).expect("a token of the provider");
            assert_eq!(
                (grant.method, &grant.scope, grant.subject_token.as_ref()),
                (client.method, &client.scope, Some(&token))
            );
            let (asked, claims) = (claims_of(&token), claims_of(&exchanged));
            assert_eq!(
                (&claims["ten"], claims.get("subtenant")),
                (&asked["ten"], asked.get("subtenant"))
            );
            secrets.push(exchanged);
        }
        secrets.push(token);
    }
    assert_eq!((idaas.grants().len(), idaas.refusals()), (2 * clients.len(), Vec::new()));
    // Each worker exchanges for itself, and once.
    for client in clients.iter().cycle().take(8 * clients.len()) {
        let token = secrets.last().unwrap();
        assert_eq!(lab.get_with_token(&path(&client.name), token).status, 200);
    }
    assert!((2 * clients.len()..=3 * clients.len()).contains(&idaas.grants().len()));
    // A token that the provider does not take is its caller's trouble alone.
    let stranger = lab.idp.sign(&Caller::of_tenant("acme").in_subtenant("south"));
    let name = &clients[0].name;
    assert_unavailable(&lab.get_with_token(&path(name), &stranger), name);
    assert_eq!(idaas.refusals(), [Refusal::SubjectToken]);
    assert_eq!(lab.get_with_token(&path(name), secrets.last().unwrap()).status, 200);
    secrets.push(stranger);
    lab.assert_nothing_leaked(&secrets);
}

#[test]
fn an_api_key_that_idaas_holds_is_had_by_every_method() {
    let idaas = provider();
    let clients = Method::ALL.map(|method| idaas.client(method).unwrap().with_developer_api());
    let mut joined = clients.each_ref().map(|client| client.join(idaas.address())).to_vec();
    for one in &mut joined {
        one.credential["held_api_key"] = json!({"identifier": account::API_KEY_NAME});
    }
    let mut secrets = secrets(&joined);
    let mut setup = setup(joined, |_| {});
    for route in setup.filter["routes"].as_array_mut().unwrap() {
        route["upstream"]["inject"][0]["header"] = json!("x-api-key");
    }
    let lab = setup.start();
    for client in &clients {
        for _ in 0..2 {
            let answer = ask(&lab, &client.name);
            assert_eq!(answer.status, 200, "{}: {}\n{}", client.name, answer.text(), lab.logs());
            assert_eq!(seen(&answer.json(), "x-api-key"), [account::API_KEY]);
        }
    }
    assert_eq!(idaas.refusals(), []);
    let grants = idaas.grants();
    assert!(grants.iter().all(|grant| grant.scope == "urn:cloud:idaas:pam|.all"), "{grants:?}");
    let of_developer_api = idaas.calls(Endpoint::DeveloperApi);
    // With one secret `CLIENT_SECRET_BASIC` and `CLIENT_SECRET_POST` are the same client, and share a key.
    assert!(grants.len() == of_developer_api && (7..=8).contains(&of_developer_api));
    secrets.extend(grants.into_iter().map(|grant| grant.token));
    secrets.push(account::API_KEY.to_owned());
    lab.assert_nothing_leaked(&secrets);
}

#[test]
fn requests_are_signed_by_the_access_key_of_a_role_and_the_service_believes_them() {
    let idaas = provider();
    let client = idaas.client(Method::PrivateKeyJwt).unwrap().with_developer_api();
    let mut joined = client.join(idaas.address());
    joined.credential["sts"] = json!({"role_arn": account::ROLE_ARN});
    let mut secrets = secrets(std::slice::from_ref(&joined));
    let mut setup = setup(vec![joined], to_service);
    let route = &mut setup.filter["routes"][0];
    route["match"]["methods"] = json!("any");
    route["match"]["path"] = json!("/**");
    route["upstream"]["inject"][0]["sign"] = json!("acs3");
    let lab = setup.start();
    let host = ("host", account::SERVICE_HOST);
    let body = r#"{"things":[1,2]}"#;
    let digest = "2abaced348ca123216c7eed8fcb333e13fb43f56aac07ee20cf8481e7fd41464";
    let send = |method: &str, target: &str, fields: &[(&str, &str)], body: &str| {
        lab.send(&request(method, target, &[&[host], fields].concat(), body))
    };
    let action: [(&str, &str); 2] = [("x-acs-action", "DoThings"), ("x-acs-version", "2021-12-01")];
    let stated = [&action[..], &[("x-acs-content-sha256", digest)]].concat();
    let forged = [
        &action[..],
        &[("x-acs-date", "1970-01-01T00:00:00Z"), ("X_Acs_Security_Token", "forged")],
    ];
    let rows: [Sent; 6] = [
        ("GET", "/", &action, ""),
        ("GET", "/?b=2&a=1&a.10=x&a.2=%e4%ba%91+c%3a", &action, ""),
        ("PUT", "/things/a%20b/1?a=%20&b=", &[], ""),
        ("DELETE", "/things/1", &forged.concat(), ""),
        ("POST", "/?x", &stated, body),
        ("PATCH", "/things/", &stated, body),
    ];
    for (method, target, fields, body) in rows {
        let answer = send(method, target, fields, body);
        let refusals = idaas.refusals();
        assert_eq!(
            (answer.status, refusals),
            (200, Vec::new()),
            "{method} {target}\n{}",
            lab.logs()
        );
        let echo = answer.json();
        assert_eq!((&echo["method"], &echo["path"]), (&json!(method), &json!(target)));
        let record = idaas.records().pop().unwrap();
        let by_role = Verified::SignedCall(Source::DeveloperApi);
        assert_eq!(record.outcome, Outcome::Verified(by_role));
        secrets.extend(seen(&echo, "x-acs-security-token"));
    }
    assert_eq!((idaas.grants().len(), idaas.calls(Endpoint::DeveloperApi)), (1, 1));

    // The digest of another body is the service's matter; none at all is ours.
    let answer = send("POST", "/", &stated, "another");
    assert_eq!((answer.status, idaas.refusals().len()), (400, 1));
    for (target, fields, body) in [("/", &action[..], body), ("/a:b", &[], ""), ("/?a=%2", &[], "")]
    {
        let answer = send("POST", target, fields, body);
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (400, "request_unsignable"),
            "{target}"
        );
    }
    assert_eq!(idaas.refusals().len(), 1);
    lab.assert_nothing_leaked(&secrets);
}

/// Method, target, fields and body of a request.
type Sent<'s> = (&'s str, &'s str, &'s [(&'s str, &'s str)], &'s str);

/// Leads all requests to the service that verifies signatures.
fn to_service(document: &mut Value) {
    let manager =
        &mut document["static_resources"]["listeners"][0]["filter_chains"][0]["filters"][0];
    let host = &mut manager["typed_config"]["route_config"]["virtual_hosts"][0];
    host["routes"][0]["route"]["cluster"] = json!(SERVICE_CLUSTER);
}

#[test]
fn access_keys_are_had_from_every_source() {
    for source in [Source::CredentialsUri, Source::EcsRole, Source::EnvironmentSts, Source::Rrsa] {
        let idaas = provider();
        let client = idaas.client(Method::Plugin).unwrap().with_source(source);
        let (lab, joined) = start(&idaas, std::slice::from_ref(&client));
        let token = injected(&lab, &client.name);
        assert_eq!(idaas.grant(&token).expect("a token").method, Method::Plugin, "{source:?}");
        assert_eq!(idaas.refusals(), [], "{source:?}");
        let lent = idaas.lent_secrets();
        assert!(!lent.is_empty() || matches!(source, Source::EnvironmentSts), "{source:?}");
        let own = [secrets(&joined), lent, vec![token, idaas.service_account_token()]];
        lab.assert_nothing_leaked(&own.concat());
    }
}

#[test]
fn every_kind_of_private_key_signs() {
    let idaas = provider();
    let keys = ["rsa1024", "rsa2056", "rsa3072", "rsa4096", "p256", "p384", "p521"];
    let clients = keys.map(|key| {
        let pem = &idaas.captures().keys[key].pkcs8;
        idaas.client(Method::PrivateKeyJwt).unwrap().named(key).with_private_key(pem)
    });
    let (lab, _) = start(&idaas, &clients);
    for key in keys {
        assert_eq!(idaas.grant(&injected(&lab, key)).expect("a token").proof, key);
    }
    assert_eq!(idaas.refusals(), []);
}

#[test]
fn a_wrong_proof_is_answered_with_503_and_a_line_that_names_the_credential_and_the_cause() {
    let idaas = provider();
    let of = |method| idaas.client(method).unwrap();
    let another_key = &idaas.captures().keys["rsa3072"].pkcs8;
    let [expired, authority] = idaas.certify("rsa2048", "app_madeup0001", [1, 2]).unwrap();
    idaas.withdraw_key("p521");
    let withdrawn = &idaas.captures().keys["p521"].pkcs8;
    let clients = [
        of(Method::ClientSecretBasic).named("basic").with_secret("another-basic"),
        of(Method::ClientSecretPost).named("post").with_secret("another-post"),
        of(Method::ClientSecretJwt).named("jwt").with_secret("another-jwt"),
        of(Method::PrivateKeyJwt).named("key").with_private_key(withdrawn),
        of(Method::Pca).named("certified-key").with_private_key(another_key),
        of(Method::Pca).named("certificate").with_certificate(&expired, &authority),
    ];
    let (lab, joined) = start(&idaas, &clients);
    for client in &clients {
        let before = idaas.refusals().len();
        assert_unavailable(&ask(&lab, &client.name), &client.name);
        assert_eq!(idaas.refusals().len(), before + 1, "{}", client.name);
        let cause = "failed: invalid_client (status 401, request id `";
        assert_told(&lab, "fetching token", &client.name, cause);
    }
    assert_eq!((lab.upstream.requests(), idaas.grants().len()), (0, 0));
    lab.assert_nothing_leaked(&secrets(&joined));
}

#[test]
fn an_access_key_that_is_wrong_or_forgotten_is_told() {
    let idaas = provider();
    let client = idaas.client(Method::Plugin).unwrap();
    idaas.withdraw_access_key(crate::development::idaas::account::ACCESS_KEY_ID);
    let (lab, joined) = start(&idaas, std::slice::from_ref(&client));
    assert_unavailable(&ask(&lab, &client.name), &client.name);
    assert_told(&lab, "fetching token", &client.name, "failed: InvalidAccessKeyId");
    lab.assert_nothing_leaked(&secrets(&joined));
}

#[test]
fn of_a_refusal_the_log_has_status_code_and_request_id_and_no_free_text() {
    let idaas = provider();
    let rows = [
        (
            "throttled",
            Method::Plugin,
            "status_429 (status 429, code `Throttling.User`, request id `",
        ),
        (
            "forbidden",
            Method::ClientSecretBasic,
            "status_4xx (status 403, code `forbidden`, request id `",
        ),
        ("free-text", Method::Oidc, "status_5xx (status 500); "),
        ("redirect", Method::ClientSecretJwt, "status_unexpected (status 302); "),
        ("page", Method::Pca, "answer_not_json; "),
        ("no-token", Method::PrivateKeyJwt, "answer_not_a_grant; "),
    ];
    let clients = rows.map(|(name, method, _)| idaas.client(method).unwrap().named(name));
    let (lab, joined) = start(&idaas, &clients);
    let status = |status| Fault::Status { status, retry_after: None };
    for (name, _, words) in rows {
        match name {
            "throttled" => idaas.refuse_next(Endpoint::OpenApi, Refusal::Throttled("1".to_owned())),
            "forbidden" => idaas.refuse_next(Endpoint::Token, Refusal::Permission),
            "free-text" => idaas.fail_next(Endpoint::Token, status(500)),
            "redirect" => idaas.fail_next(Endpoint::Token, status(302)),
            "page" => idaas.fail_next(Endpoint::Token, Fault::Html),
            _ => idaas.fail_next(Endpoint::Token, Fault::Json("{\"expires_in\":60}".to_owned())),
        }
        assert_unavailable(&ask(&lab, name), name);
        assert_told(&lab, "fetching token", name, &format!("failed: {words}"));
    }
    let free_text =
        [Refusal::Permission.to_string(), Refusal::Throttled(String::new()).to_string()];
    lab.assert_nothing_leaked(&[&free_text[..], &secrets(&joined)].concat());
}

#[test]
fn while_a_client_is_refused_its_server_is_left_alone_and_callers_are_told_when_to_come_back() {
    let idaas = provider();
    let client = idaas.client(Method::ClientSecretBasic).unwrap().with_secret("another-basic");
    let (lab, joined) = start(&idaas, std::slice::from_ref(&client));
    for _ in 0..100 {
        let answer = ask(&lab, &client.name);
        assert_unavailable(&answer, &client.name);
        assert!(answer.field("retry-after").parse::<u64>().is_ok_and(|seconds| seconds >= 1));
        assert_eq!(answer.field("content-type"), "application/problem+json");
    }
    // The second try is five seconds after the first.
    assert!((1..=2).contains(&idaas.calls(Endpoint::Token)), "{}", idaas.calls(Endpoint::Token));
    lab.assert_nothing_leaked(&secrets(&joined));
}

#[test]
fn a_private_key_that_cannot_be_read_stops_envoy_and_is_not_shown() {
    let idaas = provider();
    let sound = idaas.captures().keys["p256"].pkcs8.clone();
    let (half, _) = sound.split_at(sound.len() / 2);
    let client = idaas.client(Method::PrivateKeyJwt).unwrap().named("key").with_private_key(half);
    let setup = setup(vec![client.join(idaas.address())], |_| {});
    let Err(EnvoyError::Exited { log }) = setup.validate() else {
        panic!("envoy accepts half a private key")
    };
    assert!(log.contains("credentials[0].idaas.authnConfiguration.privateKeyEnvVarName"), "{log}");
    let body = half.lines().nth(1).expect("a line of the key");
    assert!(!log.contains(body), "the key is in the log");
}

#[test]
fn a_clock_that_is_an_hour_off_is_told() {
    for (clock, error) in [
        (Clock::Fast(3600), AssertionError::Expired),
        (Clock::Slow(3600), AssertionError::IssuedInFuture),
    ] {
        let idaas = provider();
        idaas.set_clock(clock);
        let client = idaas.client(Method::PrivateKeyJwt).unwrap();
        let (lab, joined) = start(&idaas, std::slice::from_ref(&client));
        assert_unavailable(&ask(&lab, &client.name), &client.name);
        assert_told(&lab, "fetching token", &client.name, "invalid_client (status 401, ");
        assert_eq!(idaas.refusals()[0], Refusal::Assertion(error));
        lab.assert_nothing_leaked(&secrets(&joined));
    }
}

#[test]
fn what_cannot_be_read_before_is_told_and_read_once_it_is_there() {
    let idaas = provider();
    let rows = [
        (Method::Pkcs7, Endpoint::Metadata, "metadata_token"),
        (Method::Oidc, Endpoint::TokenFile, "service_account_token"),
    ];
    let clients = rows.map(|(method, ..)| idaas.client(method).unwrap());
    let (lab, _) = start(&idaas, &clients);
    for (client, (method, endpoint, what)) in clients.iter().zip(rows) {
        idaas.set_fault(endpoint, Fault::Status { status: 404, retry_after: None });
        assert_unavailable(&ask(&lab, &client.name), &client.name);
        assert_told(&lab, &format!("fetching {what}"), &client.name, "status_4xx (status 404)");
        idaas.set_fault(endpoint, Fault::None);
        let token = eventually("a token", || {
            let answer = ask(&lab, &client.name);
            (answer.status == 200).then(|| bearer(&answer))
        });
        assert_eq!(idaas.grant(&token).expect("a token").method, method);
    }
    lab.assert_nothing_leaked(&[idaas.service_account_token()]);
}

#[test]
fn a_metadata_service_that_is_down_is_told_and_asked_again_once_it_is_there() {
    let idaas = provider();
    let client = idaas.client(Method::Pkcs7).unwrap();
    let (lab, _) = start(&idaas, std::slice::from_ref(&client));
    idaas.stop();
    assert_unavailable(&ask(&lab, &client.name), &client.name);
    let cause = "failed: unavailable_or_timeout (status 503)";
    assert_told(&lab, "fetching metadata_token", &client.name, cause);
    idaas.resume().expect("the same port");
    eventually("a token", || (ask(&lab, &client.name).status == 200).then_some(()));
}

#[test]
fn a_service_account_token_that_is_replaced_in_its_file_is_noticed_by_no_request() {
    let idaas = provider();
    idaas.set_lifetime(2);
    let scratch = Scratch::new().expect("a directory");
    let files = Files::new(scratch.path());
    files.publish("1", &[("token", &idaas.service_account_token())]);
    let client = idaas.client(Method::Oidc).unwrap();
    let mut joined = client.join(idaas.address());
    joined.clusters.retain(|(name, _)| *name != FILE_CLUSTER);
    joined.credential["service_account_token"]["refresh"] = json!("1s");
    let folder = files.clone();
    let lab = start_with(vec![joined], move |document| folder.serve(FILE_CLUSTER, document));

    let mut proofs = BTreeSet::new();
    for version in 2..=4 {
        let before = proofs.len();
        eventually("a token for the new file", || {
            let token = injected(&lab, &client.name);
            proofs.insert(idaas.grant(&token).expect("a token").proof);
            (proofs.len() > before).then_some(())
        });
        idaas.renew_service_account_token();
        files.publish(&version.to_string(), &[("token", &idaas.service_account_token())]);
    }
    assert_eq!((proofs.len(), idaas.refusals()), (3, Vec::new()));
    assert!(!lab.envoy.log().contains("fetching"), "{}", lab.envoy.log());
}

/// A provider on a port that the system chooses.
pub fn provider() -> IdaasProvider {
    IdaasProvider::start(([127, 0, 0, 1], 0).into()).expect("a provider")
}

/// A program's way out with one route per client.
fn start(idaas: &IdaasProvider, clients: &[Client]) -> (Lab, Vec<Joined>) {
    let joined: Vec<_> = clients.iter().map(|client| client.join(idaas.address())).collect();
    (start_with(joined.clone(), |_| {}), joined)
}

/// A way in with one route per client, by which callers' tokens are exchanged.
fn start_exchanging(mut joined: Vec<Joined>) -> Lab {
    for one in &mut joined {
        one.credential["exchange"] = json!({"issuer": account::ISSUER, "claims": {"tenant": "ten", "subtenant": "subtenant"}});
    }
    let mut setup = setup(joined, |_| {});
    setup.filter["issuers"] = json!([filter::ingress()["issuers"][0]]);
    for route in setup.filter["routes"].as_array_mut().unwrap() {
        route["authentication"] = json!("required");
        route["subtenancy"] = json!("aware");
        route["subtenant"] = json!("impersonate");
    }
    setup.start()
}

fn start_with(joined: Vec<Joined>, edit: impl Fn(&mut Value) + 'static) -> Lab {
    setup(joined, edit).start()
}

/// What [`start`] starts, with a last word on Envoy's document.
pub fn setup(joined: Vec<Joined>, edit: impl Fn(&mut Value) + 'static) -> Setup {
    let mut setup = Setup::new();
    let credentials: Vec<_> = joined.iter().map(|one| one.credential.clone()).collect();
    let route = |credential: &Value| {
        json!({
            "name": credential["name"],
            "match": {"hosts": ["*"], "path": path(credential["name"].as_str().unwrap()), "methods": ["GET"]},
            "authentication": "none",
            "upstream": {"caller_token": "remove", "inject": [{"credential": credential["name"]}]},
        })
    };
    setup.filter = json!({
        "deployment": "egress", "limits": {"waiting_deadline": "8s"},
        "routes": credentials.iter().map(route).collect::<Vec<_>>(), "credentials": credentials,
    });
    setup.environment = joined.iter().flat_map(|one| one.environment.clone()).collect();
    let mut clusters: Vec<_> = joined.iter().flat_map(|one| one.clusters.clone()).collect();
    clusters.sort_unstable();
    clusters.dedup();
    setup.edit = Some(Box::new(move |document, _| {
        let own = clusters.iter().map(|(name, address)| bootstrap::cluster(name, *address));
        document["static_resources"]["clusters"].as_array_mut().unwrap().extend(own);
        edit(document);
    }));
    setup
}

fn path(name: &str) -> String {
    format!("/{name}")
}

fn ask(lab: &Lab, name: &str) -> Received {
    lab.send(&request("GET", &path(name), &[], ""))
}

/// The bearer token that the upstream sees.
fn injected(lab: &Lab, name: &str) -> String {
    let answer = ask(lab, name);
    assert_eq!(answer.status, 200, "{name}: {}\n{}", answer.text(), lab.logs());
    bearer(&answer)
}

fn bearer(answer: &Received) -> String {
    let values = seen(&answer.json(), "authorization");
    assert_eq!(values.len(), 1);
    values[0].strip_prefix("Bearer ").expect("a bearer token").to_owned()
}

fn assert_unavailable(answer: &Received, name: &str) {
    let code = answer.code();
    assert_eq!((answer.status, code.as_str()), (503, codes::TOKEN_UNAVAILABLE), "{name}");
}

/// Asserts that the log names the credential and the cause in one line.
fn assert_told(lab: &Lab, begins: &str, name: &str, cause: &str) {
    let log = lab.logs();
    let line = format!("{begins} of credential `{name}`");
    let is_told = log.lines().any(|text| text.contains(&line) && text.contains(cause));
    assert!(is_told, "`{line}` with {cause} is not in the log:\n{log}");
}

/// What must never be in a log: of variables those that hold a secret or a key.
fn secrets(joined: &[Joined]) -> Vec<String> {
    let variables = joined.iter().flat_map(|one| &one.environment);
    let is_secret = |name: &str| {
        ["SECRET", "PRIVATE_KEY", "SECURITY_TOKEN"].iter().any(|end| name.ends_with(end))
    };
    let values = variables.filter(|(name, _)| is_secret(name)).map(|(_, value)| value.as_str());
    // Of a key in PEM each full line is looked for: a log has no line breaks.
    let lines = values.flat_map(|value| match value.contains("-----BEGIN") {
        true => value.lines().filter(|line| line.len() >= 40).collect(),
        false => vec![value],
    });
    lines.map(str::to_owned).collect()
}
