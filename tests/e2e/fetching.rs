//! Many requests, few fetches.

use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use serde_json::json;

use crate::development::caller::Caller;
use crate::development::codes;
use crate::development::http_client::{Connection, request};
use crate::development::upstream::seen;
use crate::lab::{Lab, Setup, eventually};
use crate::outage::assert_unavailable;

#[test]
fn five_hundred_first_requests_share_two_fetches() {
    let mut setup = Setup::new();
    setup.filter["limits"]["waiting_deadline"] = json!("10s");
    setup.idp.set_keys_delay(Duration::from_millis(300));
    setup.idp.set_token_delay(Duration::from_millis(300));
    let lab = setup.start();
    let authorization =
        format!("Bearer {}", lab.idp.sign(&Caller::of_tenant("acme").in_subtenant("north")));
    let start = Barrier::new(FIRST_REQUESTS);
    let statuses: Vec<_> = thread::scope(|scope| {
        let clients: Vec<_> = (0..FIRST_REQUESTS)
            .map(|_| {
                scope.spawn(|| {
                    let mut connection = Connection::open(lab.gateway).unwrap();
                    start.wait();
                    connection
                        .send(&request(
                            "GET",
                            "/api/assets/1",
                            &[("authorization", &authorization)],
                            "",
                        ))
                        .unwrap();
                    connection.receive().unwrap().status
                })
            })
            .collect();
        clients.into_iter().map(|client| client.join().unwrap()).collect()
    });
    let good = statuses.iter().filter(|status| **status == 200).count();
    assert_eq!(good, FIRST_REQUESTS, "{statuses:?}");
    assert!((1..=2).contains(&lab.idp.calls("token")), "{} token calls", lab.idp.calls("token"));
    assert!((1..=2).contains(&lab.idp.calls("keys")), "{} key set calls", lab.idp.calls("keys"));
    lab.assert_unharmed();
}

#[test]
fn a_client_that_leaves_while_it_waits_harms_nobody() {
    let lab = Lab::start();
    let north = lab.idp.sign(&Caller::of_tenant("acme").in_subtenant("north"));
    // The keys are there, so all of them wait for the token.
    assert_eq!(lab.get("/api/profile/me", &Caller::of_tenant("acme")).status, 200);
    lab.idp.set_token_delay(Duration::from_millis(1000));
    let head =
        request("GET", "/api/assets/1", &[("authorization", &format!("Bearer {north}"))], "");
    let mut leader = Connection::open(lab.gateway).unwrap();
    leader.send(&head).unwrap();
    eventually("token call", || (lab.idp.calls("token") > 0).then_some(()));
    let mut followers: Vec<_> = (0..20).map(|_| Connection::open(lab.gateway).unwrap()).collect();
    for follower in &mut followers {
        follower.send(&head).unwrap();
    }
    drop(leader);
    // Every other one of the followers leaves too.
    let followers = followers.into_iter().step_by(2);
    for mut follower in followers {
        let answer = follower.receive().unwrap();
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(seen(&answer.json(), "x-subtenant"), ["north"]);
    }
    assert!(lab.idp.calls("token") <= 2, "{} token calls", lab.idp.calls("token"));
    lab.assert_unharmed();
}

#[test]
fn more_than_may_wait_are_told_to_come_back() {
    let mut setup = Setup::new();
    setup.filter["limits"]["waiters"] = json!(16);
    let lab = setup.start();
    let user = Caller::of_tenant("acme");
    assert_eq!(lab.get("/api/profile/me", &user).status, 200);
    lab.idp.set_token_delay(Duration::from_millis(800));
    let authorization = format!("Bearer {}", lab.idp.sign(&user));
    let mut connections: Vec<_> =
        (0..100).map(|_| Connection::open(lab.gateway).unwrap()).collect();
    for connection in &mut connections {
        connection
            .send(&request("GET", "/api/reports/1", &[("authorization", &authorization)], ""))
            .unwrap();
    }
    let (mut passed, mut refused) = (0, 0);
    for mut connection in connections {
        let answer = connection.receive().unwrap();
        if answer.status == 200 {
            passed += 1;
        } else {
            assert_unavailable(&answer, codes::OVERLOADED);
            refused += 1;
        }
    }
    assert!((1..=32).contains(&passed), "{passed} waited on two workers of 16 places each");
    assert_eq!(passed + refused, 100);
    lab.assert_unharmed();
}

#[test]
fn a_waiting_request_is_forwarded_with_its_whole_body() {
    let lab = Lab::start();
    lab.idp.set_token_delay(Duration::from_millis(500));
    let authorization = format!("Bearer {}", lab.idp.sign(&Caller::of_tenant("acme")));
    let body = "b".repeat(200_000);
    let answer =
        lab.send(&request("POST", "/api/reports/1", &[("authorization", &authorization)], &body));
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(seen(&answer.json(), "content-length"), ["200000"]);
    assert_ne!(seen(&answer.json(), "authorization"), [authorization]);
    assert_eq!(lab.idp.calls("token"), 1);
}

#[test]
fn an_opaque_token_is_fetched_once_and_shared() {
    let lab = Lab::start();
    let mut values = Vec::new();
    for caller in [Caller::of_tenant("acme"), Caller::of_tenant("beta"), Caller::of_tenant("acme")]
    {
        let answer = lab.get("/api/exchange/1", &caller);
        assert_eq!(answer.status, 200, "{}", answer.text());
        values.extend(seen(&answer.json(), "authorization"));
    }
    assert!(values[0].starts_with("Bearer opaque-"), "{values:?}");
    values.dedup();
    assert_eq!(values.len(), 1, "{values:?}");
    assert_eq!(lab.idp.calls("generic"), 1);
}

#[test]
fn a_token_is_renewed_before_it_ends() {
    let setup = Setup::new();
    setup.idp.set_lifetime(20);
    let lab = setup.start();
    let user = Caller::of_tenant("acme");
    assert_eq!(lab.get("/api/reports/1", &user).status, 200);
    let first = lab.idp.calls("token");
    // Half the lifetime is the earliest that a token is renewed; nobody notices when it is.
    for _ in 0..14 {
        thread::sleep(Duration::from_secs(1));
        assert_eq!(lab.get("/api/reports/1", &user).status, 200);
    }
    let renewals = lab.idp.calls("token") - first;
    assert!((1..=3).contains(&renewals), "{renewals} renewals in 14 of 20 seconds");
}

const FIRST_REQUESTS: usize = 500;
