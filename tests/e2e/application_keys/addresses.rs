//! Keys for some addresses alone: whose address it is, and what lists cover.

use serde_json::{Value, json};

use super::{
    KEY, OTHER, because, behind_http2, digest, edit_manager, get, reasoned, record, refused, setup,
};
use crate::development::envoy::EnvoyError;
use crate::lab::{Lab, Setup};

fn listed(list: Value) -> Value {
    record("pump-17", KEY, json!({"ip_allow": list}))
}

fn trusting_hops(setup: &mut Setup, hops: u32) {
    edit_manager(setup, move |manager, _| manager["xff_num_trusted_hops"] = json!(hops));
}

/// Sends it with this `x-forwarded-for`, if any, and tells whether it was let in.
fn is_let_in(lab: &Lab, key: &str, forwarded_for: Option<&str>) -> bool {
    let case = format!("{} {forwarded_for:?}", &digest(key)[..20]);
    let mut fields = vec![("appkey", key), ("x-case", &case)];
    fields.extend(forwarded_for.map(|value| ("x-forwarded-for", value)));
    let answer = get(lab, "/things/1", &fields);
    match answer.status {
        200 => true,
        _ => {
            let expected = because(401, "app_key_invalid", "appkey_ip");
            assert_eq!(reasoned(lab, &case, &answer), expected);
            false
        }
    }
}

#[test]
fn without_trusted_hops_no_header_moves_the_client() {
    let records =
        [listed(json!(["127.0.0.1"])), record("far", OTHER, json!({"ip_allow": ["10.1.2.3"]}))];
    let mut setup = setup(&records, &json!({}));
    trusting_hops(&mut setup, 0);
    let lab = setup.start();
    for spoofed in [
        None,
        Some("10.1.2.3"),
        Some("10.1.2.3, 127.0.0.1"),
        Some("127.0.0.1, 10.1.2.3"),
        Some("x"),
    ] {
        assert!(is_let_in(&lab, KEY, spoofed), "{spoofed:?}");
        assert!(!is_let_in(&lab, OTHER, spoofed), "{spoofed:?}");
    }
    for (name, value) in [
        ("x-real-ip", "10.1.2.3"),
        ("forwarded", "for=10.1.2.3"),
        ("x-envoy-external-address", "10.1.2.3"),
        ("true-client-ip", "10.1.2.3"),
    ] {
        let answer = get(&lab, "/things/1", &[("appkey", OTHER), (name, value)]);
        assert_eq!(refused(&answer), (401, "app_key_invalid".to_owned()), "{name}");
    }
    lab.assert_unharmed();
}

#[test]
fn behind_one_trusted_hop_the_client_is_whom_that_hop_names_and_nobody_further_left() {
    let mut setup = setup(&[listed(json!(["10.1.2.3"]))], &json!({}));
    trusting_hops(&mut setup, 1);
    let lab = setup.start();
    for (forwarded_for, is_in) in [
        (Some("10.1.2.3"), true),
        (Some("10.9.9.9, 10.1.2.3"), true),
        (Some("10.1.2.3, 10.9.9.9"), false),
        (Some("10.9.9.9"), false),
        // The hop says nothing: then it is itself the client.
        (None, false),
    ] {
        assert_eq!(is_let_in(&lab, KEY, forwarded_for), is_in, "{forwarded_for:?}");
    }
    lab.assert_unharmed();
}

#[test]
fn every_form_of_a_list_covers_what_it_says_and_no_more() {
    let rows = [
        (json!([]), "198.51.100.7", true),
        (json!(["10.1.2.3"]), "10.1.2.3", true),
        (json!(["10.1.2.3"]), "10.1.2.4", false),
        (json!(["10.1.2.3, 192.168.7.*"]), "192.168.7.200", true),
        (json!(["10.1.2.3", "192.168.7.*"]), "192.168.8.1", false),
        (json!(["10.1.*"]), "10.1.255.1", true),
        (json!(["10.1.*.*"]), "10.2.0.1", false),
        (json!(["2001:db8::/32"]), "2001:db8:9::1", true),
        (json!(["2001:db8::/32"]), "2001:db9::1", false),
        (json!(["10.0.0.0/8"]), "::ffff:10.9.9.9", true),
        (json!(["::ffff:10.0.0.0/104"]), "10.9.9.9", true),
        (json!(["10.0.0.5-10.0.0.9"]), "10.0.0.4", false),
        (json!(["10.0.0.5-10.0.0.9"]), "10.0.0.5", true),
        (json!(["10.0.0.5-10.0.0.9"]), "10.0.0.9", true),
        (json!(["10.0.0.5-10.0.0.9"]), "10.0.0.10", false),
        (json!(["10.1.2.3/8"]), "10.200.0.1", true),
        (json!(["*"]), "198.51.100.7", true),
        (json!(["*"]), "2001:db8::1", true),
        (json!([" 10.1.2.3 ,, "]), "10.1.2.3", true),
    ];
    let key = |row: usize| format!("00000000-1111-4222-8333-{row:012}");
    let records: Vec<_> = (0..rows.len())
        .map(|row| record(&format!("row-{row}"), &key(row), json!({"ip_allow": rows[row].0})))
        .collect();
    let mut setup = setup(&records, &json!({}));
    trusting_hops(&mut setup, 1);
    let lab = setup.start();
    for (row, (list, client, is_in)) in rows.iter().enumerate() {
        assert_eq!(is_let_in(&lab, &key(row), Some(client)), *is_in, "{list} {client}");
    }
    lab.assert_unharmed();
}

#[test]
fn a_malformed_list_or_one_that_nobody_can_check_keeps_the_gateway_from_starting() {
    for list in ["10.1.2.3;10.1.2.4", ","] {
        assert_no_start(&setup(&[listed(json!([list]))], &json!({})));
    }
    let mut unstated = setup(&[listed(json!(["10.1.2.3"]))], &json!({}));
    unstated.filter.as_object_mut().unwrap().remove("client_address");
    assert_no_start(&unstated);
}

fn assert_no_start(setup: &Setup) {
    let Err(EnvoyError::Exited { log }) = setup.try_start() else { panic!("it starts") };
    assert!(log.contains("application_keys.inline.keys[0]"), "{log}");
}

#[test]
fn an_address_that_cannot_be_read_is_on_no_list() {
    let records = [
        listed(json!(["0.0.0.0/0", "::/0"])),
        record("all", OTHER, json!({"ip_allow": ["*"]})),
        record("unlisted", super::GUID, json!({})),
    ];
    let mut setup = setup(&records, &json!({}));
    // The gateway's client is a socket of the file system, which has a path and no address.
    behind_http2(&mut setup);
    let lab = setup.start();
    for key in [KEY, OTHER] {
        assert!(!is_let_in(&lab, key, None));
        assert!(!is_let_in(&lab, key, Some("10.1.2.3")));
    }
    assert!(is_let_in(&lab, super::GUID, None));
}
