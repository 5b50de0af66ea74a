//! Metrics: summed in the module, moved once a second, never in a request.

use crate::host::{Host, Metric};
use crate::provider::{grants, user};
use crate::requests::get;
use crate::scene::{configuration, configured, profile, ready, reports};
use crate::vm::Vm;

#[test]
fn a_tick_moves_by_what_has_happened_since_the_last_one() {
    let mut vm = busy();
    let rows = [
        ("tenantgate.fetch.token.succeeded", true, 1),
        ("tenantgate.request.forwarded", true, 2),
        ("tenantgate.request.refused.token_missing", true, 1),
        ("tenantgate.request.waited", true, 1),
        ("tenantgate.slots", false, 1),
        ("tenantgate.verified_tokens", false, 1),
    ];
    for (name, is_counter, value) in rows {
        assert_eq!(vm.host().metrics.get(name), Some(&Metric { is_counter, value }), "{name}");
    }
    assert_eq!(vm.host().metrics.len(), rows.len());

    vm.host_mut().now += 1000;
    vm.tick();
    assert_eq!(vm.calls(), ["1: get_current_time_nanoseconds"], "nothing has happened");
}

#[test]
fn a_metric_is_defined_once() {
    let mut vm = busy();
    vm.request(100, get("/profile", &[]));
    vm.host_mut().now += 1000;
    vm.tick();
    let moved = "1: increment_metric tenantgate.request.refused.token_missing 1".to_owned();
    let calls = vm.calls();
    assert!(calls.contains(&moved), "{calls:?}");
    assert!(!calls.iter().any(|call| call.contains("define_metric")), "{calls:?}");
}

#[test]
fn a_configuration_that_retires_leaves_the_counters_and_takes_its_gauges_along() {
    let host = Host { properties: [].into(), ..Host::default() };
    let mut vm = configured(host, &configuration());
    assert_eq!(vm.host().metrics["tenantgate.isolated_workers"].value, 1);
    vm.request(2, reports(&user("ann")));
    vm.host_mut().now += 1000;
    vm.tick();
    assert_eq!(vm.host().metrics["tenantgate.request.waiting"].value, 1);
    vm.close(2);
    vm.request(3, get("/profile", &[]));
    vm.close(3);
    vm.retire();
    for (name, metric) in &vm.host().metrics {
        assert_eq!(metric.value, i64::from(metric.is_counter), "{name}");
    }
    assert!(vm.host().metrics.contains_key("tenantgate.request.refused.token_missing"));
}

#[test]
fn a_host_without_metrics_is_asked_for_each_once_and_served_all_the_same() {
    let host = Host { faults: [("define_metric", 12)].into(), ..Host::default() };
    let mut vm = configured(host, &configuration());
    for stream in [2, 3] {
        assert!(vm.request(stream, profile(&user("ann"))));
        vm.host_mut().now += 1000;
        vm.tick();
    }
    assert_eq!(vm.calls(), ["1: get_current_time_nanoseconds"]);
}

/// A request forwarded at once, one that waited, one refused, and a tick after them.
fn busy() -> Vm {
    let mut vm = ready();
    assert!(vm.request(2, profile(&user("ann"))));
    vm.request(3, reports(&user("ann")));
    vm.queue_ready();
    vm.answer(1, grants("technical"));
    vm.request(4, get("/profile", &[]));
    vm.host_mut().now += 1000;
    vm.tick();
    vm
}
