//! Conditions on claims: each test against each shape that a claim may have.

use std::sync::Arc;

use super::support::{caller, parts, policy, request, route, technical_route};
use crate::jwt::ClaimName;
use crate::policy::{
    Authentication, Condition, Culprit, Denial, Deployment, Policy, PolicyError, PolicyParts,
    PolicyProblem, Route, Scalar, ScopeRequirement, Subject, Test,
};
use crate::principal::Principal;

fn text(text: &str) -> Scalar {
    Scalar::Text(Arc::from(text))
}

fn one_of(values: impl IntoIterator<Item = Scalar>) -> Test {
    Test::OneOf(values.into_iter().collect())
}

fn about(claim: &str, test: Test) -> Condition {
    Condition { subject: Subject::Claim(ClaimName::parse(claim).unwrap()), test }
}

fn decide(conditions: &[Condition], principal: Principal) -> Result<(), Denial> {
    let policy = policy(vec![Route { claims: conditions.to_vec(), ..route("r", "/a") }]);
    let request = request("GET", "a.example", "/a");
    let target = policy.target(&request).unwrap();
    Policy::decide(policy.locate(&target, &request).unwrap(), &target, &request, principal)
        .map(|_| ())
}

#[test]
fn each_test_passes_exactly_the_shapes_it_is_about() {
    let sales = || one_of([text("sales"), Scalar::Whole(7), Scalar::Boolean(true)]);
    // The claim, and whether it is one of the values, present, absent.
    let rows = [
        (r#"{"c":"sales"}"#, [true, true, false]),
        (r#"{"c":"Sales"}"#, [false, true, false]),
        (r#"{"c":"sales "}"#, [false, true, false]),
        (r#"{"c":"7"}"#, [false, true, false]),
        (r#"{"c":"true"}"#, [false, true, false]),
        (r#"{"c":["x","sales"]}"#, [true, true, false]),
        (r#"{"c":["x","sales,y"]}"#, [false, true, false]),
        (r#"{"c":7}"#, [true, true, false]),
        (r#"{"c":7.0}"#, [true, true, false]),
        (r#"{"c":7.5}"#, [false, true, false]),
        (r#"{"c":-7}"#, [false, true, false]),
        (r#"{"c":true}"#, [true, true, false]),
        (r#"{"c":false}"#, [false, true, false]),
        (r#"{}"#, [false, false, true]),
        (r#"{"c":null}"#, [false, false, false]),
        (r#"{"c":""}"#, [false, false, false]),
        (r#"{"c":[]}"#, [false, false, false]),
        (r#"{"c":["sales",7]}"#, [false, false, false]),
        (r#"{"c":[["sales"]]}"#, [false, false, false]),
        (r#"{"c":{"sales":"sales"}}"#, [false, false, false]),
    ];
    for (claims, expected) in rows {
        let passes = [sales(), Test::Present, Test::Absent].map(|test| {
            decide(&[about("c", test)], caller("A", None).saying(claims, &["c"])).is_ok()
        });
        assert_eq!(passes, expected, "{claims}");
    }
}

#[test]
fn all_conditions_must_hold_and_a_claim_that_was_not_kept_meets_none() {
    let both = [about("a", one_of([text("x")])), about("/b/c", Test::Present)];
    let said =
        |claims: &str, names: &[&str]| decide(&both, caller("A", None).saying(claims, names));
    assert_eq!(said(r#"{"a":"x","b":{"c":1}}"#, &["a", "/b/c"]), Ok(()));
    assert_eq!(said(r#"{"a":"x","b":{}}"#, &["a", "/b/c"]), Err(Denial::ClaimMismatch));
    assert_eq!(said(r#"{"a":"y","b":{"c":1}}"#, &["a", "/b/c"]), Err(Denial::ClaimMismatch));
    assert_eq!(said(r#"{"a":"x","b":{"c":1}}"#, &["a"]), Err(Denial::ClaimMismatch));
    let absent = [about("zzz", Test::Absent)];
    assert_eq!(decide(&absent, caller("A", None)), Err(Denial::ClaimMismatch));
}

#[test]
fn verified_facts_can_be_asked_about_like_claims() {
    let fact = |subject, test| [Condition { subject, test }];
    let is = |value: &str| one_of([text(value)]);
    let rows = [
        (fact(Subject::Tenant, is("A")), true),
        (fact(Subject::Tenant, is("B")), false),
        (fact(Subject::Subtenant, Test::Absent), true),
        (fact(Subject::Subtenant, Test::Present), false),
        (fact(Subject::User, is("user-1")), true),
        (fact(Subject::User, Test::Absent), false),
        (fact(Subject::Client, one_of([text("x"), text("client-1")])), true),
        (fact(Subject::Client, one_of([Scalar::Whole(1)])), false),
    ];
    for (conditions, expected) in rows {
        let decision = decide(&conditions, caller("A", None));
        assert_eq!(decision.is_ok(), expected, "{conditions:?}");
    }
}

#[test]
fn conditions_bind_only_where_a_token_is_looked_at_and_are_an_error_elsewhere() {
    let claims = || vec![about("c", Test::Present)];
    let problem = |deployment, authentication| {
        let route = Route { claims: claims(), authentication, ..route("r", "/a") };
        let parts = PolicyParts { deployment, ..parts(vec![route]) };
        Policy::new(parts).err().map(|errors| errors[0].clone())
    };
    let error = |problem| Some(PolicyError { culprit: Culprit::Route(0), problem });
    use Authentication::{NotLookedAt, Optional, Required};
    use Deployment::{Egress, Ingress};
    let without = || error(PolicyProblem::RequirementWithoutAuthentication("claims"));
    let rows = [
        (Ingress, Required, None),
        (Ingress, Optional, without()),
        (Ingress, NotLookedAt, without()),
        (Egress, Required, None),
        (Egress, Optional, None),
        (Egress, NotLookedAt, error(PolicyProblem::RequirementOnUnreadToken("claims"))),
    ];
    for (deployment, authentication, expected) in rows {
        assert_eq!(problem(deployment, authentication), expected, "{deployment:?}");
    }
}

#[test]
fn a_technical_token_needs_scopes_or_conditions_to_be_stated() {
    let unstated = |claims: Vec<Condition>| {
        let scopes = ScopeRequirement::Unstated;
        let route = Route { scopes, claims, ..technical_route("r", "/a") };
        Policy::new(parts(vec![route])).err()
    };
    let problem = PolicyProblem::ScopesUnstated;
    let expected = vec![PolicyError { culprit: Culprit::Route(0), problem }];
    assert_eq!(unstated(Vec::new()), Some(expected));
    assert_eq!(unstated(vec![about("c", Test::Present)]), None);
}
