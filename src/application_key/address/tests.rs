use super::*;

fn parsed(text: &str) -> Result<AddressList, AddressError> {
    AddressList::parse(&[text]).map(|(list, _)| list)
}

fn allows(text: &str, client: &str) -> bool {
    parsed(text).unwrap().allows(Some(client.parse().unwrap()))
}

#[test]
fn every_row_of_the_table_holds() {
    let (any, notices) = AddressList::parse(&[]).unwrap();
    assert!(any.allows(Some("192.0.2.1".parse().unwrap())) && any.allows(None));
    assert_eq!(notices, AddressNotices::default());
    let rows = [
        ("10.1.2.3", "10.1.2.3", true),
        ("10.1.2.3, 192.168.7.*", "192.168.7.200", true),
        ("10.1.*", "10.1.255.1", true),
        ("10.1.*.*", "10.2.0.1", false),
        ("2001:db8::/32", "2001:db8:9::1", true),
        ("10.0.0.0/8", "::ffff:10.9.9.9", true),
        ("10.0.0.5-10.0.0.9", "10.0.0.10", false),
        ("*", "203.0.113.9", true),
        ("*", "2001:db8::1", true),
    ];
    for (list, client, expected) in rows {
        assert_eq!(allows(list, client), expected, "{list} {client}");
    }
    assert_eq!(parsed("10.1.2.3;10.1.2.4"), Err(AddressError::Form));
    let (_, notices) = AddressList::parse(&["*"]).unwrap();
    assert!(notices.is_everything && notices.is_wide);
}

#[test]
fn both_sides_of_each_bound_are_told_apart() {
    let rows: [(&str, &[&str], &[&str]); 13] = [
        ("10.0.0.5-10.0.0.9", &["10.0.0.5", "10.0.0.9"], &["10.0.0.4", "10.0.0.10"]),
        ("10.1.2.*", &["10.1.2.0", "10.1.2.255"], &["10.1.1.255", "10.1.3.0"]),
        ("10.*", &["10.0.0.0", "10.255.255.255"], &["9.255.255.255", "11.0.0.0"]),
        ("10.*.*", &["10.0.0.0", "10.255.255.255"], &["9.255.255.255", "11.0.0.0"]),
        ("10.1.2.3/8", &["10.0.0.0", "10.255.255.255"], &["9.255.255.255", "11.0.0.0"]),
        ("10.1.2.3/32", &["10.1.2.3"], &["10.1.2.2", "10.1.2.4"]),
        ("0.0.0.0/0", &["0.0.0.0", "255.255.255.255", "::ffff:1.2.3.4"], &["::", "2001:db8::1"]),
        ("::/0", &["::", "ffff::"], &["1.2.3.4", "::ffff:1.2.3.4"]),
        ("2001:db8::/127", &["2001:db8::", "2001:db8::1"], &["2001:db8::2"]),
        ("2001:db8::5/128", &["2001:db8::5"], &["2001:db8::4", "2001:db8::6"]),
        ("::ffff:10.0.0.0/104", &["10.0.0.0", "10.255.255.255"], &["11.0.0.0", "::"]),
        ("::ffff:10.1.2.3", &["10.1.2.3", "::ffff:10.1.2.3"], &["10.1.2.4"]),
        ("fe80::1%eth0, 10.0.0.1,,", &["fe80::1", "10.0.0.1"], &["fe80::2"]),
    ];
    for (list, inside, outside) in rows {
        assert!(inside.iter().all(|client| allows(list, client)), "{list}");
        assert!(!outside.iter().any(|client| allows(list, client)), "{list}");
    }
}

#[test]
fn what_is_malformed_is_an_error_and_never_any() {
    use AddressError::{Blank, Form, PrefixLength, Range, TooLong, Wildcard};
    let long = format!("{:0>129}", "1");
    let rows = [
        ("", Blank),
        (",", Blank),
        (" , \t", Blank),
        ("010.1.2.3", Form),
        ("10.1.2", Form),
        ("10.1.2.3.4", Form),
        ("10.1.2.3:80", Form),
        ("[::1]", Form),
        ("localhost", Form),
        ("10.1.2.3 10.1.2.4", Form),
        ("10.1.2.3%eth0", Form),
        ("fe80::1%", Form),
        ("10.1.2.3\n", Form),
        ("10.*.2.3", Wildcard),
        ("10.1.2.3.*", Wildcard),
        ("*.*.*.*", Wildcard),
        ("*.1", Wildcard),
        ("10.1*", Wildcard),
        ("10.01.*", Wildcard),
        ("10.256.*", Wildcard),
        ("10..*", Wildcard),
        ("10.1.*.*.*", Wildcard),
        ("2001:db8:*", Wildcard),
        ("10.0.0.0/33", PrefixLength),
        ("10.0.0.0/08", PrefixLength),
        ("10.0.0.0/+8", PrefixLength),
        ("10.0.0.0/", PrefixLength),
        ("10.0.0.0/8/8", PrefixLength),
        ("2001:db8::/129", PrefixLength),
        ("10.0/8", Form),
        ("10.0.0.9-10.0.0.5", Range),
        ("::1-::5", Range),
        ("10.0.0.5-", Range),
        ("10.0.0.1-10.0.0.2-10.0.0.3", Range),
        (&long, TooLong),
    ];
    for (text, expected) in rows {
        assert_eq!(parsed(text), Err(expected), "{text}");
        // A good entry beside it does not save it.
        if expected != Blank {
            assert_eq!(parsed(&format!("10.9.9.9,{text}")), Err(expected), "{text}");
        }
    }
}

#[test]
fn entries_are_counted_over_all_texts() {
    let texts = |count: usize| vec!["10.0.0.1,10.0.0.3"; count / 2];
    assert!(AddressList::parse(&texts(AddressList::LIMIT)).is_ok());
    let over = AddressList::parse(&texts(AddressList::LIMIT + 2));
    assert_eq!(over.err(), Some(AddressError::TooMany));
}

#[test]
fn an_address_that_nobody_could_read_is_let_in_by_no_list() {
    for list in ["*", "0.0.0.0/0", "10.1.2.3"] {
        assert!(!parsed(list).unwrap().allows(None), "{list}");
    }
}

#[test]
fn what_overlaps_or_touches_becomes_one_range() {
    let (list, notices) = AddressList::parse(&[
        "10.0.0.0/9",
        "10.128.0.0/9,10.3.0.0/16",
        "192.0.2.2,192.0.2.1,192.0.2.4",
        "2001:db8::/33",
        "2001:db8:8000::/33",
    ])
    .unwrap();
    assert_eq!(list.v4.len(), 3);
    assert_eq!(list.v6.len(), 1);
    assert!(!notices.is_everything && notices.is_wide);
    let (_, halves) = AddressList::parse(&["0.0.0.0/1", "128.0.0.0/1"]).unwrap();
    assert!(halves.is_everything);
}

#[test]
fn notices_begin_exactly_where_they_are_promised() {
    let of = |text: &str| AddressList::parse(&[text]).unwrap().1;
    let rows = [
        ("10.1.0.0/16", false, false),
        ("10.1.*", false, false),
        ("10.0.0.0/15", false, true),
        ("10.0.0.0-10.0.255.255", false, false),
        ("10.0.0.0-10.1.0.0", false, true),
        ("2001:db8::/48", false, false),
        ("2001:db8::/47", false, true),
        ("10.1.2.3/24", true, false),
        ("2001:db8::1/64", true, false),
    ];
    for (text, has_host_bits, is_wide) in rows {
        let expected = AddressNotices { has_host_bits, is_everything: false, is_wide };
        assert_eq!(of(text), expected, "{text}");
    }
    assert!(of("0.0.0.0/0").is_everything && of("::/0").is_everything);
}
