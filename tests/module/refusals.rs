//! Refused requests: what they cost, and what hosts give that is no request.

use crate::host::{BAD_ARGUMENT, Host};
use crate::provider::{expired, user, user_in_subtenant};
use crate::requests::{Fields, fields, get};
use crate::scene::{
    UNKNOWN_KEY, configuration, configured, profile, profile_by_key, ready, with_keys,
};
use crate::vm::Vm;

#[test]
fn a_refusal_costs_its_filter_state_and_one_response() {
    let mut vm = ready();
    assert!(!vm.request(2, get("/profile", &[])));
    assert_eq!(
        vm.calls(),
        [
            "2: get_current_time_nanoseconds",
            "2: get_header_map_pairs request",
            "2: set_property tenantgate.reason=credential_missing",
            "2: set_property tenantgate.route=profile",
            "2: send_local_response 401 credential_missing",
        ]
    );
    let answer = vm.stream(2).answer();
    let challenge = "Bearer realm=\"tenantgate\"".to_owned();
    assert!(answer.headers.contains(&("www-authenticate".to_owned(), challenge)));
    assert_eq!(answer.grpc_status, -1, "not gRPC");
    let body: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!((&body["status"], &body["code"]), (&401.into(), &"token_missing".into()));
}

#[test]
fn an_expired_token_is_refused_again_for_as_much() {
    let mut vm = ready();
    assert!(!vm.request(2, profile(&expired("ann"))));
    assert!(!vm.request(3, profile(&expired("ann"))));
    assert_eq!(
        vm.calls(),
        [
            "3: get_current_time_nanoseconds",
            "3: get_header_map_pairs request",
            "3: set_property tenantgate.reason=expired",
            "3: set_property tenantgate.route=profile",
            "3: send_local_response 401 expired",
        ]
    );
}

#[test]
fn a_refused_caller_is_named_in_filter_state_besides() {
    let mut vm = ready();
    assert!(!vm.request(2, profile(&user_in_subtenant("ann"))));
    assert!(!vm.request(3, profile(&user_in_subtenant("ann"))));
    assert_eq!(
        vm.calls(),
        [
            "3: get_current_time_nanoseconds",
            "3: get_header_map_pairs request",
            "3: set_property tenantgate.reason=route_not_subtenancy_aware",
            "3: set_property tenantgate.route=profile",
            "3: set_property tenantgate.tenant=acme",
            "3: set_property tenantgate.subtenant=north",
            "3: set_property tenantgate.user=ann",
            "3: set_property tenantgate.client=portal",
            "3: send_local_response 403 route_not_subtenancy_aware",
        ]
    );
}

#[test]
fn filter_state_of_refusals_costs_what_its_setting_says() {
    let rows: [(&str, &[&str]); 2] = [
        ("never", &[]),
        (
            "always",
            &[
                "2: set_property tenantgate.decision=deny",
                "2: set_property tenantgate.code=token_missing",
                "2: set_property tenantgate.reason=credential_missing",
                "2: set_property tenantgate.route=profile",
            ],
        ),
    ];
    for (setting, properties) in rows {
        let mut document = configuration();
        document["filter_state"] = setting.into();
        let mut vm = configured(Host::default(), &document);
        assert!(!vm.request(2, get("/profile", &[])));
        let calls = vm.calls();
        let (properties_set, others): (Vec<&String>, Vec<&String>) =
            calls.iter().partition(|call| call.contains("set_property"));
        assert_eq!(properties_set, properties, "{setting}");
        assert_eq!(others.len(), 3, "{others:?}");
    }
}

#[test]
fn an_unknown_key_is_removed_besides_and_told_by_its_digest() {
    let mut vm = configured(Host::default(), &with_keys());
    assert!(!vm.request(2, profile_by_key(UNKNOWN_KEY)));
    assert!(!vm.request(3, profile_by_key(UNKNOWN_KEY)));
    assert_eq!(
        vm.calls(),
        [
            "3: get_current_time_nanoseconds",
            "3: get_header_map_pairs request",
            "3: remove_header_map_value appkey",
            "3: set_property tenantgate.reason=appkey_unknown",
            "3: set_property tenantgate.route=profile",
            "3: set_property tenantgate.key_digest=1bfaf248",
            "3: send_local_response 401 appkey_unknown",
        ]
    );
}

#[test]
fn a_grpc_request_is_refused_in_its_own_words() {
    let mut vm = ready();
    vm.request(2, get("/profile", &[("content-type", "application/grpc")]));
    let answer = vm.stream(2).answer();
    assert_eq!((answer.grpc_status, answer.body.len()), (16, 0));
}

#[test]
fn refusals_are_counted_and_logged_on_the_tick() {
    let mut vm = ready();
    vm.request(2, get("/profile", &[]));
    vm.request(3, get("/profile", &[]));
    vm.tick();
    let line = "refused 2 requests on route `profile`: credential_missing".to_owned();
    assert_eq!(vm.host().log.last(), Some(&(2, line)));
}

#[test]
fn bytes_that_are_not_text_are_no_harm() {
    let mut vm = ready();
    let with = |name: &str| {
        let mut headers = profile(&user("ann"));
        headers.push((name.as_bytes().to_vec(), b"\xff\xfe".to_vec()));
        headers
    };
    let names = ["x-note", "x-tenant", "cookie", "x-forwarded-for", "x-user"];
    for (stream, name) in (2..).zip(names) {
        assert!(vm.request(stream, with(name)), "{name}");
    }
    let mut headers = profile(&user("ann"));
    headers.push((b"x-\xff\xfe".to_vec(), b"x".to_vec()));
    assert!(vm.request(100, headers));
}

#[test]
fn bytes_that_are_not_text_are_refused_where_they_count() {
    let replaced = |name: &str| -> Fields {
        let mut headers = profile("token");
        headers.retain(|(field, _)| field != name.as_bytes());
        headers.push((name.as_bytes().to_vec(), b"\xff\xfe".to_vec()));
        headers
    };
    let rows = [
        (":path", (400, "path_not_absolute")),
        (":authority", (400, "host_character")),
        (":method", (400, "method_malformed")),
        ("authorization", (401, "authorization_scheme_unsupported")),
    ];
    for (name, expected) in rows {
        let mut vm = ready();
        assert!(!vm.request(2, replaced(name)));
        assert_eq!(vm.stream(2).refusal(), expected, "{name}");
        assert_lives_on(vm);
    }
}

#[test]
fn a_request_without_a_part_that_every_request_has_is_refused() {
    let rows = [
        (fields(&[]), "method_malformed"),
        (fields(&[(":path", "/profile"), (":authority", "a.example")]), "method_malformed"),
        (fields(&[(":method", "GET"), (":authority", "a.example")]), "path_missing"),
        (fields(&[(":method", "GET"), (":path", "/profile")]), "host_missing"),
    ];
    for (headers, reason) in rows {
        let mut vm = ready();
        assert!(!vm.request(2, headers.clone()));
        assert_eq!(vm.stream(2).refusal(), (400, reason), "{headers:?}");
        assert_lives_on(vm);
    }
}

#[test]
fn a_host_that_does_not_give_what_a_decision_needs_gets_a_refusal() {
    for hostcall in ["get_current_time_nanoseconds", "get_header_map_pairs"] {
        let mut vm = ready();
        vm.host_mut().faults.insert(hostcall, BAD_ARGUMENT);
        assert!(!vm.request(2, profile(&user("ann"))));
        assert_eq!(vm.stream(2).refusal(), (500, "host_failed"), "{hostcall}");
        vm.host_mut().faults.clear();
        assert_lives_on(vm);
    }
}

#[test]
fn a_header_that_the_host_does_not_change_means_a_refusal() {
    let rows = [
        ("add_header_map_value", "x-other"),
        ("replace_header_map_value", "x-tenant"),
        ("remove_header_map_value x_tenant", "x_tenant"),
    ];
    for (hostcall, name) in rows {
        let mut vm = ready();
        vm.host_mut().faults.insert(hostcall, 10);
        let bearer = format!("Bearer {}", user("ann"));
        let headers = get("/profile", &[("authorization", &*bearer), (name, "evil")]);
        assert!(!vm.request(2, headers), "{hostcall}");
        assert_eq!(vm.stream(2).refusal(), (500, "host_failed"), "{hostcall}");
        vm.host_mut().faults.clear();
        assert_lives_on(vm);
    }
}

#[test]
fn a_response_that_the_host_refuses_is_tried_once_more_without_its_body() {
    let mut vm = ready();
    vm.host_mut().faults.insert("send_local_response", BAD_ARGUMENT);
    assert!(!vm.request(2, get("/profile", &[])), "it stays paused, and never goes on");
    let tries = vm.calls().iter().filter(|call| call.contains("send_local_response")).count();
    assert_eq!(tries, 2);
}

#[test]
fn a_reason_that_the_host_does_not_note_changes_nothing_for_the_client() {
    let mut vm = ready();
    vm.host_mut().faults.insert("set_property", 10);
    assert!(!vm.request(2, get("/profile", &[])));
    assert_eq!(vm.stream(2).refusal(), (401, ""));
}

/// The next request is served.
fn assert_lives_on(mut vm: Vm) {
    assert!(vm.request(1000, profile(&user("ann"))));
}
