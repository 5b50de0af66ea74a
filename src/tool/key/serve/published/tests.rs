use super::*;
use crate::application_key::{KeyDigest, StatedDigest};
use crate::json;

/// A record whose secrets have digests that begin with these bytes.
fn record(name: &str, marks: &[u8]) -> String {
    let secrets = marks.iter().enumerate().map(|(at, mark)| {
        let mut digest = sha256(format!("{name} {at}").as_bytes());
        digest[0] = *mark;
        let stated = StatedDigest::Sha256(KeyDigest::from_bytes(digest)).text();
        format!(r#"{{"digest":"{stated}","hint":"abcd","expires_at":"2030-01-01T00:00:00Z"}}"#)
    });
    let secrets = secrets.collect::<Vec<_>>().join(",");
    format!(r#"{{"name":"{name}","user":"edge","description":"x","secrets":[{secrets}]}}"#)
}

fn file(serial: u64, records: &[String]) -> String {
    let records = records.join(",");
    format!(
        r#"{{"version":1,"serial":{serial},"defaults":{{"allow_query":true}},"keys":[{records}]}}"#
    )
}

fn published(
    serial: u64,
    records: &[String],
    shards: usize,
    before: Option<&Published>,
) -> Result<Published, PublishError> {
    Published::of(file(serial, records).as_bytes(), shards, before)
}

fn document(page: &Page) -> Document {
    let document = super::super::super::store::document(&page.body).unwrap();
    assert!(document.invalid().next().is_none());
    document
}

fn names(page: &Page) -> Vec<String> {
    document(page).records().map(|record| record.name.to_string()).collect()
}

/// The digest's first byte says in which of so many shards it is.
#[test]
fn a_record_stands_in_each_shard_that_has_one_of_its_digests() {
    let records = [
        record("low", &[0x00]),
        record("edge", &[0x7f, 0x80]),
        record("high", &[0xff, 0xfe]),
        record("none", &[]),
    ];
    for (count, expected) in [
        (1, vec![(0, vec!["low", "edge", "high"])]),
        (2, vec![(0, vec!["low", "edge"]), (1, vec!["edge", "high"])]),
        (4, vec![(0, vec!["low"]), (1, vec!["edge"]), (2, vec!["edge"]), (3, vec!["high"])]),
        (256, vec![(0, vec!["low"]), (127, vec!["edge"]), (128, vec!["edge"])]),
    ] {
        let found = published(1, &records, count, None).unwrap();
        assert_eq!(found.shard_count(), count);
        for (place, expected) in expected {
            let page = found.shard(&format!("{place:02x}")).unwrap();
            assert_eq!(names(page), expected, "{count} {place}");
        }
        assert!(found.shard(&format!("{count:02x}")).is_none());
    }
    let one = published(1, &records, 256, None).unwrap();
    assert_eq!(document(one.shard("fe").unwrap()).records().next().unwrap().secrets.len(), 2);
    for name in ["", "0", "000", "+1", "FE", "zz", "00/"] {
        assert!(one.shard(name).is_none(), "{name}");
    }
}

#[test]
fn a_small_set_is_one_document_and_a_large_one_an_index() {
    let records = |count: usize| -> Vec<_> {
        (0..count).map(|at| record(&format!("k{at}"), &[at as u8])).collect()
    };
    let found = published(7, &records(1000), 0, None).unwrap();
    assert_eq!((found.shard_count(), document(found.main()).entries().len()), (0, 1000));
    let found = published(7, &records(1001), 0, None).unwrap();
    assert_eq!((found.shard_count(), found.records()), (2, 1001));
    let index = json::parse(&found.main().body).unwrap();
    assert_eq!(index.get("serial").unwrap().as_number().unwrap().as_u64(), Some(7));
    let listed = index.get("shards").unwrap().as_array().unwrap();
    for (at, listed) in listed.iter().enumerate() {
        let page = found.shard(&format!("{at:02x}")).unwrap();
        assert_eq!(listed.get("etag").unwrap().as_str(), Some(&*page.etag));
        assert!(page.etag.starts_with('"') && page.etag.ends_with('"'));
    }
    // Digests that all begin alike spread over no number of shards.
    let alike: Vec<_> = (0..1001).map(|at| record(&format!("k{at}"), &[1])).collect();
    assert!(matches!(published(7, &alike, 0, None), Err(PublishError::TooLarge)));
}

#[test]
fn a_document_that_would_be_too_long_is_split() {
    let scopes: Vec<_> = (0..24).map(|at| format!("\"{at:0>200}\"")).collect();
    let scopes = format!("\"scopes\":[{}],\"secrets\"", scopes.join(","));
    let long = |at: usize| record(&format!("k{at}"), &[at as u8]).replace("\"secrets\"", &scopes);
    let found = published(1, &(0..600).map(long).collect::<Vec<_>>(), 0, None).unwrap();
    assert_eq!(found.shard_count(), 2, "3 MiB");
}

#[test]
fn only_the_shards_that_change_get_another_tag() {
    let mut records = vec![record("low", &[0x00]), record("high", &[0xff])];
    let first = published(5, &records, 2, None).unwrap();
    let serial = |page: &Page| document(page).header().serial;
    records.push(record("more", &[0xfe]));
    let second = published(6, &records, 2, Some(&first)).unwrap();
    assert_eq!(second.shard("00").unwrap().etag, first.shard("00").unwrap().etag);
    assert_eq!(serial(second.shard("00").unwrap()), 6);
    assert_eq!(serial(second.shard("01").unwrap()), 6);
    assert_ne!(second.shard("01").unwrap().etag, first.shard("01").unwrap().etag);
    assert_ne!(second.main().etag, first.main().etag);
    // A set that has become smaller stays spread: else one at the bound would swing.
    let third = published(7, &records, 0, Some(&second)).unwrap();
    assert_eq!(third.shard_count(), 2);
    // Defaults concern all records.
    let other = file(8, &records).replace("true", "false");
    let fourth = Published::of(other.as_bytes(), 2, Some(&third)).unwrap();
    assert_ne!(fourth.shard("00").unwrap().etag, third.shard("00").unwrap().etag);
}

#[test]
fn two_servers_of_one_file_say_the_same_whatever_they_served_before() {
    let mut records = vec![record("low", &[0x00]), record("high", &[0xff])];
    let first = published(5, &records, 4, None).unwrap();
    records.pop();
    let one = published(9, &records, 4, Some(&first)).unwrap();
    let other = published(9, &records, 4, None).unwrap();
    let said = |of: &Published| {
        let pages = ["00", "01", "02", "03"].map(|name| of.shard(name).unwrap().clone());
        let pages = pages.into_iter().chain([of.main().clone()]);
        pages.map(|page| (page.etag, page.body)).collect::<Vec<_>>()
    };
    assert_eq!(said(&one), said(&other));
    let stated = json::parse(&one.main().body).unwrap();
    for shard in stated.get("shards").unwrap().as_array().unwrap() {
        assert_eq!(shard.get("serial").unwrap().as_number().unwrap().as_u64(), Some(9));
    }
    // A document alone has another tag with another serial.
    let alone = |serial| published(serial, &records, 0, None).unwrap().main().etag.clone();
    assert_eq!(alone(9), alone(9));
    assert_ne!(alone(9), alone(10));
}

#[test]
fn a_serial_that_goes_back_is_refused_and_the_same_is_not() {
    let first = published(5, &[], 0, None).unwrap();
    assert!(published(5, &[record("a", &[1])], 0, Some(&first)).is_ok());
    match published(4, &[], 0, Some(&first)) {
        Err(PublishError::SerialBack { found: 4, served: 5 }) => {}
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("served"),
    }
}

#[test]
fn what_two_shards_would_both_take_for_good_is_left_out() {
    // The same name with digests of two shards: each shard alone could not see it.
    let mut records = vec![record("twin", &[0x00]), record("twin", &[0xff]), record("a", &[1])];
    // The same digest for two names, one of which is in another shard too.
    records.push(record("b", &[2, 0xf0]));
    let digest = sha256(b"b 0");
    let stated = |first: u8| {
        let mut bytes = digest;
        bytes[0] = first;
        StatedDigest::Sha256(KeyDigest::from_bytes(bytes)).text()
    };
    let other = record("c", &[3]);
    let own = {
        let mut bytes = sha256(b"c 0");
        bytes[0] = 3;
        StatedDigest::Sha256(KeyDigest::from_bytes(bytes)).text()
    };
    records.push(other.replace(&own, &stated(2)));
    records.push(record("typo", &[4]).replace("\"user\"", "\"usr\""));
    let found = published(1, &records, 16, None).unwrap();
    let left: Vec<_> = found
        .left_out()
        .iter()
        .map(|one| format!("{}: {}", one.name.as_deref().unwrap_or("?"), one.error))
        .collect();
    assert_eq!(
        left,
        [
            "twin: another record has the same name",
            "twin: another record has the same name",
            "b: the digest stands in two places",
            "c: the digest stands in two places",
            "typo: `usr` is unknown",
        ]
    );
    let served: Vec<_> =
        (0..16).flat_map(|at| names(found.shard(&format!("{at:02x}")).unwrap())).collect();
    assert_eq!(served, ["a"]);
}

#[test]
fn what_only_people_read_is_not_served_and_nothing_else_is_lost() {
    let full = r#"{"name":"a","user":"u","description":"d","project":"p","tags":["a:b"],
        "client_name":"c","device":"e","roles":["r"],"tenant":"t","subtenant":"s","scopes":["x"],
        "ip_allow":["10.1.2.3"],"routes":[{"methods":["GET"],"path_prefix":"/a/"}],"enabled":true,
        "allow_query":true,"allow_session":true,"session_epoch":2,"home_mashup":null,"avatar":null,
        "documentation":"z","owner":"o","created_at":"2025-01-01T00:00:00Z","extensions":{"a":1},
        "updated_at":"2025-01-01T00:00:00Z","rate":{"rps":1,"burst":2},"secrets":[
        {"digest":"D1","hint":"dV2j","state":"current","created_at":"2025-01-01T00:00:00Z",
         "not_before":"2025-01-02T00:00:00Z","expires_at":"2030-01-01T00:00:00Z",
         "first_expires_at":"2029-01-01T00:00:00Z","times_extended":1},
        {"digest":"D2","created_at":"2025-01-01T00:00:00Z"}]}"#;
    let digest = |of: &[u8]| StatedDigest::Sha256(KeyDigest::of(of)).text();
    let full = full.replace("D1", &digest(b"1")).replace("D2", &digest(b"2"));
    let whole =
        super::super::super::store::document(file(1, std::slice::from_ref(&full)).as_bytes())
            .unwrap();
    let found = published(1, &[full], 0, None).unwrap();
    let text = String::from_utf8(found.main().body.to_vec()).unwrap();
    for name in UNSERVED.into_iter().chain(UNSERVED_OF_SECRETS) {
        assert!(name == "created_at" || !text.contains(&format!("\"{name}\"")), "{name}");
    }
    assert_eq!(text.matches("created_at").count(), 1, "the one without an end");
    let expected = whole.records().next().unwrap();
    let served = document(found.main());
    let mut served = served.records().next().unwrap().clone();
    served.about = expected.about.clone();
    for (served, expected) in served.secrets.iter_mut().zip(&expected.secrets) {
        served.hint.clone_from(&expected.hint);
        served.created_at = expected.created_at;
        served.first_expires_at = expected.first_expires_at;
        served.times_extended = expected.times_extended;
    }
    assert_eq!(served, *expected);
}
