//! The identity provider is away, and comes back.

use std::thread;
use std::time::Duration;

use crate::development::caller::Caller;
use crate::development::codes;
use crate::development::fault::Fault;
use crate::development::http_client::Received;
use crate::lab::{Lab, Setup, now};

#[test]
fn a_cached_token_outlives_the_identity_provider() {
    let lab = Lab::start();
    let north = Caller::of_tenant("acme").in_subtenant("north");
    let south = Caller::of_tenant("acme").in_subtenant("south");
    assert_eq!(lab.get("/api/assets/1", &north).status, 200);
    lab.idp.stop();
    for _ in 0..20 {
        assert_eq!(lab.get("/api/assets/1", &north).status, 200);
        assert_eq!(lab.get("/api/profile/me", &Caller::of_tenant("acme")).status, 200);
    }
    assert_unavailable(
        &within_deadline(|| lab.get("/api/assets/1", &south)),
        codes::TOKEN_UNAVAILABLE,
    );
    lab.idp.resume().unwrap();
    recovers(|| lab.get("/api/assets/1", &south));
    assert_eq!(lab.get("/api/assets/1", &north).status, 200);
    lab.assert_unharmed();
}

#[test]
fn without_keys_nobody_enters_and_nobody_is_blamed() {
    let setup = Setup::new();
    setup.idp.stop();
    let lab = setup.start();
    let user = Caller::of_tenant("acme");
    for path in ["/api/profile/me", "/api/assets/1"] {
        assert_unavailable(&within_deadline(|| lab.get(path, &user)), codes::KEYS_UNAVAILABLE);
    }
    assert_eq!(lab.upstream.requests(), 0);
    lab.idp.resume().unwrap();
    recovers(|| lab.get("/api/profile/me", &user));
    recovers(|| lab.get("/api/assets/1", &user));
    lab.assert_unharmed();
}

#[test]
fn a_silent_identity_provider_holds_nobody_beyond_the_deadline() {
    let setup = Setup::new();
    setup.idp.set_keys_fault(Fault::Silence);
    let lab = setup.start();
    let user = Caller::of_tenant("acme");
    assert_unavailable(
        &within_deadline(|| lab.get("/api/profile/me", &user)),
        codes::KEYS_UNAVAILABLE,
    );
    lab.idp.set_keys_fault(Fault::None);
    recovers(|| lab.get("/api/profile/me", &user));
    lab.idp.set_token_fault(Fault::Silence);
    assert_unavailable(
        &within_deadline(|| lab.get("/api/reports/1", &user)),
        codes::TOKEN_UNAVAILABLE,
    );
    lab.idp.set_token_fault(Fault::None);
    recovers(|| lab.get("/api/reports/1", &user));
    lab.assert_unharmed();
}

#[test]
fn a_token_that_ended_during_the_outage_is_not_used() {
    let setup = Setup::new();
    setup.idp.set_lifetime(16);
    let lab = setup.start();
    let user = Caller::of_tenant("acme");
    assert_eq!(lab.get("/api/reports/1", &user).status, 200);
    lab.idp.stop();
    assert_eq!(lab.get("/api/reports/1", &user).status, 200);
    thread::sleep(Duration::from_secs(17));
    assert_unavailable(
        &within_deadline(|| lab.get("/api/reports/1", &user)),
        codes::TOKEN_UNAVAILABLE,
    );
    lab.idp.resume().unwrap();
    recovers(|| lab.get("/api/reports/1", &user));
}

/// Asserts that we, not the caller, are to blame, and that the answer says when to come back.
pub fn assert_unavailable(answer: &Received, code: &str) {
    assert_eq!((answer.status, answer.code().as_str()), (503, code), "{}", answer.text());
    let after: u64 = answer.field("retry-after").parse().expect("`retry-after` in seconds");
    assert!((1..=300).contains(&after), "{after}");
    assert_eq!(answer.field("www-authenticate"), "", "no challenge: the caller did nothing wrong");
}

/// Asserts that an answer comes within the configured deadline of four seconds, and a little.
fn within_deadline(attempt: impl Fn() -> Received) -> Received {
    let start = now();
    let answer = attempt();
    let took = now() - start;
    assert!(took < Duration::from_millis(5500), "answered after {took:?}");
    answer
}

/// Asserts success within half a minute; until then nothing but 503.
pub fn recovers(attempt: impl Fn() -> Received) -> Received {
    let start = now();
    loop {
        let answer = attempt();
        if answer.status == 200 {
            return answer;
        }
        assert_eq!(answer.status, 503, "{}", answer.text());
        assert!(now() - start < Duration::from_secs(30), "no recovery: {}", answer.text());
        thread::sleep(Duration::from_millis(200));
    }
}
