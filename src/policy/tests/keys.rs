//! Callers with an application key: what they may do, and what their upstreams see.

use std::sync::Arc;

use super::support::{head, header, injection, parts, request, route, technical_route, tenant};
use crate::application_key::{KeyHolder, KeyPlace};
use crate::credential::{Decisive, KeyPlacesParts};
use crate::message::{CookieName, HeaderEdit, HeaderValue, ParameterName, RequestHead};
use crate::policy::{
    CallerToken, Denial, IdentityHeaders, Policy, PolicyParts, Route, ScopeRequirement, Subtenancy,
    SubtenantMode, Upstream, When,
};
use crate::principal::{IdentityMismatch, Principal, PrincipalKind};
use crate::tenancy::{SubtenantId, Tenancy};

const IN_HEADER: KeyPlace = KeyPlace::Header;

fn key(tenancy: Tenancy, scopes: &[&str]) -> Principal {
    Principal::of_key(Arc::new(KeyHolder::stand_in("user-1", tenancy, scopes, IN_HEADER)))
}

fn of_a() -> Tenancy {
    Tenancy::Tenant(tenant("A"))
}

fn of_sub() -> Tenancy {
    Tenancy::Subtenant(tenant("A"), SubtenantId::parse("sub").unwrap())
}

fn removing(name: &str) -> Route {
    let upstream = Upstream { caller_token: CallerToken::Remove, inject: Vec::new() };
    Route { upstream, ..route(name, "/**") }
}

fn places() -> KeyPlacesParts {
    KeyPlacesParts {
        header: header("appkey"),
        parameter: ParameterName::parse("appKey").unwrap(),
        allows_query: true,
        bearer_prefix: Some(Arc::from("gwk_")),
        flag_header: header("x-thingworx-session"),
        flag_parameter: ParameterName::parse("x-thingworx-session").unwrap(),
        forwards_flag: false,
        session_cookie: Some(CookieName::parse("gwsession").unwrap()),
        forwards_basic: true,
        decisive: Decisive::Both,
    }
}

fn policy_of(route: Route, identity: IdentityHeaders) -> Policy {
    Policy::new(PolicyParts { keys: Some(places()), identity, ..parts(vec![route]) }).unwrap()
}

fn decided(route: Route, principal: Principal) -> Result<Option<String>, Denial> {
    let policy = policy_of(route, IdentityHeaders::default());
    let head = request("GET", "a.example", "/x");
    let target = policy.target(&head).unwrap();
    let permit = Policy::decide(policy.locate(&target, &head)?, &target, &head, principal)?;
    assert!(!permit.forwards_caller_token());
    let subtenant = permit.subtenant().map(|id| id.as_str().to_owned());
    Ok(subtenant.or_else(|| (!permit.injections().is_empty()).then(|| "tenant".to_owned())))
}

/// What becomes of a request with these fields besides method, host and path.
fn edits(route: Route, principal: Principal, fields: &[(&str, &str)]) -> Vec<String> {
    let policy = policy_of(route, IdentityHeaders::default());
    let mut all = vec![(":method", "GET"), (":authority", "a.example")];
    if fields.iter().all(|(name, _)| *name != ":path") {
        all.push((":path", "/x"));
    }
    all.extend(fields);
    shown(&policy, &head(&all), principal)
}

fn shown(policy: &Policy, head: &RequestHead<'_>, principal: Principal) -> Vec<String> {
    let target = policy.target(head).unwrap();
    let route = policy.locate(&target, head).unwrap();
    let permit = Policy::decide(route, &target, head, principal).unwrap();
    let token = HeaderValue::from_visible_ascii(b"Bearer technical".to_vec()).unwrap();
    let tokens = vec![token; permit.injections().len()];
    let edits = permit.into_edits(head, &tokens, policy.owned(), policy.identity()).unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let show = |edit: &HeaderEdit| match edit {
        HeaderEdit::Reduce(reduced) => format!("{}:={}", reduced.name(), text(reduced.expose())),
        HeaderEdit::Remove(name) => format!("-{}", text(name)),
        HeaderEdit::Add(name, value) | HeaderEdit::Set(name, value) => {
            format!("{}={}", name.as_str(), text(value.expose()))
        }
    };
    edits.iter().map(show).collect()
}

#[test]
fn a_key_is_never_forwarded_and_gets_a_technical_token_where_the_route_has_one() {
    let with = |when| Upstream {
        caller_token: match when {
            When::Always => CallerToken::Remove,
            When::NoCallerToken => CallerToken::Forward,
        },
        inject: vec![injection("authorization", when)],
    };
    let technical = |when| Route { upstream: with(when), ..route("r", "/**") };
    let caller = || key(of_a(), &[]);
    assert_eq!(decided(route("r", "/**"), caller()), Err(Denial::KeyNotForwarded));
    assert_eq!(decided(removing("r"), caller()), Ok(None));
    for when in [When::Always, When::NoCallerToken] {
        assert_eq!(decided(technical(when), caller()), Ok(Some("tenant".to_owned())));
    }
    let stranger = key(Tenancy::Tenant(tenant("B")), &[]);
    let credential = Arc::from("svc-a");
    let mismatch = Err(Denial::TenantMismatch { credential });
    assert_eq!(decided(technical(When::Always), stranger), mismatch);
}

#[test]
fn a_key_of_a_subtenant_passes_where_that_is_respected_and_impersonates() {
    let caller = || key(of_sub(), &[]);
    assert_eq!(decided(removing("r"), caller()), Err(Denial::SubtenancyRefused));
    let aware = Route { subtenancy: Subtenancy::Aware, ..removing("r") };
    assert_eq!(decided(aware, caller()), Ok(None));
    let impersonating = Route {
        subtenancy: Subtenancy::Aware,
        subtenant: SubtenantMode::Impersonate,
        ..technical_route("r", "/**")
    };
    assert_eq!(decided(impersonating, caller()), Ok(Some("sub".to_owned())));
    let only = Route { subtenancy: Subtenancy::Only, ..removing("r") };
    assert_eq!(decided(only, key(of_a(), &[])), Err(Denial::SubtenantRequired));
}

#[test]
fn a_key_has_the_scopes_and_the_tenant_of_its_record() {
    let scopes = ScopeRequirement::All([Arc::from("read")].into());
    let scoped = || Route { scopes: scopes.clone(), ..removing("r") };
    assert_eq!(decided(scoped(), key(of_a(), &["read"])), Ok(None));
    assert_eq!(decided(scoped(), key(of_a(), &["Read", "rea"])), Err(Denial::ScopeInsufficient));
    let tenants = Some([tenant("A")].into());
    let only_a = || Route { tenants: tenants.clone(), ..removing("r") };
    assert_eq!(decided(only_a(), key(of_a(), &[])), Ok(None));
    assert_eq!(decided(only_a(), key(Tenancy::Unstated, &[])), Err(Denial::TenantNotAllowed));
}

#[test]
fn a_token_and_a_key_are_one_caller_only_if_they_say_the_same() {
    let token =
        |tenancy, scopes: &[&str]| Principal::stand_in(tenancy, scopes).into_token().unwrap();
    let holder = |user, tenancy, scopes: &[&str]| {
        Arc::new(KeyHolder::stand_in(user, tenancy, scopes, IN_HEADER))
    };
    let both = |tenancy: Tenancy, user, other: Tenancy| {
        let token = token(tenancy, &["a", "b"]);
        Principal::of_token_and_key(token, holder(user, other, &["b", "c"]))
    };
    let agreed = both(of_sub(), "user-1", of_sub()).unwrap();
    assert_eq!(agreed.kind(), PrincipalKind::Bearer);
    assert_eq!(agreed.key().map(KeyHolder::name), Some("pump-17"));
    assert_eq!(agreed.scopes().collect::<Vec<_>>(), ["b"]);
    let has = ["a", "b", "c"].map(|scope| agreed.has_scope(scope));
    assert_eq!(has, [false, true, false]);
    let other_tenant = Tenancy::Tenant(tenant("B"));
    let rows = [
        (of_sub(), "user-2", of_sub()),
        (of_sub(), "user-1", of_a()),
        (of_a(), "user-1", of_sub()),
        (of_a(), "user-1", other_tenant),
        (of_a(), "user-1", Tenancy::Unstated),
        (Tenancy::Unstated, "user-1", of_a()),
    ];
    for (tenancy, user, other) in rows {
        let case = format!("{tenancy:?} {user} {other:?}");
        assert_eq!(both(tenancy, user, other).err(), Some(IdentityMismatch), "{case}");
    }
}

#[test]
fn nothing_of_a_key_or_session_goes_on_whoever_asks() {
    let fields = [
        (":path", "/x?a=%2f&app%4Bey=K&x-thingworx-session=true&b"),
        ("AppKey", "K"),
        ("x_thingworx_session", "true"),
        ("referer", "https://a.example/y?appKey=K&z#appKey"),
        ("cookie", "a=1; gwsession=s; b"),
        ("accept", "kept"),
    ];
    let expected = [
        "-AppKey",
        "-x_thingworx_session",
        ":path:=/x?a=%2f&b",
        "referer:=https://a.example/y?z",
        "cookie:=a=1; b",
    ];
    assert_eq!(edits(removing("r"), key(of_a(), &[]), &fields), expected);
    // The session cookie goes even where the caller's token stays.
    let caller = Principal::stand_in(of_a(), &[]);
    assert_eq!(edits(route("r", "/**"), caller, &fields), expected);
}

#[test]
fn a_key_in_authorization_never_goes_on_and_a_password_only_where_that_is_chosen() {
    let caller = || key(of_a(), &[]);
    let in_bearer = ("authorization", "Bearer gwk_0");
    let basic = ("Authorization", "Basic dTpw");
    assert_eq!(edits(removing("r"), caller(), &[in_bearer]), ["-authorization"]);
    assert_eq!(edits(removing("r"), caller(), &[("appkey", "K"), basic]), ["-appkey"]);
    let replaced = edits(technical_route("r", "/**"), caller(), &[("authorization", "Basic dTpw")]);
    assert_eq!(replaced, ["authorization=Bearer technical"]);
    // In report-only, without a permit.
    let policy = policy_of(route("r", "/**"), IdentityHeaders::default());
    let fields = [(":method", "GET"), (":authority", "a"), (":path", "/x"), in_bearer];
    let left = policy.unpermitted_edits(&head(&fields), None);
    assert!(matches!(left.as_slice(), [HeaderEdit::Remove(name)] if **name == *b"authorization"));
}

#[test]
fn upstreams_are_told_who_holds_the_key() {
    let identity = IdentityHeaders {
        user: Some(header("x-user")),
        tenant: Some(header("x-tenant")),
        scopes: Some(header("x-scopes")),
        credential_kind: Some(header("x-kind")),
        key_name: Some(header("x-key")),
        key_roles: Some(header("x-roles")),
        key_tags: Some(header("x-tags")),
        key_expires_at: Some(header("x-key-expires")),
        ..IdentityHeaders::default()
    };
    let policy = policy_of(removing("r"), identity);
    let head = request("GET", "a.example", "/x");
    let expected = |kind| {
        let mut all = [
            "x-tenant=A".to_owned(),
            "x-user=user-1".to_owned(),
            format!("x-kind={kind}"),
            "x-scopes=read".to_owned(),
            "x-key=pump-17".to_owned(),
            "x-key-expires=2026-06-15T00:00:00Z".to_owned(),
            "x-roles=edge,a%2Cb".to_owned(),
            "x-tags=site:hamburg".to_owned(),
        ];
        all.sort_unstable();
        all
    };
    let told = |principal| {
        let mut told = shown(&policy, &head, principal);
        told.sort_unstable();
        told
    };
    assert_eq!(told(key(of_a(), &["read"])), expected("application_key"));
    let session = KeyPlace::Session { epoch: 3 };
    let session = KeyHolder::stand_in("user-1", of_a(), &["read"], session);
    assert_eq!(told(Principal::of_key(Arc::new(session))), expected("session"));
}
