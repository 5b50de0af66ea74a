//! The document of a store.

use serde_json::{Value, json};
use tenantgate::application_key::{Document, DocumentError, Reader, RecordError};
use tenantgate::json::JsonError;

use super::{KEY, digest, document, plain, read, rules, text, with};

fn named(name: &str, key: &str) -> Value {
    let secret = json!({ "digest": digest(key), "expires_at": "2026-06-15T00:00:00Z" });
    with(json!({ "name": name, "secrets": [secret] }))
}

fn errors(document: &Document) -> Vec<(Option<&str>, RecordError)> {
    document.invalid().map(|invalid| (invalid.name.as_deref(), invalid.error.clone())).collect()
}

#[test]
fn a_bad_record_spoils_no_other() {
    let bad = with(json!({ "name": "bad", "ip_alow": ["10.1.2.3"] }));
    let document = document(&[named("a", "1"), bad, named("b", "2"), json!(7)]);
    let names: Vec<_> = document.records().map(|record| &*record.name).collect();
    assert_eq!(names, ["a", "b"]);
    let expected = [
        (Some("bad"), RecordError::UnknownMember("ip_alow".into())),
        (None, RecordError::NotAnObject),
    ];
    assert_eq!(errors(&document), expected);
}

#[test]
fn what_two_records_have_in_common_makes_both_invalid() {
    let same_name = document(&[named("a", "1"), named("b", "2"), named("a", "3")]);
    assert_eq!(errors(&same_name), vec![(Some("a"), RecordError::NameRepeated); 2]);
    let same_digest =
        document(&[named("a", "1"), named("b", "1"), named("c", "1"), named("d", "2")]);
    let repeated = |name| (Some(name), RecordError::DigestRepeated);
    assert_eq!(errors(&same_digest), ["a", "b", "c"].map(repeated));
    // Also with one that is invalid anyway.
    let bad = with(json!({ "name": "bad", "user": "" }));
    let beside_bad = document(&[bad, named("good", KEY)]);
    assert_eq!(
        errors(&beside_bad),
        [(Some("bad"), RecordError::Invalid("user")), repeated("good")]
    );
}

#[test]
fn documents_of_another_form_are_refused_as_a_whole() {
    use DocumentError::{Invalid, Json, Missing, UnknownMember, Version};
    let syntax = Json(JsonError::Syntax);
    let rows = [
        ("", syntax),
        ("[]", syntax),
        ("null", syntax),
        ("{", syntax),
        ("{}", Version),
        ("{} x", syntax),
        (r#"{"version":1,}"#, syntax),
        (r#"{"version" 1}"#, syntax),
        (r#"{version:1}"#, syntax),
        (r#"{"version":1 "serial":1}"#, syntax),
        (r#"{"version":2,"serial":1,"keys":[]}"#, Version),
        (r#"{"version":"1","serial":1,"keys":[]}"#, Version),
        (r#"{"serial":1,"keys":[]}"#, Version),
        (r#"{"version":1,"keys":[]}"#, Missing("serial")),
        (r#"{"version":1,"serial":1}"#, Missing("keys")),
        (r#"{"version":1,"serial":-1,"keys":[]}"#, Invalid("serial")),
        (r#"{"version":1,"serial":9007199254740992,"keys":[]}"#, Invalid("serial")),
        (r#"{"version":1,"serial":1,"keys":{}}"#, Invalid("keys")),
        (r#"{"version":1,"serial":1,"keys":null}"#, Invalid("keys")),
        (r#"{"version":1,"serial":1,"keys":[],"x":1}"#, UnknownMember),
        (r#"{"version":1,"serial":1,"keys":[],"default":{}}"#, UnknownMember),
        (r#"{"version":1,"serial":1,"keys":[],"extensions":1}"#, Invalid("extensions")),
        (r#"{"version":1,"serial":1,"keys":[],"generated_at":1}"#, Invalid("generated_at")),
        (r#"{"version":1,"serial":1,"keys":[],"defaults":[]}"#, Invalid("defaults")),
        (r#"{"version":1,"serial":1,"keys":[],"defaults":{"x":1}}"#, UnknownMember),
        (
            r#"{"version":1,"serial":1,"keys":[],"defaults":{"allow_query":null}}"#,
            Invalid("allow_query"),
        ),
        (
            r#"{"version":1,"serial":1,"keys":[],"defaults":{"lifetime_seconds":0}}"#,
            Invalid("lifetime_seconds"),
        ),
        (
            r#"{"version":1,"serial":1,"keys":[],"defaults":{"lifetime_seconds":315360001}}"#,
            Invalid("lifetime_seconds"),
        ),
        (r#"{"version":1,"serial":1,"serial":2,"keys":[]}"#, Json(JsonError::MemberRepeated)),
        (r#"{"version":1,"serial":1,"keys":[],"k\u0065ys":[]}"#, Json(JsonError::MemberRepeated)),
        (r#"{"version":1,"serial":1,"keys":[1,]}"#, syntax),
        (r#"{"version":1,"serial":1,"keys":[,1]}"#, syntax),
        (r#"{"version":1,"serial":1,"keys":[1 2]}"#, syntax),
        (r#"{"version":1,"serial":1,"keys":[1}}"#, syntax),
        (r#"{"version":1,"serial":1,"keys":[{]}]}"#, syntax),
        (r#"{"version":1,"serial":1,"keys":[tru]}"#, syntax),
        (r#"{"version":1,"serial":1,"keys":[{"a":}]}"#, syntax),
        (r#"{"version":1,"serial":1,"keys":[{}"#, syntax),
        (r#"{"version":1,"serial":1,"keys":["\ud800"]}"#, syntax),
    ];
    for (text, expected) in rows {
        assert_eq!(read(text.as_bytes()), Err(expected), "{text}");
    }
    assert_eq!(read(b"{\"version\":1,\"serial\":1,\"keys\":[\"\xff\"]}"), Err(syntax));
}

#[test]
fn members_stand_in_any_order_and_numbers_may_be_doubles() {
    let text = r#" { "keys" : [ ] , "serial" : 5.0 , "extensions" : { } , "version" : 1.0 } "#;
    let document = read(text.as_bytes()).unwrap();
    assert_eq!(document.header().serial, 5);
    assert!(document.entries().is_empty());
    let keys = format!(
        r#"{{"keys":[{}],"defaults":{{"allow_session":true}},"version":1,"serial":1}}"#,
        plain()
    );
    let document = read(keys.as_bytes()).unwrap();
    assert!(document.records().all(|record| record.allow_session), "defaults behind the keys");
}

#[test]
fn a_prefix_of_a_document_is_never_a_document() {
    let whole = text(&[named("a", "1"), named("b", "2")]);
    for length in 0..whole.len() {
        assert!(read(&whole[..length]).is_err(), "{length}");
    }
}

#[test]
fn a_document_read_in_slices_is_the_one_read_at_once() {
    let text = text(&(0..25).map(|n| named(&format!("k{n}"), &format!("{n}"))).collect::<Vec<_>>());
    for count in [1, 7, 24, 25, 26] {
        let mut reader = Reader::new(text.clone(), rules()).unwrap();
        assert_eq!(reader.header().serial, 412);
        let mut slices = 0;
        while !reader.advance(count).unwrap() {
            slices += 1;
        }
        assert_eq!(slices, 24 / count, "{count}");
        assert_eq!(reader.finish(), read(&text).unwrap());
    }
    let mut cut = Reader::new(text, rules()).unwrap();
    assert_eq!(cut.advance(24), Ok(false));
    assert!(cut.finish().entries().is_empty(), "half a document has no records");
}

#[test]
fn bytes_and_records_are_bounded_at_exactly_their_limits() {
    let text = text(&[named("a", "1"), named("b", "2")]);
    let read = |largest, most| {
        let rules = tenantgate::application_key::ReadRules { largest, most, ..rules() };
        Document::read(text.clone(), rules).err()
    };
    assert_eq!(read(text.len(), 2), None);
    assert_eq!(read(text.len() - 1, 2), Some(DocumentError::TooLarge));
    assert_eq!(read(text.len(), 1), Some(DocumentError::TooManyRecords));
}

#[test]
fn a_serial_never_goes_back() {
    let header = *document(&[]).header();
    assert!(header.may_follow(411) && header.may_follow(412) && !header.may_follow(413));
}
