//! A program's way out.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;

use serde_json::json;

use crate::development::caller::Caller;
use crate::development::codes;
use crate::development::envoy::{Envoy, Launch, example};
use crate::development::http_client::{exchange, request};
use crate::development::scratch::Scratch;
use crate::development::signing_key::claims_of;
use crate::development::upstream::seen;
use crate::filter;
use crate::lab::{Lab, Setup, envoy_binary, eventually, module};

#[test]
fn a_program_without_a_token_acts_with_the_technical_one() {
    let lab = start();
    let answer = lab.send(&request("GET", "/api/things", &[], ""));
    assert_eq!(answer.status, 200, "{}", answer.text());
    let claims =
        claims_of(seen(&answer.json(), "authorization")[0].strip_prefix("Bearer ").unwrap());
    assert_eq!(
        (&claims["ten"], &claims["grant_type"], claims.get("subtenant")),
        (&json!("acme"), &json!("client_credentials"), None)
    );
}

#[test]
fn a_token_that_is_presented_is_verified_and_never_replaced() {
    let lab = start();
    let user = Caller::of_tenant("acme");
    let token = lab.idp.sign(&user);
    let answer = lab.get_with_token("/api/things", &token);
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(seen(&answer.json(), "authorization"), [format!("Bearer {token}")]);

    let forwarded = lab.upstream.requests();
    for (token, status, code) in [
        (lab.idp.sign(&user.clone().expired()), 401, codes::TOKEN_EXPIRED),
        ("nonsense".to_owned(), 401, codes::TOKEN_INVALID),
        (lab.idp.sign(&user.in_subtenant("north")), 403, codes::SUBTENANCY_REFUSED),
    ] {
        let answer = lab.get_with_token("/api/things", &token);
        assert_eq!((answer.status, answer.code().as_str()), (status, code), "{}", answer.text());
    }
    assert_eq!((lab.upstream.requests(), lab.idp.calls("token")), (forwarded, 0));
}

#[test]
fn a_presented_token_of_a_subtenant_meets_the_catalogue() {
    let mut setup = Setup::new();
    setup.filter = filter::egress();
    setup.filter["subtenancy"] = json!({"catalogue": {"preset": "mindsphere"}});
    setup.filter["routes"][0]["subtenancy"] = json!("catalogue");
    let lab = setup.start();
    let north = Caller::of_tenant("acme").in_subtenant("north").with("scope", json!(["iot.fil.r"]));
    let north = lab.idp.sign(&north);
    let header = format!("Bearer {north}");
    let presented: &[(&str, &str)] = &[("authorization", &header)];
    let rows = [
        ("GET", "/api/iotfile/v3/files/a1", 200, ""),
        ("DELETE", "/api/iotfile/v3/files/a1", 403, codes::SCOPE_INSUFFICIENT),
        ("GET", "/api/datalake/v3/objects", 403, codes::SUBTENANCY_REFUSED),
    ];
    for (method, path, status, code) in rows {
        let answer = lab.send(&request(method, path, presented, ""));
        assert_eq!(answer.status, status, "{method} {path}: {}", answer.text());
        if status == 200 {
            assert_eq!(seen(&answer.json(), "authorization"), [header.as_str()]);
        } else {
            assert_eq!(answer.code(), code, "{method} {path}");
        }
    }
    assert_eq!(lab.idp.calls("token"), 0, "a presented token is never swapped");
    for (method, path, ..) in rows {
        let answer = lab.send(&request(method, path, &[], ""));
        assert_eq!(answer.status, 200, "{method} {path}: {}", answer.text());
    }
}

/// `envoy/egress.yaml` as it is shipped, but for its ports: the program and the configuration name no
/// credentials, Envoy has them in its environment.
#[test]
fn a_program_without_credentials_calls_out_by_the_file_that_is_shipped() {
    let mut setup = Setup::new();
    setup.environment.push(("MINDSPHERE_TENANT".to_owned(), "acme".to_owned()));
    let directory = Scratch::new().expect("a directory");
    let config = directory.path().join("envoy.yaml");
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let shipped = example(&root.join("envoy/egress.yaml"), Path::new(module())).expect("the file");
    let port = |address: SocketAddr| format!("port_value: {}", address.port());
    let text = shipped
        .replace("port_value: 18010", "port_value: 0")
        .replace("port_value: 18019", "port_value: 0")
        .replace("port_value: 18001", &port(setup.idp.address()))
        .replace("port_value: 18002", &port(setup.upstream.address()));
    fs::write(&config, text).expect("a configuration file");
    let launch = Launch {
        binary: &envoy_binary(),
        config: &config,
        directory: directory.path(),
        workers: 2,
        environment: &setup.environment,
    };
    let envoy = Envoy::start(&launch).unwrap_or_else(|error| panic!("{error}"));
    let gateway = eventually("listener", || envoy.listener("egress").ok());

    let answer = exchange(gateway, &request("GET", "/api/things", &[], "")).expect("an answer");
    assert_eq!(answer.status, 200, "{}", answer.text());
    let authorization = seen(&answer.json(), "authorization");
    let claims = claims_of(authorization[0].strip_prefix("Bearer ").unwrap());
    assert_eq!((&claims["ten"], claims.get("subtenant")), (&json!("acme"), None));
    let expired = setup.idp.sign(&Caller::of_tenant("acme").expired());
    let fields = [("authorization", format!("Bearer {expired}"))];
    let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let answer = exchange(gateway, &request("GET", "/api/things", &fields, "")).expect("an answer");
    assert_eq!((answer.status, answer.code().as_str()), (401, codes::TOKEN_EXPIRED));
}

fn start() -> Lab {
    let mut setup = Setup::new();
    setup.filter = filter::egress();
    setup.start()
}
