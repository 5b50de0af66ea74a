//! Endpoints that answer, but wrongly.

use std::thread;
use std::time::Duration;

use crate::development::caller::Caller;
use crate::development::codes;
use crate::development::fault::Fault;
use crate::development::upstream::seen;
use crate::lab::{Lab, Setup, eventually};
use crate::outage::{assert_unavailable, recovers};

#[test]
fn a_wrong_technical_token_is_never_used() {
    let lab = Lab::start();
    for (number, fault) in wrong_tokens().into_iter().enumerate() {
        lab.idp.set_token_fault(fault.clone());
        // A subtenant of its own, so that each fault is met by a fetch of its own.
        let subtenant = format!("sub{number}");
        let caller = Caller::of_tenant("acme").in_subtenant(&subtenant);
        let met = || lab.idp.calls(&format!("token/{subtenant}")) > 0;
        eventually("token call", || {
            assert_unavailable(&lab.get("/api/assets/1", &caller), codes::TOKEN_UNAVAILABLE);
            met().then_some(())
        });
        assert_unavailable(&lab.get("/api/assets/1", &caller), codes::TOKEN_UNAVAILABLE);
        assert_eq!(lab.upstream.requests(), 0, "{fault:?}");
    }
    assert!(lab.envoy.log().contains("acme-service"), "the log names the credential");
    lab.assert_nothing_leaked(&[]);

    // Nothing of it was kept: the same callers now get their own token.
    lab.idp.set_token_fault(Fault::None);
    for number in 0..wrong_tokens().len() {
        let subtenant = format!("sub{number}");
        let caller = Caller::of_tenant("acme").in_subtenant(&subtenant);
        let answer = recovers(|| lab.get("/api/assets/1", &caller));
        assert_eq!(seen(&answer.json(), "x-subtenant"), [subtenant]);
    }
    lab.assert_unharmed();
}

#[test]
fn a_token_with_an_unasked_subtenant_is_never_used() {
    let lab = Lab::start();
    lab.idp.set_token_fault(Fault::OtherSubtenant);
    let answer = lab.get("/api/reports/1", &Caller::of_tenant("acme"));
    assert_unavailable(&answer, codes::TOKEN_UNAVAILABLE);
    assert_eq!(lab.idp.calls("token"), 1);
    assert_eq!(lab.upstream.requests(), 0);
}

#[test]
fn a_refusal_by_the_token_endpoint_is_not_the_callers_fault() {
    let lab = Lab::start();
    lab.idp
        .set_token_fault(Fault::Status { status: 429, retry_after: Some(Duration::from_secs(7)) });
    let caller = Caller::of_tenant("acme");
    for _ in 0..50 {
        assert_unavailable(&lab.get("/api/reports/1", &caller), codes::TOKEN_UNAVAILABLE);
    }
    assert!(
        lab.idp.calls("token") <= 2,
        "`retry-after` is honoured: {} calls",
        lab.idp.calls("token")
    );

    let lab = Lab::start();
    lab.idp.set_token_fault(Fault::Status { status: 401, retry_after: None });
    for _ in 0..50 {
        assert_unavailable(&lab.get("/api/reports/1", &caller), codes::TOKEN_UNAVAILABLE);
    }
    assert!(
        lab.idp.calls("token") <= 2,
        "wrong credentials are not retried at request rate: {} calls",
        lab.idp.calls("token")
    );
    lab.assert_nothing_leaked(&[]);
}

#[test]
fn a_wrong_key_set_lets_nobody_in() {
    let status = Fault::Status { status: 500, retry_after: None };
    // Each takes its time to recover, so they do it side by side.
    thread::scope(|scope| {
        for fault in [Fault::Html, Fault::Empty, Fault::Huge, Fault::Half, status] {
            scope.spawn(move || {
                let setup = Setup::new();
                setup.idp.set_keys_fault(fault.clone());
                let lab = setup.start();
                let user = Caller::of_tenant("acme");
                assert_unavailable(&lab.get("/api/profile/me", &user), codes::KEYS_UNAVAILABLE);
                assert!(lab.idp.calls("keys") > 0, "{fault:?}");
                lab.idp.set_keys_fault(Fault::None);
                recovers(|| lab.get("/api/profile/me", &user));
                lab.assert_nothing_leaked(&[]);
                lab.assert_unharmed();
            });
        }
    });
}

#[test]
fn one_broken_issuer_does_not_hurt_another() {
    let setup = Setup::new();
    setup.idp.set_partner_keys_fault(Fault::Silence);
    let lab = setup.start();
    let user = Caller::of_tenant("acme");
    let partner = lab.idp.sign_as_partner(&Caller::of_partner("beta"));
    thread::scope(|scope| {
        let waiting = scope.spawn(|| lab.get_with_token("/api/profile/me", &partner));
        for _ in 0..20 {
            assert_eq!(lab.get("/api/profile/me", &user).status, 200);
            assert_eq!(lab.get("/api/reports/1", &user).status, 200);
        }
        assert_unavailable(&waiting.join().unwrap(), codes::KEYS_UNAVAILABLE);
    });
    lab.idp.set_partner_keys_fault(Fault::None);
    recovers(|| lab.get_with_token("/api/profile/me", &partner));
}

fn wrong_tokens() -> Vec<Fault> {
    vec![
        Fault::OtherTenant,
        Fault::OtherSubtenant,
        Fault::NoSubtenant,
        Fault::Html,
        Fault::Empty,
        Fault::Huge,
        Fault::Half,
        Fault::Silence,
        Fault::Status { status: 500, retry_after: None },
    ]
}
