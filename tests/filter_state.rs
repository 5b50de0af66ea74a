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

fn token(world: &World, more: &str) -> String {
    let exp = world.now.as_seconds() + 3600;
    world.mint.token_of(&format!(
        r#"{{"iss":"https://id.example","aud":"our-api","exp":{exp},"ten":"acme"{more}}}"#
    ))
}

#[test]
fn a_refused_request_always_says_why_and_as_much_of_the_caller_as_is_proven() {
    let mut world = World::new(1);
    world.settle();
    let user =
        token(&world, r#","email":"u, v%@example","client_id":"portal","subtenant":"north""#);
    let rows = [
        ("/own/../x", None, "decision=deny code=path_ambiguous reason=path_dot_segment"),
        ("/none", None, "decision=deny code=route_unknown reason=no_route"),
        ("/own/x", None, "decision=deny code=token_missing reason=credential_missing route=own"),
        ("/own/x", Some("a.b.c"), "decision=deny code=token_invalid reason=malformed route=own"),
        (
            "/own/x",
            Some(user.as_str()),
            "decision=deny code=subtenancy_refused reason=route_not_subtenancy_aware route=own \
             tenant=acme subtenant=north user=u%2C%20v%25@example client=portal \
             credential_kind=bearer",
        ),
    ];
    for (path, token, expected) in rows {
        assert_eq!(state_of(&mut world, path, token), expected, "{path}");
    }
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
    let expected = "decision=deny code=token_unavailable reason=waited_too_long route=slow";
    assert_eq!(shown(world.state(request)), expected);
}
