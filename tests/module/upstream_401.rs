//! Answers of upstreams: what looking at them costs, and what a refusal of our token leads to.

use crate::host::Host;
use crate::provider::{grants, user};
use crate::scene::{configuration, configured, profile, ready, reports};
use crate::vm::Vm;

#[test]
fn an_answer_to_a_request_without_our_token_costs_no_hostcall() {
    let mut vm = ready();
    assert!(vm.request(2, profile(&user("ann"))));
    assert!(vm.respond(2, 401));
    assert_eq!(vm.calls(), [""; 0]);
    vm.close(2);
    assert_eq!(vm.calls(), [""; 0]);
}

#[test]
fn of_one_token_one_status_is_read_in_100_ms() {
    let mut vm = with_token(ready());
    vm.host_mut().now += 100;
    for stream in [10, 11, 12] {
        assert!(vm.request(stream, reports(&user("ann"))));
    }
    assert!(vm.respond(10, 200));
    assert_eq!(vm.calls(), ["10: get_header_map_value response :status"]);
    for stream in [11, 12] {
        assert!(vm.respond(stream, 401));
        assert_eq!(vm.calls(), [""; 0]);
    }
    vm.host_mut().now += 100;
    assert!(vm.request(13, reports(&user("ann"))));
    vm.close(13);
    assert_eq!(vm.calls(), [""; 0]);
}

#[test]
fn for_a_refused_token_the_root_context_fetches_another_one() {
    let mut vm = with_token(ready());
    vm.host_mut().now += 100;
    assert!(vm.request(10, reports(&user("ann"))));
    assert!(vm.respond(10, 401), "the answer goes on");
    assert_eq!(
        vm.calls(),
        ["10: get_header_map_value response :status", "10: enqueue_shared_queue 1"]
    );
    vm.queue_ready();
    let sent = vm.host().sent.len();
    assert_eq!(sent, 2, "{:?}", vm.calls());
    vm.answer(2, grants("another"));
    assert!(vm.request(11, reports(&user("ann"))));
    assert_eq!(vm.stream(11).values("authorization"), ["Bearer another"]);
}

#[test]
fn where_the_route_says_so_502_takes_the_place_of_the_answer() {
    let mut document = configuration();
    document["routes"][1]["upstream"]["on_upstream_401"] = "replace".into();
    let mut vm = with_token(configured(Host::default(), &document));
    for stream in [10, 11] {
        assert!(vm.request(stream, reports(&user("ann"))));
        assert!(!vm.respond(stream, 401));
        let answer = vm.stream(stream).answer();
        assert_eq!(answer.status, 502);
        assert_eq!(answer.details, "upstream_refused_our_token");
    }
    assert!(vm.request(12, reports(&user("ann"))));
    assert!(vm.respond(12, 403));
}

/// A token is at hand.
fn with_token(mut vm: Vm) -> Vm {
    vm.request(2, reports(&user("ann")));
    vm.queue_ready();
    vm.answer(1, grants("technical"));
    vm
}
