//! Waiting requests that are over before their turn: clients that went, deadlines, hosts that fail.

use crate::host::Answer;
use crate::provider::{grants, user};
use crate::requests::Stage;
use crate::scene::{ready, reports};
use crate::vm::Vm;

#[test]
fn nothing_is_done_for_a_stream_that_is_gone_and_the_next_one_is_served() {
    for gone in [2, 3, 4] {
        let mut vm = three_that_wait();
        vm.lose(gone);
        vm.answer(1, grants("technical"));
        let calls = vm.calls();
        let select = format!("1: set_effective_context {gone}");
        let place = calls.iter().position(|call| *call == select).expect("it was looked for");
        let next = &calls[place + 1];
        let follows = [
            format!("1: set_effective_context {}", gone + 1),
            "1: set_tick_period_milliseconds 1000".to_owned(),
        ];
        assert!(follows.contains(next), "{next}");
        for (stream, name) in WAITERS.into_iter().filter(|(stream, _)| *stream != gone) {
            assert_eq!(vm.stream(stream).stage, Stage::Forwarded);
            assert_eq!(vm.stream(stream).values("x-user"), [name], "its own user");
        }
    }
}

#[test]
fn a_stream_that_the_host_says_is_gone_is_not_even_looked_for() {
    let mut vm = three_that_wait();
    vm.close(3);
    assert_eq!(vm.calls(), [""; 0], "clean-up calls nobody");
    vm.answer(1, grants("technical"));
    let calls = vm.calls();
    assert!(!calls.contains(&"1: set_effective_context 3".to_owned()), "{calls:?}");
    assert_eq!([2, 4].map(|stream| &vm.stream(stream).stage), [&Stage::Forwarded; 2]);
}

#[test]
fn an_answer_for_which_nobody_waits_any_more_is_kept_for_the_next() {
    let mut vm = three_that_wait();
    for (stream, _) in WAITERS {
        vm.close(stream);
    }
    vm.answer(1, grants("technical"));
    assert!(vm.request(5, reports(&user("dan"))));
    assert_eq!(vm.host().sent.len(), 1);
}

#[test]
fn a_request_is_answered_exactly_at_its_deadline_and_not_resumed_later() {
    let mut vm = three_that_wait();
    vm.host_mut().now += 3999;
    vm.tick();
    assert_eq!(WAITERS.map(|(stream, _)| &vm.stream(stream).stage), [&Stage::Waiting; 3]);
    vm.host_mut().now += 1;
    vm.tick();
    for (stream, _) in WAITERS {
        assert_eq!(vm.stream(stream).refusal(), (503, "waited_too_long"));
    }
    vm.answer(1, grants("technical"));
    let calls = vm.calls();
    assert!(!calls.iter().any(|call| call.contains("continue_stream")), "{calls:?}");
    for (stream, _) in WAITERS {
        vm.close(stream);
    }
}

#[test]
fn the_answer_at_a_deadline_goes_to_nobody_when_the_stream_is_gone() {
    let mut vm = three_that_wait();
    vm.lose(2);
    vm.host_mut().now += 4000;
    vm.tick();
    assert_eq!(vm.stream(2).stage, Stage::Gone);
    for (stream, _) in &WAITERS[1..] {
        assert_eq!(vm.stream(*stream).refusal(), (503, "waited_too_long"));
        let answers = vm
            .calls()
            .iter()
            .filter(|call| call.starts_with(&format!("{stream}: send_local_response")));
        assert_eq!(answers.count(), 1);
    }
}

#[test]
fn a_second_answer_to_the_same_fetch_resumes_nobody_twice() {
    let mut vm = three_that_wait();
    vm.answer(1, Answer { headers: Vec::new(), body: Vec::new() });
    vm.host_mut().now += 1000;
    vm.request(5, reports(&user("dan")));
    vm.queue_ready();
    vm.answer(2, grants("technical"));
    assert_eq!(vm.stream(5).stage, Stage::Forwarded);
    for (stream, _) in WAITERS {
        assert_eq!(vm.stream(stream).refusal(), (503, "token_unavailable"));
    }
}

#[test]
fn a_waiting_request_that_the_host_does_not_read_change_or_resume_is_refused() {
    let hostcalls = [
        "get_header_map_pairs request",
        "add_header_map_value",
        "replace_header_map_value",
        "continue_stream request",
    ];
    for hostcall in hostcalls {
        let mut vm = three_that_wait();
        vm.host_mut().faults.insert(hostcall, 2);
        vm.answer(1, grants("technical"));
        for (stream, _) in WAITERS {
            assert_eq!(vm.stream(stream).refusal(), (500, "host_failed"), "{hostcall}");
        }
    }
}

const WAITERS: [(u32, &str); 3] = [(2, "ann"), (3, "bob"), (4, "cid")];

/// Three requests that wait for call 1.
fn three_that_wait() -> Vm {
    let mut vm = ready();
    for (stream, name) in WAITERS {
        assert!(!vm.request(stream, reports(&user(name))));
    }
    vm.queue_ready();
    vm
}
