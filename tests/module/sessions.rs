//! Sessions of application keys: which hostcalls bring a cookie to its browser.

use serde_json::{Value, json};

use crate::host::Host;
use crate::provider::grants;
use crate::requests::{Fields, Stage, fields, get};
use crate::scene::{KEY, configured, with_keys};
use crate::vm::Vm;

/// The same with sessions.
fn with_sessions() -> Value {
    let mut document = with_keys();
    let keys = &mut document["application_keys"];
    keys["allow_query"] = json!(true);
    keys["session"] = json!({ "keys": [{ "id": "2026", "secret_env": "SESSION_KEY" }] });
    keys["inline"]["keys"][0]["allow_session"] = json!(true);
    document
}

fn ready() -> Vm {
    let mut host = Host::default();
    host.environment.insert("SESSION_KEY", "0123456789abcdef0123456789abcdef");
    configured(host, &with_sessions())
}

fn by_key(path: &str, more: &[(&str, &str)]) -> Fields {
    get(path, &[&[("appkey", KEY)], more].concat())
}

#[test]
fn an_answer_to_a_key_costs_one_look_at_its_cache_control() {
    let mut vm = ready();
    assert!(vm.request(2, by_key("/profile", &[])));
    assert_eq!(vm.stream(2).values("appkey"), [""; 0]);
    assert!(vm.respond(2, 200));
    assert_eq!(
        vm.calls(),
        [
            "2: get_header_map_value response cache-control",
            "2: replace_header_map_value response cache-control: private",
        ]
    );
    assert!(vm.respond(2, 200));
    assert_eq!(vm.calls(), [""; 0]);
    assert!(vm.request(3, by_key("/profile", &[])));
    vm.give(3, "cache-control", "public");
    assert!(vm.respond(3, 200));
    assert_eq!(vm.calls(), ["3: get_header_map_value response cache-control"]);
}

#[test]
fn a_cookie_is_added_to_those_of_the_upstream_once_the_answer_is_private() {
    let mut vm = ready();
    assert!(vm.request(2, by_key("/profile", &[("x-thingworx-session", "true")])));
    vm.give(2, "set-cookie", "theirs=1");
    vm.give(2, "cache-control", "public");
    assert!(vm.respond(2, 200));
    assert_eq!(
        vm.calls(),
        [
            "2: get_header_map_value response :status",
            "2: get_header_map_value response cache-control",
            "2: replace_header_map_value response cache-control: private",
            "2: add_header_map_value response set-cookie:",
        ]
    );
    let cookies = vm.stream(2).answered("set-cookie");
    assert_eq!((cookies.len(), cookies[0].as_str()), (2, "theirs=1"));
    let cookie = cookies[1].split(';').next().unwrap().to_owned();
    assert!(cookie.starts_with("__Host-gwsession=v1.2026."), "{cookie}");
    assert!(vm.request(3, get("/profile", &[("cookie", &cookie)])));
    assert_eq!(vm.stream(3).values("x-user"), ["ann"]);
    assert_eq!(vm.stream(3).values("cookie"), [""; 0]);
}

#[test]
fn an_answer_that_cannot_be_made_private_brings_no_cookie() {
    let mut vm = ready();
    assert!(vm.request(2, by_key("/profile", &[("x-thingworx-session", "true")])));
    vm.host_mut().faults.insert("replace_header_map_value response cache-control: private", 10);
    assert!(vm.respond(2, 200));
    assert_eq!(vm.stream(2).answered("set-cookie"), [""; 0]);
}

/// Nobody but the root context has told it what becomes of it.
#[test]
fn a_request_that_has_waited_is_given_its_cookie_too() {
    let mut vm = ready();
    assert!(!vm.request(2, by_key("/reports", &[("x-thingworx-session", "true")])));
    vm.queue_ready();
    vm.answer(1, grants("technical"));
    assert_eq!(vm.stream(2).stage, Stage::Forwarded);
    assert!(vm.respond(2, 200));
    assert_eq!(vm.stream(2).answered("set-cookie").len(), 1);
    assert_eq!(vm.stream(2).answered("cache-control"), ["private"]);
}

#[test]
fn a_page_load_by_a_key_in_the_url_is_answered_and_its_key_taken_out_of_what_is_logged() {
    let mut vm = ready();
    let path = format!("/profile?a=1&appKey={KEY}&x-thingworx-session=true");
    assert!(!vm.request(2, get(&path, &[("accept", "text/html")])));
    let answer = vm.stream(2).answer();
    assert_eq!((answer.status, answer.details.as_str()), (303, "session_opened"));
    let names: Vec<_> = answer.headers.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["cache-control", "referrer-policy", "location", "set-cookie"]);
    assert_eq!(answer.headers[2].1, "/profile?a=1");
    assert_eq!(vm.stream(2).values(":path"), ["/profile?a=1"]);
    assert_eq!(vm.stream(2).filter_state["tenantgate.decision"], "answer");
}

#[test]
fn logging_out_is_answered_with_a_cookie_that_has_ended() {
    let mut vm = ready();
    let post = [
        (":method", "POST"),
        (":scheme", "https"),
        (":authority", "api.example"),
        (":path", "/.gateway/logout"),
        ("origin", "https://api.example"),
    ];
    assert!(!vm.request(2, fields(&post)));
    let answer = vm.stream(2).answer();
    assert_eq!((answer.status, answer.details.as_str()), (204, "session_ended"));
    let (name, cookie) = &answer.headers[1];
    assert_eq!(name, "set-cookie");
    assert!(cookie.ends_with("; Max-Age=0"), "{cookie}");
}
