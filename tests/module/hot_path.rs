//! What a request costs when nothing is missing: its hostcalls, one by one.

use crate::host::Host;
use crate::provider::{forged, grants, user};
use crate::requests::get;
use crate::scene::{
    KEY, configuration, configured, profile, profile_by_key, ready, reports, with_keys,
};

#[test]
fn a_repeated_token_costs_one_clock_reading_one_header_map_and_the_identity_headers() {
    let mut vm = ready();
    let token = user("ann");
    assert!(vm.request(2, profile(&token)));
    assert!(vm.request(3, profile(&token)));
    assert_eq!(
        vm.calls(),
        [
            "3: get_current_time_nanoseconds",
            "3: get_header_map_pairs request",
            "3: add_header_map_value x-tenant: acme",
            "3: add_header_map_value x-user: ann",
            "3: add_header_map_value x-client: portal",
        ]
    );
    assert_eq!(vm.stream(3).values("authorization"), [format!("Bearer {token}")]);
    assert!(vm.respond(3, 200));
    assert_eq!(vm.calls(), [""; 0]);
}

#[test]
fn a_technical_token_that_is_at_hand_costs_one_more_replacement() {
    let mut vm = ready();
    vm.request(2, reports(&user("ann")));
    vm.queue_ready();
    vm.answer(1, grants("technical"));
    assert!(vm.request(3, reports(&user("ann"))));
    assert_eq!(
        vm.calls(),
        [
            "3: get_current_time_nanoseconds",
            "3: get_header_map_pairs request",
            "3: add_header_map_value x-tenant: acme",
            "3: add_header_map_value x-user: ann",
            "3: add_header_map_value x-client: portal",
            "3: replace_header_map_value authorization: Bearer technical",
        ]
    );
    assert_eq!(vm.stream(3).values("authorization"), ["Bearer technical"]);
}

#[test]
fn an_application_key_costs_its_removal_the_identity_headers_and_a_private_answer() {
    let mut vm = configured(Host::default(), &with_keys());
    assert!(vm.request(2, profile_by_key(KEY)));
    assert!(vm.request(3, profile_by_key(KEY)));
    assert_eq!(
        vm.calls(),
        [
            "3: get_current_time_nanoseconds",
            "3: get_header_map_pairs request",
            "3: remove_header_map_value appkey",
            "3: add_header_map_value x-tenant: acme",
            "3: add_header_map_value x-user: ann",
        ]
    );
    assert!(vm.respond(3, 200));
    assert_eq!(
        vm.calls(),
        [
            "3: get_header_map_value response cache-control",
            "3: replace_header_map_value response cache-control: private",
        ]
    );
}

#[test]
fn filter_state_on_every_request_costs_one_property_for_each_fact() {
    let mut document = configuration();
    document["filter_state"] = "always".into();
    let mut vm = configured(Host::default(), &document);
    let token = user("ann");
    assert!(vm.request(2, profile(&token)));
    assert!(vm.request(3, profile(&token)));
    assert_eq!(
        vm.calls().iter().filter(|call| !call.contains("header_map")).collect::<Vec<_>>(),
        [
            "3: get_current_time_nanoseconds",
            "3: set_property tenantgate.decision=allow",
            "3: set_property tenantgate.route=profile",
            "3: set_property tenantgate.tenant=acme",
            "3: set_property tenantgate.user=ann",
            "3: set_property tenantgate.client=portal",
            "3: set_property tenantgate.credential_kind=bearer",
        ]
    );
}

#[test]
fn a_request_that_must_leave_filter_state_does_not_go_on_without() {
    let mut document = configuration();
    document["filter_state"] = "always".into();
    let mut vm = configured(Host::default(), &document);
    vm.host_mut().faults.insert("set_property", 10);
    assert!(!vm.request(2, profile(&user("ann"))));
    assert_eq!(vm.stream(2).answer().status, 500);
}

#[test]
fn a_token_seen_first_costs_one_call_of_verify_signature_besides() {
    let mut vm = ready();
    assert!(vm.request(2, profile(&user("ann"))));
    let calls = vm.calls();
    assert_eq!(calls.len(), 6, "{calls:?}");
    assert_eq!(calls[2], "2: call_foreign_function verify_signature");
}

#[test]
fn a_forged_token_is_verified_once_and_remembered() {
    let mut vm = ready();
    let token = forged(&user("ann"));
    vm.request(2, profile(&token));
    assert_eq!(vm.calls()[2], "2: call_foreign_function verify_signature");
    vm.request(3, profile(&token));
    assert_eq!(
        vm.calls(),
        [
            "3: get_current_time_nanoseconds",
            "3: get_header_map_pairs request",
            "3: set_property tenantgate.reason=signature_invalid",
            "3: set_property tenantgate.route=profile",
            "3: send_local_response 401 signature_invalid",
        ]
    );
}

#[test]
fn what_a_client_sends_of_our_headers_is_removed_or_replaced() {
    let mut vm = ready();
    let bearer = format!("Bearer {}", user("ann"));
    let more = [
        ("authorization", &*bearer),
        ("x-tenant", "evil"),
        ("x_user", "evil"),
        ("x-other", "kept"),
    ];
    assert!(vm.request(2, get("/profile", &more)));
    let removals: Vec<_> = vm.calls().iter().filter(|call| call.contains("remove")).collect();
    assert_eq!(removals, ["2: remove_header_map_value x_user"]);
    assert_eq!(vm.stream(2).values("x-tenant"), ["acme"]);
    assert_eq!(vm.stream(2).values("x_user"), [""; 0]);
    assert_eq!(vm.stream(2).values("x-other"), ["kept"]);
}
