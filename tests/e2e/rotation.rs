//! Keys change.

use std::thread;
use std::time::Duration;

use serde_json::json;

use crate::development::caller::Caller;
use crate::development::codes;
use crate::development::http_client::{Connection, request};
use crate::development::identity_provider::OldKey;
use crate::lab::{Lab, Setup, eventually, now};

#[test]
fn a_new_key_is_found_by_one_refetch() {
    let lab = start();
    let user = Caller::of_tenant("acme");
    let old = lab.idp.sign(&user);
    assert_eq!(lab.get_with_token("/api/profile/me", &old).status, 200);
    let before = lab.idp.calls("keys");
    thread::sleep(PAST_INTERVAL);

    lab.idp.rotate_key("key-id-2", OldKey::Published).unwrap();
    let answer = lab.get("/api/profile/me", &user);
    assert_eq!(answer.status, 200, "{}", answer.text());
    for _ in 0..10 {
        assert_eq!(lab.get("/api/profile/me", &user).status, 200);
        assert_eq!(
            lab.get_with_token("/api/profile/me", &old).status,
            200,
            "the old key is still published"
        );
    }
    lab.assert_unharmed();
    assert_eq!(lab.idp.calls("keys") - before, 1);
}

#[test]
fn a_withdrawn_key_stops_working_with_the_next_key_set() {
    let lab = start();
    let user = Caller::of_tenant("acme");
    let old = lab.idp.sign(&user);
    assert_eq!(lab.get_with_token("/api/profile/me", &old).status, 200);
    thread::sleep(PAST_INTERVAL);
    lab.idp.rotate_key("key-id-2", OldKey::Withdrawn).unwrap();
    assert_eq!(lab.get("/api/profile/me", &user).status, 200);
    // The other worker learns of the new set a little later.
    eventually("refusal of the old key", || {
        let answer = lab.get_with_token("/api/profile/me", &old);
        (answer.status == 401 && answer.code() == codes::TOKEN_INVALID).then_some(())
    });
}

#[test]
fn a_flood_of_unknown_keys_causes_few_calls() {
    let lab = start();
    let user = Caller::of_tenant("acme");
    assert_eq!(lab.get("/api/profile/me", &user).status, 200);
    let before = lab.idp.calls("keys");
    lab.idp.set_keys_delay(Duration::from_millis(200));
    let key = lab.idp.signing_key();
    let good = lab.idp.sign(&user);
    thread::sleep(PAST_INTERVAL);
    let start = now();
    thread::scope(|scope| {
        for client in 0..20 {
            let (lab, key, claims, good) = (&lab, &key, user.claims(), &good);
            scope.spawn(move || {
                let mut connection = Connection::open(lab.gateway).unwrap();
                for turn in 0..25 {
                    let token = key.sign_as(&format!("made-up-{client}-{turn}"), &claims);
                    connection
                        .send(&request(
                            "GET",
                            "/api/profile/me",
                            &[("authorization", &format!("Bearer {token}"))],
                            "",
                        ))
                        .unwrap();
                    let answer = connection.receive().unwrap();
                    assert_eq!(
                        (answer.status, answer.code().as_str()),
                        (401, codes::TOKEN_INVALID),
                        "{}",
                        answer.text()
                    );
                }
                assert_eq!(
                    lab.get_with_token("/api/profile/me", good).status,
                    200,
                    "honest callers pass"
                );
            });
        }
    });
    let calls = lab.idp.calls("keys") - before;
    let most = usize::try_from((now() - start).as_secs() / INTERVAL.as_secs()).unwrap() + 1;
    assert!((1..=most).contains(&calls), "{calls} key set calls for 500 made-up keys");
    lab.assert_unharmed();
}

#[test]
fn a_new_key_that_comes_too_soon_is_found_when_the_interval_is_over() {
    let lab = start();
    let user = Caller::of_tenant("acme");
    assert_eq!(lab.get("/api/profile/me", &user).status, 200);
    lab.idp.rotate_key("key-id-2", OldKey::Published).unwrap();
    let token = lab.idp.sign(&user);
    // The refusal must not be remembered: the same token is good as soon as its key is known.
    eventually("success with the new key", || {
        let status = lab.get_with_token("/api/profile/me", &token).status;
        assert!(status == 200 || status == 401, "{status}");
        (status == 200).then_some(())
    });
}

fn start() -> Lab {
    let mut setup = Setup::new();
    setup.filter["limits"]["unknown_key_interval"] = json!("2s");
    setup.start()
}

/// How far apart the refetches for unknown keys are here.
const INTERVAL: Duration = Duration::from_secs(2);
/// Long enough after a fetch for an unknown key to cause the next.
const PAST_INTERVAL: Duration = Duration::from_millis(2200);
