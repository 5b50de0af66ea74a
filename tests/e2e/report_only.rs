//! Report-only in a real Envoy: the same traffic under both modes.

use std::collections::BTreeMap;

use serde_json::json;

use crate::development::caller::Caller;
use crate::development::http_client::{Connection, Received, request};
use crate::development::upstream::seen;
use crate::lab::{Lab, Setup, eventually};

fn lab(mode: &str) -> Lab {
    let mut setup = Setup::new();
    setup.filter["mode"] = json!(mode);
    let header = include_str!("../../envoy/filter-state/report-only-header.json");
    setup.extras.virtual_host = serde_json::from_str(header).unwrap();
    let lab = setup.start();
    // Keys and technical tokens are at hand before the traffic comes, on both workers: the listener
    // spreads open connections evenly, so four of them reach both.
    let acme = Caller::of_tenant("acme");
    let asked = [("/api/reports/1", acme.clone()), ("/api/assets/1", acme.in_subtenant("north"))];
    let mut connections: Vec<_> =
        (0..4).map(|_| Connection::open(lab.gateway).expect("a connection")).collect();
    for connection in &mut connections {
        for (path, caller) in &asked {
            let token = format!("Bearer {}", lab.idp.sign(caller));
            let bytes = request("GET", path, &[("authorization", &token)], "");
            eventually("technical token", || {
                connection.send(&bytes).expect("a request");
                let answer = connection.receive().expect("an answer");
                (answer.status == 200 && technical(&answer)).then_some(())
            });
        }
    }
    lab
}

/// Whether the upstream saw a technical token.
fn technical(answer: &Received) -> bool {
    let seen = seen(&answer.json(), "authorization");
    seen.iter().any(|value| {
        value.contains(".") && answer_claims(value)["grant_type"] == "client_credentials"
    })
}

fn answer_claims(authorization: &str) -> serde_json::Value {
    crate::development::signing_key::claims_of(authorization.trim_start_matches("Bearer "))
}

/// A bit of everything, and how many of it are refused under enforcement.
fn traffic(lab: &Lab) -> Vec<Received> {
    let (acme, beta) = (Caller::of_tenant("acme"), Caller::of_tenant("beta"));
    let north = acme.clone().in_subtenant("north");
    let mut answers = vec![
        lab.get("/api/profile/me", &acme),
        lab.get("/api/profile/me", &north),
        lab.get("/api/reports/1", &acme),
        lab.get("/api/reports/1", &beta),
        lab.get("/api/reports/1", &north),
        lab.get("/api/only/1", &acme),
        lab.get("/api/assets/1", &acme.clone().with("scope", json!(["other"]))),
        lab.get("/api/assets/1", &north),
        lab.get("/api/profile/me", &acme.clone().expired()),
        lab.get("/nowhere", &acme),
    ];
    let spoofed = [("x-tenant", "acme"), ("x_subtenant", "north"), ("appkey", "key")];
    for path in ["/api/reports/1", "/api/profile/../x", "/public/page"] {
        answers.push(lab.send(&request("GET", path, &spoofed, "")));
    }
    answers.push(lab.send(&request("DELETE", "/api/profile/me", &spoofed, "")));
    answers
}

fn codes(lab: &Lab, prefix: &str) -> BTreeMap<String, u64> {
    let start = format!("wasmcustom.tenantgate.request.{prefix}.");
    let page = lab.envoy.admin("GET", "/stats").unwrap().text();
    let counted = page.lines().filter_map(|line| {
        let (code, count) = line.strip_prefix(&start)?.split_once(": ")?;
        Some((code.to_owned(), count.parse().unwrap()))
    });
    counted.collect()
}

#[test]
fn report_only_stops_nobody_and_gives_nothing_to_those_it_would_refuse() {
    let (enforcing, reporting) = (lab("enforce"), lab("report_only"));
    // What warming up has been refused or reported is not counted.
    let (enforced, reported) = (traffic(&enforcing), traffic(&reporting));
    let refused = enforced.iter().filter(|answer| answer.status != 200).count();
    assert_eq!(refused, 10);

    let counted = |lab: &Lab, prefix| {
        let all = || Some(codes(lab, prefix)).filter(|all| all.values().sum::<u64>() == 10);
        eventually("counts of all refusals", all)
    };
    assert_eq!(counted(&enforcing, "refused"), counted(&reporting, "would_deny"));
    assert!(codes(&enforcing, "would_deny").is_empty() && codes(&reporting, "refused").is_empty());

    for (enforced, reported) in enforced.iter().zip(&reported) {
        assert_eq!(reported.status, 200, "{}", reported.text());
        let header = reported.field("x-tenantgate-report-only").to_owned();
        let echo = reported.json();
        if enforced.status == 200 {
            assert_eq!(technical(enforced), technical(reported));
            assert_eq!(seen(&enforced.json(), "x-tenant"), seen(&echo, "x-tenant"));
            assert_eq!(header.trim_end_matches([' ', '-']), "", "{header}");
        } else {
            assert!(!technical(reported), "{header}");
            for name in ["x-tenant", "x-subtenant", "x_subtenant", "x-user", "appkey"] {
                assert_eq!(seen(&echo, name), [""; 0], "{name}");
            }
            assert_eq!(header, format!("would_deny {}", enforced.code()));
        }
    }
    let log = reporting.envoy.log();
    assert!(log.contains("mode: lets every request pass"), "{log}");
    assert!(
        log.contains("would deny 1 requests on route `reports`: code tenant_mismatch"),
        "{log}"
    );
    assert!(reporting.envoy.stat("wasmcustom.tenantgate.report_only").unwrap() > 0);
    assert_eq!(enforcing.envoy.stat("wasmcustom.tenantgate.report_only").unwrap(), 0);
}
