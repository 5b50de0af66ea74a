//! A key beside a token of the identity provider, or beside a password.

use serde_json::{Value, json};

use super::{
    GUID, KEY, OTHER, USER, add_route, because, forwarded, get, reasoned, record, refused, setup,
};
use crate::development::caller::Caller;
use crate::development::http_client::{Received, request};
use crate::development::upstream::seen;
use crate::lab::{Lab, Setup};

/// A key of the user whose tokens are used here, and one of another user.
fn scene(settings: &Value) -> Setup {
    let records = [
        record("mine", KEY, json!({})),
        record("another", OTHER, json!({"user": "user-of-kim"})),
        record("north", GUID, json!({"subtenant": "north"})),
    ];
    let mut setup = setup(&records, settings);
    add_route(&mut setup, "scoped", &json!({"scopes": {"all": ["assets.write"]}}));
    add_route(&mut setup, "aware", &json!({"subtenancy": "aware"}));
    add_route(&mut setup, "shared", &json!({"preflight": "pass"}));
    setup.filter["identity_headers"]["credential_kind"] = json!("x-kind");
    setup.filter["identity_headers"]["key_name"] = json!("x-key-name");
    setup
}

fn mine() -> Caller {
    Caller::of_tenant("acme")
}

/// Asks with a token, a key and this `x-case`.
fn ask(lab: &Lab, path: &str, token: &str, key: &str, case: &str) -> Received {
    let bearer = format!("Bearer {token}");
    get(lab, path, &[("authorization", &bearer), ("appkey", key), ("x-case", case)])
}

#[test]
fn a_token_and_a_key_of_one_user_are_one_caller() {
    let lab = scene(&json!({})).start();
    let answer = ask(&lab, "/things/1", &lab.idp.sign(&mine()), KEY, "agree");
    let echo = forwarded(&answer);
    assert_eq!(seen(&echo, "x-user"), [USER]);
    assert_eq!(seen(&echo, "x-kind"), ["bearer"]);
    assert_eq!(seen(&echo, "x-key-name"), ["mine"]);
    assert_eq!(seen(&echo, "authorization"), [""; 0]);
    let north = lab.idp.sign(&mine().in_subtenant("north"));
    let echo = forwarded(&ask(&lab, "/aware/1", &north, GUID, "north"));
    assert_eq!(seen(&echo, "x-subtenant"), ["north"]);
    // The token alone would do, but the key has not that scope.
    let writer = mine().with("scope", json!(["assets.read", "assets.write"]));
    let writer = lab.idp.sign(&writer);
    assert_eq!(lab.get_with_token("/scoped/1", &writer).status, 200);
    assert_eq!(
        refused(&ask(&lab, "/scoped/1", &writer, KEY, "scope")),
        (403, "scope_insufficient".to_owned())
    );
    // The user's token goes on where tokens do, and the key does not.
    let echo = forwarded(&ask(&lab, "/api/profile/1", &writer, KEY, "forward"));
    assert_eq!(seen(&echo, "authorization"), [format!("Bearer {writer}")]);
    assert_eq!(seen(&echo, "appkey"), [""; 0]);
    lab.assert_unharmed();
}

#[test]
fn a_token_and_a_key_of_two_are_refused() {
    let lab = scene(&json!({})).start();
    let north = mine().in_subtenant("north");
    let rows = [
        ("user", mine(), OTHER),
        ("tenant", Caller::of_tenant("beta"), KEY),
        ("subtenant of the token", north.clone(), KEY),
        ("subtenant of the key", mine(), GUID),
        ("subtenants", mine().in_subtenant("south"), GUID),
    ];
    for path in ["/things/1", "/aware/1", "/open/1"] {
        for (what, caller, key) in &rows {
            let case = format!("{what} {path}");
            let answer = ask(&lab, path, &lab.idp.sign(caller), key, &case);
            assert_eq!(
                reasoned(&lab, &case, &answer),
                because(403, "identity_mismatch", "identity_mismatch")
            );
        }
    }
    assert_eq!(lab.upstream.requests(), 0);
    lab.assert_unharmed();
}

#[test]
fn neither_makes_good_what_is_wrong_with_the_other() {
    let lab = scene(&json!({})).start();
    let good = lab.idp.sign(&mine());
    let forged = format!("{}A", lab.idp.sign(&mine()));
    let late = lab.idp.sign(&mine().expired());
    for path in ["/things/1", "/open/1"] {
        for (what, token, key, code) in [
            (
                "unknown key",
                good.as_str(),
                "00000000-1111-4222-8333-000000000000",
                "app_key_invalid",
            ),
            ("forged token", &forged, KEY, "token_invalid"),
            ("expired token", &late, KEY, "token_expired"),
            ("no token", "x", KEY, "token_invalid"),
        ] {
            let answer = ask(&lab, path, token, key, "-");
            assert_eq!(refused(&answer), (401, code.to_owned()), "{what} {path}");
        }
    }
    assert_eq!(lab.upstream.requests(), 0);
    lab.assert_unharmed();
}

#[test]
fn what_becomes_of_both_can_be_chosen() {
    let unknown = "00000000-1111-4222-8333-000000000000";
    let lab = scene(&json!({"when_both": "reject"})).start();
    let good = lab.idp.sign(&mine());
    assert_eq!(
        reasoned(&lab, "both", &ask(&lab, "/things/1", &good, KEY, "both")),
        because(400, "multiple_credentials", "multi_credentials")
    );
    assert_eq!(lab.get_with_token("/things/1", &good).status, 200);
    assert_eq!(get(&lab, "/things/1", &[("appkey", KEY)]).status, 200);

    let lab = scene(&json!({"when_both": "jwt"})).start();
    let good = lab.idp.sign(&mine());
    for key in [unknown, OTHER] {
        let echo = forwarded(&ask(&lab, "/things/1", &good, key, "-"));
        assert_eq!(seen(&echo, "x-user"), [USER]);
        assert_eq!(seen(&echo, "x-key-name"), [""; 0]);
        assert_eq!(seen(&echo, "appkey"), [""; 0]);
    }
    assert_eq!(refused(&ask(&lab, "/things/1", "x", KEY, "-")), (401, "token_invalid".to_owned()));

    let lab = scene(&json!({"when_both": "key"})).start();
    let good = lab.idp.sign(&mine());
    for token in ["x", &good] {
        let echo = forwarded(&ask(&lab, "/things/1", token, OTHER, "-"));
        assert_eq!(seen(&echo, "x-user"), ["user-of-kim"]);
        assert_eq!(seen(&echo, "authorization"), [""; 0]);
    }
    assert_eq!(
        refused(&ask(&lab, "/things/1", &good, unknown, "-")),
        (401, "app_key_invalid".to_owned())
    );
}

#[test]
fn a_password_beside_a_key_is_refused_unless_it_is_chosen_otherwise() {
    let fields = [("appkey", KEY), ("authorization", "Basic am86c2VjcmV0"), ("x-case", "basic")];
    let lab = scene(&json!({})).start();
    assert_eq!(
        reasoned(&lab, "basic", &get(&lab, "/things/1", &fields)),
        because(400, "multiple_credentials", "multi_credentials")
    );
    for (choice, left) in [("forward", &["Basic am86c2VjcmV0"][..]), ("drop", &[])] {
        let lab = scene(&json!({"basic_with_key": choice})).start();
        let echo = forwarded(&get(&lab, "/things/1", &fields));
        assert_eq!(seen(&echo, "authorization"), left, "{choice}");
        assert_eq!(seen(&echo, "x-user"), [USER], "{choice}");
        let alone = get(&lab, "/things/1", &fields[1..]);
        assert_eq!(alone.status, 401, "{choice}");
    }
}

#[test]
fn a_key_is_a_bearer_token_only_where_that_is_chosen() {
    let bearer = format!("Bearer {KEY}");
    let fields = [("authorization", bearer.as_str())];
    let lab = scene(&json!({})).start();
    assert_eq!(refused(&get(&lab, "/things/1", &fields)), (401, "token_invalid".to_owned()));
    let lab = scene(&json!({"accept_bearer": true})).start();
    let echo = forwarded(&get(&lab, "/things/1", &fields));
    assert_eq!(seen(&echo, "x-user"), [USER]);
    assert_eq!(seen(&echo, "authorization"), [""; 0]);
    assert_eq!(lab.get("/things/1", &mine()).status, 200);
    let differing = [fields[0], ("appkey", OTHER)];
    assert_eq!(
        refused(&get(&lab, "/things/1", &differing)),
        (400, "ambiguous_credentials".to_owned())
    );
}

#[test]
fn each_kind_of_route_takes_keys_as_it_takes_tokens() {
    let lab = scene(&json!({})).start();
    let unknown = ("appkey", "00000000-1111-4222-8333-000000000000");
    let preflight = [("origin", "https://page.example"), ("access-control-request-method", "GET")];
    for (path, fields, expected) in [
        ("/things/1", vec![], Err((401, "app_key_missing"))),
        ("/things/1", vec![unknown], Err((401, "app_key_invalid"))),
        ("/open/1", vec![], Ok(None)),
        ("/open/1", vec![("appkey", KEY)], Ok(Some(USER))),
        ("/open/1", vec![unknown], Err((401, "app_key_invalid"))),
        ("/public/1", vec![unknown], Ok(None)),
        ("/public/1", vec![("appkey", KEY)], Ok(None)),
        // Neither a key nor a token alone goes on where the user's token has to.
        ("/api/profile/1", vec![("appkey", KEY)], Err((403, "app_key_not_allowed"))),
        // Both fields of a preflight do nothing for another method.
        ("/things/1", preflight.to_vec(), Err((401, "app_key_missing"))),
    ] {
        let answer = get(&lab, path, &fields);
        match expected {
            Ok(user) => {
                let echo = forwarded(&answer);
                assert_eq!(seen(&echo, "x-user").first().map(String::as_str), user, "{path}");
                assert_eq!(seen(&echo, "appkey"), [""; 0], "{path}");
            }
            Err((status, code)) => {
                assert_eq!(refused(&answer), (status, code.to_owned()), "{path}")
            }
        }
    }
    let upgrade = [("connection", "upgrade"), ("upgrade", "websocket"), unknown];
    let answer = lab.send(&request("GET", "/open/1", &upgrade, ""));
    assert_ne!(answer.status, 101);
    for (fields, status) in [
        (vec![unknown], "16"),
        (vec![], "16"),
        (vec![("appkey", GUID)], "7"),
        (vec![("appkey", KEY), ("appkey", OTHER)], "3"),
    ] {
        let fields = [fields, vec![("content-type", "application/grpc")]].concat();
        let answer = lab.send(&request("POST", "/things/1", &fields, ""));
        assert_eq!((answer.status, answer.field("grpc-status")), (200, status), "{fields:?}");
    }
    // A preflight goes on where its route says so, and takes no key along, good or bad.
    for key in [KEY, unknown.1] {
        let fields = [preflight.as_slice(), &[("appkey", key)]].concat();
        let answer = lab.send(&request("OPTIONS", "/shared/1?appkey=x&a", &fields, ""));
        let echo = forwarded(&answer);
        assert_eq!((seen(&echo, "appkey"), seen(&echo, "x-user")), (vec![], vec![]));
        assert_eq!(echo["path"], "/shared/1?a");
        assert_eq!(lab.send(&request("OPTIONS", "/things/1", &fields, "")).status, 405);
        let half = [preflight[0], ("appkey", key)];
        assert_eq!(lab.send(&request("OPTIONS", "/shared/1", &half, "")).status, 405);
    }
    lab.assert_unharmed();
}
