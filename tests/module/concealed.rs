//! What a proxy writes to its access log about requests that are refused: no token of their query.

use serde_json::{Value, json};

use crate::host::{BAD_ARGUMENT, Host};
use crate::provider::{keys, user};
use crate::requests::get;
use crate::scene::{configuration, configured, with_remote_keys};
use crate::vm::Vm;

fn looking_at_queries(mut document: Value) -> Vm {
    document["token_places"] = json!([{"query": "access_token"}]);
    configured(Host::default(), &document)
}

#[test]
fn a_refused_request_loses_the_token_in_its_query_before_it_is_answered() {
    let rows = [
        ("/profile?x=%41&access_token=secret&y", "/profile?x=%41&y", "malformed"),
        ("/profile?access%5Ftoken=secret", "/profile", "malformed"),
        ("/elsewhere?access_token=secret", "/elsewhere", "no_route"),
        ("/a/../b?access_token=secret", "/a/../b", "path_dot_segment"),
    ];
    for (target, left, reason) in rows {
        let mut vm = looking_at_queries(configuration());
        assert!(!vm.request(2, get(target, &[])), "{target}");
        assert_eq!(vm.stream(2).refusal().1, reason, "{target}");
        assert_eq!(vm.stream(2).values(":path"), [left], "{target}");
        let calls = vm.calls();
        let replaced = format!("2: replace_header_map_value :path: {left}");
        let at = |text: &str| calls.iter().position(|call| call.starts_with(text));
        assert!(at(&replaced).unwrap() < at("2: send_local_response").unwrap(), "{calls:?}");
    }
}

#[test]
fn a_refused_request_without_one_costs_nothing_more() {
    let mut vm = looking_at_queries(configuration());
    assert!(!vm.request(2, get("/profile?x=1", &[])));
    assert!(!vm.calls().iter().any(|call| call.contains("replace_header_map_value")));
    assert_eq!(vm.stream(2).refusal(), (401, "credential_missing"));
}

#[test]
fn a_request_that_waited_in_vain_loses_it_too() {
    let mut vm = looking_at_queries(with_remote_keys());
    let target = format!("/profile?access_token={}&x", user("ann"));
    assert!(!vm.request(2, get(&target, &[])));
    assert_eq!(vm.stream(2).values(":path"), ["/profile?x"], "its client may leave meanwhile");
    vm.queue_ready();
    vm.host_mut().now += 4_000;
    vm.tick();
    assert_eq!(vm.stream(2).refusal(), (503, "waited_too_long"));
    assert_eq!(vm.stream(2).values(":path"), ["/profile?x"]);
}

#[test]
fn a_request_of_which_the_host_does_not_hide_its_token_does_not_wait() {
    let mut vm = looking_at_queries(with_remote_keys());
    vm.host_mut().faults.insert("replace_header_map_value", BAD_ARGUMENT);
    assert!(!vm.request(2, get(&format!("/profile?access_token={}", user("ann")), &[])));
    assert_eq!(vm.stream(2).refusal(), (500, "host_failed"));
    vm.host_mut().faults.clear();
    vm.queue_ready();
    vm.answer(1, keys());
    vm.tick();
    assert_eq!(vm.stream(2).refusal(), (500, "host_failed"), "nobody looks for it later");
}

#[test]
fn a_host_that_does_not_change_the_path_still_gets_the_refusal() {
    let mut vm = looking_at_queries(configuration());
    vm.host_mut().faults.insert("replace_header_map_value", BAD_ARGUMENT);
    assert!(!vm.request(2, get("/profile?access_token=secret", &[])));
    assert_eq!(vm.stream(2).refusal(), (401, "malformed"));
}

#[test]
fn a_request_that_the_host_does_not_let_us_change_loses_it_as_well() {
    let mut vm = looking_at_queries(configuration());
    vm.host_mut().faults.insert("remove_header_map_value x_tenant", BAD_ARGUMENT);
    let target = format!("/profile?access_token={}", user("ann"));
    assert!(!vm.request(2, get(&target, &[("x_tenant", "evil")])));
    assert_eq!(vm.stream(2).refusal(), (500, "host_failed"));
    assert_eq!(vm.stream(2).values(":path"), ["/profile"]);
}
