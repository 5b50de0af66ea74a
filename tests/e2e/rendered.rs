//! What `tenantgate render envoy` makes of the demo's configuration, in a real Envoy.

use std::fs;
use std::process::Command;

use serde_json::json;

use crate::development::caller::Caller;
use crate::development::envoy::{Envoy, Launch, validate};
use crate::development::http_client::{exchange, request};
use crate::development::signing_key::claims_of;
use crate::development::upstream::seen;
use crate::lab::{Setup, envoy_binary, eventually, module};

#[test]
fn the_demo_runs_on_what_is_rendered() {
    let setup = Setup::new();
    let directory = crate::development::scratch::Scratch::new().expect("a directory");
    let config = directory.path().join("envoy.yaml");
    let piam = format!("piam={},plaintext", setup.idp.address());
    let upstream = setup.upstream.address().to_string();
    let rendered = Command::new(env!("CARGO_BIN_EXE_tenantgate"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["render", "envoy", "envoy/ingress.yaml", "--wasm", module()])
        .args(["--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"])
        .args(["--cluster", &piam, "--upstream", &upstream])
        .output()
        .expect("the tool");
    assert!(rendered.status.success(), "{}", String::from_utf8_lossy(&rendered.stderr));
    fs::write(&config, &rendered.stdout).expect("a configuration file");

    let binary = envoy_binary();
    validate(&binary, &config, &setup.environment).unwrap_or_else(|error| panic!("{error}"));
    let envoy = Envoy::start(&Launch {
        binary: &binary,
        config: &config,
        directory: directory.path(),
        workers: 2,
        environment: &setup.environment,
    });
    let envoy = envoy.unwrap_or_else(|error| panic!("{error}"));
    let gateway = eventually("listener", || envoy.listener("ingress").ok());

    let send = |path: &str, caller: Option<&Caller>| {
        let token = caller.map(|caller| format!("Bearer {}", setup.idp.sign(caller)));
        let fields: Vec<_> = token.iter().map(|token| ("authorization", token.as_str())).collect();
        exchange(gateway, &request("GET", path, &fields, "")).expect("an answer")
    };
    let user = Caller::of_tenant("acme");
    let north = user.clone().in_subtenant("north");
    let rows = [
        ("/api/profile/me", None, 401, "token_missing"),
        ("/api/profile/me", Some(&user), 200, ""),
        ("/api/profile/me", Some(&north), 403, "subtenancy_refused"),
        ("/api/profile//me", Some(&user), 400, "path_ambiguous"),
        ("/api/reports/1", Some(&user), 200, ""),
        ("/elsewhere", Some(&user), 403, "route_unknown"),
        ("/public/x", None, 200, ""),
    ];
    for (path, caller, status, code) in rows {
        let answer = send(path, caller);
        assert_eq!((answer.status, answer.code().as_str()), (status, code), "{path}");
    }
    let answer = send("/api/assets/1", Some(&north)).json();
    let authorization = seen(&answer, "authorization");
    let technical = authorization[0].strip_prefix("Bearer ").unwrap();
    assert_eq!(claims_of(technical)["subtenant"], json!("north"));
    assert_eq!(seen(&answer, "x-tenant"), ["acme"]);
}

/// Two hosts by one cluster: each call's server must prove its own name.
#[test]
fn what_is_rendered_for_each_kind_of_cluster_is_valid() {
    let setup = Setup::new();
    let directory = crate::development::scratch::Scratch::new().expect("a directory");
    let (document, config) = (directory.path().join("g.json"), directory.path().join("envoy.yaml"));
    let issuer = |name: &str| {
        json!({
            "name": name, "issuer": format!("https://{name}.example"), "tenants": [name],
            "audiences": ["x"], "algorithms": ["ES256"],
            "claims": {"tenant": "t", "subtenant": "none", "scopes": "s"},
            "jwks": {"uri": format!("https://{name}.example/keys"), "cluster": "ids"},
        })
    };
    let gateway = json!({
        "deployment": "ingress", "issuers": [issuer("one"), issuer("two")],
        "routes": [{
            "name": "all", "match": {"hosts": ["*"], "path": "/**", "methods": "any"},
            "subtenancy": "refused", "scopes": "not_needed", "authentication": "required",
            "upstream": {"caller_token": "remove"},
        }],
    });
    fs::write(&document, gateway.to_string()).expect("a document");
    let file = document.to_str().expect("a name");
    let rows: [&[&str]; 4] = [
        &["--cluster", "ids=ids.internal:443", "--name", "123"],
        &["--cluster", "ids=127.0.0.1:443", "--upstream", "127.0.0.1:443,tls"],
        &["--cluster", "ids=[::1]:80,plaintext", "--upstream", "[::1]:443,tls"],
        &["--cluster", "ids=h:1,tls", "--upstream", "app.internal:1,tls", "--name", "no"],
    ];
    for more in rows {
        let rendered = Command::new(env!("CARGO_BIN_EXE_tenantgate"))
            .args(["render", "envoy", file, "--wasm", module()])
            .args(["--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"])
            .args(more)
            .output()
            .expect("the tool");
        assert!(rendered.status.success(), "{}", String::from_utf8_lossy(&rendered.stderr));
        fs::write(&config, &rendered.stdout).expect("a configuration file");
        validate(&envoy_binary(), &config, &setup.environment)
            .unwrap_or_else(|error| panic!("{more:?} {error}"));
    }
}
