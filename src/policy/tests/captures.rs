//! Conditions that compare a claim with a segment of the path.

use std::sync::Arc;

use super::support::{caller, parts, request, route};
use crate::jwt::ClaimName;
use crate::message::{LetterCase, Opaque, PathSpelling, TrailingSlash};
use crate::policy::{
    Condition, Culprit, Denial, Policy, PolicyError, PolicyParts, PolicyProblem, Route, Subject,
    Test,
};
use crate::principal::Principal;

fn equals(subject: Subject, name: &str) -> Condition {
    Condition { subject, test: Test::EqualsCapture(Arc::from(name)) }
}

fn claim(name: &str) -> Subject {
    Subject::Claim(ClaimName::parse(name).unwrap())
}

/// A policy of one route; a tail may hold everything.
fn policy(path: &str, claims: Vec<Condition>) -> Policy {
    let has_tail = path.ends_with("**");
    let opaque = Opaque { encoded_slash: has_tail, path_parameters: has_tail };
    Policy::new(parts(vec![Route { claims, opaque, ..route("r", path) }])).unwrap()
}

/// Whether `principal` may pass; `None` when the path never comes to the question.
fn passes(policy: &Policy, path: &str, principal: Principal) -> Option<bool> {
    let request = request("GET", "a.example", path);
    let target = policy.target(&request).ok()?;
    let route = policy.locate(&target, &request).ok()?;
    match Policy::decide(route, &target, &request, principal) {
        Ok(_) => Some(true),
        Err(Denial::ClaimMismatch) => Some(false),
        Err(other) => panic!("{path}: {other:?}"),
    }
}

#[test]
fn a_caller_stays_in_the_part_of_the_path_that_names_its_tenant() {
    let policy = policy("/tenants/{tenant}/**", vec![equals(Subject::Tenant, "tenant")]);
    let rows = [
        ("/tenants/acme/bills", Some(true)),
        ("/tenants/%61cme/bills", Some(true)),
        ("/tenants/acme/", Some(true)),
        ("/tenants/acme/a%2Fb/c;v=1?tenant=beta", Some(true)),
        ("/tenants/acme/../beta/bills", None),
        ("/tenants/acme%2F..%2Fbeta/bills", None),
        ("/tenants/acme;beta/bills", None),
        ("/tenants/acme%00/bills", None),
        ("/tenants/%2561cme/bills", None),
        ("/tenants/acme./bills", None),
        ("/tenants/acme%20/bills", None),
        ("/tenants//acme/bills", None),
        ("/tenants/ACME/bills", Some(false)),
        ("/tenants/acm/bills", Some(false)),
        ("/tenants/acme2/bills", Some(false)),
        ("/tenants/beta/acme", Some(false)),
        ("/tenants/beta/bills?tenant=acme", Some(false)),
        ("/tenants/%D0%B0cme/bills", Some(false)),
    ];
    for (path, expected) in rows {
        assert_eq!(passes(&policy, path, caller("acme", None)), expected, "{path}");
    }
}

#[test]
fn every_spelling_of_a_segment_is_decided_alike_and_as_that_segment_alone() {
    let policy = policy("/t/{t}", vec![equals(Subject::Tenant, "t")]);
    let names = ["acme", "acmf", "a%x", "é", "e\u{301}", "公司", "A-1~_.b", "*", "{t}", "a b"];
    let mut passed = 0;
    for segment in names {
        for spelled in spellings(segment) {
            for tenant in names {
                let fate = passes(&policy, &format!("/t/{spelled}"), caller(tenant, None));
                assert_eq!(fate, Some(tenant == segment), "`{spelled}` for `{tenant}`");
                passed += usize::from(fate == Some(true));
            }
        }
    }
    assert!(passed > 700, "{passed}");
}

/// All spellings of a short text: each character as it is, or encoded in either case.
fn spellings(text: &str) -> Vec<String> {
    let mut all = vec![String::new()];
    for character in text.chars() {
        let mut bytes = [0; 4];
        let bytes = character.encode_utf8(&mut bytes).bytes();
        let upper: String = bytes.map(|byte| format!("%{byte:02X}")).collect();
        let mut ways = vec![upper.to_lowercase(), upper];
        if character.is_ascii_graphic() && character != '%' {
            ways.push(character.to_string());
        }
        ways.dedup();
        all = all
            .iter()
            .flat_map(|head| ways.iter().map(move |way| format!("{head}{way}")))
            .collect();
    }
    all
}

#[test]
fn only_a_text_or_a_list_of_texts_can_equal_a_segment() {
    let policy = policy("/t/{t}", vec![equals(claim("c"), "t")]);
    let rows = [
        (r#"{"c":"7"}"#, true),
        (r#"{"c":["x","7"]}"#, true),
        (r#"{"c":7}"#, false),
        (r#"{"c":["x","8"]}"#, false),
        (r#"{"c":["7",7]}"#, false),
        (r#"{"c":true}"#, false),
        (r#"{"c":null}"#, false),
        (r#"{"c":{"7":"7"}}"#, false),
        (r#"{"c":""}"#, false),
        (r#"{}"#, false),
    ];
    for (said, expected) in rows {
        let fate = passes(&policy, "/t/7", caller("A", None).saying(said, &["c"]));
        assert_eq!(fate, Some(expected), "{said}");
    }
    assert_eq!(
        passes(&policy, "/t/true", caller("A", None).saying(r#"{"c":true}"#, &["c"])),
        Some(false)
    );
}

#[test]
fn each_request_is_compared_with_its_own_segments() {
    let both = vec![equals(Subject::Tenant, "a"), equals(Subject::User, "b")];
    let policy = policy("/x/{b}/*/{a}", both);
    let rows = [
        ("/x/user-1/y/acme", true),
        ("/x/user-1/y/beta", false),
        ("/x/user-2/y/acme", false),
        ("/x/acme/y/user-1", false),
        ("/x/user-1/acme/z", false),
        ("/x/user-1/y/acme", true),
    ];
    for (path, expected) in rows {
        assert_eq!(passes(&policy, path, caller("acme", None)), Some(expected), "{path}");
    }
}

#[test]
fn a_name_that_is_not_captured_and_a_segment_whose_case_is_ignored_are_errors() {
    let problems = |path, letter_case, names: [&str; 2]| {
        let claims = names.map(|name| equals(Subject::Tenant, name)).to_vec();
        let parts = parts(vec![Route { claims, ..route("r", path) }]);
        let spelling = PathSpelling { letter_case, trailing_slash: TrailingSlash::Kept };
        Policy::new(PolicyParts { spelling, ..parts }).err().unwrap_or_default()
    };
    let error = |problem| PolicyError { culprit: Culprit::Route(0), problem };
    let unknown = |condition, name: &str| {
        error(PolicyProblem::CaptureUnknown { condition, name: Arc::from(name) })
    };
    let folded = |condition| error(PolicyProblem::CaptureFolded { condition });
    use LetterCase::{Folded, Kept};
    assert_eq!(problems("/{t}/*", Kept, ["t", "t"]), []);
    assert_eq!(problems("/{t}/*", Kept, ["t", "u"]), [unknown(1, "u")]);
    assert_eq!(problems("/t/*", Kept, ["t", "*"]), [unknown(0, "t"), unknown(1, "*")]);
    assert_eq!(problems("/{t}/*", Kept, ["T", "t"]), [unknown(0, "T")]);
    assert_eq!(problems("/{t}/*", Folded, ["t", "t"]), [folded(0), folded(1)]);
}
