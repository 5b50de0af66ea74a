//! Configurations, good and bad, as Envoy meets them.

use std::fs;
use std::path::Path;
use std::time::Duration;

use serde_json::json;

use crate::certificates::Identity;
use crate::development::caller::Caller;
use crate::development::envoy::{EnvoyError, example, validate};
use crate::development::http_client::{Connection, Received, exchange, request};
use crate::development::scratch::Scratch;
use crate::development::signing_key::claims_of;
use crate::development::upstream::seen;
use crate::filter;
use crate::lab::{SECOND_CLIENT, Setup, envoy_binary, eventually, module};
use crate::rotating_secret::SECRETS;

#[test]
fn every_example_is_accepted_by_envoy() {
    let scratch = Scratch::new().unwrap();
    let client = Identity::authority().sign("gateway");
    let secret = "a secret of at least 32 bytes, for an example";
    let environment = [
        ("MINDSPHERE_CLIENT_ID", secret),
        ("MINDSPHERE_CLIENT_SECRET", secret),
        ("MINDSPHERE_TENANT", "acme"),
        ("TOKEN_SECRET", secret),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()));
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("envoy");
    let mut count = 0;
    for entry in fs::read_dir(directory).unwrap() {
        let file = entry.unwrap().path();
        // The folder beside the examples holds parts of one.
        if file.is_dir() {
            continue;
        }
        let config = scratch.path().join(file.file_name().unwrap());
        let example = example(&file, Path::new(module())).unwrap();
        fs::write(scratch.path().join("client-secret"), "s3cr3t\n").unwrap();
        fs::write(scratch.path().join("tls.crt"), client.certificate()).unwrap();
        fs::write(scratch.path().join("tls.key"), client.private_key()).unwrap();
        let example = example.replace(SECRETS, scratch.path().to_str().unwrap());
        fs::write(&config, example).unwrap();
        validate(&envoy_binary(), &config, &environment)
            .unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        count += 1;
    }
    assert!(count >= 2, "{count} examples");
}

#[test]
fn a_broken_configuration_stops_envoy_and_every_error_is_printed() {
    let mut setup = Setup::new();
    setup.filter["routes"][0]["authenticaton"] = json!("required");
    setup.filter["routes"][1]["upstream"]["inject"][0]["credential"] = json!("nobody");
    setup.filter["issuers"][0]["jwks"]["timeout"] = json!("soon");
    for outcome in [setup.validate(), setup.try_start().map(drop)] {
        let Err(EnvoyError::Exited { log }) = outcome else {
            panic!("envoy accepts a broken configuration")
        };
        for place in [
            "routes[0].authenticaton",
            "routes[1].upstream.inject[0].credential",
            "issuers[0].jwks.timeout",
        ] {
            assert!(log.contains(place), "`{place}` is not in:\n{log}");
        }
    }
}

#[test]
fn a_missing_secret_is_an_error_that_names_the_variable() {
    let mut setup = Setup::new();
    setup.filter["credentials"][0]["mindsphere_tenant"]["client_secret_env"] =
        json!("TENANTGATE_E2E_UNSET");
    let Err(EnvoyError::Exited { log }) = setup.validate() else {
        panic!("envoy accepts a missing secret")
    };
    assert!(
        log.contains("TENANTGATE_E2E_UNSET")
            && log.contains("credentials[0].mindsphere_tenant.client_secret_env"),
        "{log}"
    );
}

#[test]
fn a_bad_update_never_replaces_a_good_configuration() {
    let mut setup = Setup::new();
    setup.listener_file = true;
    let lab = setup.start();
    let user = Caller::of_tenant("acme");
    assert_eq!(lab.get("/api/reports/1", &user).status, 200);

    let mut broken = filter::ingress();
    broken["routes"][0]["authentication"] = json!("sometimes");
    lab.replace_filter(&broken);
    eventually("rejected update", || {
        lab.envoy
            .stat("listener_manager.lds.update_rejected")
            .is_ok_and(|count| count > 0)
            .then_some(())
    });
    assert!(lab.envoy.log().contains("routes[0].authentication"), "{}", lab.envoy.log());
    assert_eq!(lab.get("/api/reports/1", &user).status, 200);
    assert_eq!(lab.get("/api/profile/me", &user).status, 200);

    let mut closed = filter::ingress();
    closed["routes"][0]["scopes"] = json!({"any": ["nobody.has.this"]});
    lab.replace_filter(&closed);
    // The listener has a new port only if it was replaced as a whole; the name stays.
    eventually("new configuration in force", || {
        let gateway = lab.envoy.listener("ingress").ok()?;
        let bytes = request(
            "GET",
            "/api/profile/me",
            &[("authorization", &format!("Bearer {}", lab.idp.sign(&user)))],
            "",
        );
        let answer = exchange(gateway, &bytes).ok()?;
        (answer.status == 403).then_some(())
    });
    assert_eq!(
        lab.idp.calls("token"),
        1,
        "the technical token survives an update that does not concern it"
    );
}

#[test]
fn a_request_that_waits_while_the_configuration_is_replaced_is_answered() {
    let mut setup = Setup::new();
    setup.listener_file = true;
    let lab = setup.start();
    lab.idp.set_token_delay(Duration::from_millis(1500));
    let authorization = format!("Bearer {}", lab.idp.sign(&Caller::of_tenant("acme")));
    let mut waiting = Connection::open(lab.gateway).unwrap();
    waiting
        .send(&request("GET", "/api/reports/1", &[("authorization", &authorization)], ""))
        .unwrap();
    eventually("token call", || (lab.idp.calls("token") > 0).then_some(()));
    let mut next = filter::ingress();
    next["limits"]["waiting_deadline"] = json!("3s");
    lab.replace_filter(&next);
    eventually("update", || {
        let updates = lab.envoy.stat("listener_manager.lds.update_success");
        updates.is_ok_and(|count| count > 1).then_some(())
    });
    let answer = waiting.receive().unwrap();
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(lab.get("/api/reports/1", &Caller::of_tenant("acme")).status, 200);
}

#[test]
fn a_changed_credential_never_gets_the_token_of_the_old_one() {
    let mut setup = Setup::new();
    setup.listener_file = true;
    let lab = setup.start();
    let user = Caller::of_tenant("acme");
    assert_eq!(client_seen(&lab.get("/api/reports/1", &user)), "acme-service");

    let mut changed = filter::ingress();
    changed["credentials"][0]["mindsphere_tenant"] = json!({
        "region": "eu1", "tenant": "acme", "cluster": "piam",
        "client_id": SECOND_CLIENT, "client_secret_env": "MINDSPHERE_CLIENT_SECRET",
    });
    lab.replace_filter(&changed);
    eventually("token of the new client", || {
        let gateway = lab.envoy.listener("ingress").ok()?;
        let authorization = format!("Bearer {}", lab.idp.sign(&user));
        let head = request("GET", "/api/reports/1", &[("authorization", &authorization)], "");
        let answer = exchange(gateway, &head).ok().filter(|answer| answer.status == 200)?;
        (client_seen(&answer) == SECOND_CLIENT).then_some(())
    });
    assert_eq!(lab.idp.calls("token"), 2);
}

/// The client of the technical token that the upstream saw.
fn client_seen(answer: &Received) -> String {
    let values = seen(&answer.json(), "authorization");
    let claims = claims_of(values[0].strip_prefix("Bearer ").expect("a bearer token"));
    claims["client_id"].as_str().expect("a client").to_owned()
}
