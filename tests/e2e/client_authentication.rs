//! The ways in which clients of `oauth2` prove who they are, against a provider that is not ours.

use p256::pkcs8::EncodePrivateKey as _;
use rsa::rand_core::OsRng;
use serde_json::{Map, Value, json};
use x509_cert::der::pem::LineEnding;

use crate::bootstrap;
use crate::certificates::Identity;
use crate::development::codes;
use crate::development::http_client::{Received, request};
use crate::development::scratch::Scratch;
use crate::development::signing_key::{claims_of, random_hex};
use crate::development::upstream::seen;
use crate::files::Files;
use crate::lab::{Lab, Setup, eventually};
use crate::openid_provider::{ISSUER, JWT_RESOURCE, OpenIdProvider};

#[test]
fn a_real_provider_verifies_assertions_of_every_kind_and_the_upstream_sees_the_token() {
    let [secret, other] = [random_hex(), random_hex()].map(|half| format!("{half}{half}"));
    let [old, ec, certified, filed] = [(); 4].map(|()| ec_key());
    let rsa = rsa_key(2048);
    let long = rsa_key(3072);
    let identity = Identity::authority().sign("gateway");
    let scratch = Scratch::new().expect("a directory");
    let files = Files::new(scratch.path());
    files.publish("1", &[("key", &filed), ("secret", &other)]);
    let mut scene = Scene::default();
    scene.by_secret("hs256", &secret, json!({}));
    scene.by_secret("hs512", &other, json!({"algorithm": "HS512"}));
    scene.by_key("rs256", json!({"keys": [key("r", &rsa)]}), &rsa, json!({}));
    scene.by_key("rs384", json!({"keys": [key("l", &long)]}), &long, json!({"kid": "l"}));
    let two = json!({"keys": [key("old", &old), key("new", &ec)]});
    scene.by_key("es256", two, &ec, json!({"kid": "new", "assertion_audience": ISSUER}));
    let thumbprint =
        json!({"keys": [key("c", &identity.private_key())], "thumbprint": identity.thumbprint()});
    scene.by_key(
        "x5t",
        thumbprint,
        &identity.private_key(),
        json!({"certificate_env": "CERTIFICATE"}),
    );
    scene.variables.push(("CERTIFICATE".to_owned(), identity.certificate()));
    scene.by_key(
        "one-line",
        json!({"keys": [key("c", &certified)]}),
        &certified.replace('\n', "\\n"),
        json!({"assertion_life": "10s"}),
    );
    let read = |name: &str| json!({"cluster": "files", "uri": format!("http://files/{name}"), "allow_plaintext": true});
    scene.add(
        "filed",
        json!({"token_endpoint_auth_method": "private_key_jwt", "keys": [key("f", &filed)]}),
        json!({"client_auth": "private_key_jwt", "private_key": read("key")}),
    );
    scene.add(
        "secret-filed",
        json!({"token_endpoint_auth_method": "client_secret_jwt", "client_secret": other}),
        json!({"client_auth": "client_secret_jwt", "secret": read("secret")}),
    );
    let names = scene.names();
    let (_provider, lab) = scene.start(json!({}), move |document| files.serve("files", document));
    for name in &names {
        let token = injected(&lab, name);
        let claims = claims_of(&token);
        assert_eq!(
            (&claims["iss"], &claims["client_id"], &claims["aud"]),
            (&json!(ISSUER), &json!(name), &json!(JWT_RESOURCE))
        );
        assert_eq!(injected(&lab, name), token, "{name}: it is kept");
    }
    assert_eq!(names.len(), 9);
    let inner = |pem: &str| pem.lines().nth(1).unwrap().to_owned();
    let keys =
        [&rsa, &long, &ec, &certified, &filed, &identity.private_key()].map(|pem| inner(pem));
    lab.assert_nothing_leaked(&[&[secret, other][..], &keys].concat());
}

#[test]
fn a_wrong_proof_of_an_oauth2_client_is_answered_with_503_and_told() {
    let [secret, wrong] = [random_hex(), random_hex()].map(|half| format!("{half}{half}"));
    let [mine, other] = [(); 2].map(|()| ec_key());
    let mut scene = Scene::default();
    let known = || json!({"keys": [key("k", &mine)]});
    scene.add(
        "wrong-secret",
        json!({"token_endpoint_auth_method": "client_secret_jwt", "client_secret": secret}),
        json!({"client_auth": "client_secret_jwt", "client_secret_env": "WRONG"}),
    );
    scene.variables.push(("WRONG".to_owned(), wrong.clone()));
    scene.by_key("wrong-key", known(), &other, json!({}));
    scene.by_key("wrong-kid", known(), &mine, json!({"kid": "another"}));
    scene.by_key(
        "wrong-audience",
        known(),
        &mine,
        json!({"assertion_audience": "https://another.example"}),
    );
    scene.by_key(
        "wrong-algorithm",
        json!({"keys": [key("k", &mine)], "token_endpoint_auth_signing_alg": "RS256"}),
        &mine,
        json!({}),
    );
    scene.by_key(
        "no-thumbprint",
        json!({"keys": [key("k", &mine)], "thumbprint": "x"}),
        &mine,
        json!({}),
    );
    let names = scene.names();
    let (_provider, lab) = scene.start(json!({}), |_| {});
    for name in &names {
        assert_refused(&lab, name);
    }
    assert_eq!((names.len(), lab.upstream.requests()), (6, 0));
    let inner = |pem: &str| pem.lines().nth(1).unwrap().to_owned();
    lab.assert_nothing_leaked(&[secret, wrong, inner(&mine), inner(&other)]);
}

#[test]
fn an_assertion_that_ends_before_the_providers_clock_is_refused_and_told() {
    // The provider allows 15 s.
    for (clock, is_good) in [(0, true), (50, true), (90, false), (3600, false)] {
        let mut scene = Scene::default();
        let pem = ec_key();
        scene.by_key("late", json!({"keys": [key("k", &pem)]}), &pem, json!({}));
        let (_provider, lab) = scene.start(json!({"clock": clock}), |_| {});
        if is_good {
            injected(&lab, "late");
        } else {
            assert_refused(&lab, "late");
        }
    }
}

#[test]
fn an_assertion_of_somebody_else_is_read_again_once_the_provider_refuses_it() {
    let platform = crate::development::signing_key::SigningKey::p256("platform");
    let assertion = |id: &str| {
        let claims = json!({
            "iss": "federated", "sub": "federated", "aud": ISSUER, "jti": id, "exp": 4_000_000_000_u64,
        });
        platform.sign(&claims)
    };
    let scratch = Scratch::new().expect("a directory");
    let files = Files::new(scratch.path());
    let [first, second] = ["1", "2"].map(assertion);
    files.publish("1", &[("assertion", &first)]);
    let mut scene = Scene::default();
    let known = json!({"token_endpoint_auth_method": "private_key_jwt", "jwks": {"keys": [platform.jwk()]}});
    let file = json!({"cluster": "files", "uri": "http://files/assertion", "allow_plaintext": true, "refresh": "24h"});
    let own = json!({"client_auth": "federated_jwt", "assertion": file, "client_id": "federated"});
    scene.add("federated", known, own.clone());
    // The same client with another wish, so that there is another token to fetch.
    let mut again = own;
    again["scopes"] = json!(["read"]);
    scene.credential("again", again);
    let published = files.clone();
    let (_provider, lab) = scene.start(json!({}), move |document| files.serve("files", document));
    assert_eq!(claims_of(&injected(&lab, "federated"))["client_id"], "federated");
    // This provider takes each assertion once.
    assert_refused(&lab, "again");
    published.publish("2", &[("assertion", &second)]);
    let token = eventually("a token by the next assertion", || {
        let answer = ask(&lab, "again");
        (answer.status == 200).then(|| bearer(&answer))
    });
    assert_eq!(claims_of(&token)["scope"], "read");
    lab.assert_nothing_leaked(&[first, second, token]);
}

#[test]
fn the_certificate_of_the_clusters_connection_proves_the_client() {
    let authority = Identity::authority();
    let [server, gateway] = ["id.example", "gateway"].map(|name| authority.sign(name));
    let stranger = Identity::authority().sign("gateway");
    let certified = |name: &str| json!({"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_subject_dn": format!("CN={name}")});
    let known = json!({"token_endpoint_auth_method": "self_signed_tls_client_auth", "certificates": [stranger.certificate()]});
    let rows = [
        ("certified", certified("gateway"), "tls_client_auth", "with-certificate"),
        ("self-signed", known.clone(), "self_signed_tls_client_auth", "with-other"),
        ("other-subject", certified("another"), "tls_client_auth", "with-certificate"),
        ("other-authority", certified("gateway"), "tls_client_auth", "with-other"),
        ("other-certificate", known, "self_signed_tls_client_auth", "with-certificate"),
        ("no-certificate", certified("gateway"), "tls_client_auth", "without"),
    ];
    let mut scene = Scene::default();
    for (name, client, way, cluster) in &rows {
        scene.add(name, client.clone(), json!({"client_auth": way, "cluster": cluster}));
    }
    let tls = json!({"tls": {
        "certificate": server.certificate(), "key": server.private_key(), "authority": authority.certificate(),
    }});
    let setup = Setup::new();
    let provider = OpenIdProvider::start_with(merged(scene.settings(), &tls), &setup.idp);
    let secure = provider.secure();
    let lab = scene.start_lab(setup, &provider, move |document| {
        let clusters = document["static_resources"]["clusters"].as_array_mut().unwrap();
        let own = [
            ("with-certificate", vec![gateway.tls_certificate()]),
            ("with-other", vec![stranger.tls_certificate()]),
            ("without", Vec::new()),
        ];
        for (name, certificates) in own {
            let mut cluster = bootstrap::cluster(name, secure);
            cluster["transport_socket"] = json!({"name": "tls", "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext",
                "sni": "id.example",
                "common_tls_context": {
                    "tls_certificates": certificates,
                    "validation_context": {"trusted_ca": authority.pem()},
                },
            }});
            clusters.push(cluster);
        }
    });
    for (name, ..) in rows {
        match name {
            "certified" | "self-signed" => {
                assert_eq!(claims_of(&injected(&lab, name))["client_id"], name);
            }
            _ => assert_refused(&lab, name),
        }
    }
    assert_eq!(lab.upstream.requests(), 2);
}

/// Clients that the provider knows, and the credentials that are they.
#[derive(Default)]
struct Scene {
    clients: Vec<Value>,
    credentials: Vec<Value>,
    variables: Vec<(String, String)>,
}

impl Scene {
    /// A client by this name, as the provider knows it, and the credential that is it.
    fn add(&mut self, name: &str, client: Value, oauth2: Value) {
        self.clients.push(merged(json!({"client_id": name}), &client));
        self.credential(name, oauth2);
    }

    fn credential(&mut self, name: &str, oauth2: Value) {
        let usual = json!({
            "token_endpoint": format!("{ISSUER}/token"), "cluster": "openid", "client_id": name,
            "resource": JWT_RESOURCE,
        });
        let oauth2 = merged(usual, &oauth2);
        self.credentials.push(json!({"name": name, "callers": "any", "oauth2": oauth2}));
    }

    fn by_secret(&mut self, name: &str, secret: &str, more: Value) {
        let variable = variable(name);
        let way = "client_secret_jwt";
        let known = json!({"token_endpoint_auth_method": way, "client_secret": secret});
        let own = json!({"client_auth": way, "client_secret_env": variable});
        self.add(name, known, merged(own, &more));
        self.variables.push((variable, secret.to_owned()));
    }

    fn by_key(&mut self, name: &str, client: Value, pem: &str, more: Value) {
        let variable = variable(name);
        let way = "private_key_jwt";
        let own = json!({"client_auth": way, "private_key_env": variable});
        self.add(
            name,
            merged(json!({"token_endpoint_auth_method": way}), &client),
            merged(own, &more),
        );
        self.variables.push((variable, pem.to_owned()));
    }

    fn names(&self) -> Vec<String> {
        let names = self.credentials.iter().map(|one| one["name"].as_str().unwrap().to_owned());
        names.collect()
    }

    fn settings(&self) -> Value {
        json!({"clients": self.clients})
    }

    fn start(self, settings: Value, edit: impl Fn(&mut Value) + 'static) -> (OpenIdProvider, Lab) {
        let setup = Setup::new();
        let provider = OpenIdProvider::start_with(merged(self.settings(), &settings), &setup.idp);
        let lab = self.start_lab(setup, &provider, edit);
        (provider, lab)
    }

    /// A program's way out with one route per credential.
    fn start_lab(
        self,
        mut setup: Setup,
        provider: &OpenIdProvider,
        edit: impl Fn(&mut Value) + 'static,
    ) -> Lab {
        let route = |credential: &Value| {
            let name = credential["name"].as_str().unwrap();
            json!({
                "name": name,
                "match": {"hosts": ["*"], "path": format!("/{name}"), "methods": ["GET"]},
                "upstream": {"caller_token": "remove", "inject": [{"credential": name}]},
            })
        };
        setup.filter = json!({
            "deployment": "egress", "limits": {"waiting_deadline": "8s"},
            "routes": self.credentials.iter().map(route).collect::<Vec<_>>(),
            "credentials": self.credentials,
        });
        setup.environment = self.variables;
        let cluster = bootstrap::cluster("openid", provider.address());
        setup.edit = Some(Box::new(move |document, _| {
            let clusters = document["static_resources"]["clusters"].as_array_mut().unwrap();
            clusters.push(cluster.clone());
            edit(document);
        }));
        setup.start()
    }
}

fn merged(mut one: Value, other: &Value) -> Value {
    let members: Map<_, _> = other.as_object().unwrap().clone();
    one.as_object_mut().unwrap().extend(members);
    one
}

fn variable(name: &str) -> String {
    format!("{}_PROOF", name.replace('-', "_").to_uppercase())
}

fn key(kid: &str, pem: &str) -> Value {
    json!({"kid": kid, "pem": pem})
}

fn ec_key() -> String {
    let key = p256::ecdsa::SigningKey::random(&mut OsRng);
    key.to_pkcs8_pem(LineEnding::LF).unwrap().to_string()
}

fn rsa_key(bits: usize) -> String {
    let key = rsa::RsaPrivateKey::new(&mut OsRng, bits).unwrap();
    key.to_pkcs8_pem(LineEnding::LF).unwrap().to_string()
}

fn ask(lab: &Lab, name: &str) -> Received {
    lab.send(&request("GET", &format!("/{name}"), &[], ""))
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

/// Asserts that the provider refuses the client, and that the log says so in one line with its credential.
fn assert_refused(lab: &Lab, name: &str) {
    let answer = ask(lab, name);
    let code = answer.code();
    assert_eq!((answer.status, code.as_str()), (503, codes::TOKEN_UNAVAILABLE), "{name}");
    let line = format!("fetching token of credential `{name}`");
    let log = lab.logs();
    let is_told = log.lines().any(|text| text.contains(&line) && text.contains("invalid_client"));
    assert!(is_told, "`{line}` with invalid_client is not in the log:\n{log}");
}
