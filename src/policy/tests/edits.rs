//! What a permitted request looks like to its upstream.

use super::support::{caller, head, header, injection, policy, request, route};
use super::support::{technical_route, tenant};
use crate::message::{HeaderEdit, HeaderValue, RequestHead};
use crate::policy::{
    Authentication, CallerToken, Denial, EditError, Permit, Policy, Route, Subtenancy,
    SubtenantMode, Upstream, When,
};
use crate::principal::Principal;
use crate::tenancy::{SubtenantId, Tenancy};

fn permit(policy: &Policy, principal: Principal) -> Result<Permit, Denial> {
    let head = request("GET", "a.example", "/x");
    let target = policy.target(&head).unwrap();
    Policy::decide(policy.locate(&target, &head).unwrap(), &target, &head, principal)
}

fn shown(edits: &[HeaderEdit]) -> Vec<String> {
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

fn edit(
    policy: &Policy,
    principal: Principal,
    head: &RequestHead<'_>,
    tokens: &[&str],
) -> Result<Vec<String>, EditError> {
    let tokens: Vec<_> = tokens
        .iter()
        .map(|t| HeaderValue::from_visible_ascii(t.as_bytes().to_vec()).unwrap())
        .collect();
    let permit = permit(policy, principal).unwrap();
    let edits = permit.into_edits(head, &tokens, policy.owned(), policy.identity())?;
    Ok(shown(&edits))
}

const SPOOFED: [(&str, &str); 13] = [
    (":method", "GET"),
    ("authorization", "Bearer user"),
    ("X-Tenant", "evil"),
    ("x_tenant", "evil"),
    ("x_tenant", "evil again"),
    ("x-subtenant", "evil"),
    ("x-user", "evil"),
    ("appKey", "evil"),
    ("Proxy-Authorization", "Basic dXNlcjpzZWNyZXQ="),
    ("x-http-method-override", "DELETE"),
    ("X_Original_URL", "/admin"),
    ("x-tenants", "kept"),
    ("accept", "kept"),
];

#[test]
fn what_a_client_may_not_bring_in_is_removed_before_ours_is_set() {
    let policy = policy(vec![Route { subtenancy: Subtenancy::Aware, ..route("r", "/**") }]);
    let edits = edit(&policy, caller("A", Some("s 1")), &head(&SPOOFED), &[]);
    let expected = [
        "-X-Tenant",
        "-x_tenant",
        "-appKey",
        "-Proxy-Authorization",
        "-x-http-method-override",
        "-X_Original_URL",
        "x-tenant=A",
        "x-subtenant=s%201",
        "x-user=user-1",
    ];
    assert_eq!(edits.unwrap(), expected);
}

/// Whatever is added must not be there, and whatever is there must be replaced or removed: two fields of one name are
/// two callers.
#[test]
fn what_the_client_has_not_sent_is_added_and_what_it_has_sent_is_replaced() {
    let policy = policy(vec![technical_route("r", "/**")]);
    let all = ["authorization", "x-tenant", "x-user"];
    for sent in 0..1_u32 << all.len() {
        let is_sent = |bit: usize| sent & 1 << bit != 0;
        let sent: Vec<_> = (0..all.len()).filter(|bit| is_sent(*bit)).map(|bit| all[bit]).collect();
        let fields: Vec<_> = sent.iter().map(|name| (*name, "evil")).collect();
        let permit = permit(&policy, caller("A", None)).unwrap();
        let token = HeaderValue::from_visible_ascii(b"Bearer technical".to_vec()).unwrap();
        let edits = permit.into_edits(&head(&fields), &[token], policy.owned(), policy.identity());
        let (mut added, mut replaced) = (Vec::new(), Vec::new());
        for edit in edits.unwrap() {
            match edit {
                HeaderEdit::Add(name, _) => added.push(name.as_str().to_owned()),
                HeaderEdit::Set(name, _) => replaced.push(name.as_str().to_owned()),
                HeaderEdit::Reduce(_) | HeaderEdit::Remove(_) => panic!("{edit:?}"),
            }
        }
        added.sort();
        replaced.sort();
        assert_eq!(replaced, sent);
        assert!(added.iter().all(|name| !sent.contains(&&**name)), "{added:?} beside {sent:?}");
        assert_eq!(added.len() + replaced.len(), all.len());
    }
}

#[test]
fn what_the_client_has_sent_in_another_case_is_replaced_and_not_added_to() {
    let policy = policy(vec![technical_route("r", "/**")]);
    let head = head(&[("AUTHORIZATION", "evil"), ("X-Tenant", "evil"), ("x-USER", "evil")]);
    let permit = permit(&policy, caller("A", None)).unwrap();
    let token = HeaderValue::from_visible_ascii(b"Bearer technical".to_vec()).unwrap();
    let edits = permit.into_edits(&head, &[token], policy.owned(), policy.identity()).unwrap();
    assert!(!edits.iter().any(|edit| matches!(edit, HeaderEdit::Add(..))), "{edits:?}");
}

#[test]
fn an_identity_that_the_caller_lacks_is_removed_and_not_set() {
    let policy = policy(vec![route("r", "/**")]);
    let head = head(&[("x-subtenant", "evil"), ("x-tenant", "evil")]);
    let edits = edit(&policy, caller("A", None), &head, &[]);
    assert_eq!(edits.unwrap(), ["-x-subtenant", "x-tenant=A", "x-user=user-1"]);
}

#[test]
fn a_technical_token_replaces_the_callers_own() {
    let policy = policy(vec![technical_route("r", "/**")]);
    let head = head(&[("authorization", "Bearer user"), ("Authorization", "Bearer user")]);
    let edits = edit(&policy, caller("A", None), &head, &["Bearer technical"]);
    let expected =
        ["-Authorization", "x-tenant=A", "x-user=user-1", "authorization=Bearer technical"];
    assert_eq!(edits.unwrap(), expected);
}

#[test]
fn a_callers_token_is_removed_where_the_route_says_so() {
    let upstream = Upstream { caller_token: CallerToken::Remove, inject: Vec::new() };
    let policy = policy(vec![Route { upstream, ..route("r", "/**") }]);
    let head = head(&[("authorization", "Bearer user")]);
    let edits = edit(&policy, caller("A", None), &head, &[]);
    assert_eq!(edits.unwrap(), ["-authorization", "x-tenant=A", "x-user=user-1"]);
}

#[test]
fn a_public_route_knows_nobody_even_if_a_token_is_presented() {
    let policy = policy(vec![Route {
        authentication: Authentication::NotLookedAt,
        upstream: Upstream { caller_token: CallerToken::Remove, inject: Vec::new() },
        ..route("r", "/**")
    }]);
    let edits = edit(&policy, caller("B", Some("s")), &head(&SPOOFED), &[]).unwrap();
    assert!(edits.iter().all(|edit| edit.starts_with('-')), "{edits:?}");
    assert!(edits.contains(&"-authorization".to_owned()), "{edits:?}");
}

#[test]
fn the_token_header_of_another_route_is_removed_too() {
    let other = Route {
        upstream: Upstream {
            caller_token: CallerToken::Remove,
            inject: vec![injection("x-service-token", When::Always)],
        },
        ..route("other", "/other")
    };
    let policy = policy(vec![route("r", "/**"), other]);
    let head = head(&[("authorization", "Bearer user"), ("X_Service_Token", "evil")]);
    let edits = edit(&policy, caller("A", None), &head, &[]);
    assert_eq!(edits.unwrap(), ["-X_Service_Token", "x-tenant=A", "x-user=user-1"]);
}

#[test]
fn a_token_that_is_missing_empty_or_without_its_prefix_stops_the_request() {
    let policy = policy(vec![technical_route("r", "/**")]);
    let head = head(&[]);
    let missing = || Err(EditError::TokenMissing(header("authorization")));
    for tokens in [&[][..], &["Bearer "], &["technical"], &[""]] {
        assert_eq!(edit(&policy, caller("A", None), &head, tokens), missing(), "{tokens:?}");
    }
}

#[test]
fn a_permit_names_the_token_that_its_caller_needs() {
    let route = Route {
        subtenancy: Subtenancy::Aware,
        subtenant: SubtenantMode::Impersonate,
        ..technical_route("r", "/**")
    };
    let policy = policy(vec![route]);
    let served = permit(&policy, caller("A", Some("s"))).unwrap();
    assert_eq!(served.injections().len(), 1);
    assert_eq!(served.subtenant().map(SubtenantId::as_str), Some("s"));
    let denial = permit(&policy, caller("B", Some("s"))).err();
    assert_eq!(denial, Some(Denial::TenantMismatch { credential: "svc-a".into() }));
}

#[test]
fn scopes_and_tenants_are_asked_in_every_form() {
    use crate::policy::ScopeRequirement as S;
    let set = |scopes: &[&str]| scopes.iter().map(|s| std::sync::Arc::from(*s)).collect();
    let principal = || Principal::stand_in(Tenancy::Tenant(tenant("A")), &["read", "list"]);
    let rows = [
        (S::NotNeeded, None, None),
        (S::Unstated, None, None),
        (S::Any(set(&["write", "read"])), None, None),
        (S::Any(set(&["write"])), None, Some(Denial::ScopeInsufficient)),
        (S::Any(set(&["READ"])), None, Some(Denial::ScopeInsufficient)),
        (S::All(set(&["list", "read"])), None, None),
        (S::All(set(&["read", "write"])), None, Some(Denial::ScopeInsufficient)),
        (S::NotNeeded, Some("A"), None),
        (S::NotNeeded, Some("B"), Some(Denial::TenantNotAllowed)),
        (S::Any(set(&["write"])), Some("B"), Some(Denial::TenantNotAllowed)),
    ];
    for (scopes, only, expected) in rows {
        let case = format!("{scopes:?} {only:?}");
        let tenants = only.map(|name| [tenant(name)].into());
        let policy = policy(vec![Route { scopes, tenants, ..route("r", "/**") }]);
        assert_eq!(permit(&policy, principal()).err(), expected, "{case}");
    }
    let policy = policy(vec![Route { tenants: Some([tenant("A")].into()), ..route("r", "/**") }]);
    let nowhere = Principal::stand_in(Tenancy::Unstated, &["read"]);
    assert_eq!(permit(&policy, nowhere).err(), Some(Denial::TenantNotAllowed));
}
