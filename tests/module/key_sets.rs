//! How key sets are found and kept up, by what the host hands over.

use serde_json::json;

use crate::host::Host;
use crate::provider::{json_answer, keys, user};
use crate::requests::fields;
use crate::scene::{configured, profile, with_remote_keys};
use crate::vm::Vm;

#[test]
fn the_answers_cache_headers_bring_the_next_fetch_forward() {
    let mut vm = configured(Host::default(), &with_remote_keys());
    vm.tick();
    let mut answer = keys();
    answer.headers.extend(fields(&[("Cache-Control", "public, max-age=30"), ("age", "10")]));
    vm.answer(1, answer);
    assert!(!calls_after(&mut vm, 17_900), "20 s less a tenth");
    assert!(calls_after(&mut vm, 2_100));
}

#[test]
fn metadata_leads_to_the_keys() {
    let mut document = with_remote_keys();
    document["issuers"][0]["jwks"] = json!({
        "cluster": "identity", "discovery": "openid", "hosts": {"keys.example": "identity"},
    });
    let mut vm = configured(Host::default(), &document);
    vm.tick();
    let metadata = "1: http_call identity GET /.well-known/openid-configuration".to_owned();
    assert!(vm.calls().contains(&metadata), "{:?}", vm.calls());
    let says = json!({"issuer": "https://id.example", "jwks_uri": "https://keys.example/k?v=1"});
    vm.answer(1, json_answer(&says));
    let calls = vm.calls();
    assert!(calls.contains(&"1: http_call identity GET /k?v=1".to_owned()), "{calls:?}");
    assert!(!calls.iter().any(|call| call.contains("shared_data")), "the lease stays: {calls:?}");
    vm.answer(2, keys());
    assert!(vm.request(2, profile(&user("ann"))));
}

/// Whether keys are called for on a tick so many milliseconds later.
fn calls_after(vm: &mut Vm, millis: u64) -> bool {
    vm.host_mut().now += millis;
    vm.tick();
    vm.calls().iter().any(|call| call.contains("http_call identity GET /keys"))
}
