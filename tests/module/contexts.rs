//! Contexts as hosts number them: several root contexts in one VM, numbers that nobody knows, ends out of order, callbacks
//! within hostcalls.

use serde_json::Value;

use crate::host::{Host, ROOT};
use crate::provider::{grants, user};
use crate::requests::{Stage, Stream};
use crate::scene::{KEY, UNKNOWN_KEY};
use crate::scene::{configuration, configured, profile, profile_by_key, ready, reports, with_keys};
use crate::vm::Vm;

#[test]
fn each_stream_has_the_configuration_of_its_root_context() {
    let mut vm = ready();
    configure(&mut vm, NEW, "x-new");
    // Their first request, and one whose token both know.
    for (stream, root, header) in
        [(2, ROOT, "x-user"), (3, NEW, "x-new"), (4, ROOT, "x-user"), (5, NEW, "x-new")]
    {
        assert!(vm.request_of(root, stream, profile(&user("ann"))));
        assert_is_told(&vm, stream, header);
    }
    for stream in [3, 2, 5, 4] {
        assert!(vm.respond(stream, 200));
        vm.close(stream);
    }
}

#[test]
fn while_a_configuration_is_replaced_each_stream_keeps_its_own() {
    let mut vm = ready();
    // All of them begin before the new root context, or while it has no configuration.
    begin(&mut vm, ROOT, 2);
    begin(&mut vm, ROOT, 3);
    vm.create(NEW, 0);
    begin(&mut vm, NEW, 4);
    begin(&mut vm, ROOT, 5);
    configure(&mut vm, NEW, "x-new");
    begin(&mut vm, NEW, 6);
    begin(&mut vm, ROOT, 7);

    assert!(vm.decide(2));
    assert_is_told(&vm, 2, "x-user");
    assert!(!vm.decide(4), "it began without a configuration");
    assert_eq!(vm.stream(4).refusal(), (500, "host_failed"));
    for (stream, header) in [(6, "x-new"), (5, "x-user")] {
        assert!(vm.decide(stream));
        assert_is_told(&vm, stream, header);
    }

    // Hosts end a root context after its streams. One that does not gets no other answers for it.
    vm.delete(ROOT);
    for stream in [3, 7] {
        assert!(vm.decide(stream));
        assert_is_told(&vm, stream, "x-user");
    }
    begin(&mut vm, ROOT, 8);
    assert!(!vm.decide(8), "its root context is over");
    assert_eq!(vm.stream(8).refusal(), (500, "host_failed"));
    assert!(vm.request_of(NEW, 9, profile(&user("ann"))));
    assert_is_told(&vm, 9, "x-new");
}

#[test]
fn a_root_context_whose_number_is_used_again_has_no_stream_of_the_old_one() {
    let mut vm = ready();
    begin(&mut vm, ROOT, 2);
    vm.delete(ROOT);
    configure(&mut vm, ROOT, "x-again");
    begin(&mut vm, ROOT, 3);
    for (stream, header) in [(2, "x-user"), (3, "x-again")] {
        assert!(vm.decide(stream));
        assert_is_told(&vm, stream, header);
    }
}

#[test]
fn a_root_context_that_begins_twice_keeps_its_configuration() {
    let mut vm = ready();
    vm.create(ROOT, 0);
    assert!(vm.request(2, profile(&user("ann"))));
    assert_is_told(&vm, 2, "x-user");
}

#[test]
fn each_root_context_gets_the_answers_to_its_own_calls_and_serves_its_own_streams() {
    let mut vm = ready();
    let isolated = [(2, ROOT, "one"), (3, NEW, "two")];
    configure(&mut vm, NEW, "x-new");
    for (stream, root, _) in isolated {
        assert!(!vm.request_of(root, stream, reports(&user("ann"))));
        vm.tick_of(root);
    }
    // They mean the same token, so they share its fetch.
    assert_eq!(vm.host().sent.len(), 1);
    // What is told to the wrong one, or of another call, has no effect.
    vm.answer_to(NEW, 1, grants("forged"));
    vm.answer(7, grants("forged"));
    for stream in [2, 3] {
        assert_eq!(vm.stream(stream).stage, Stage::Waiting);
    }
    vm.answer(1, grants("technical"));
    assert_eq!(vm.stream(2).stage, Stage::Forwarded);
    assert_eq!(vm.stream(3).stage, Stage::Waiting, "it belongs to the other one");
    vm.tick_of(NEW);
    for (stream, header) in [(2, "x-user"), (3, "x-new")] {
        assert_eq!(vm.stream(stream).stage, Stage::Forwarded);
        assert_eq!(vm.stream(stream).values("authorization"), ["Bearer technical"]);
        assert_is_told(&vm, stream, header);
    }
}

#[test]
fn a_request_of_a_context_that_nobody_knows_is_refused() {
    let mut vm = ready();
    vm.create(EMPTY, 0);
    let begins: [(u32, Option<u32>); 4] =
        [(2, None), (3, Some(EMPTY)), (4, Some(77)), (5, Some(5))];
    for (stream, root) in begins {
        vm.host_mut().streams.insert(stream, Stream::new(profile(&user("ann"))));
        if let Some(root) = root {
            vm.create(stream, root);
        }
        assert!(!vm.decide(stream), "stream {stream}");
        assert_eq!(vm.stream(stream).refusal(), (500, "host_failed"), "stream {stream}");
        // Our own answer comes by.
        assert_eq!(vm.call(stream, "proxy_on_response_headers", &[stream, 1, 1]), Some(0));
        vm.close(stream);
    }
    assert!(vm.request(6, profile(&user("ann"))));
    vm.close(6);
    vm.host_mut().streams.insert(6, Stream::new(profile(&user("ann"))));
    assert!(!vm.decide(6), "it is over");
    assert!(vm.request(6, profile(&user("ann"))), "its number is used again");
}

#[test]
fn nothing_else_that_is_told_of_a_context_that_nobody_knows_has_an_effect() {
    let mut vm = ready();
    let told: [(&str, &[u32], Option<i32>); 9] = [
        ("proxy_on_vm_start", &[77, 0], Some(1)),
        ("proxy_on_configure", &[77, 10], Some(0)),
        ("proxy_on_tick", &[77], None),
        ("proxy_on_queue_ready", &[77, 1], None),
        ("proxy_on_http_call_response", &[77, 1, 3, 0, 0], None),
        ("proxy_on_http_call_response", &[ROOT, 99, 3, 0, 0], None),
        ("proxy_on_context_create", &[78, 77], None),
        ("proxy_on_response_headers", &[77, 1, 1], Some(0)),
        ("proxy_on_delete", &[77], None),
    ];
    for (name, numbers, expected) in told {
        assert_eq!(vm.call(numbers[0], name, numbers), expected, "{name}");
        assert_eq!(vm.calls(), [""; 0], "{name}");
    }
    assert!(vm.request(2, profile(&user("ann"))));
}

#[test]
fn contexts_end_in_any_order_and_more_than_once() {
    let mut vm = ready();
    configure(&mut vm, NEW, "x-new");
    for stream in 2..40 {
        let root = [ROOT, NEW][stream as usize % 2];
        assert!(vm.request_of(root, stream, profile(&user("ann"))));
    }
    for stream in (2..40).filter(|stream| stream % 3 == 0).chain([3, 6, 3]) {
        vm.close(stream);
    }
    vm.delete(NEW);
    vm.delete(NEW);
    for stream in (2..40).rev() {
        vm.close(stream);
    }
    assert!(vm.request(2, profile(&user("ann"))));
    vm.delete(ROOT);
    vm.close(2);
    assert!(!vm.request(3, profile(&user("ann"))), "no root context is left");
    assert_eq!(vm.stream(3).refusal(), (500, "host_failed"));
}

/// What waited under that number must not be looked for: it would be another's request that goes on.
#[test]
fn a_number_that_a_new_stream_has_before_the_old_one_ended_means_the_new_one() {
    let mut vm = ready();
    configure(&mut vm, NEW, "x-new");
    assert!(!vm.request(2, reports(&user("ann"))));
    vm.queue_ready();
    begin(&mut vm, NEW, 2);
    vm.answer(1, grants("technical"));
    let calls = vm.calls();
    assert!(!calls.contains(&"1: set_effective_context 2".to_owned()), "{calls:?}");
    assert!(vm.decide(2));
    assert_is_told(&vm, 2, "x-new");
}

#[test]
fn an_answer_of_ours_that_comes_by_within_the_hostcall_changes_nothing() {
    for calls_back in WITHIN {
        let host = || Host { calls_back: calls_back.to_vec(), ..Host::default() };
        let mut vm = configured(host(), &configuration());
        for stream in [2, 3] {
            assert!(!vm.request(stream, profile("no token")));
            assert_eq!(vm.stream(stream).refusal(), (401, "bearer_malformed"), "{calls_back:?}");
        }
        assert!(vm.request(4, profile(&user("ann"))));

        let mut vm = configured(host(), &with_keys());
        assert!(!vm.request(2, profile_by_key(UNKNOWN_KEY)));
        assert!(vm.request(3, profile_by_key(KEY)));
        assert!(vm.respond(3, 200));
        assert_eq!(vm.stream(3).answered("cache-control"), ["private"], "{calls_back:?}");
    }
}

#[test]
fn waiting_requests_are_answered_and_resumed_by_a_host_that_calls_back() {
    for calls_back in WITHIN {
        let host = || Host { calls_back: calls_back.to_vec(), ..Host::default() };
        let mut vm = configured(host(), &configuration());
        for stream in [2, 3] {
            assert!(!vm.request(stream, reports(&user("ann"))));
        }
        vm.queue_ready();
        vm.answer(1, grants("technical"));
        for stream in [2, 3] {
            assert_eq!(vm.stream(stream).stage, Stage::Forwarded, "{calls_back:?}");
        }
        assert!(vm.request(4, reports(&user("ann"))), "{calls_back:?}");

        let mut vm = configured(host(), &configuration());
        for stream in [2, 3] {
            assert!(!vm.request(stream, reports(&user("ann"))));
        }
        vm.host_mut().now += 4000;
        vm.tick();
        for stream in [2, 3] {
            assert_eq!(vm.stream(stream).refusal(), (503, "waited_too_long"), "{calls_back:?}");
        }
    }
}

/// What a host may make of an answer before the hostcall returns.
const WITHIN: [&[&str]; 3] = [
    &["proxy_on_response_headers"],
    &["proxy_on_delete"],
    &["proxy_on_response_headers", "proxy_on_delete"],
];

/// The root context of a new configuration, and one without any.
const NEW: u32 = 9000;
const EMPTY: u32 = 9001;

/// The usual configuration with the user's name in another header.
fn configure(vm: &mut Vm, root: u32, header: &str) {
    let mut document = configuration();
    document["identity_headers"]["user"] = Value::from(header);
    let is_valid = vm.configure_another(root, document.to_string().as_bytes());
    assert!(is_valid, "{:?}", vm.host().log);
}

/// A request of Ann's begins, and its header is not there yet.
fn begin(vm: &mut Vm, root: u32, stream: u32) {
    vm.host_mut().streams.insert(stream, Stream::new(profile(&user("ann"))));
    vm.create(stream, root);
}

/// The user's name stands in that header, and in none of the others.
fn assert_is_told(vm: &Vm, stream: u32, header: &str) {
    for other in ["x-user", "x-new", "x-again"] {
        let expected: &[&str] = if other == header { &["ann"] } else { &[] };
        assert_eq!(vm.stream(stream).values(other), expected, "stream {stream}: {other}");
    }
}
