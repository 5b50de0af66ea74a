//! Explanations against decisions: the first failure that is told is the denial, in every combination of
//! requirements.

use std::sync::Arc;

use super::support::{caller, parts, request, route, source, technical_route, tenant};
use crate::message::TrailingSlash;
use crate::policy::{
    Authentication, Callers, Catalogue, CatalogueRole, CatalogueRule, Condition, Demand, Denial,
    MethodSet, Policy, PolicyParts, RoleScopes, Route, RulePath, RuleReach, Scalar,
    ScopeRequirement, Source, Subject, Subtenancy, Test,
};
use crate::principal::Principal;
use crate::sorted::Sorted;

fn catalogue() -> Arc<Catalogue> {
    let role = |name: &str, scopes| {
        let path = RulePath::parse(&format!("/{name}"), RuleReach::Prefix).unwrap();
        let rule = CatalogueRule::new(path, MethodSet::parse(["GET"]).unwrap(), scopes);
        CatalogueRole { name: Arc::from(name), rules: vec![rule] }
    };
    let needs = |scope: &str| RoleScopes::All([Arc::from(scope)].into());
    let roles = vec![
        role("known", needs("read")),
        role("other", needs("write")),
        role("unknown", RoleScopes::Unknown),
    ];
    Arc::new(Catalogue::new(roles, TrailingSlash::Kept))
}

fn scopes() -> [ScopeRequirement; 4] {
    let set = |scopes: &[&str]| scopes.iter().map(|&scope| Arc::from(scope)).collect();
    [
        ScopeRequirement::NotNeeded,
        ScopeRequirement::Any(set(&["read", "write"])),
        ScopeRequirement::Any(set(&["write"])),
        ScopeRequirement::All(set(&["read", "write"])),
    ]
}

fn claims() -> [Vec<Condition>; 3] {
    let is = |name: &str| Condition {
        subject: Subject::Tenant,
        test: Test::OneOf([Scalar::Text(Arc::from(name))].into()),
    };
    let no_subtenant = Condition { subject: Subject::Subtenant, test: Test::Absent };
    [Vec::new(), vec![is("A")], vec![is("B"), no_subtenant]]
}

fn routes() -> Vec<Route> {
    let gates = [Subtenancy::Aware, Subtenancy::Catalogue, Subtenancy::Only, Subtenancy::Refused];
    let tenants: [Option<Sorted<_>>; 3] =
        [None, Some([tenant("A")].into()), Some([tenant("B")].into())];
    let mut routes = Vec::new();
    for base in [route("r", "/**"), technical_route("r", "/**")] {
        for subtenancy in gates {
            for scopes in scopes() {
                for tenants in &tenants {
                    for claims in claims() {
                        let (tenants, scopes) = (tenants.clone(), scopes.clone());
                        routes.push(Route { subtenancy, scopes, tenants, claims, ..base.clone() });
                    }
                }
            }
        }
    }
    routes
}

fn policies() -> Vec<Policy> {
    let policy = |route: Route| {
        let callers = Some(Callers::Only([tenant("B")].into()));
        let sources = vec![Source { callers, ..source() }];
        Policy::new(PolicyParts { catalogue: Some(catalogue()), sources, ..parts(vec![route]) })
            .ok()
    };
    routes().into_iter().filter_map(policy).collect()
}

#[test]
fn the_first_failure_that_is_told_is_the_denial_and_nothing_fails_that_is_permitted() {
    let principals = [
        Principal::anonymous(),
        caller("A", None),
        caller("A", Some("s")),
        caller("B", None),
        caller("C", Some("s")),
    ];
    let mut denials = std::collections::BTreeSet::new();
    let mut permitted = 0;
    for policy in policies() {
        for path in ["/known/x", "/other/x", "/unknown/x", "/elsewhere"] {
            let head = request("GET", "a.example", path);
            let target = policy.target(&head).unwrap();
            let route = policy.locate(&target, &head).unwrap();
            for principal in &principals {
                let answers = route.explain(&target, &head, principal);
                let told = answers.into_iter().find_map(|answered| answered.outcome.err());
                let decided = Policy::decide(route, &target, &head, principal.clone()).err();
                assert_eq!(told, decided, "{:?} {path} {principal:?}", route.route());
                match &decided {
                    Some(denial) => {
                        denials.insert(denial.reason());
                    }
                    None => permitted += 1,
                }
            }
        }
    }
    let expected = [
        Denial::CatalogueScopesMissing,
        Denial::CatalogueUncovered,
        Denial::ClaimMismatch,
        Denial::CredentialMissing,
        Denial::ScopeInsufficient,
        Denial::SubtenancyRefused,
        Denial::SubtenantNotCarried,
        Denial::SubtenantRequired,
        Denial::TenantMismatch { credential: Arc::from("svc-a") },
        Denial::TenantNotAllowed,
    ];
    for denial in expected {
        assert!(denials.contains(denial.reason()), "{denial:?} is not among {denials:?}");
    }
    assert!(permitted > 100, "{permitted}");
}

#[test]
fn an_explanation_goes_on_after_the_first_failure() {
    let policy = Policy::new(parts(vec![Route {
        scopes: ScopeRequirement::Any([Arc::from("write")].into()),
        tenants: Some([tenant("B")].into()),
        authentication: Authentication::Required,
        ..technical_route("r", "/**")
    }]))
    .unwrap();
    let head = request("GET", "a.example", "/x");
    let target = policy.target(&head).unwrap();
    let route = policy.locate(&target, &head).unwrap();
    let told: Vec<_> = route
        .explain(&target, &head, &caller("A", None))
        .into_iter()
        .map(|answered| (word(&answered.demand), answered.outcome.is_ok()))
        .collect();
    let expected = [
        ("credential", true),
        ("subtenancy", true),
        ("tenants", false),
        ("scopes", false),
        ("contained", true),
    ];
    assert_eq!(told, expected);
}

fn word(demand: &Demand<'_>) -> &'static str {
    match demand {
        Demand::Acting(_) => "acting for",
        Demand::Claim(_) => "claim",
        Demand::Contained(_) => "contained",
        Demand::Credential(_) => "credential",
        Demand::OwnToken => "own token",
        Demand::Scopes(_) => "scopes",
        Demand::Subtenancy(_) => "subtenancy",
        Demand::Tenants(_) => "tenants",
    }
}
