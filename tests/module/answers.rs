//! Calls that bring nothing of use: what is read of them, and what the waiters are told.

use crate::host::{Answer, BAD_ARGUMENT, Host};
use crate::provider::{grants, synthetic, user};
use crate::requests::Stage;
use crate::scene::{configuration, configured, ready, reports};
use crate::vm::Vm;

#[test]
fn an_answer_without_a_header_is_not_read_at_all() {
    let mut vm = with_a_call();
    vm.answer(1, Answer { headers: Vec::new(), body: Vec::new() });
    assert_eq!(reads(&vm), [""; 0]);
    assert_waiters_are_refused(&vm, "token_unavailable");
}

#[test]
fn an_answer_that_the_proxy_made_up_is_a_failure() {
    for (status, text) in [("504", "upstream request timeout"), ("503", "no healthy upstream")] {
        let mut vm = with_a_call();
        vm.answer(1, synthetic(status, text));
        assert_waiters_are_refused(&vm, "token_unavailable");
        let log = &vm.host().log.last().unwrap().1;
        assert!(log.contains("unavailable_or_timeout"), "{log}");
        assert!(!log.contains(text), "{log}");
    }
}

#[test]
fn a_body_that_is_too_large_is_not_read() {
    let mut vm = with_a_call();
    let mut answer = grants("technical");
    answer.body.resize(64 * 1024 + 1, b' ');
    vm.answer(1, answer);
    assert_eq!(reads(&vm), [""; 0]);
    assert_waiters_are_refused(&vm, "token_unavailable");
}

#[test]
fn a_body_of_exactly_the_limit_is_read() {
    let mut vm = with_a_call();
    let mut answer = grants("technical");
    answer.body.resize(64 * 1024, b' ');
    vm.answer(1, answer);
    assert_eq!([2, 3].map(|stream| &vm.stream(stream).stage), [&Stage::Forwarded; 2]);
}

#[test]
fn an_answer_that_the_host_does_not_give_is_a_failure() {
    for hostcall in ["get_header_map_pairs", "get_buffer_bytes"] {
        let mut vm = with_a_call();
        vm.host_mut().faults.insert(hostcall, BAD_ARGUMENT);
        vm.answer(1, grants("technical"));
        assert!([2, 3].iter().all(|stream| vm.stream(*stream).answer().status >= 500));
    }
}

#[test]
fn a_cluster_that_does_not_exist_is_told_to_the_waiters_in_the_same_callback() {
    let host = Host { clusters: [].into(), ..Host::default() };
    let mut vm = configured(host, &configuration());
    vm.request(2, reports(&user("ann")));
    vm.request(3, reports(&user("bob")));
    vm.queue_ready();
    assert_waiters_are_refused(&vm, "token_unavailable");
    let (level, line) = vm.host().log.last().unwrap();
    assert_eq!(*level, 3);
    assert!(line.contains("from cluster `identity` failed: cluster_unknown"), "{line}");
}

#[test]
fn after_a_failure_nobody_waits_until_the_time_has_come_to_try_again() {
    let mut vm = with_a_call();
    vm.answer(1, synthetic("503", "no healthy upstream"));
    assert!(!vm.request(4, reports(&user("ann"))));
    assert_eq!(vm.stream(4).refusal(), (503, "token_unavailable"));
    assert!(!vm.calls().iter().any(|call| call.contains("enqueue")), "{:?}", vm.calls());
    let retry_after = vm.stream(4).answer().headers.iter().find(|(name, _)| name == "retry-after");
    assert_eq!(retry_after.map(|(_, value)| value.as_str()), Some("1"));

    vm.host_mut().now += 1000;
    vm.request(5, reports(&user("ann")));
    vm.queue_ready();
    vm.answer(2, grants("technical"));
    assert_eq!(vm.stream(5).stage, Stage::Forwarded);
    let (level, line) = vm.host().log.last().unwrap();
    let expected = "fetching token of credential `exchange` works again after 1 failures";
    assert_eq!((*level, line.as_str()), (2, expected));
}

/// Two requests that wait for call 1.
fn with_a_call() -> Vm {
    let mut vm = ready();
    vm.request(2, reports(&user("ann")));
    vm.request(3, reports(&user("bob")));
    vm.queue_ready();
    vm
}

fn assert_waiters_are_refused(vm: &Vm, reason: &str) {
    for stream in [2, 3] {
        assert_eq!(vm.stream(stream).refusal(), (503, reason));
    }
    assert_eq!(vm.host().tick_period, Some(1000));
}

/// What the last callback read of an answer.
fn reads(vm: &Vm) -> Vec<&str> {
    let calls = vm.calls().iter().map(String::as_str);
    calls.filter(|call| call.contains("call-response")).collect()
}
