//! The catalogue as a gate: its look-up against a plain scan, what it lets go on, and its errors.

use std::sync::Arc;

use super::support::{caller, parts, request, route, source, technical_route};
use crate::credential::{TokenPlace, TokenPlaces};
use crate::message::{ParameterName, PathRules, PathSpelling, RequestTarget, TrailingSlash};
use crate::policy::catalogue::{
    Catalogue, CatalogueRole, CatalogueRule, RoleScopes, RulePath, RuleReach, Standing,
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

fn rule(path: &str, reach: RuleReach, methods: &[&str], scopes: RoleScopes) -> CatalogueRule {
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

fn needs(scope: &str) -> RoleScopes {
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
    Policy::decide(policy.locate(&target, &head).unwrap(), &target, principal)
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
            plan: Plan { anonymous: None, bearer },
            gate: Gate::Catalogue(three_roles()),
            sources: [source()].into(),
        };
        let route = Route { subtenant: SubtenantMode::TenantWide, ..technical_route("r", "/**") };
        let guarded = Arc::new(GuardedRoute::new(route, checked));
        let ask = |path: &str, principal| {
            let head = request("GET", "a.example", path);
            guarded
                .decide(&RequestTarget::parse(&head, PathRules::default()).unwrap(), principal)
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

/// Every path of up to four segments over a small alphabet, with and without a slash at its end.
fn paths() -> Vec<String> {
    let mut paths = vec!["/".to_owned()];
    let mut last = vec![String::new()];
    for _ in 0..4 {
        let next: Vec<_> =
            last.iter().flat_map(|path| ["a", "b"].map(|s| format!("{path}/{s}"))).collect();
        paths.extend(next.iter().flat_map(|path| [path.clone(), format!("{path}/")]));
        last = next;
    }
    paths
}

/// Every pattern of up to three segments over the same alphabet and `*`, as they are written.
fn patterns() -> Vec<String> {
    let mut patterns = Vec::new();
    let mut last = vec![String::new()];
    for _ in 0..3 {
        last = last
            .iter()
            .flat_map(|path| ["a", "b", "*"].map(|segment| format!("{path}/{segment}")))
            .collect();
        patterns.extend(last.iter().cloned());
    }
    patterns
}

/// The plainest matcher: segment by segment, `rest` saying how many more there may be.
fn is_covered(pattern: &str, path: &str, rest: std::ops::RangeInclusive<usize>) -> bool {
    let (ours, theirs): (Vec<_>, Vec<_>) =
        (pattern.split('/').skip(1).collect(), path.split('/').skip(1).collect());
    theirs.len() >= ours.len()
        && rest.contains(&(theirs.len() - ours.len()))
        && ours.iter().zip(&theirs).all(|(o, t)| o == t || (*o == "*" && !t.is_empty()))
}

fn written_rules() -> Vec<(String, RuleReach, std::ops::RangeInclusive<usize>)> {
    let both = |path: String| {
        [(path.clone(), RuleReach::Exact, 0..=0), (path, RuleReach::Prefix, 0..=usize::MAX)]
    };
    let slashed = patterns().into_iter().map(|path| (format!("{path}/"), RuleReach::Exact, 0..=0));
    patterns().into_iter().flat_map(both).chain(slashed).collect()
}

#[test]
fn the_tree_finds_what_a_scan_over_all_rules_finds() {
    let rules = written_rules();
    let roles: Vec<_> = rules
        .iter()
        .enumerate()
        .map(|(index, (path, reach, _))| {
            let scopes = needs(&index.to_string());
            let rules = vec![rule(path, *reach, &["GET"], scopes)];
            CatalogueRole { name: Arc::from(index.to_string()), rules }
        })
        .collect();
    let catalogue = Catalogue::new(roles, TrailingSlash::Kept);
    let mut found_ones = 0;
    for path in paths() {
        let head = request("GET", "a.example", &path);
        let target = RequestTarget::parse(&head, PathRules::default()).unwrap();
        let mut found: Vec<usize> =
            catalogue.covering(&target).iter().map(|grant| grant.role.parse().unwrap()).collect();
        found.sort_unstable();
        let is_meant = |(_, (pattern, _, rest)): &(usize, &(String, RuleReach, _))| {
            is_covered(pattern, &path, std::ops::RangeInclusive::clone(rest))
        };
        let scan: Vec<usize> =
            rules.iter().enumerate().filter(is_meant).map(|(index, _)| index).collect();
        assert_eq!(found, scan, "{path}");
        found_ones += found.len();
        let post = request("POST", "a.example", &path);
        let post = RequestTarget::parse(&post, PathRules::default()).unwrap();
        assert_eq!(catalogue.standing(&post, &caller("A", Some("s"))), Standing::Uncovered);
    }
    assert!(found_ones > 500, "{found_ones}");
}

/// A route and an exact rule that are written alike are for the same requests.
#[test]
fn exact_rules_and_routes_agree_on_a_slash_at_the_end() {
    let mut opened = [0, 0];
    for (ignored, trailing_slash) in
        [TrailingSlash::Kept, TrailingSlash::Dropped].into_iter().enumerate()
    {
        for (written, reach, _) in written_rules() {
            if reach == RuleReach::Prefix || written.len() > 5 {
                continue;
            }
            let rules = vec![rule(&written, reach, &["GET"], RoleScopes::NotNeeded)];
            let roles = vec![CatalogueRole { name: Arc::from("role"), rules }];
            let catalogue = Arc::new(Catalogue::new(roles, trailing_slash));
            let asks =
                |name, path| Route { subtenancy: Subtenancy::Catalogue, ..route(name, path) };
            let mut parts = parts(vec![asks("same", &written), asks("others", "/**")]);
            parts.spelling = PathSpelling { trailing_slash, ..PathSpelling::default() };
            parts.catalogue = Some(Arc::clone(&catalogue));
            let policy = Policy::new(parts).unwrap();
            let pattern = PathPattern::parse(&written).unwrap();
            assert!(catalogue.meets(&pattern, &Methods::Any), "{written} {trailing_slash:?}");
            for path in paths() {
                let head = request("GET", "a.example", &path);
                let target = policy.target(&head).unwrap();
                let route = policy.locate(&target, &head).unwrap();
                let is_covered =
                    catalogue.standing(&target, &caller("A", Some("s"))) == Standing::Met;
                assert_eq!(
                    is_covered,
                    route.name() == "same",
                    "{path} {written} {trailing_slash:?}"
                );
                opened[ignored] += usize::from(is_covered);
            }
        }
    }
    assert!(opened[0] > 30 && opened[1] > opened[0], "{opened:?}");
}

#[test]
fn without_a_slash_at_the_end_a_rule_covers_its_path_alone_and_the_root_stays() {
    use TrailingSlash::{Dropped, Kept};
    let rows = [
        ("/a", Kept, vec!["/a"]),
        ("/a", Dropped, vec!["/a", "/a/"]),
        ("/a/", Kept, vec!["/a/"]),
        ("/a/", Dropped, vec!["/a", "/a/"]),
        ("/", Kept, vec!["/"]),
        ("/", Dropped, vec!["/"]),
    ];
    for (written, trailing_slash, expected) in rows {
        let rules = vec![rule(written, RuleReach::Exact, &["GET"], RoleScopes::NotNeeded)];
        let roles = vec![CatalogueRole { name: Arc::from("role"), rules }];
        let catalogue = Catalogue::new(roles, trailing_slash);
        let spelling = PathSpelling { trailing_slash, ..PathSpelling::default() };
        let is_covered = |path: &&str| {
            let head = request("GET", "a.example", path);
            let rules = PathRules { spelling, ..PathRules::default() };
            let target = RequestTarget::parse(&head, rules).unwrap();
            catalogue.standing(&target, &caller("A", Some("s"))) == Standing::Met
        };
        let covered: Vec<_> =
            ["/", "/a", "/a/", "/a/b", "/b", "/b/"].into_iter().filter(is_covered).collect();
        assert_eq!(covered, expected, "{written} {trailing_slash:?}");
    }
}

#[test]
fn two_rules_overlap_exactly_when_a_path_of_both_exists() {
    let paths = paths();
    let covered: Vec<(RulePath, Vec<bool>)> = written_rules()
        .into_iter()
        .map(|(path, reach, rest)| {
            let covered = paths.iter().map(|one| is_covered(&path, one, rest.clone())).collect();
            (RulePath::parse(&path, reach).unwrap(), covered)
        })
        .collect();
    let mut overlapping = 0;
    for (one, ours) in &covered {
        for (other, theirs) in &covered {
            let exists = ours.iter().zip(theirs).any(|(ours, theirs)| *ours && *theirs);
            assert_eq!(one.overlaps(other), exists, "{one:?} {other:?}");
            overlapping += usize::from(exists);
        }
    }
    assert!(overlapping > 1000, "{overlapping}");
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

#[test]
fn a_rule_meets_a_route_exactly_when_a_path_of_both_exists() {
    let routes = patterns().into_iter().flat_map(|path| {
        [
            (path.clone(), PathPattern::parse(&path).unwrap(), 0..=0),
            (path.clone(), PathPattern::parse(&format!("{path}/**")).unwrap(), 1..=usize::MAX),
        ]
    });
    let routes: Vec<_> = routes.collect();
    let paths = paths();
    let methods = Methods::only(["HEAD"]).unwrap();
    let other = Methods::only(["PUT"]).unwrap();
    let mut met = 0;
    for (rule_path, reach, rule_rest) in written_rules() {
        let rule = rule(&rule_path, reach, &["GET"], RoleScopes::Unknown);
        for (route_path, pattern, route_rest) in &routes {
            let exists = paths.iter().any(|path| {
                is_covered(&rule_path, path, rule_rest.clone())
                    && is_covered(route_path, path, route_rest.clone())
            });
            assert_eq!(rule.meets(pattern, &methods), exists, "{rule_path} {reach:?} {pattern}");
            assert!(!rule.meets(pattern, &other));
            met += usize::from(exists);
        }
    }
    assert!(met > 500, "{met}");
}
