//! Technical tokens over time, in the simulated world: stampedes, outages, wrong answers, workers
//! that die, clients that go.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test stops by panicking; clippy spares only functions that carry `#[test]`"
)]

mod support;

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use support::tokens::tenant_token;
use support::{Answer, Asked, CONFIGURATION, Fate, Request, World};
use tenantgate::message::CallFailure;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

/// A world in which all keys are there.
fn world(workers: usize) -> World {
    let mut world = World::new(workers);
    world.pass(SECOND);
    assert_eq!(world.provider.count(&Asked::Keys), 1);
    world
}

fn ask(world: &mut World, worker: usize, path: &str, subtenant: Option<&str>) -> Request {
    let token = world.mint.token("acme", subtenant, world.now);
    world.request(worker, path, Some(&token))
}

/// The claims of the technical token on a forwarded request.
fn claims(fate: &Fate) -> serde_json::Value {
    let value = fate.header("authorization").expect("a forwarded request");
    let payload = value.strip_prefix("Bearer ").unwrap().split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

#[test]
fn a_cold_stampede_over_all_workers_costs_one_call_of_each_kind() {
    let mut world = World::new(4);
    let token = world.mint.token("acme", None, world.now);
    let requests: Vec<_> =
        (0..800).map(|n| world.request(n % 4, "/tenant/x", Some(&token))).collect();
    world.pass(2 * SECOND);
    for request in &requests {
        let fate = world.fate(*request);
        assert_eq!(claims(&fate)["ten"], "acme");
        assert_eq!(fate.header("x-tenant"), Some("acme"));
    }
    assert_eq!(world.provider.count(&Asked::Keys), 1);
    assert_eq!(world.provider.count(&Asked::Token(None)), 1);
}

#[test]
fn many_released_requests_have_their_turn_over_several_callbacks() {
    let mut world = world(1);
    let requests: Vec<_> = (0..400).map(|_| ask(&mut world, 0, "/tenant/x", None)).collect();
    world.pass(SECOND);
    assert!(requests.iter().all(|r| matches!(world.fate(*r), Fate::Forwarded(_))));
    assert_eq!(world.waiting(0), 0);
}

#[test]
fn each_subtenant_gets_its_own_token_and_never_another() {
    let mut world = world(2);
    let names: Vec<_> = (0..50).map(|n| format!("sub-{n}")).collect();
    let mut requests = Vec::new();
    for round in 0..4 {
        for (at, name) in names.iter().enumerate() {
            let request = ask(&mut world, (at + round) % 2, "/sub/x", Some(name));
            requests.push((request, name));
        }
        world.pass(Duration::from_millis(7));
    }
    world.pass(SECOND);
    for (request, name) in requests {
        let fate = world.fate(request);
        assert_eq!(claims(&fate)["subtenant"], name.as_str());
        assert_eq!(fate.header("x-subtenant"), Some(name.as_str()));
    }
    assert_eq!(world.provider.token_calls(), 50);
}

#[test]
fn a_caller_of_another_tenant_is_refused_before_any_call() {
    let mut world = world(1);
    let token = world.mint.token("beta", Some("sub-1"), world.now);
    let request = world.request(0, "/sub/x", Some(&token));
    assert_eq!(world.fate(request), Fate::Refused(403, "tenant_not_served_by_credential"));
    world.pass(SECOND);
    assert_eq!(world.provider.token_calls(), 0);
}

#[test]
fn twelve_hours_with_tokens_of_half_an_hour_never_make_a_request_wait_again() {
    let mut world = world(2);
    let first = ask(&mut world, 0, "/tenant/x", None);
    world.settle();
    assert!(world.waited(first) > Duration::ZERO);
    for minute in 0..12 * 60 {
        for worker in 0..2 {
            let request = ask(&mut world, worker, "/tenant/x", None);
            world.settle();
            assert!(matches!(world.fate(request), Fate::Forwarded(_)), "minute {minute}");
            let waited = world.waited(request);
            let is_first_of_worker = minute == 0 && worker == 1;
            assert!(waited == Duration::ZERO || is_first_of_worker, "{waited:?} in {minute}");
        }
        world.pass(MINUTE);
    }
    let times: Vec<_> =
        world.provider.times.iter().filter(|(_, what)| *what != Asked::Keys).collect();
    for pair in times.windows(2) {
        let gap = pair[1].0.since(pair[0].0).as_secs();
        assert!((1460..=1570).contains(&gap), "a refresh after {gap} s");
    }
    assert!((28..=31).contains(&times.len()), "{} calls in twelve hours", times.len());
}

#[test]
fn an_outage_of_24_minutes_is_not_noticed_by_any_caller() {
    let mut world = world(2);
    ask(&mut world, 0, "/tenant/x", None);
    world.settle();
    world.provider.script(|_, _| Some(Answer::status(503)));
    for minute in 0..24 {
        let request = ask(&mut world, minute % 2, "/tenant/x", None);
        world.settle();
        assert!(matches!(world.fate(request), Fate::Forwarded(_)), "minute {minute}");
        world.pass(MINUTE - Duration::from_millis(500));
    }
    world.provider.recover();
    for minute in 24..90 {
        let request = ask(&mut world, minute % 2, "/tenant/x", None);
        world.settle();
        assert!(matches!(world.fate(request), Fate::Forwarded(_)), "minute {minute}");
        world.pass(MINUTE);
    }
}

#[test]
fn an_expired_token_is_not_sent_whatever_the_provider_does() {
    let mut world = world(1);
    ask(&mut world, 0, "/tenant/x", None);
    world.settle();
    world.provider.script(|_, _| Some(Answer::status(500)));
    world.pass(29 * MINUTE + 48 * SECOND);
    let last = ask(&mut world, 0, "/tenant/x", None);
    assert!(matches!(world.fate(last), Fate::Forwarded(_)));
    world.pass(3 * SECOND);
    let late = ask(&mut world, 0, "/tenant/x", None);
    world.pass(6 * SECOND);
    assert!(matches!(world.fate(late), Fate::Refused(503, "token_unavailable")));
}

#[test]
fn a_provider_that_is_down_means_503_and_recovers_without_a_restart() {
    let mut world = world(2);
    world.provider.script(|_, _| Some(Answer::status(503)));
    let first = ask(&mut world, 0, "/tenant/x", None);
    world.settle();
    assert_eq!(world.fate(first), Fate::Refused(503, "token_unavailable"));
    let at_once = ask(&mut world, 0, "/tenant/x", None);
    assert_eq!(world.fate(at_once), Fate::Refused(503, "token_unavailable"));
    world.provider.recover();
    world.pass(2 * SECOND);
    let after = ask(&mut world, 0, "/tenant/x", None);
    let elsewhere = ask(&mut world, 1, "/tenant/x", None);
    world.settle();
    for request in [after, elsewhere] {
        assert!(matches!(world.fate(request), Fate::Forwarded(_)));
    }
}

#[test]
fn failures_hold_all_workers_back_together_and_ever_longer() {
    let mut world = world(4);
    world.provider.script(|_, _| Some(Answer::status(500)));
    for _ in 0..60 * 10 {
        for worker in 0..4 {
            ask(&mut world, worker, "/tenant/x", None);
        }
        world.pass(Duration::from_millis(100));
    }
    let calls = world.provider.token_calls();
    assert!((5..=9).contains(&calls), "{calls} calls in a minute");
}

#[test]
fn a_provider_that_never_answers_means_503_at_the_deadline() {
    let mut world = world(1);
    world.provider.latency = Duration::from_secs(3600);
    let request = ask(&mut world, 0, "/slow/x", None);
    world.pass(6 * SECOND);
    assert_eq!(world.fate(request), Fate::Refused(503, "waited_too_long"));
    assert!(world.log().iter().any(|line| line.contains("route `slow`: waited_too_long")));
    assert!(world.waited(request) <= 5 * SECOND + Duration::from_millis(20));
    assert_eq!(world.waiting(0), 0);
}

#[test]
fn answers_with_another_token_than_asked_reach_nobody_and_are_not_kept() {
    let other_tenant = |now| tenant_token("beta", None, now, 1800, 1);
    let unasked = |now| tenant_token("acme", Some("sub-9"), now, 1800, 1);
    let expired = |now: tenantgate::time::Timestamp| {
        tenant_token("acme", None, now.before(Duration::from_secs(2000)), 1800, 1)
    };
    type Make = Box<dyn Fn(tenantgate::time::Timestamp) -> Answer>;
    let answers: Vec<(&str, Make)> = vec![
        ("fetched_tenant_mismatch", Box::new(move |now| Answer::grant(&other_tenant(now)))),
        ("fetched_subtenant_unasked", Box::new(move |now| Answer::grant(&unasked(now)))),
        ("expired", Box::new(move |now| Answer::grant(&expired(now)))),
        ("malformed", Box::new(|_| Answer::grant("opaque"))),
        ("answer_not_json", Box::new(|_| Answer::http(200, "text/html", "<html>"))),
        ("answer_not_json", Box::new(|_| Answer::json(""))),
        ("answer_too_large", Box::new(|_| Answer::Failed(CallFailure::TooLarge(None)))),
        ("answer_interrupted", Box::new(|_| Answer::Failed(CallFailure::Interrupted))),
        ("unavailable_or_timeout", Box::new(|_| Answer::timeout())),
    ];
    for (reason, make) in answers {
        let mut world = world(2);
        world.provider.script(move |asked, now| (*asked != Asked::Keys).then(|| make(now)));
        let request = ask(&mut world, 0, "/tenant/x", None);
        world.settle();
        assert_eq!(world.fate(request), Fate::Refused(503, "token_unavailable"), "{reason}");
        assert!(
            world.log().iter().any(|line| line.contains(reason)),
            "{reason}: {:?}",
            world.log()
        );
        world.provider.recover();
        world.pass(6 * SECOND);
        let healed = ask(&mut world, 1, "/tenant/x", None);
        world.settle();
        assert_eq!(claims(&world.fate(healed))["ten"], "acme", "{reason}");
    }
}

#[test]
fn a_whole_tenants_token_is_never_taken_for_a_subtenants() {
    let mut world = world(1);
    world.provider.script(|asked, now| match asked {
        Asked::Token(Some(_)) => Some(Answer::grant(&tenant_token("acme", None, now, 1800, 1))),
        Asked::Token(None) | Asked::Keys | Asked::KeysOf(_) | Asked::Metadata => None,
    });
    let request = ask(&mut world, 0, "/sub/x", Some("sub-1"));
    world.settle();
    assert_eq!(world.fate(request), Fate::Refused(503, "token_unavailable"));
}

#[test]
fn one_subtenants_failure_does_not_hold_another_back() {
    let mut world = world(1);
    world.provider.script(|asked, _| match asked {
        Asked::Token(Some(name)) if name == "bad" => Some(Answer::status(403)),
        Asked::Token(_) | Asked::Keys | Asked::KeysOf(_) | Asked::Metadata => None,
    });
    let bad = ask(&mut world, 0, "/sub/x", Some("bad"));
    let good = ask(&mut world, 0, "/sub/x", Some("good"));
    world.settle();
    assert_eq!(world.fate(bad), Fate::Refused(503, "token_unavailable"));
    assert_eq!(claims(&world.fate(good))["subtenant"], "good");
}

#[test]
fn a_tampered_record_is_rejected_and_fetched_anew() {
    let mut world = world(2);
    ask(&mut world, 0, "/tenant/x", None);
    world.settle();
    let forged = tenant_token("beta", None, world.now, 1800, 1);
    let good = tenant_token("acme", None, world.now, 1800, 1);
    assert_eq!(forged.len(), good.len());
    world.shared.tamper(|key, value| {
        if key.contains("/token/") {
            let end = value.len();
            value[end - forged.len()..].copy_from_slice(forged.as_bytes());
        }
    });
    let request = ask(&mut world, 1, "/tenant/x", None);
    world.settle();
    assert_eq!(claims(&world.fate(request))["ten"], "acme");
    let rejections = world.log().iter().filter(|line| line.contains("record was rejected")).count();
    assert_eq!(rejections, 1, "{:?}", world.log());
}

#[test]
fn garbage_in_the_shared_data_is_overwritten() {
    let mut world = world(2);
    ask(&mut world, 0, "/tenant/x", None);
    world.settle();
    world.shared.tamper(|_, value| *value = b"\x01garbage".to_vec());
    let request = ask(&mut world, 1, "/tenant/x", None);
    world.settle();
    assert_eq!(claims(&world.fate(request))["ten"], "acme");
}

#[test]
fn the_lease_of_a_dead_worker_passes_to_another() {
    let mut world = world(2);
    world.provider.latency = SECOND;
    let doomed = ask(&mut world, 0, "/slow/x", None);
    assert_eq!(world.fate(doomed), Fate::Waiting);
    world.pass(Duration::from_millis(100));
    let request = ask(&mut world, 1, "/slow/x", None);
    world.kill(0);
    world.pass(6 * SECOND);
    assert_eq!(claims(&world.fate(request))["ten"], "acme");
    assert!(world.waited(request) < 5 * SECOND, "within the deadline of a request");
    assert_eq!(world.provider.token_calls(), 2);
}

#[test]
fn a_slow_call_keeps_its_lease() {
    let mut world = world(3);
    world.provider.latency = 9 * SECOND;
    for second in 0..9 {
        ask(&mut world, second % 3, "/slow/x", None);
        world.pass(SECOND);
    }
    assert_eq!(world.provider.token_calls(), 1);
    world.pass(SECOND);
    let late = ask(&mut world, 1, "/slow/x", None);
    world.settle();
    assert!(matches!(world.fate(late), Fate::Forwarded(_)));
    assert_eq!(world.provider.token_calls(), 1);
}

#[test]
fn a_clock_that_steps_back_stops_nothing() {
    let mut world = world(2);
    let start = world.now;
    world.now = start + 60 * MINUTE;
    world.provider.script(|_, _| Some(Answer::status(500)));
    ask(&mut world, 0, "/tenant/x", None);
    world.settle();
    let waiting = ask(&mut world, 0, "/slow/x", None);
    world.provider.recover();
    world.set_clock(start);
    let fresh = world.start_worker(CONFIGURATION);
    world.pass(3 * SECOND);
    assert_ne!(world.fate(waiting), Fate::Waiting, "its deadline lies in another time");
    for worker in [0, fresh] {
        let request = ask(&mut world, worker, "/tenant/x", None);
        world.settle();
        assert!(matches!(world.fate(request), Fate::Forwarded(_)), "worker {worker}");
    }
}

#[test]
fn a_flood_of_subtenants_does_not_flood_the_provider() {
    let mut world = world(1);
    world.provider.latency = SECOND;
    let names: Vec<_> = (0..3000).map(|n| format!("sub-{n}")).collect();
    let requests: Vec<_> =
        names.iter().map(|name| ask(&mut world, 0, "/sub/x", Some(name))).collect();
    world.pass(Duration::from_millis(500));
    assert_eq!(world.provider.token_calls(), 64);
    world.pass(Duration::from_secs(30));
    let served = |at: usize| matches!(world.fate(requests[at]), Fate::Forwarded(_));
    assert!((0..64 * 4).all(served), "first come, first served");
    assert!(requests.iter().all(|request| world.fate(*request) != Fate::Waiting));
}

#[test]
fn no_callback_gives_more_than_a_bounded_number_of_requests_their_turn() {
    let mut world = World::new(1);
    let requests: Vec<_> = (0..400).map(|_| ask(&mut world, 0, "/tenant/x", None)).collect();
    world.pass(2 * SECOND);
    assert!(requests.iter().all(|r| matches!(world.fate(*r), Fate::Forwarded(_))));
    assert_eq!(world.most_turns, 128);
}

#[test]
fn a_provider_that_repeats_its_token_is_asked_a_few_times_and_the_token_is_not_sent_too_late() {
    let mut world = world(1);
    let token = tenant_token("acme", None, world.now, 1800, 1);
    let repeated = token.clone();
    world.provider.script(move |asked, _| {
        (*asked != Asked::Keys).then(|| Answer::grant_without_lifetime(&repeated))
    });
    let begin = world.now;
    for _ in 0..1799 {
        let request = ask(&mut world, 0, "/tenant/x", None);
        world.settle();
        if world.now.since(begin) > Duration::from_secs(1791) {
            assert!(!matches!(world.fate(request), Fate::Forwarded(_)));
        }
        world.pass(Duration::from_millis(500));
    }
    let calls = world.provider.token_calls();
    assert!((4..=12).contains(&calls), "{calls} calls");
}

#[test]
fn a_host_that_stores_nothing_lets_every_worker_fetch_for_itself() {
    let mut world = world(2);
    world.shared.is_full = true;
    let requests = [0, 1].map(|worker| ask(&mut world, worker, "/tenant/x", None));
    world.settle();
    assert!(requests.iter().all(|r| matches!(world.fate(*r), Fate::Forwarded(_))));
    assert_eq!(world.provider.token_calls(), 2);
}

#[test]
fn clients_that_go_while_they_wait_harm_nobody() {
    let mut world = world(1);
    let requests: Vec<_> = (0..10).map(|_| ask(&mut world, 0, "/tenant/x", None)).collect();
    world.disconnect(requests[0]);
    world.disconnect_silently(requests[4]);
    world.disconnect_silently(requests[9]);
    world.settle();
    for (at, request) in requests.iter().enumerate() {
        let is_gone = [0, 4, 9].contains(&at);
        assert_eq!(world.fate(*request) == Fate::Waiting, is_gone, "request {at}");
    }
    assert_eq!(world.waiting(0), 0);
}

#[test]
fn a_new_configuration_finds_the_tokens_of_the_old_one() {
    let mut world = world(1);
    ask(&mut world, 0, "/tenant/x", None);
    world.settle();
    let changed = CONFIGURATION.replace("\"/own/**\"", "\"/mine/**\"");
    let worker = world.start_worker(&changed);
    world.pass(SECOND);
    let request = ask(&mut world, worker, "/tenant/x", None);
    world.settle();
    assert!(matches!(world.fate(request), Fate::Forwarded(_)));
    assert_eq!((world.provider.calls(), world.provider.token_calls()), (2, 1));
}

#[test]
fn another_secret_or_tenant_never_finds_them() {
    let mut world = world(1);
    ask(&mut world, 0, "/tenant/x", None);
    world.settle();
    let changed = CONFIGURATION.replace("CLIENT_SECRET", "OTHER_SECRET");
    let worker = world.start_worker(&changed);
    world.pass(SECOND);
    ask(&mut world, worker, "/tenant/x", None);
    world.settle();
    assert_eq!(world.provider.token_calls(), 2);
}

#[test]
fn calls_that_the_proxy_refuses_at_once_are_tried_again_later() {
    for failure in [CallFailure::UnknownCluster, CallFailure::Overloaded] {
        let mut world = world(1);
        world.provider.refuse = Some(failure);
        let request = ask(&mut world, 0, "/tenant/x", None);
        world.settle();
        assert_eq!(world.fate(request), Fate::Refused(503, "token_unavailable"));
        assert!(world.log().iter().any(|line| line.contains(failure.reason())));
        world.provider.refuse = None;
        world.pass(2 * SECOND);
        let request = ask(&mut world, 0, "/tenant/x", None);
        world.settle();
        assert!(matches!(world.fate(request), Fate::Forwarded(_)));
    }
}

#[test]
fn a_callers_token_that_expires_while_it_waits_is_refused() {
    let mut world = world(1);
    let issued = world.now.before(Duration::from_secs(3658));
    let token = world.mint.token("acme", None, issued);
    world.provider.latency = Duration::from_millis(1900);
    world.pass(SECOND);
    let request = world.request(0, "/tenant/x", Some(&token));
    assert_eq!(world.fate(request), Fate::Waiting);
    world.pass(3 * SECOND);
    assert_eq!(world.fate(request), Fate::Refused(401, "expired"));
}

#[test]
fn past_the_limit_of_waiting_requests_more_are_refused_at_once() {
    let mut world = world(1);
    let fates: Vec<_> = (0..600)
        .map(|_| {
            let request = ask(&mut world, 0, "/tenant/x", None);
            world.fate(request)
        })
        .collect();
    let waiting = fates.iter().filter(|fate| **fate == Fate::Waiting).count();
    let refused = fates.iter().filter(|fate| **fate == Fate::Refused(503, "overloaded")).count();
    assert_eq!((waiting, refused), (500, 100));
}

#[test]
fn metrics_tell_what_happened_and_gauges_come_back_to_rest() {
    let mut world = world(2);
    let first = ask(&mut world, 0, "/tenant/x", None);
    world.settle();
    let token = world.mint.token("beta", None, world.now);
    world.request(1, "/tenant/x", Some(&token));
    world.request(1, "/tenant/x", None);
    world.pass(3 * SECOND);
    assert!(matches!(world.fate(first), Fate::Forwarded(_)));
    let metric = |name: &str| world.metrics.get(&format!("tenantgate.{name}")).copied();
    assert_eq!(metric("request.forwarded"), Some(1));
    assert_eq!(metric("request.waited"), Some(1));
    assert_eq!(metric("request.waiting").unwrap_or(0), 0);
    assert_eq!(metric("request.refused.tenant_mismatch"), Some(1));
    assert_eq!(metric("request.refused.token_missing"), Some(1));
    assert_eq!(metric("fetch.keys.succeeded"), Some(1));
    assert_eq!(metric("fetch.token.succeeded"), Some(1));
    assert_eq!(metric("fetch.token.failed"), None);
    assert_eq!(metric("verified_tokens"), Some(2));
}

#[test]
fn an_expired_record_is_passed_over_in_silence() {
    let mut world = world(2);
    ask(&mut world, 0, "/tenant/x", None);
    world.settle();
    world.pass(40 * MINUTE);
    world.provider.latency = SECOND;
    let requests = [0, 1].map(|worker| ask(&mut world, worker, "/tenant/x", None));
    world.pass(2 * SECOND);
    assert!(requests.iter().all(|request| matches!(world.fate(*request), Fate::Forwarded(_))));
    assert_eq!(world.log(), Vec::<&str>::new());
}
