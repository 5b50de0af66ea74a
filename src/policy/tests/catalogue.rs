//! The catalogue as a gate: its look-up against a plain scan, what it lets go on, and its errors.

use std::sync::Arc;

use super::support::{caller, parts, request, route, source, technical_route};
use crate::credential::{TokenPlace, TokenPlaces};
use crate::message::{ParameterName, PathRules, RequestTarget, TrailingSlash};
use crate::policy::catalogue::{
    Catalogue, CatalogueRole, CatalogueRule, RoleScopes, RulePath, RuleReach,
};
use crate::policy::check::Checked;
use crate::policy::combination::{Plan, Treatment};
use crate::policy::gate::Gate;
use crate::policy::{
    Authentication, CallerToken, Culprit, Denial, Deployment, GuardedRoute, MethodSet, Methods,
    PathPattern, Permit, Policy, PolicyError, PolicyParts, PolicyProblem, Route, Subtenancy,
    SubtenantMode, Upstream,
};
use crate::principal::Principal;

pub(super) fn rule(
    path: &str,
    reach: RuleReach,
    methods: &[&str],
    scopes: RoleScopes,
) -> CatalogueRule {
    let path = RulePath::parse(path, reach).unwrap();
    CatalogueRule::new(path, MethodSet::parse(methods.iter().copied()).unwrap(), scopes)
}

fn catalogue(roles: &[(&str, CatalogueRule)]) -> Arc<Catalogue> {
    let role = |(name, rule): &(&str, CatalogueRule)| CatalogueRole {
        name: Arc::from(*name),
        rules: vec![rule.clone()],
    };
    Arc::new(Catalogue::new(roles.iter().map(role).collect(), TrailingSlash::Kept))
}

pub(super) fn needs(scope: &str) -> RoleScopes {
    RoleScopes::All([Arc::from(scope)].into())
}

/// `known` needs a scope that callers of these tests hold, `other` one that they lack.
fn three_roles() -> Arc<Catalogue> {
    catalogue(&[
        ("known", rule("/known", RuleReach::Prefix, &["GET"], needs("read"))),
        ("other", rule("/other", RuleReach::Prefix, &["GET"], needs("write"))),
        ("unknown", rule("/unknown", RuleReach::Prefix, &["GET"], RoleScopes::Unknown)),
    ])
}

fn with_catalogue(route: Route) -> PolicyParts {
    let route = Route { subtenancy: Subtenancy::Catalogue, ..route };
    PolicyParts { catalogue: Some(three_roles()), ..parts(vec![route]) }
}

fn decide(policy: &Policy, path: &str, principal: Principal) -> Result<Permit, Denial> {
    let head = request("GET", "a.example", path);
    let target = RequestTarget::parse(&head, PathRules::default()).unwrap();
    Policy::decide(policy.locate(&target, &head).unwrap(), &target, &head, principal)
}

#[test]
fn a_covered_request_goes_on_and_every_refusal_has_its_own_reason() {
    let policy = Policy::new(with_catalogue(route("r", "/**"))).unwrap();
    let rows = [
        ("/known/1", None),
        ("/unknown/1", None),
        ("/other/1", Some(Denial::CatalogueScopesMissing)),
        ("/else", Some(Denial::CatalogueUncovered)),
    ];
    for (path, expected) in rows {
        let denial = decide(&policy, path, caller("A", Some("s"))).err();
        assert_eq!(denial, expected, "{path}");
        assert!(decide(&policy, path, caller("A", None)).is_ok(), "{path}");
    }
}

#[test]
fn the_other_requirements_hold_besides_the_catalogue() {
    let tenants = Some([super::support::tenant("B")].into());
    let policy = Policy::new(with_catalogue(Route { tenants, ..route("r", "/**") })).unwrap();
    let denial = |path, who| decide(&policy, path, who).err();
    assert_eq!(denial("/known", caller("A", Some("s"))), Some(Denial::TenantNotAllowed));
    assert_eq!(denial("/known", caller("B", Some("s"))), None);
    assert_eq!(denial("/else", caller("B", Some("s"))), Some(Denial::CatalogueUncovered));
    assert_eq!(denial("/else", Principal::anonymous()), Some(Denial::CredentialMissing));
}

#[test]
fn a_role_of_unknown_scopes_on_a_route_that_takes_the_callers_token_away_is_an_error() {
    let impersonating =
        |path| Route { subtenant: SubtenantMode::Impersonate, ..technical_route("r", path) };
    let removing = |path| {
        let upstream = Upstream { caller_token: CallerToken::Remove, inject: Vec::new() };
        Route { upstream, ..route("r", path) }
    };
    let methods = Methods::only(["POST"]).unwrap();
    let unknown = || PolicyProblem::CatalogueScopesUnknown(Arc::from("unknown"));
    let rows = [
        (impersonating("/**"), Some(unknown())),
        (impersonating("/unknown/**"), Some(unknown())),
        (impersonating("/*"), Some(unknown())),
        (removing("/unknown"), Some(unknown())),
        (impersonating("/known/**"), None),
        (impersonating("/unknownX/**"), None),
        (Route { methods, ..impersonating("/unknown/**") }, None),
        (route("r", "/unknown/**"), None),
    ];
    for (route, expected) in rows {
        let case = format!("{} {:?}", route.path, route.upstream);
        let found = Policy::new(with_catalogue(route)).err();
        let problem =
            expected.map(|problem| vec![PolicyError { culprit: Culprit::Route(0), problem }]);
        assert_eq!(found, problem, "{case}");
    }
}

/// What stands in a query is always cut out, so the service would have no token to judge.
#[test]
fn a_role_of_unknown_scopes_beside_tokens_in_queries_is_an_error() {
    let parameter = ParameterName::parse("access_token").unwrap();
    let places: TokenPlaces = [TokenPlace::Parameter(parameter)].into_iter().collect();
    let errors = |path| {
        let places = places.clone();
        Policy::new(PolicyParts { places, ..with_catalogue(route("r", path)) }).err()
    };
    let problem = PolicyProblem::CatalogueTokenCut(Arc::from("unknown"));
    let expected = PolicyError { culprit: Culprit::Route(0), problem };
    assert_eq!(errors("/unknown/**"), Some(vec![expected]));
    assert_eq!(errors("/known/**"), None);
}

#[test]
fn on_egress_only_a_token_that_is_taken_away_is_an_error() {
    let optional = |route| Route { authentication: Authentication::Optional, ..route };
    let of = |route| PolicyParts { deployment: Deployment::Egress, ..with_catalogue(route) };
    let impersonating =
        Route { subtenant: SubtenantMode::Impersonate, ..technical_route("r", "/**") };
    assert!(Policy::new(of(optional(impersonating))).is_err());
    assert!(Policy::new(of(optional(route("r", "/**")))).is_ok());
}

#[test]
fn a_route_that_asks_a_catalogue_that_is_not_there_is_an_error() {
    let parts = PolicyParts { catalogue: None, ..with_catalogue(route("r", "/**")) };
    let problem = PolicyProblem::CatalogueMissing;
    let expected = PolicyError { culprit: Culprit::Route(0), problem };
    assert_eq!(Policy::new(parts).err(), Some(vec![expected]));
}

/// The configuration refuses such a route. Should one come to be all the same, nothing goes out.
#[test]
fn a_role_of_unknown_scopes_never_lets_a_technical_token_out() {
    for bearer in [Treatment::Technical, Treatment::Nothing, Treatment::Forward] {
        let checked = Checked {
            path: PathPattern::parse("/**").unwrap(),
            plan: Plan { anonymous: None, bearer, key: None },
            gate: Gate::Catalogue(three_roles()),
            sources: [source()].into(),
        };
        let route = Route { subtenant: SubtenantMode::TenantWide, ..technical_route("r", "/**") };
        let guarded = Arc::new(GuardedRoute::new(route, checked));
        let ask = |path: &str, principal| {
            let head = request("GET", "a.example", path);
            guarded
                .decide(
                    &RequestTarget::parse(&head, PathRules::default()).unwrap(),
                    &head,
                    principal,
                )
                .err()
        };
        let expected = (bearer != Treatment::Forward).then_some(Denial::CatalogueScopesUnknown);
        assert_eq!(ask("/unknown/1", caller("A", Some("s"))), expected, "{bearer:?}");
        assert_eq!(ask("/known/1", caller("A", Some("s"))), None, "{bearer:?}");
        assert_eq!(ask("/unknown/1", caller("A", None)), None, "{bearer:?}");
    }
}

#[test]
fn a_token_for_the_whole_tenant_never_goes_to_what_the_catalogue_covers() {
    let wide = Route { subtenant: SubtenantMode::TenantWide, ..technical_route("r", "/known/**") };
    let parts = with_catalogue(wide);
    let problem = PolicyProblem::TenantWideOnUnawareRoute;
    let expected = PolicyError { culprit: Culprit::Route(0), problem };
    assert_eq!(Policy::new(parts).err(), Some(vec![expected]));
}

#[test]
fn covering_rules_are_named_with_their_roles() {
    let files = |name| (name, rule("/files", RuleReach::Prefix, &["GET"], needs(name)));
    let catalogue = catalogue(&[files("reader"), files("admin")]);
    let roles = |path| {
        let head = request("OPTIONS", "a.example", path);
        let target = RequestTarget::parse(&head, PathRules::default()).unwrap();
        let found = catalogue.covering(&target);
        found.iter().map(|grant| grant.role.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(roles("/files/1"), ["reader", "admin"]);
    assert!(roles("/file").is_empty());
}

#[test]
fn scopes_that_another_rule_makes_void_are_found_for_each_role() {
    use RuleReach::{Exact, Prefix};
    let unknown = || RoleScopes::Unknown;
    let any = || RoleScopes::Any([Arc::from("read")].into());
    let stated =
        |path, reach, methods: &[&str]| ("stated", rule(path, reach, methods, needs("read")));
    let open = |path, reach, methods: &[&str]| ("open", rule(path, reach, methods, unknown()));
    let rows = [
        (vec![stated("/a", Prefix, &["GET"]), open("/a", Prefix, &["GET"])], Some("GET")),
        (vec![open("/a/b", Exact, &["GET"]), stated("/a", Prefix, &["GET"])], Some("GET")),
        (vec![stated("/a/b", Exact, &["PUT"]), open("/*", Prefix, &["PUT", "GET"])], Some("PUT")),
        (vec![stated("/a", Prefix, &["HEAD"]), open("/a", Exact, &["GET"])], Some("HEAD")),
        (
            vec![("stated", rule("/a", Prefix, &["GET"], any())), open("/a", Exact, &["GET"])],
            Some("GET"),
        ),
        (vec![stated("/a", Prefix, &["GET"]), open("/a", Prefix, &["PUT"])], None),
        (vec![stated("/a", Exact, &["GET"]), open("/a/b", Prefix, &["GET"])], None),
        (vec![stated("/a", Exact, &["GET"]), open("/ab", Prefix, &["GET"])], None),
        (
            vec![stated("/a", Prefix, &["GET"]), ("other", rule("/a", Prefix, &["GET"], any()))],
            None,
        ),
        (
            vec![
                open("/a", Prefix, &["GET"]),
                ("open too", rule("/a", Prefix, &["GET"], unknown())),
            ],
            None,
        ),
    ];
    for (roles, expected) in rows {
        let found = catalogue(&roles).void_scopes();
        let methods: Vec<_> = found.iter().map(|void| &*void.method).collect();
        assert_eq!(methods, Vec::from_iter(expected), "{roles:?}");
        for void in found {
            assert_eq!(
                (&*void.role, &*void.by_role, void.is_not_needed),
                ("stated", "open", false)
            );
        }
    }
    let with = |role, rules| CatalogueRole { name: Arc::from(role), rules };
    let narrow = || rule("/a/b", Prefix, &["GET", "PUT"], needs("write"));
    let wide = rule("/a", Prefix, &["GET", "PUT"], RoleScopes::NotNeeded);
    let roles = vec![with("one", vec![narrow(), wide, narrow()]), with("two", vec![narrow()])];
    let found = Catalogue::new(roles, TrailingSlash::Kept).void_scopes();
    let told: Vec<_> = found.iter().map(|void| (&*void.role, &*void.by_role)).collect();
    assert_eq!(told, [("one", "one"), ("two", "one")], "one for each role");
    assert!(found.iter().all(|void| void.is_not_needed));
    assert_eq!(found[0].path.to_string(), "/a/b");
    assert_eq!(found[0].by_path.to_string(), "/a");
}
