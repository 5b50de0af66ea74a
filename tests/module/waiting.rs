//! Requests that wait: the way of one fetch, hostcall by hostcall.

use crate::host::Host;
use crate::provider::{grants, keys, user, user_by_new_key};
use crate::requests::{Stage, get};
use crate::scene::{configuration, configured, profile, ready, reports, with_remote_keys};

#[test]
fn the_first_that_waits_wakes_the_root_context_and_the_others_do_not() {
    let mut vm = ready();
    assert!(!vm.request(2, reports(&user("ann"))));
    assert_eq!(
        vm.calls(),
        [
            "2: get_current_time_nanoseconds",
            "2: get_header_map_pairs request",
            "2: call_foreign_function verify_signature",
            "2: enqueue_shared_queue 1",
        ]
    );
    assert!(!vm.request(3, reports(&user("ann"))));
    assert_eq!(vm.calls(), ["3: get_current_time_nanoseconds", "3: get_header_map_pairs request"]);
}

#[test]
fn a_woken_root_context_looks_takes_the_lease_and_calls() {
    let mut vm = ready();
    vm.request(2, reports(&user("ann")));
    vm.queue_ready();
    assert_eq!(
        vm.calls(),
        [
            "1: dequeue_shared_queue 1",
            "1: dequeue_shared_queue 1",
            "1: get_current_time_nanoseconds",
            "1: get_shared_data tenantgate/2/credential/*",
            "1: get_shared_data tenantgate/2/token/*",
            "1: set_shared_data tenantgate/2/token/* cas 4294967295",
            "1: http_call identity POST /token",
            "1: set_tick_period_milliseconds 10",
        ]
    );
    let call = &vm.host().sent[0];
    assert_eq!(call.timeout, 2000);
    assert_eq!(call.body, b"grant_type=client_credentials");
    // `gateway:hunter2`
    let authorization = ("authorization".to_owned(), "Basic Z2F0ZXdheTpodW50ZXIy".to_owned());
    assert!(call.headers.contains(&authorization));
}

#[test]
fn an_answer_is_stored_and_every_waiter_is_selected_edited_and_resumed_in_turn() {
    let mut vm = ready();
    vm.request(2, reports(&user("ann")));
    vm.request(3, reports(&user("bob")));
    vm.queue_ready();
    vm.answer(1, grants("technical"));
    assert_eq!(
        vm.calls(),
        [
            "1: get_header_map_pairs call-response",
            "1: get_buffer_bytes call-response-body",
            "1: get_current_time_nanoseconds",
            "1: get_shared_data tenantgate/2/token/*",
            "1: set_shared_data tenantgate/2/token/* cas 1",
            "1: set_effective_context 2",
            "2: get_header_map_pairs request",
            "2: add_header_map_value x-tenant: acme",
            "2: add_header_map_value x-user: ann",
            "2: add_header_map_value x-client: portal",
            "2: replace_header_map_value authorization: Bearer technical",
            "2: continue_stream request",
            "2: set_effective_context 1",
            "1: set_effective_context 3",
            "3: get_header_map_pairs request",
            "3: add_header_map_value x-tenant: acme",
            "3: add_header_map_value x-user: bob",
            "3: add_header_map_value x-client: portal",
            "3: replace_header_map_value authorization: Bearer technical",
            "3: continue_stream request",
            "3: set_effective_context 1",
            "1: set_tick_period_milliseconds 1000",
        ]
    );
}

/// A hundred and fifty waiters: no callback resumes more than 128, and the next tick the rest.
#[test]
fn a_crowd_is_resumed_in_turns() {
    let mut vm = ready();
    let token = user("ann");
    for stream in 2..152 {
        assert!(!vm.request(stream, reports(&token)));
    }
    vm.queue_ready();
    vm.answer(1, grants("technical"));
    let resumed = |vm: &crate::vm::Vm| {
        vm.calls().iter().filter(|call| call.ends_with("continue_stream request")).count()
    };
    assert_eq!(resumed(&vm), 128);
    vm.tick();
    assert_eq!(resumed(&vm), 22);
    assert!((2..152).all(|stream| vm.stream(stream).stage == Stage::Forwarded));
    assert_eq!(vm.host().sent.len(), 1);
}

#[test]
fn a_request_that_waits_for_keys_and_then_for_a_token_sets_both_calls_off() {
    let mut vm = configured(Host::default(), &with_remote_keys());
    vm.request(2, reports(&user("ann")));
    vm.queue_ready();
    assert!(vm.calls().contains(&"1: http_call identity GET /keys".to_owned()));
    vm.answer(1, keys());
    let calls = vm.calls();
    assert!(calls.contains(&"1: http_call identity POST /token".to_owned()), "{calls:?}");
    assert_eq!(vm.stream(2).stage, Stage::Waiting);
    vm.answer(2, grants("technical"));
    assert_eq!(vm.stream(2).stage, Stage::Forwarded);
    assert_eq!(vm.stream(2).values("authorization"), ["Bearer technical"]);
}

#[test]
fn keys_are_fetched_on_the_first_tick_before_anybody_needs_them() {
    let mut vm = configured(Host::default(), &with_remote_keys());
    assert_eq!(vm.host().tick_period, Some(20));
    vm.tick();
    vm.answer(1, keys());
    assert_eq!(vm.host().tick_period, Some(1000));
    assert!(vm.request(2, profile(&user("ann"))));
}

#[test]
fn an_unknown_key_is_looked_for_once() {
    let mut vm = configured(Host::default(), &with_remote_keys());
    vm.tick();
    vm.answer(1, keys());
    vm.host_mut().now += 10_000;
    assert!(!vm.request(2, profile(&user_by_new_key("ann"))));
    vm.queue_ready();
    vm.answer(2, keys());
    assert_eq!(vm.stream(2).refusal(), (401, "key_unknown"));
    vm.request(3, profile(&user_by_new_key("bob")));
    assert_eq!(vm.stream(3).refusal(), (401, "key_unknown"));
    assert_eq!(vm.host().sent.len(), 2);
}

#[test]
fn a_worker_uses_what_another_one_has_fetched() {
    let mut first = ready();
    first.request(2, reports(&user("ann")));
    first.queue_ready();
    let leased = first.host().shared.clone();
    let mut second =
        configured(Host { shared: leased, seed: 1, ..Host::default() }, &configuration());
    second.request(2, reports(&user("bob")));
    second.queue_ready();
    assert_eq!(second.host().tick_period, Some(10), "it looks again soon");

    first.answer(1, grants("technical"));
    second.host_mut().shared = first.host().shared.clone();
    second.tick();
    assert_eq!(second.stream(2).stage, Stage::Forwarded);
    assert_eq!(second.stream(2).values("authorization"), ["Bearer technical"]);
    assert_eq!(second.host().sent.len(), 0);
}

#[test]
fn a_request_is_decided_again_after_its_wait() {
    let mut vm = ready();
    vm.host_mut().now = crate::provider::EXPIRY + 59_000;
    vm.request(2, reports(&user("ann")));
    vm.queue_ready();
    // Its token expires in between: `exp` and the clock skew of 60 s.
    vm.host_mut().now += 1000;
    vm.answer(1, grants("technical"));
    assert_eq!(vm.stream(2).refusal(), (401, "expired"));
}

#[test]
fn those_that_need_nothing_are_not_held_up_by_those_that_wait() {
    let mut vm = ready();
    vm.request(2, reports(&user("ann")));
    assert!(vm.request(3, profile(&user("bob"))));
    vm.request(4, get("/nowhere", &[]));
    assert_eq!(vm.stream(4).answer().status, 403);
}
