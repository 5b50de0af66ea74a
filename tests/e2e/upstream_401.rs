//! An upstream that refuses our token.

use std::thread;
use std::time::Duration;

use serde_json::json;

use crate::development::caller::Caller;
use crate::development::http_client::{Received, request};
use crate::development::upstream::seen;
use crate::lab::{Lab, Setup, eventually};

#[test]
fn a_refused_token_is_fetched_anew_and_the_answer_is_passed_on() {
    let lab = Lab::start();
    let user = Caller::of_tenant("acme");
    let first = token(&lab.get("/api/reports/1", &user));
    lab.upstream.set_status(403);
    thread::sleep(Duration::from_millis(150));
    assert_eq!(lab.get("/api/reports/1", &user).status, 403);
    lab.upstream.set_status(401);
    thread::sleep(Duration::from_millis(150));
    assert_eq!(lab.idp.calls("token"), 1, "403 says nothing of our token");
    assert_eq!(lab.get("/api/reports/1", &user).status, 401);
    eventually("another token", || (lab.idp.calls("token") == 2).then_some(()));
    lab.upstream.set_status(200);
    // Worker by worker learns it; the one that saw the answer has the new token.
    eventually("its use", || (token(&lab.get("/api/reports/1", &user)) != first).then_some(()));
    lab.upstream.set_status(401);
    for _ in 0..20 {
        assert_eq!(lab.get("/api/reports/1", &user).status, 401);
        thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(lab.idp.calls("token"), 2, "not again within 30 s");
    lab.upstream.set_status(200);
    lab.assert_unharmed();
}

#[test]
fn where_the_route_says_so_the_caller_gets_502_with_our_reply() {
    let mut setup = Setup::new();
    setup.filter["routes"][1]["upstream"]["on_upstream_401"] = json!("replace");
    let lab = setup.start();
    let user = Caller::of_tenant("acme");
    assert_eq!(lab.get("/api/reports/1", &user).status, 200);
    lab.upstream.set_status(401);
    for _ in 0..10 {
        let answer = lab.get("/api/reports/1", &user);
        assert_eq!((answer.status, answer.code().as_str()), (502, "upstream_refused_our_token"));
        assert_eq!(answer.field("content-type"), "application/problem+json");
    }
    // The same on a connection that goes on, with a body in both directions.
    let authorization = format!("Bearer {}", lab.idp.sign(&user));
    let body = "b".repeat(200_000);
    let answer =
        lab.send(&request("POST", "/api/reports/1", &[("authorization", &authorization)], &body));
    assert_eq!(answer.status, 502, "{}", answer.text());
    // Other routes, and other answers, stand.
    assert_eq!(lab.get("/api/assets/1", &user).status, 401);
    assert_eq!(lab.get("/api/profile/me", &user).status, 401);
    lab.upstream.set_status(500);
    assert_eq!(lab.get("/api/reports/1", &user).status, 500);
    lab.upstream.set_status(200);
    lab.assert_unharmed();
}

fn token(answer: &Received) -> String {
    assert_eq!(answer.status, 200, "{}", answer.text());
    seen(&answer.json(), "authorization")[0].clone()
}
