//! The host's `verify_signature`, and the Rust code behind it.

use crate::host::Host;
use crate::provider::{forged, user, user_by_rsa};
use crate::scene::{configuration, configured, profile};
use crate::verify_signature::VerifySignature;
use crate::vm::Vm;

#[test]
fn a_host_that_verifies_is_asked_once_for_each_token() {
    let mut vm = with(VerifySignature::Real);
    assert_logged(&vm, HOST);
    assert_tells_tokens_apart(&mut vm, 1);
}

#[test]
fn a_host_that_cannot_verify_is_not_asked_again() {
    let mut vm = with(VerifySignature::Absent);
    assert_logged(&vm, SOFTWARE);
    assert_tells_tokens_apart(&mut vm, 0);
}

/// The one that always says yes would let everybody in.
#[test]
fn a_host_that_lies_is_found_out_and_not_asked_again() {
    for answer in [true, false] {
        let mut vm = with(VerifySignature::Always(answer));
        assert_logged(&vm, SOFTWARE);
        assert_tells_tokens_apart(&mut vm, 0);
    }
}

#[test]
fn a_host_that_stops_verifying_costs_time_and_nothing_else() {
    const SELF_TEST: usize = 10;
    let mut vm = with(VerifySignature::BreaksAfter(SELF_TEST));
    assert_logged(&vm, HOST);
    assert_tells_tokens_apart(&mut vm, 1);
}

/// Each algorithm has its own self-test: three questions, ES256 first and RS256 after two others.
#[test]
fn a_host_that_breaks_during_the_self_test_is_asked_only_for_what_it_has_shown() {
    for (calls, line, es256, rs256) in [
        (0, SOFTWARE, 0, 0),
        (2, SOFTWARE, 0, 0),
        (3, HOST, 1, 0),
        (7, HOST, 1, 0),
        (8, HOST, 1, 1),
    ] {
        let mut vm = with(VerifySignature::BreaksAfter(calls));
        assert_logged(&vm, line);
        for (stream, token, asked) in [(2, user("ann"), es256), (3, user_by_rsa("ann"), rs256)] {
            assert!(vm.request(stream, profile(&token)), "after {calls} calls");
            assert_eq!(questions(&vm), asked, "after {calls} calls");
        }
        assert!(!vm.request(4, profile(&forged(&user_by_rsa("ann")))));
        assert_eq!(vm.stream(4).refusal(), (401, "signature_invalid"));
    }
}

/// In Rust a bad signature is dear, so its source is written down; nobody else's is asked for.
#[test]
fn the_source_is_asked_for_after_a_bad_signature_in_rust_and_for_ten_seconds() {
    for (verify_signature, asked) in [(VerifySignature::Real, 0), (VerifySignature::Absent, 1)] {
        let mut vm = with(verify_signature);
        vm.host_mut().properties.insert("source\0address", "192.0.2.1:4711");
        vm.request(2, profile(&user("ann")));
        assert_eq!(addresses(&vm), 0, "nobody has failed");
        vm.request(3, profile(&forged(&user("ann"))));
        assert_eq!(addresses(&vm), asked);
        vm.request(4, profile(&user("ann")));
        assert_eq!(addresses(&vm), 0, "a known token costs no signature");
        vm.request(5, profile(&user("bob")));
        assert_eq!(addresses(&vm), asked);
        vm.host_mut().now += 10_000;
        vm.request(6, profile(&user("eve")));
        assert_eq!(addresses(&vm), 0, "the window has ended");
    }
}

fn with(verify_signature: VerifySignature) -> Vm {
    configured(Host { verify_signature, ..Host::default() }, &configuration())
}

fn assert_logged(vm: &Vm, line: &str) {
    assert_eq!(vm.host().log, [(2, line.to_owned())]);
}

/// Tokens by both keys are accepted, forged ones refused; `asked` times each the host is asked.
fn assert_tells_tokens_apart(vm: &mut Vm, asked: usize) {
    let tokens = [user("ann"), user_by_rsa("ann")];
    for (stream, token) in [2, 3].into_iter().zip(&tokens) {
        assert!(vm.request(stream, profile(token)));
        assert_eq!(questions(vm), asked);
    }
    for (stream, token) in [4, 5].into_iter().zip(&tokens) {
        assert!(!vm.request(stream, profile(&forged(token))));
        assert_eq!(vm.stream(stream).refusal(), (401, "signature_invalid"));
        assert_eq!(questions(vm), asked);
    }
}

fn addresses(vm: &Vm) -> usize {
    vm.calls().iter().filter(|call| call.contains("get_property source")).count()
}

fn questions(vm: &Vm) -> usize {
    vm.calls().iter().filter(|call| call.contains("call_foreign_function")).count()
}

const HOST: &str = "configured; signatures by the host's verify_signature";

const SOFTWARE: &str =
    "configured; signatures by Rust code in Wasm (the host has no verify_signature to rely on)";
