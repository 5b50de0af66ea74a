//! What requests leave in filter state, by what is known of them.

use std::time::Duration;

use crate::support::{Answer, CONFIGURATION, World};

mod support;

/// The configuration with this member added.
fn configuration(member: &str) -> String {
    CONFIGURATION.replacen('{', &format!("{{{member},"), 1)
}

fn shown(state: &[(&str, String)]) -> String {
    let pairs = state.iter().map(|(key, value)| {
        format!("{}={value}", key.strip_prefix("tenantgate.").unwrap_or_default())
    });
    pairs.collect::<Vec<_>>().join(" ")
}

fn state_of(world: &mut World, path: &str, token: Option<&str>) -> String {
    let request = world.request(0, path, token);
    world.pass(Duration::from_secs(1));
    shown(world.state(request))
}

/// Who asks.
#[derive(Clone, Copy, Debug)]
enum Caller {
    /// Somebody without a token.
    Nobody,
    /// Somebody with what is no token.
    Malformed,
    /// A caller with a subtenant.
    OfSubtenant,
    /// A caller without.
    OfTenant,
}

/// Asserts what requests leave, one after the other, under this configuration.
fn assert_states(document: &str, rows: &[(&str, Caller, String)]) {
    let mut world = World::of(1, document);
    world.settle();
    for (path, caller, expected) in rows {
        let token = match caller {
            Caller::Nobody => None,
            Caller::Malformed => Some("a.b.c".to_owned()),
            Caller::OfSubtenant => Some(token(
                &world,
                r#","email":"u, v%@example","client_id":"portal","subtenant":"north""#,
            )),
            Caller::OfTenant => Some(token(&world, "")),
        };
        let left = state_of(&mut world, path, token.as_deref());
        assert_eq!(left, *expected, "{path} {caller:?}");
    }
}

fn token(world: &World, more: &str) -> String {
    let exp = world.now.as_seconds() + 3600;
    world.mint.token_of(&format!(
        r#"{{"iss":"https://id.example","aud":"our-api","exp":{exp},"ten":"acme"{more}}}"#
    ))
}

#[test]
fn a_refused_request_says_why_and_as_much_of_the_caller_as_is_proven() {
    let of_caller = "tenant=acme subtenant=north user=u%2C%20v%25@example client=portal";
    let refused = "reason=route_not_subtenancy_aware route=own";
    let rows = [
        ("/own/../x", Caller::Nobody, "reason=path_dot_segment".to_owned()),
        ("/none", Caller::Nobody, "reason=no_route".to_owned()),
        ("/own/x", Caller::Nobody, "reason=credential_missing route=own".to_owned()),
        ("/own/x", Caller::Malformed, "reason=malformed route=own".to_owned()),
        ("/own/x", Caller::OfSubtenant, format!("{refused} {of_caller}")),
    ];
    for document in [CONFIGURATION.to_owned(), configuration(r#""filter_state":"refusals""#)] {
        assert_states(&document, &rows);
    }
}

#[test]
fn with_always_a_refused_request_says_decision_and_code_besides() {
    let of_caller = "tenant=acme subtenant=north user=u%2C%20v%25@example client=portal \
                     credential_kind=bearer";
    let refused = "decision=deny code=subtenancy_refused reason=route_not_subtenancy_aware";
    let rows = [
        (
            "/own/../x",
            Caller::Nobody,
            "decision=deny code=path_ambiguous reason=path_dot_segment".to_owned(),
        ),
        (
            "/own/x",
            Caller::Nobody,
            "decision=deny code=token_missing reason=credential_missing route=own".to_owned(),
        ),
        ("/own/x", Caller::OfSubtenant, format!("{refused} route=own {of_caller}")),
    ];
    assert_states(&configuration(r#""filter_state":"always""#), &rows);
}

#[test]
fn with_never_no_request_leaves_anything() {
    let nothing = String::new();
    let rows = [
        ("/own/../x", Caller::Nobody, nothing.clone()),
        ("/own/x", Caller::Nobody, nothing.clone()),
        ("/own/x", Caller::OfSubtenant, nothing.clone()),
        ("/own/x", Caller::OfTenant, nothing),
    ];
    assert_states(&configuration(r#""filter_state":"never""#), &rows);
    assert_states(&configuration(r#""filter_state":"never","mode":"report_only""#), &rows);
}

#[test]
fn an_allowed_request_says_something_only_if_it_is_asked_to() {
    let mut world = World::new(1);
    world.settle();
    let user = token(&world, "");
    assert_eq!(state_of(&mut world, "/own/x", Some(&user)), "");

    let mut world = World::of(1, &configuration(r#""filter_state":"refusals""#));
    world.settle();
    assert_eq!(state_of(&mut world, "/own/x", Some(&user)), "");

    let mut world = World::of(1, &configuration(r#""filter_state":"always""#));
    world.settle();
    let expected = "decision=allow route=own tenant=acme credential_kind=bearer";
    assert_eq!(state_of(&mut world, "/own/x", Some(&user)), expected);
    let expected = "decision=allow route=tenant tenant=acme credential_kind=bearer";
    assert_eq!(state_of(&mut world, "/tenant/x", Some(&user)), expected, "after a wait");
}

#[test]
fn a_request_that_waited_too_long_says_so() {
    let mut world = World::new(1);
    world.settle();
    let user = token(&world, "");
    world.provider.script(|_, _| Some(Answer::Silence));
    let request = world.request(0, "/slow/x", Some(&user));
    world.pass(Duration::from_secs(6));
    let expected = "reason=waited_too_long route=slow";
    assert_eq!(shown(world.state(request)), expected);
}
