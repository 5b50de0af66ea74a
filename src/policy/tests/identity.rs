//! What upstreams are told about callers.

use std::collections::BTreeMap;

use super::support::{caller, header, parts, request, route};
use crate::jwt::ClaimName;
use crate::message::HeaderEdit;
use crate::policy::{
    Culprit, EditError, IdentityHeaders, Policy, PolicyError, PolicyParts, PolicyProblem,
};
use crate::principal::Principal;
use crate::tenancy::Tenancy;

fn identity(claims: &[(&str, &str)]) -> IdentityHeaders {
    let claim = |(name, claim): &(&str, &str)| (header(name), ClaimName::parse(claim).unwrap());
    IdentityHeaders {
        client: Some(header("x-client")),
        scopes: Some(header("x-scopes")),
        credential_kind: Some(header("x-credential-kind")),
        claims: claims.iter().map(claim).collect(),
        ..IdentityHeaders::default()
    }
}

/// The identity headers that a request of `principal` gets.
fn told(
    claims: &[(&str, &str)],
    principal: Principal,
) -> Result<BTreeMap<String, String>, EditError> {
    let identity = identity(claims);
    let parts = PolicyParts { identity: identity.clone(), ..parts(vec![route("r", "/a")]) };
    let policy = Policy::new(parts).unwrap();
    let head = request("GET", "a.example", "/a");
    let target = policy.target(&head).unwrap();
    let permit =
        Policy::decide(policy.locate(&target, &head).unwrap(), &target, &head, principal).unwrap();
    let edits = permit.into_edits(&head, &[], policy.owned(), &identity)?;
    let set = edits.into_iter().filter_map(|edit| match edit {
        HeaderEdit::Add(name, value) | HeaderEdit::Set(name, value) => {
            Some((name.as_str().to_owned(), String::from_utf8(value.expose().to_vec()).unwrap()))
        }
        HeaderEdit::Reduce(_) | HeaderEdit::Remove(_) => None,
    });
    Ok(set.collect())
}

#[test]
fn scopes_kind_and_claims_are_told_encoded_with_commas_between() {
    let caller = Principal::stand_in(Tenancy::Unstated, &["b c", "a,d", "ü"]).saying(
        r#"{"org":{"department":"R&D, Z\u00fcrich"},"groups":["x","y,z"],"level":7.0,"half":-0.5,"mfa":true}"#,
        &["/org/department", "groups", "level", "half", "mfa", "none"],
    );
    let claims = [
        ("x-department", "/org/department"),
        ("x-groups", "groups"),
        ("x-level", "level"),
        ("x-half", "half"),
        ("x-mfa", "mfa"),
        ("x-none", "none"),
    ];
    let expected = [
        ("x-client", "client-1"),
        ("x-credential-kind", "bearer"),
        ("x-department", "R&D%2C%20Z%C3%BCrich"),
        ("x-groups", "x,y%2Cz"),
        ("x-half", "-0.5"),
        ("x-level", "7"),
        ("x-mfa", "true"),
        ("x-scopes", "a%2Cd,b%20c,%C3%BC"),
    ];
    let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(told(&claims, caller), Ok(expected.into()));
}

#[test]
fn without_scopes_and_claims_nothing_is_told_of_them() {
    let caller = Principal::stand_in(Tenancy::Unstated, &[]).saying("{}", &["c"]);
    let told = told(&[("x-c", "c")], caller).unwrap();
    assert_eq!(told.keys().collect::<Vec<_>>(), ["x-client", "x-credential-kind"]);
}

#[test]
fn a_claim_that_no_header_can_tell_refuses_the_request() {
    let odd = || Err(EditError::IdentityOdd(header("x-c")));
    for claim in ["null", "{}", "[]", r#"[1]"#, r#""""#, r#""a\nb""#] {
        let document = format!(r#"{{"c":{claim}}}"#);
        let caller = caller("A", None).saying(&document, &["c"]);
        assert_eq!(told(&[("x-c", "c")], caller), odd(), "{claim}");
    }
    assert_eq!(told(&[("x-c", "c")], caller("A", None).saying("{}", &[])), odd(), "not kept");
}

#[test]
fn a_value_of_4096_bytes_is_told_and_a_longer_one_refuses_the_request() {
    let of = |count: usize| {
        let scopes: Vec<_> = (0..count).map(|number| format!("{number:0>255}")).collect();
        let scopes: Vec<_> = scopes.iter().map(String::as_str).collect();
        told(&[], Principal::stand_in(Tenancy::Unstated, &scopes))
    };
    assert_eq!(of(16).unwrap()["x-scopes"].len(), 16 * 256 - 1);
    assert_eq!(of(17), Err(EditError::IdentityTooLong(header("x-scopes"))));
    // Each blank becomes three bytes: 4096 of them, then one more.
    let of = |bytes: &str| {
        let document = format!(r#"{{"c":["{}","{bytes}"]}}"#, " ".repeat(1023));
        told(&[("x-c", "c")], caller("A", None).saying(&document, &["c"]))
    };
    assert_eq!(of(&"x".repeat(1024)).unwrap()["x-c"].len(), 3 * 1023 + 1 + 1024);
    assert_eq!(of(&format!("  {}", "x".repeat(1020))).unwrap()["x-c"].len(), 4096);
    let longer = of(&format!("  {}", "x".repeat(1021)));
    assert_eq!(longer, Err(EditError::IdentityTooLong(header("x-c"))));
}

#[test]
fn no_header_tells_two_things() {
    let problem = |claims: &[(&str, &str)]| {
        let identity = identity(claims);
        let parts = PolicyParts { identity, ..parts(vec![route("r", "/a")]) };
        Policy::new(parts).err().map(|errors| errors[0].clone())
    };
    let taken = |name| {
        let problem = PolicyProblem::HeaderTaken(header(name));
        Some(PolicyError { culprit: Culprit::Identity, problem })
    };
    assert_eq!(problem(&[("x-a", "c"), ("x-b", "c")]), None);
    assert_eq!(problem(&[("x-a", "c"), ("x_a", "d")]), taken("x_a"));
    assert_eq!(problem(&[("x-scopes", "c")]), taken("x-scopes"));
    assert_eq!(problem(&[("authorization", "c")]), taken("authorization"));
}
