//! What authors of policies are told to think about.

use std::sync::Arc;

use super::support::{header, parts, policy, route, tenant};
use crate::message::{PathSpelling, TrailingSlash};
use crate::policy::{
    Authentication, CallerToken, Condition, Finding, HeaderConditions, HostPattern, Lack, Methods,
    Policy, Route, ScopeRequirement, Subject, Subtenancy, Test, Upstream,
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
