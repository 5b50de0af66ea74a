//! Report-only beside enforcement: the same traffic, the same codes, nothing stopped and nothing
//! given to those who would be refused.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test stops by panicking; clippy spares only functions that carry `#[test]`"
)]

use std::collections::BTreeMap;
use std::time::Duration;

use crate::support::{Answer, CONFIGURATION, Fate, World};

mod support;

fn with_mode(mode: &str) -> String {
    CONFIGURATION.replacen('{', &format!(r#"{{"mode":"{mode}","#), 1)
}

/// The configuration in which route `own` alone only reports.
fn one_route() -> String {
    CONFIGURATION.replacen(r#""name": "own","#, r#""name": "own", "mode": "report_only","#, 1)
}

fn claims(world: &World, more: &str) -> String {
    let exp = world.now.as_seconds() + 3600;
    world
        .mint
        .token_of(&format!(r#"{{"iss":"https://id.example","aud":"our-api","exp":{exp}{more}}}"#))
}

/// A bit of everything: path and token.
fn traffic(world: &World) -> Vec<(&'static str, Option<String>)> {
    let acme = claims(world, r#","ten":"acme""#);
    let north = claims(world, r#","ten":"acme","subtenant":"north""#);
    let beta = claims(world, r#","ten":"beta""#);
    let stranger = claims(world, r#","ten":"gamma""#);
    vec![
        ("/own/x", Some(acme.clone())),
        ("/own/x", Some(north.clone())),
        ("/own/x", Some(stranger)),
        ("/own/x", Some("no.to.ken".to_owned())),
        ("/own/x", None),
        ("/tenant/x", Some(acme.clone())),
        ("/tenant/x", Some(beta)),
        ("/tenant/x", Some(north.clone())),
        ("/tenant/x", None),
        ("/sub/x", Some(north)),
        ("/own/../x", Some(acme.clone())),
        ("/nowhere", Some(acme)),
    ]
}

/// A world in which keys and tokens are at hand.
fn warm(configuration: &str) -> World {
    let mut world = World::of(1, configuration);
    world.settle();
    for path in ["/tenant/x", "/sub/x"] {
        let subtenant = (path == "/sub/x").then_some("north");
        let token = world.mint.token("acme", subtenant, world.now);
        world.request(0, path, Some(&token));
        world.settle();
    }
    world.pass(Duration::from_secs(2));
    world
}

fn send(world: &mut World) -> Vec<(Fate, BTreeMap<&'static str, String>)> {
    let requests: Vec<_> = traffic(world)
        .into_iter()
        .map(|(path, token)| world.request(0, path, token.as_deref()))
        .collect();
    world.pass(Duration::from_secs(2));
    let ends = requests
        .into_iter()
        .map(|request| (world.fate(request), world.state(request).iter().cloned().collect()));
    ends.collect()
}

/// The headers that were set, or how it was refused.
fn names(fate: &Fate) -> (Vec<&str>, Option<&str>) {
    match fate {
        Fate::Forwarded(headers) => (headers.keys().map(String::as_str).collect(), None),
        Fate::Refused(_, reason) => (Vec::new(), Some(reason)),
        Fate::Waiting => panic!("nobody waits any more"),
    }
}

fn codes(world: &World, prefix: &str) -> BTreeMap<String, i64> {
    let counted = world.metrics.iter().filter_map(|(name, count)| {
        Some((name.strip_prefix(&format!("tenantgate.request.{prefix}."))?.to_owned(), *count))
    });
    counted.collect()
}

#[test]
fn the_same_traffic_has_the_same_codes_and_nothing_is_stopped() {
    let mut enforcing = warm(&with_mode("enforce"));
    let mut reporting = warm(&with_mode("report_only"));
    let (enforced, reported) = (send(&mut enforcing), send(&mut reporting));

    assert_eq!(codes(&enforcing, "refused"), codes(&reporting, "would_deny"));
    assert_eq!(codes(&enforcing, "refused").values().sum::<i64>(), 9);
    assert!(codes(&enforcing, "would_deny").is_empty() && codes(&reporting, "refused").is_empty());

    for ((enforced, state), (reported, reported_state)) in enforced.into_iter().zip(reported) {
        match enforced {
            // The tokens themselves were fetched at different times.
            Fate::Forwarded(_) => assert_eq!(names(&enforced), names(&reported)),
            Fate::Refused(..) => {
                assert_eq!(reported, Fate::Forwarded(BTreeMap::new()), "nothing of ours is set");
                let why = |state: &BTreeMap<_, String>| {
                    ["reason", "route"].map(|key| state.get(&*format!("tenantgate.{key}")).cloned())
                };
                assert_eq!(why(&state), why(&reported_state));
                assert!(!state.contains_key("tenantgate.decision"), "its reason says it");
                assert_eq!(reported_state["tenantgate.decision"], "would_deny");
            }
            Fate::Waiting => panic!("nothing is missing"),
        }
    }
}

#[test]
fn reports_say_code_reason_and_route_and_the_gauge_says_that_it_is_on() {
    let mut world = warm(&with_mode("report_only"));
    send(&mut world);
    let line = "would deny 1 requests on route `tenant`: code tenant_mismatch, reason \
                tenant_not_served_by_credential";
    assert!(world.log().contains(&line), "{:?}", world.log());
    let line = "would deny 1 requests on no route: code route_unknown, reason no_route";
    assert!(world.log().contains(&line), "{:?}", world.log());
    assert!(!world.log().iter().any(|line| line.starts_with("refused")));
    assert_eq!(world.metrics["tenantgate.report_only"], 2, "one for each worker");
    assert!(!warm(CONFIGURATION).metrics.contains_key("tenantgate.report_only"));
}

#[test]
fn nobody_waits_and_what_is_missing_is_there_for_those_who_come_later() {
    let mut world = World::of(1, &with_mode("report_only"));
    let caller = claims(&world, r#","ten":"acme""#);
    let request = world.request(0, "/tenant/x", Some(&caller));
    assert_eq!(world.fate(request), Fate::Forwarded(BTreeMap::new()), "no keys yet");
    assert_eq!(world.state(request)[0], ("tenantgate.decision", "would_wait".to_owned()));
    world.pass(Duration::from_secs(2));

    let request = world.request(0, "/tenant/x", Some(&caller));
    assert_eq!(world.fate(request), Fate::Forwarded(BTreeMap::new()), "no token yet");
    assert_eq!(world.state(request)[0], ("tenantgate.decision", "would_wait".to_owned()));
    world.pass(Duration::from_secs(2));

    let request = world.request(0, "/tenant/x", Some(&caller));
    let fate = world.fate(request);
    assert!(fate.header("authorization").is_some_and(|token| token.starts_with("Bearer ")));
    assert_eq!(fate.header("x-tenant"), Some("acme"));
    assert_eq!(world.metrics["tenantgate.request.would_wait"], 2);
    assert!(!world.metrics.contains_key("tenantgate.request.waited"));
    assert_eq!(world.waiting(0), 0);
}

#[test]
fn a_failed_fetch_is_reported_and_stops_nobody() {
    let mut world = warm(&with_mode("report_only"));
    world.provider.script(|_, _| Some(Answer::status(400)));
    let caller = claims(&world, r#","ten":"acme""#);
    world.request(0, "/slow/x", Some(&caller));
    world.pass(Duration::from_secs(2));
    let request = world.request(0, "/slow/x", Some(&caller));
    assert_eq!(world.fate(request), Fate::Forwarded(BTreeMap::new()));
    assert_eq!(world.state(request)[1], ("tenantgate.code", "token_unavailable".to_owned()));
}

#[test]
fn one_route_that_only_reports_leaves_all_others_as_they_are() {
    let mut enforcing = warm(CONFIGURATION);
    let mut mixed = warm(&one_route());
    let (enforced, mixed) = (send(&mut enforcing), send(&mut mixed));
    let requests = traffic(&enforcing);
    for (((path, _), (enforced, _)), (mixed, _)) in requests.iter().zip(enforced).zip(mixed) {
        // A path that has no canonical form is on no route.
        if path.starts_with("/own/x") && matches!(enforced, Fate::Refused(..)) {
            assert_eq!(mixed, Fate::Forwarded(BTreeMap::new()), "{path}");
        } else {
            assert_eq!(names(&mixed), names(&enforced), "{path}");
        }
    }
}

#[test]
fn a_route_may_be_enforced_where_everything_else_only_reports() {
    let configuration = with_mode("report_only").replacen(
        r#""name": "own","#,
        r#""name": "own", "mode": "enforce","#,
        1,
    );
    let mut world = warm(&configuration);
    let own = world.request(0, "/own/x", None);
    let other = world.request(0, "/tenant/x", None);
    assert_eq!(world.fate(own), Fate::Refused(401, "credential_missing"));
    assert_eq!(world.fate(other), Fate::Forwarded(BTreeMap::new()));
    // An enforced route cannot be passed by asking for it in another spelling.
    let spelt = world.request(0, "/x/%2e%2e/own/x", None);
    assert_eq!(world.fate(spelt), Fate::Refused(400, "path_dot_segment"));
}

#[test]
fn the_demo_shows_the_header_that_is_shipped() {
    let shipped = include_str!("../envoy/filter-state/report-only-header.json");
    let demo = include_str!("../envoy/ingress.yaml");
    for key in [r#""key": ""#, r#""value": ""#] {
        let text = shipped.split_once(key).and_then(|(_, rest)| rest.split_once('"'));
        let (text, _) = text.unwrap_or_else(|| panic!("no {key}"));
        assert!(demo.contains(text), "{text}");
    }
}
