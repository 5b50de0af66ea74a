//! What authors of policies are told to think about.

use std::sync::Arc;

use super::support::{header, parts, policy, route, tenant};
use crate::message::{PathSpelling, TrailingSlash};
use crate::policy::{
    Authentication, CallerToken, Catalogue, CatalogueRole, CatalogueRule, Condition, Finding,
    HeaderConditions, HostPattern, Lack, MethodSet, Methods, Mode, PathPattern, Policy, RoleScopes,
    Route, RulePath, RuleReach, Scalar, ScopeRequirement, Subject, Subtenancy, Test, Upstream,
};

fn findings(routes: Vec<Route>) -> Vec<(String, Finding)> {
    let found = policy(routes).findings().into_iter();
    found.flat_map(|(name, all)| all.into_iter().map(move |one| (name.to_string(), one))).collect()
}

fn laxer(name: &str, than: &str, more: usize, lacks: Lack) -> (String, Finding) {
    (name.to_owned(), Finding::Laxer { than: Arc::from(than), more, lacks })
}

fn open(name: &str, path: &str) -> Route {
    let upstream = Upstream { caller_token: CallerToken::Remove, inject: Vec::new() };
    Route { authentication: Authentication::NotLookedAt, upstream, ..route(name, path) }
}

fn get(route: Route) -> Route {
    Route { methods: Methods::only(["GET"]).unwrap(), ..route }
}

#[test]
fn a_catch_all_that_demands_less_than_what_stands_below_is_found() {
    let rows = [
        ("/admin", "/**", true),
        ("/admin", "/admin/**", true),
        ("/admin/users", "/*/**", true),
        ("/admin/*", "/admin/**", true),
        ("/admin/users", "/admin/users/x/**", false),
        ("/admin/users", "/other/**", false),
        ("/admin", "/admin/", false),
        ("/admin", "/admin/*", false),
        ("/*/users", "/admin/**", false),
    ];
    for (strict, lax, is_found) in rows {
        let found = findings(vec![route("strict", strict), open("lax", lax)]);
        let expected = laxer("lax", "strict", 0, Lack::Authentication);
        let expected = if is_found { vec![expected] } else { Vec::new() };
        assert_eq!(found, expected, "{strict} {lax}");
        // The other way round everything is in order.
        assert_eq!(findings(vec![open("strict", strict), route("lax", lax)]), [], "{strict} {lax}");
    }
}

#[test]
fn a_route_for_other_methods_or_fewer_headers_that_demands_less_is_found() {
    let lack = || vec![laxer("lax", "strict", 0, Lack::Authentication)];
    assert_eq!(findings(vec![get(route("strict", "/a")), open("lax", "/a")]), lack());
    assert_eq!(findings(vec![get(open("lax", "/a")), route("strict", "/a")]), []);
    let headers = HeaderConditions::present([header("x-a")]);
    let asks = |route| Route { headers: headers.clone(), ..route };
    assert_eq!(findings(vec![asks(route("strict", "/a")), open("lax", "/a")]), lack());
    assert_eq!(findings(vec![asks(open("lax", "/a")), route("strict", "/a")]), []);
}

#[test]
fn routes_on_other_hosts_are_never_beside_each_other() {
    let on = |host: &str, route: Route| {
        let hosts = vec![HostPattern::parse(host).unwrap()];
        Route { hosts, ..route }
    };
    let strict = || on("api.acme.example", route("strict", "/admin"));
    for host in ["*", "*.acme.example", "www.acme.example"] {
        assert_eq!(findings(vec![strict(), on(host, open("lax", "/**"))]), [], "{host}");
    }
    let both = Route {
        hosts: ["www.acme.example", "api.acme.example"]
            .map(|host| HostPattern::parse(host).unwrap())
            .into(),
        ..open("lax", "/**")
    };
    let expected = vec![laxer("lax", "strict", 0, Lack::Authentication)];
    assert_eq!(findings(vec![strict(), both]), expected);
}

#[test]
fn each_demand_that_is_missing_is_named_and_the_gravest_first() {
    let read = ScopeRequirement::Any([Arc::from("read")].into());
    let scoped = |name, path| Route { scopes: read.clone(), ..route(name, path) };
    let of_tenant = |name, path| Route { tenants: Some([tenant("A")].into()), ..route(name, path) };
    let aware = |name, path| Route { subtenancy: Subtenancy::Aware, ..route(name, path) };
    let lax = || route("lax", "/**");
    let condition = Condition { subject: Subject::User, test: Test::Present };
    let claiming = |name, path| Route { claims: vec![condition.clone()], ..route(name, path) };
    let rows = [
        (vec![scoped("s", "/a"), lax()], Lack::Scopes),
        (vec![claiming("s", "/a"), lax()], Lack::Claims),
        (vec![claiming("s", "/a"), scoped("lax", "/**")], Lack::Claims),
        (vec![of_tenant("s", "/a"), lax()], Lack::Tenants),
        (vec![route("s", "/a"), aware("lax", "/**")], Lack::Subtenancy),
        (vec![scoped("s", "/a"), open("lax", "/**")], Lack::Authentication),
    ];
    for (routes, lack) in rows {
        assert_eq!(findings(routes), vec![laxer("lax", "s", 0, lack)], "{lack:?}");
    }
    let many = vec![of_tenant("a", "/a"), scoped("b", "/b"), scoped("c", "/c"), lax()];
    assert_eq!(findings(many), vec![laxer("lax", "b", 2, Lack::Scopes)]);
    assert_eq!(findings(vec![route("a", "/a"), scoped("lax", "/**")]), []);
    assert_eq!(findings(vec![claiming("a", "/a"), claiming("lax", "/**")]), []);
    assert_eq!(findings(vec![open("a", "/a"), aware("lax", "/**")]), []);
}

/// Whoever the first one lets pass is let pass by the second one, too.
fn is_found(strict: Route, lax: Route) -> Option<Lack> {
    let (strict, lax) = (
        Route { path: PathPattern::parse("/{tenant}/x/{id}").unwrap(), ..strict },
        Route { path: PathPattern::parse("/{who}/{tenant}/**").unwrap(), ..lax },
    );
    let named = |name: &str, route| Route { name: Arc::from(name), ..route };
    let mut parts = parts(vec![named("strict", strict), named("lax", lax)]);
    parts.catalogue = Some(catalogue());
    let found = Policy::new(parts).unwrap().findings();
    match found.get("lax").map(Vec::as_slice) {
        None => None,
        Some([Finding::Laxer { lacks, .. }]) => Some(*lacks),
        Some(other) => panic!("{other:?}"),
    }
}

fn catalogue() -> Arc<Catalogue> {
    let path = RulePath::parse("/x", RuleReach::Prefix).unwrap();
    let methods = MethodSet::parse(["GET"]).unwrap();
    let rules = vec![CatalogueRule::new(path, methods, RoleScopes::NotNeeded)];
    let roles = vec![CatalogueRole { name: Arc::from("role"), rules }];
    Arc::new(Catalogue::new(roles, TrailingSlash::Kept))
}

fn plain() -> Route {
    route("r", "/")
}

#[test]
fn scopes_are_compared_by_whom_they_let_pass() {
    use ScopeRequirement::{All, Any, NotNeeded, Unstated};
    let set = |scopes: &str| scopes.chars().map(|c| Arc::from(c.to_string())).collect();
    let (all, any) = (|scopes| All(set(scopes)), |scopes| Any(set(scopes)));
    // Strict, lax, whether whoever passes the lax one would pass the strict one.
    let rows = [
        (NotNeeded, Unstated, true),
        (Unstated, NotNeeded, true),
        (NotNeeded, any("a"), true),
        (any("a"), NotNeeded, false),
        (all("a"), Unstated, false),
        (all("ab"), all("abc"), true),
        (all("ab"), all("ab"), true),
        (all("ab"), all("a"), false),
        (all("ab"), all("bc"), false),
        (any("ab"), any("a"), true),
        (any("ab"), any("ab"), true),
        (any("ab"), any("abc"), false),
        (any("a"), any("b"), false),
        (any("ab"), all("bc"), true),
        (any("ab"), all("cd"), false),
        (all("a"), any("a"), true),
        (all("a"), any("ab"), false),
        (all("ab"), any("a"), false),
        (all("ab"), any("ab"), false),
    ];
    let callers: Vec<String> = (0..16_u32)
        .map(|bits| {
            "abcd".chars().zip(0..).filter(|(_, at)| bits >> at & 1 == 1).map(|(c, _)| c).collect()
        })
        .collect();
    for (strict, lax, is_implied) in rows {
        let passes = |scopes: &ScopeRequirement, held: &str| match scopes {
            All(needed) => needed.iter().all(|scope| held.contains(&**scope)),
            Any(needed) => needed.iter().any(|scope| held.contains(&**scope)),
            NotNeeded | Unstated => true,
        };
        let by_callers = callers.iter().all(|held| !passes(&lax, held) || passes(&strict, held));
        assert_eq!(by_callers, is_implied, "{strict:?} {lax:?}");
        let case = format!("{strict:?} {lax:?}");
        let of = |scopes| Route { scopes, ..plain() };
        let expected = (!is_implied).then_some(Lack::Scopes);
        assert_eq!(is_found(of(strict), of(lax)), expected, "{case}");
    }
}

#[test]
fn subtenancy_is_compared_by_whom_it_lets_pass() {
    use Subtenancy::{Aware, Catalogue, Only, Refused};
    // Without a subtenant, with one that the catalogue covers, with another.
    let passes = |subtenancy| match subtenancy {
        Aware => [true, true, true],
        Catalogue => [true, true, false],
        Only => [false, true, true],
        Refused => [true, false, false],
    };
    let all = [Aware, Catalogue, Only, Refused];
    let mut found = 0;
    for (strict, lax) in all.into_iter().flat_map(|one| all.map(|other| (one, other))) {
        let is_implied =
            passes(lax).into_iter().zip(passes(strict)).all(|(lax, strict)| !lax || strict);
        let of = |subtenancy| Route { subtenancy, ..plain() };
        let expected = (!is_implied).then_some(Lack::Subtenancy);
        assert_eq!(is_found(of(strict), of(lax)), expected, "{strict:?} {lax:?}");
        found += usize::from(!is_implied);
    }
    assert_eq!(found, 8);
}

#[test]
fn tenants_are_compared_as_sets() {
    let set = |names: &[&str]| Some(names.iter().map(|name| tenant(name)).collect());
    let rows = [
        (None, None, true),
        (None, set(&["A"]), true),
        (set(&["A"]), None, false),
        (set(&["A", "B"]), set(&["A"]), true),
        (set(&["A", "B"]), set(&["A", "B"]), true),
        (set(&["A"]), set(&["A", "B"]), false),
        (set(&["A"]), set(&["B"]), false),
    ];
    for (strict, lax, is_implied) in rows {
        let case = format!("{strict:?} {lax:?}");
        let of = |tenants| Route { tenants, ..plain() };
        let expected = (!is_implied).then_some(Lack::Tenants);
        assert_eq!(is_found(of(strict), of(lax)), expected, "{case}");
    }
}

#[test]
fn claims_are_compared_condition_by_condition() {
    let text = |text: &str| Scalar::Text(Arc::from(text));
    let one_of = |values: &[&str]| Test::OneOf(values.iter().map(|value| text(value)).collect());
    let capture = |name: &str| Test::EqualsCapture(Arc::from(name));
    let user = |test| vec![Condition { subject: Subject::User, test }];
    let client = |test| vec![Condition { subject: Subject::Client, test }];
    let both = |one: Vec<Condition>, other: Vec<Condition>| [one, other].concat();
    use Test::{Absent, Present};
    let rows = [
        (user(Present), user(Present), true),
        (user(Present), user(one_of(&["a"])), true),
        (user(Present), user(capture("who")), true),
        (user(Present), user(Absent), false),
        (user(Absent), user(Absent), true),
        (user(Absent), user(Present), false),
        (user(Absent), user(one_of(&["a"])), false),
        (user(one_of(&["a", "b"])), user(one_of(&["b"])), true),
        (user(one_of(&["a", "b"])), user(one_of(&["b", "a"])), true),
        (user(one_of(&["a"])), user(one_of(&["a", "b"])), false),
        (user(one_of(&["7"])), user(Test::OneOf([Scalar::Whole(7)].into())), false),
        (user(one_of(&["a"])), user(Present), false),
        (user(one_of(&["a"])), user(capture("who")), false),
        // The first segment is `tenant` to the strict route and `who` to the lax one.
        (user(capture("tenant")), user(capture("who")), true),
        (user(capture("tenant")), user(capture("tenant")), false),
        (user(capture("tenant")), user(one_of(&["a"])), false),
        (user(capture("tenant")), user(Present), false),
        (user(Present), client(Present), false),
        (user(Present), Vec::new(), false),
        (Vec::new(), user(Present), true),
        (user(Present), both(client(Present), user(Present)), true),
        (both(client(Present), user(Present)), both(user(Present), client(one_of(&["a"]))), true),
        (both(client(Present), user(Present)), user(Present), false),
    ];
    for (strict, lax, is_implied) in rows {
        let case = format!("{strict:?} {lax:?}");
        let of = |claims| Route { claims, ..plain() };
        let expected = (!is_implied).then_some(Lack::Claims);
        assert_eq!(is_found(of(strict), of(lax)), expected, "{case}");
    }
}

#[test]
fn a_route_that_only_reports_demands_nothing_of_what_an_enforced_one_leaves_over() {
    use Mode::{Enforce, ReportOnly};
    let of = |mode| Route { mode, ..plain() };
    for (strict, lax, expected) in [
        (Enforce, Enforce, None),
        (Enforce, ReportOnly, Some(Lack::Mode)),
        (ReportOnly, Enforce, None),
        (ReportOnly, ReportOnly, None),
    ] {
        assert_eq!(is_found(of(strict), of(lax)), expected, "{strict:?} {lax:?}");
    }
    let public = Route { mode: ReportOnly, ..open("r", "/") };
    assert_eq!(is_found(of(Enforce), public), Some(Lack::Authentication));
    assert_eq!(is_found(open("r", "/"), of(ReportOnly)), Some(Lack::Mode));
}

#[test]
fn authentication_is_compared_by_how_much_is_demanded() {
    use Authentication::{NotLookedAt, Optional, Required};
    let of = |authentication| match authentication {
        NotLookedAt => open("r", "/"),
        Optional | Required => Route { authentication, ..plain() },
    };
    let all = [NotLookedAt, Optional, Required];
    for (strict, lax) in (0..3).flat_map(|strict| (0..3).map(move |lax| (strict, lax))) {
        let expected = (lax < strict).then_some(Lack::Authentication);
        assert_eq!(is_found(of(all[strict]), of(all[lax])), expected, "{strict} {lax}");
    }
}

#[test]
fn a_route_to_which_nothing_can_come_is_found() {
    let unreachable = || vec![("rest".to_owned(), Finding::Unreachable)];
    let named = |paths: &[&str]| {
        let mut routes: Vec<_> = paths.iter().map(|path| route(path, path)).collect();
        routes.push(route("rest", "/a/**"));
        routes
    };
    let rows: [(&[&str], bool); 8] = [
        (&["/a/", "/a/*", "/a/*/**"], true),
        (&["/a/", "/a/{x}", "/a/*/", "/a/*/*", "/a/*/*/**"], true),
        (&["/a/", "/a/*"], false),
        (&["/a/", "/a/*/**"], false),
        (&["/a/*", "/a/*/**"], false),
        (&["/a/", "/a/b", "/a/*/**"], false),
        (&["/a/", "/a/*", "/a/*/", "/a/*/*/**"], false),
        (&["/a", "/a/", "/a/*", "/a/b/**"], false),
    ];
    for (paths, is_found) in rows {
        let expected = if is_found { unreachable() } else { Vec::new() };
        assert_eq!(findings(named(paths)), expected, "{paths:?}");
    }
    let mut parts = parts(named(&["/a/*", "/a/*/**"]));
    parts.spelling.trailing_slash = TrailingSlash::Dropped;
    assert_ne!(parts.spelling, PathSpelling::default());
    let found = Policy::new(parts).unwrap().findings();
    assert_eq!(found.get("rest").map(Vec::as_slice), Some([Finding::Unreachable].as_slice()));
}
