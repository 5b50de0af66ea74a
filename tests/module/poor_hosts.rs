//! Hosts that lack something: queues, shared data, a `vm_id`.

use crate::host::Host;
use crate::provider::{grants, user};
use crate::requests::Stage;
use crate::scene::{configuration, configured, ready, reports};
use crate::vm::Vm;

const UNIMPLEMENTED: u32 = 12;

#[test]
fn without_queues_a_short_tick_wakes_the_root_context_and_the_period_goes_back() {
    let host =
        Host { faults: [("register_shared_queue", UNIMPLEMENTED)].into(), ..Host::default() };
    let mut vm = configured(host, &configuration());
    vm.tick();
    assert_eq!(vm.host().tick_period, Some(1000));
    assert_is_served_by_ticks(&mut vm);
}

#[test]
fn a_hurried_timer_goes_back_to_the_period_that_the_others_need() {
    let host =
        Host { faults: [("register_shared_queue", UNIMPLEMENTED)].into(), ..Host::default() };
    let mut vm = configured(host, &configuration());
    vm.tick();
    vm.request(2, reports(&user("ann")));
    vm.close(2);
    vm.tick();
    assert_eq!(vm.host().tick_period, Some(1000), "nobody waits any more");
    vm.request(3, reports(&user("ann")));
    vm.tick();
    assert_eq!(vm.host().tick_period, Some(10));
    vm.request(4, reports(&user("bob")));
    assert_eq!(vm.host().tick_period, Some(1));
    vm.tick();
    assert_eq!(vm.host().tick_period, Some(10), "the first one still waits");
}

#[test]
fn a_queue_that_takes_no_item_is_as_good_as_none() {
    let mut vm = ready();
    vm.tick();
    vm.host_mut().faults.insert("enqueue_shared_queue", UNIMPLEMENTED);
    assert_is_served_by_ticks(&mut vm);
}

/// Two rounds, for the second must be woken like the first.
fn assert_is_served_by_ticks(vm: &mut Vm) {
    vm.request(2, reports(&user("ann")));
    assert_eq!(vm.host().tick_period, Some(1));
    vm.request(3, reports(&user("bob")));
    assert!(!vm.calls().iter().any(|call| call.contains("tick")), "{:?}", vm.calls());
    vm.tick();
    assert_eq!(vm.host().tick_period, Some(10));
    vm.answer(1, grants("technical"));
    assert_eq!(vm.host().tick_period, Some(1000));
    assert_eq!([2, 3].map(|stream| &vm.stream(stream).stage), [&Stage::Forwarded; 2]);

    vm.host_mut().now += 1_800_000;
    vm.request(4, reports(&user("ann")));
    assert_eq!(vm.host().tick_period, Some(1));
    vm.tick();
    vm.answer(2, grants("another"));
    assert_eq!(vm.stream(4).stage, Stage::Forwarded);
    assert_eq!(vm.host().tick_period, Some(1000));
}

#[test]
fn without_a_vm_id_of_its_own_nothing_is_shared_and_a_warning_says_so() {
    for properties in [[].into(), [("plugin_vm_id", "")].into()] {
        let mut vm = configured(Host { properties, ..Host::default() }, &configuration());
        let (level, line) = &vm.host().log[0];
        assert_eq!(*level, 3);
        assert!(line.starts_with("`vm_config.vm_id` is empty"), "{line}");
        assert_is_served_without_shared_data(&mut vm);
    }
}

#[test]
fn without_shared_data_everything_is_kept_by_the_worker_and_a_warning_says_so() {
    let host = Host { faults: [("get_shared_data", UNIMPLEMENTED)].into(), ..Host::default() };
    let mut vm = configured(host, &configuration());
    let (level, line) = &vm.host().log[0];
    assert_eq!(*level, 3);
    assert!(line.starts_with("the host has no shared data"), "{line}");
    assert_is_served_without_shared_data(&mut vm);
}

fn assert_is_served_without_shared_data(vm: &mut Vm) {
    let mut calls = Vec::new();
    vm.request(2, reports(&user("ann")));
    calls.extend_from_slice(vm.calls());
    vm.queue_ready();
    calls.extend_from_slice(vm.calls());
    vm.answer(1, grants("technical"));
    calls.extend_from_slice(vm.calls());
    vm.tick();
    calls.extend_from_slice(vm.calls());
    assert_eq!(vm.stream(2).stage, Stage::Forwarded);
    assert_eq!(calls.iter().find(|call| call.contains("shared_data")), None);
}

#[test]
fn a_timer_that_cannot_be_set_does_not_keep_requests_from_being_served() {
    let host = Host {
        faults: [("set_tick_period_milliseconds", UNIMPLEMENTED)].into(),
        ..Host::default()
    };
    let mut vm = configured(host, &configuration());
    vm.request(2, reports(&user("ann")));
    vm.queue_ready();
    vm.answer(1, grants("technical"));
    assert_eq!(vm.stream(2).stage, Stage::Forwarded);
}
