//! What many issuers in one configuration cost, counted in instructions: the same in every run.

use serde_json::{Value, json};

use crate::host::Host;
use crate::provider::{key_set, user};
use crate::scene::{configuration, profile, with_remote_keys};
use crate::vm::Vm;

#[test]
fn a_configuration_costs_in_proportion_to_its_issuers() {
    let work = |issuers| {
        let mut vm = Vm::start(Host::default());
        let before = vm.work();
        let document = with_issuers(configuration(), issuers, |_| json!({"inline": key_set()}));
        assert!(vm.configure(document.to_string().as_bytes()), "{:?}", vm.host().log);
        vm.work() - before
    };
    let (few, many) = (work(25), work(200));
    assert!(many < 9 * few, "{few} for 25 issuers, {many} for 200");
}

#[test]
fn a_request_costs_the_same_with_one_issuer_and_with_many() {
    let work = |issuers| {
        let mut vm = Vm::start(Host::default());
        let document = with_issuers(configuration(), issuers, |_| json!({"inline": key_set()}));
        assert!(vm.configure(document.to_string().as_bytes()), "{:?}", vm.host().log);
        let (token, mut before) = (user("ann"), vm.work());
        [2, 3].map(|stream| {
            assert!(vm.request(stream, profile(&token)));
            let used = vm.work() - before;
            before = vm.work();
            used
        })
    };
    let (one, many) = (work(0), work(200));
    for (row, (one, many)) in ["first seen", "repeated"].iter().zip(one.into_iter().zip(many)) {
        // Where the allocator finds room depends on what was loaded before: blanks behind the document
        // of one issuer alone move a first-seen token's work by 3 %.
        assert!(many * 100 <= one * 106, "{row}: {one} with one issuer, {many} with 201");
    }
}

#[test]
fn a_tick_looks_at_a_bounded_number_of_key_sets_that_are_still_to_be_fetched() {
    let work = |issuers| {
        let mut vm = Vm::start(Host::default());
        let uri = |number| format!("https://id-{number}.example/keys");
        let keys = |number| json!({"cluster": "identity", "uri": uri(number), "timeout": "2s"});
        let document = with_issuers(with_remote_keys(), issuers, keys);
        assert!(vm.configure(document.to_string().as_bytes()), "{:?}", vm.host().log);
        vm.tick();
        let calls = vm.calls().iter().filter(|call| call.contains(" http_call ")).count();
        assert_eq!(calls, 32, "{:?}", vm.calls());
        // The next look at all sources is a second away.
        let before = vm.work();
        vm.tick();
        vm.work() - before
    };
    let (few, many) = (work(300), work(600));
    assert!(many * 100 <= few * 110, "{few} for 300 key sets, {many} for 600");
}

/// The configuration with `count` more issuers.
fn with_issuers(mut document: Value, count: usize, keys: impl Fn(usize) -> Value) -> Value {
    let more = (0..count).map(|number| {
        json!({
            "name": format!("issuer-{number}"), "issuer": format!("https://id-{number}.example"),
            "tenants": [format!("tenant-{number}")],
            "audiences": ["our-api"], "algorithms": ["ES256"],
            "claims": {"tenant": "org", "subtenant": "sub_org", "scopes": "scope", "user": "email"},
            "jwks": keys(number),
        })
    });
    document["issuers"].as_array_mut().unwrap().extend(more);
    document
}
