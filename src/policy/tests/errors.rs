//! What cannot be a policy.

use std::sync::Arc;

use super::support::{header, injection, parts, route, source, technical_route, tenant};
use crate::message::{HeaderName, LetterCase, Opaque, PathSpelling, TrailingSlash};
use crate::policy::{
    Authentication, CallerToken, Callers, Catalogue, CombinationError, Culprit, Deployment, Form,
    HeaderConditions, HostPattern, Injection, Methods, Policy, PolicyError, PolicyParts,
    PolicyProblem, Route, ScopeRequirement, Source, SourceId, Subtenancy, SubtenantMode,
    Subtenants, Upstream, When,
};
use crate::sorted::Sorted;

fn problems(parts: PolicyParts) -> Vec<(Culprit, PolicyProblem)> {
    let pair = |error: PolicyError| (error.culprit, error.problem);
    Policy::new(parts).err().unwrap_or_default().into_iter().map(pair).collect()
}

fn of_route(route: Route) -> Vec<PolicyProblem> {
    problems(parts(vec![route])).into_iter().map(|(_, problem)| problem).collect()
}

#[test]
fn routes_of_equal_rank_are_named_both() {
    let with = |name: &str, methods: &[&str]| Route {
        methods: Methods::only(methods.iter().copied()).unwrap(),
        ..route(name, "/a/*")
    };
    let clash = |routes| problems(parts(routes));
    let equal = |index, example: &str| {
        let other = Arc::from("first");
        vec![(Culprit::Route(index), PolicyProblem::EqualRank { other, example: example.into() })]
    };
    assert_eq!(
        clash(vec![route("first", "/a"), route("b", "/%61")]),
        equal(1, "`GET https://x.example/a`")
    );
    assert_eq!(
        clash(vec![with("first", &["GET"]), with("b", &["POST", "HEAD"])]),
        equal(1, "`HEAD https://x.example/a/x`")
    );
    assert_eq!(
        clash(vec![route("first", "/{a}/%20b/**"), route("b", "/*/%20b/**"), route("x", "/x/*/*")]),
        equal(1, "`GET https://x.example/x1/%20b/x1`")
    );
    assert_eq!(clash(vec![with("first", &["GET"]), with("b", &["POST"])]), []);
    assert_eq!(clash(vec![route("first", "/a"), route("b", "/a/")]), []);
    let on = |name: &str, hosts: &[&str]| Route {
        hosts: hosts.iter().map(|host| HostPattern::parse(host).unwrap()).collect(),
        ..route(name, "/a")
    };
    assert_eq!(
        clash(vec![on("first", &["a.example", "b.example"]), on("b", &["b.example", "*"])]),
        equal(1, "`GET https://b.example/a`")
    );
    assert_eq!(clash(vec![on("first", &["a.example", "a.example"])]), []);
}

#[test]
fn header_conditions_of_one_rank_are_named_with_a_request_that_meets_both() {
    let with = |name: &str, headers: &[&str], methods: Methods| Route {
        headers: HeaderConditions::present(headers.iter().map(|name| header(name))),
        methods,
        ..route(name, "/a")
    };
    let any = |name, headers| with(name, headers, Methods::Any);
    let get = |name, headers| with(name, headers, Methods::only(["GET"]).unwrap());
    let clash = |routes| problems(parts(routes));
    let equal = |example: &str| {
        let other = Arc::from("first");
        vec![(Culprit::Route(1), PolicyProblem::EqualRank { other, example: example.into() })]
    };
    assert_eq!(
        clash(vec![any("first", &["x-a"]), any("b", &["x-b"])]),
        equal("`GET https://x.example/a` with `x-a` and `x-b`")
    );
    assert_eq!(
        clash(vec![any("first", &["x-a"]), any("b", &["x-a"]), get("c", &[])]),
        equal("`POST https://x.example/a` with `x-a`")
    );
    assert_eq!(
        clash(vec![any("first", &["x-a", "x-b"]), any("b", &["x-b", "x-c"])]),
        equal("`GET https://x.example/a` with `x-a` and `x-b` and `x-c`")
    );
    let chain = [&["x-a", "x-b", "x-c"] as &[&str], &["x-b", "x-c"], &["x-c"], &[]];
    let names = ["a", "b", "c", "d"];
    for turn in 0..4 {
        let mut routes: Vec<_> = names.iter().zip(chain).map(|(n, h)| any(n, h)).collect();
        routes.rotate_left(turn);
        assert_eq!(clash(routes), []);
    }
    assert_eq!(clash(vec![get("first", &["x-a"]), any("b", &["x-b"])]), []);
}

#[test]
fn an_example_of_equal_rank_is_a_request_that_comes_to_these_routes_alone() {
    let on = |name: &str, host: &str, path: &str| Route {
        hosts: vec![HostPattern::parse(host).unwrap()],
        ..route(name, path)
    };
    let around = |host: &str| {
        vec![
            on("exact", "x.acme.example", "/**"),
            on("one", host, "/a/*"),
            on("slash", host, "/a/"),
            on("deep", host, "/a/*/*"),
            on("word", host, "/a/*/x/**"),
            on("first", host, "/a/**"),
            on("second", host, "/a/**"),
        ]
    };
    for (host, name) in [("*.acme.example", "x1.acme.example"), ("*", "x.example")] {
        let found = problems(parts(around(host)));
        let example = format!("`GET https://{name}/a/x1/`").into();
        let problem = PolicyProblem::EqualRank { other: Arc::from("first"), example };
        assert_eq!(found, vec![(Culprit::Route(6), problem)]);
    }
}

#[test]
fn patterns_that_make_look_ups_long_are_refused() {
    // At each depth `*` stands beside `a`: one more depth doubles the patterns that `/a/a/a` tries.
    let all = |depth: u32| {
        let path = |bits: u32| -> String {
            (0..depth).map(|bit| if bits >> bit & 1 == 0 { "/a" } else { "/*" }).collect()
        };
        let routes = (0..1 << depth).map(|bits| route(&bits.to_string(), &path(bits))).collect();
        problems(parts(routes))
    };
    assert_eq!(all(7), [], "255 nodes");
    assert_eq!(all(8), [(Culprit::Routes, PolicyProblem::Width(511))]);
}

#[test]
fn a_route_that_cannot_be_kept_is_refused() {
    let base = || route("r", "/**");
    let technical = || technical_route("r", "/**");
    let open = || Route { authentication: Authentication::Optional, ..base() };
    let some: Sorted<Arc<str>> = [Arc::from("read")].into();
    let inject = |name: &str, other: &str| Route {
        upstream: Upstream {
            caller_token: CallerToken::Remove,
            inject: vec![injection(name, When::Always), injection(other, When::Always)],
        },
        ..base()
    };
    let asks = |names: &[&str]| Route {
        headers: HeaderConditions::present(names.iter().map(|name| header(name))),
        ..base()
    };
    let nine = ["a1", "a2", "a3", "a4", "a5", "a6", "a7", "a8", "a9"];
    assert!(of_route(asks(&nine[1..])).is_empty());
    let rows = [
        (Route { hosts: Vec::new(), ..base() }, PolicyProblem::NoHosts),
        (asks(&nine), PolicyProblem::ManyConditions),
        (asks(&["x_tenant"]), PolicyProblem::HeaderNotClients(header("x_tenant"))),
        (asks(&["authorization"]), PolicyProblem::HeaderNotClients(header("authorization"))),
        (asks(&["appkey"]), PolicyProblem::HeaderNotClients(header("appkey"))),
        (asks(&["x-rewrite-url"]), PolicyProblem::HeaderNotClients(header("x-rewrite-url"))),
        (asks(&["x-forwarded-for"]), PolicyProblem::HeaderNotClients(header("x-forwarded-for"))),
        (
            Route {
                opaque: Opaque { encoded_slash: true, ..Opaque::default() },
                ..route("r", "/a")
            },
            PolicyProblem::OpaqueWithoutTail,
        ),
        (
            Route { scopes: ScopeRequirement::All(Sorted::default()), ..base() },
            PolicyProblem::EmptyList("scopes"),
        ),
        (
            Route { scopes: ScopeRequirement::Any(Sorted::default()), ..base() },
            PolicyProblem::EmptyList("scopes"),
        ),
        (Route { tenants: Some(Sorted::default()), ..base() }, PolicyProblem::EmptyList("tenants")),
        (
            Route { scopes: ScopeRequirement::Any(some), ..open() },
            PolicyProblem::RequirementWithoutAuthentication("scopes"),
        ),
        (
            Route { subtenancy: Subtenancy::Only, ..open() },
            PolicyProblem::RequirementWithoutAuthentication("subtenancy"),
        ),
        (
            Route { scopes: ScopeRequirement::Unstated, ..technical() },
            PolicyProblem::ScopesUnstated,
        ),
        (
            Route { authentication: Authentication::Optional, ..technical() },
            PolicyProblem::Combination(CombinationError::OptionalTechnical),
        ),
        (
            Route { subtenant: SubtenantMode::TenantWide, ..base() },
            PolicyProblem::TenantWideOnUnawareRoute,
        ),
        (inject("x-a", "x_a"), PolicyProblem::HeaderTaken(header("x_a"))),
        (inject("x-a", "x-user"), PolicyProblem::HeaderTaken(header("x-user"))),
        (inject("x-a", "host"), PolicyProblem::HeaderTaken(header("host"))),
        (signing("x_acs-key"), PolicyProblem::HeaderTaken(header("x_acs-key"))),
    ];
    for (route, expected) in rows {
        assert_eq!(of_route(route), [expected]);
    }
}

/// A route that signs requests and puts on another field.
fn signing(name: &str) -> Route {
    let mut route = technical_route("r", "/**");
    let signature = Injection { form: Form::Signature, ..injection("authorization", When::Always) };
    route.upstream.inject = vec![signature, injection(name, When::Always)];
    route
}

#[test]
fn what_a_signature_covers_cannot_carry_identity() {
    let with = |route| {
        let mut parts = parts(vec![route]);
        parts.identity.user = HeaderName::parse("x-acs-user").ok();
        problems(parts)
    };
    let expected = (Culprit::Identity, PolicyProblem::HeaderTaken(header("x-acs-user")));
    assert_eq!(with(signing("x-key")), [expected]);
    assert_eq!(with(technical_route("r", "/**")), []);
}

#[test]
fn a_credential_and_the_routes_that_use_it_must_fit() {
    let impersonating = || Route {
        subtenant: SubtenantMode::Impersonate,
        subtenancy: Subtenancy::Aware,
        ..technical_route("r", "/**")
    };
    let with = |source: Source, route: Route| {
        problems(PolicyParts { sources: vec![source], ..parts(vec![route]) })
    };
    let name: Arc<str> = Arc::from("svc-a");
    let empty = Callers::Only(Sorted::default());
    let rows = [
        (
            with(Source { callers: Some(Callers::Any), ..source() }, impersonating()),
            (Culprit::Route(0), PolicyProblem::CallersWithImpersonation(name.clone())),
        ),
        (
            with(Source { subtenants: Subtenants::None, ..source() }, impersonating()),
            (Culprit::Route(0), PolicyProblem::ImpersonationUnsupported(name)),
        ),
        (
            with(Source { id: SourceId(2), ..source() }, impersonating()),
            (Culprit::Route(0), PolicyProblem::SourceUnknown(SourceId(1))),
        ),
        (
            with(Source { tenant: None, ..source() }, route("r", "/**")),
            (Culprit::Source(0), PolicyProblem::CallersMissing),
        ),
        (
            with(Source { callers: Some(empty), ..source() }, route("r", "/**")),
            (Culprit::Source(0), PolicyProblem::EmptyList("callers")),
        ),
    ];
    for (found, expected) in rows {
        assert_eq!(found, [expected]);
    }
}

#[test]
fn tenant_wide_needs_an_identity_header_for_the_subtenant() {
    let wide = Route {
        subtenant: SubtenantMode::TenantWide,
        subtenancy: Subtenancy::Aware,
        ..technical_route("r", "/**")
    };
    let mut parts = parts(vec![wide]);
    assert_eq!(problems(parts.clone()), []);
    parts.identity.subtenant = None;
    let expected = (Culprit::Route(0), PolicyProblem::TenantWideWithoutIdentity);
    assert_eq!(problems(parts), [expected]);
}

#[test]
fn the_catalogue_needs_paths_that_are_compared_as_they_are() {
    let asks = |opaque| Route { subtenancy: Subtenancy::Catalogue, opaque, ..route("r", "/**") };
    let with = |letter_case, route| {
        let spelling = PathSpelling { letter_case, ..PathSpelling::default() };
        let catalogue = Some(Arc::new(Catalogue::new(Vec::new(), TrailingSlash::Kept)));
        problems(PolicyParts { catalogue, spelling, ..parts(vec![route]) })
    };
    let error = |other| (Culprit::Route(0), PolicyProblem::CatalogueNotPlain(other));
    let nothing = Opaque::default();
    let slash = Opaque { encoded_slash: true, ..nothing };
    let parameters = Opaque { path_parameters: true, ..nothing };
    let (tail, case) = (error("an opaque tail"), error("`case_insensitive_paths`"));
    use LetterCase::{Folded, Kept};
    let rows = [
        (Kept, nothing, vec![]),
        (Kept, slash, vec![tail.clone()]),
        (Kept, parameters, vec![tail.clone()]),
        (Folded, nothing, vec![case.clone()]),
        (Folded, slash, vec![tail, case]),
    ];
    for (letter_case, opaque, expected) in rows {
        assert_eq!(with(letter_case, asks(opaque)), expected, "{letter_case:?} {opaque:?}");
        let aware = Route { subtenancy: Subtenancy::Aware, ..asks(opaque) };
        assert_eq!(with(letter_case, aware), []);
    }
}

#[test]
fn names_and_identity_headers_are_unique() {
    let mut parts = parts(vec![route("r", "/a"), route("r", "/b")]);
    parts.identity.client = Some(header("x_user"));
    parts.sources.push(Source { id: SourceId(2), ..source() });
    let expected = [
        (Culprit::Source(1), PolicyProblem::NameTaken("svc-a".into())),
        (Culprit::Identity, PolicyProblem::HeaderTaken(header("x_user"))),
        (Culprit::Route(1), PolicyProblem::NameTaken("r".into())),
    ];
    assert_eq!(problems(parts), expected);
}

#[test]
fn all_problems_are_reported_at_once() {
    let routes = vec![
        Route { hosts: Vec::new(), tenants: Some(Sorted::default()), ..route("a", "/a") },
        Route { scopes: ScopeRequirement::Unstated, ..technical_route("b", "/b") },
    ];
    let culprits: Vec<_> = problems(parts(routes)).into_iter().map(|(who, _)| who).collect();
    assert_eq!(culprits, [Culprit::Route(0), Culprit::Route(0), Culprit::Route(1)]);
}

#[test]
fn on_egress_requirements_bind_those_who_present_a_token() {
    let optional = Route {
        authentication: Authentication::Optional,
        scopes: ScopeRequirement::Any([Arc::from("read")].into()),
        ..technical_route("r", "/**")
    };
    let parts = PolicyParts { deployment: Deployment::Egress, ..parts(vec![optional]) };
    assert_eq!(problems(parts), []);
}

#[test]
fn on_egress_a_requirement_needs_a_route_that_looks_at_tokens() {
    let open =
        || Route { authentication: Authentication::NotLookedAt, ..technical_route("r", "/**") };
    let read = || [Arc::from("read")].into();
    let rows = [
        (Route { scopes: ScopeRequirement::Any(read()), ..open() }, Some("scopes")),
        (Route { scopes: ScopeRequirement::All(read()), ..open() }, Some("scopes")),
        (Route { tenants: Some([tenant("A")].into()), ..open() }, Some("tenants")),
        (Route { subtenancy: Subtenancy::Only, ..open() }, Some("subtenancy")),
        (Route { scopes: ScopeRequirement::NotNeeded, ..open() }, None),
        (Route { scopes: ScopeRequirement::Unstated, ..open() }, None),
    ];
    for (route, key) in rows {
        let parts = PolicyParts { deployment: Deployment::Egress, ..parts(vec![route]) };
        let found: Vec<_> = problems(parts).into_iter().map(|(_, problem)| problem).collect();
        let expected: Vec<_> =
            key.map(PolicyProblem::RequirementOnUnreadToken).into_iter().collect();
        assert_eq!(found, expected);
    }
}

#[test]
fn a_header_that_the_proxy_needs_cannot_carry_identity() {
    let names = ["host", "transfer_encoding", "connection", "authorization", "proxy_authorization"];
    for name in names.into_iter().chain(["x-original-url", "forwarded", "range", "content-type"]) {
        let mut parts = parts(Vec::new());
        parts.identity.user = HeaderName::parse(name).ok();
        let expected = (Culprit::Identity, PolicyProblem::HeaderTaken(header(name)));
        assert_eq!(problems(parts), [expected]);
    }
}
