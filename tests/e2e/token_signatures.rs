//! Tokens that are what was asked for in all but who signed them, and the token of a user that the
//! environment holds.

use serde_json::json;

use crate::development::caller::Caller;
use crate::development::codes;
use crate::development::http_client::request;
use crate::development::signing_key::SigningKey;
use crate::development::upstream::seen;
use crate::filter;
use crate::lab::{Lab, Setup};
use crate::outage::{assert_unavailable, recovers};

#[test]
fn a_token_that_another_key_signed_reaches_no_upstream() {
    let lab = Lab::start();
    let user = Caller::of_tenant("acme");
    // The issuer's own `kid`, and one that it does not have.
    for (kid, reason, subtenant) in
        [("key-id-1", "signature_invalid", "north"), ("forged", "fetched_key_unknown", "south")]
    {
        lab.idp.forge_tokens(Some(SigningKey::rsa(kid).unwrap()));
        let caller = user.clone().in_subtenant(subtenant);
        for _ in 0..5 {
            let answer = lab.get("/api/assets/1", &caller);
            assert_unavailable(&answer, codes::TOKEN_UNAVAILABLE);
        }
        assert!(lab.idp.calls(&format!("token/{subtenant}")) > 0, "a forged token was fetched");
        assert_eq!(lab.upstream.requests(), 0, "{reason}");
        let line =
            format!("token of credential `acme-service` from cluster `piam` failed: {reason};");
        assert!(lab.envoy.log().contains(&line), "{line}\n{}", lab.envoy.log());
    }
    lab.assert_nothing_leaked(&[]);
    lab.idp.forge_tokens(None);
    for subtenant in ["north", "south"] {
        let caller = user.clone().in_subtenant(subtenant);
        let answer = recovers(|| lab.get("/api/assets/1", &caller));
        assert_eq!(seen(&answer.json(), "x-subtenant"), [subtenant]);
    }
    lab.assert_unharmed();
}

#[test]
fn the_keys_of_a_credential_whose_issuer_nobody_else_names_are_its_own_to_fetch() {
    let mut setup = Setup::new();
    setup.filter = filter::egress();
    // No issuer: nobody presents a token here.
    setup.filter.as_object_mut().unwrap().remove("issuers");
    let lab = setup.start();
    let answer = recovers(|| lab.send(&request("GET", "/api/things", &[], "")));
    assert_eq!(seen(&answer.json(), "authorization").len(), 1);
    assert!((1..=2).contains(&lab.idp.calls("keys")), "{} calls", lab.idp.calls("keys"));
    lab.idp.forge_tokens(Some(SigningKey::rsa("key-id-1").unwrap()));
    lab.idp.stop();
    assert_eq!(lab.send(&request("GET", "/api/things", &[], "")).status, 200);
}

#[test]
fn a_program_acts_with_a_users_token_from_the_environment_while_it_is_good() {
    let user = Caller::of_tenant("acme");
    for is_good in [true, false] {
        let mut setup = Setup::new();
        let token = match is_good {
            true => setup.idp.sign(&user),
            false => setup.idp.sign(&user.clone().expired()),
        };
        setup.filter = filter::egress();
        setup.filter["credentials"]
            .as_array_mut()
            .unwrap()
            .push(json!({"name": "me", "mindsphere_user": {"token_env": "USER_TOKEN"}}));
        setup.filter["routes"][0]["upstream"]["inject"][0]["credential"] = json!("me");
        setup.environment.push(("USER_TOKEN".to_owned(), token.clone()));
        let lab = setup.start();
        let ask = || lab.send(&request("GET", "/api/things", &[], ""));
        if is_good {
            let answer = recovers(ask);
            assert_eq!(seen(&answer.json(), "authorization"), [format!("Bearer {token}")]);
        } else {
            for _ in 0..5 {
                assert_unavailable(&ask(), codes::TOKEN_UNAVAILABLE);
            }
            assert_eq!(lab.upstream.requests(), 0);
            let line = "user token of credential `me`: is not used: expired;";
            assert!(lab.envoy.log().contains(line), "{}", lab.envoy.log());
        }
        let own = lab.idp.sign(&user);
        let answer = lab.get_with_token("/api/things", &own);
        assert_eq!(seen(&answer.json(), "authorization"), [format!("Bearer {own}")]);
        assert_eq!(lab.idp.calls("token"), 0, "nothing else takes its place");
        lab.assert_nothing_leaked(&[token]);
    }
}
