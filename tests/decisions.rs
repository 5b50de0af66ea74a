//! `tenantgate explain` decides every case of the table as the table says; `tests/e2e/decisions.rs` puts
//! the same cases to a real Envoy.
#![cfg(not(target_arch = "wasm32"))]
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops by panicking; clippy spares only functions that carry `#[test]`"
)]

mod decision_cases;
#[path = "../examples/demo/development/mod.rs"]
#[allow(dead_code, reason = "the demo uses the rest")]
mod development;

use std::collections::BTreeSet;

use serde_json::json;
use tenantgate::time::Timestamp;
use tenantgate::tool::explain::{Denied, Explained, Mark, Question, Verdict, explain, json, text};

use decision_cases::{Case, Expected, Signer, Table, tables};
use development::caller::Caller;
use development::clock;
use development::signing_key::SigningKey;

struct Keys {
    tenants: SigningKey,
    partner: SigningKey,
}

impl Signer for Keys {
    fn key(&self) -> &SigningKey {
        &self.tenants
    }

    fn sign_as_partner(&self, caller: &Caller) -> String {
        self.partner.sign(&caller.claims())
    }
}

impl Keys {
    fn new() -> Self {
        Self { tenants: SigningKey::rsa("tenants").unwrap(), partner: SigningKey::p256("partner") }
    }

    fn sets(&self) -> Vec<(Option<String>, Vec<u8>)> {
        let set = |key: &SigningKey| json!({"keys": [key.jwk()]}).to_string().into_bytes();
        vec![(None, set(&self.tenants)), (Some("partner".to_owned()), set(&self.partner))]
    }
}

/// What is handed in besides the request.
struct Given {
    key_sets: Vec<(Option<String>, Vec<u8>)>,
    skip_signature: bool,
}

fn explained(table: &Table, case: &Case, keys: &Keys, given: Given) -> Explained {
    let document = table.configuration.to_string();
    let mut sets = given.key_sets;
    let names = |set: &(Option<String>, Vec<u8>)| {
        set.0.as_ref().is_none_or(|_| document.contains("id.partner.example/partner"))
    };
    sets.retain(names);
    let sent = case.sent(keys);
    let question = Question {
        name: "configuration.json",
        document: document.as_bytes(),
        environment: &|_| None,
        method: case.method.clone(),
        path: sent.path,
        host: sent.host,
        headers: sent.headers,
        token: None,
        key_sets: sets,
        now: Timestamp::from_seconds(clock::now()),
        skip_signature: given.skip_signature,
        client: None,
    };
    explain(&question).unwrap_or_else(|error| panic!("{}: {error}", table.name))
}

fn found(verdict: &Verdict) -> Option<Expected> {
    let denied = |denied: &Denied| (denied.code.clone(), denied.reason.clone());
    Some(match verdict {
        Verdict::Allowed => Expected::Allow,
        Verdict::Denied(refusal) => {
            let (code, reason) = denied(refusal);
            Expected::Deny(refusal.status.unwrap(), code, reason)
        }
        Verdict::WouldBeDenied(refusal) => {
            let (code, reason) = denied(refusal);
            Expected::WouldDeny(code, reason)
        }
        Verdict::Undecided => return None,
    })
}

#[test]
fn every_case_is_decided_as_the_table_says_and_the_trace_ends_with_the_reason() {
    let keys = Keys::new();
    let (mut cases, mut reasons) = (0, BTreeSet::new());
    for table in tables() {
        for case in &table.cases {
            let given = Given { key_sets: keys.sets(), skip_signature: false };
            let explained = explained(&table, case, &keys, given);
            let at = format!("{}: {}\n{}", table.name, case.name, text(&explained));
            assert_eq!(found(&explained.verdict), Some(case.expected.clone()), "{at}");
            let mut steps = explained.trace.steps().iter();
            let first = steps.find(|step| step.mark == Mark::NotMet);
            match &case.expected {
                Expected::Allow => assert_eq!(first, None, "{at}"),
                Expected::Deny(_, _, reason) | Expected::WouldDeny(_, reason) => {
                    reasons.insert(reason.clone());
                    let is_told = |text: &str| text.ends_with(reason.as_str());
                    // What a header cannot tell shows only when the header is made.
                    let is_edit = reason == "identity_claim_odd";
                    assert!(is_edit || first.is_some_and(|step| is_told(&step.text)), "{at}");
                }
            }
            cases += 1;
        }
    }
    assert!(cases >= 100 && reasons.len() >= 45, "{cases} cases, {} reasons", reasons.len());
}

#[test]
fn neither_a_token_nor_a_secret_is_shown() {
    let keys = Keys::new();
    for table in tables() {
        for case in &table.cases {
            let given = Given { key_sets: keys.sets(), skip_signature: false };
            let explained = explained(&table, case, &keys, given);
            let shown = format!("{}{}{explained:?}", text(&explained), json(&explained));
            let sent = case.sent(&keys);
            let parts = sent.headers.iter().flat_map(|(_, value)| value.split(['.', ' ', '=']));
            for part in parts.filter(|part| part.len() > 40) {
                assert!(!shown.contains(part), "{}: {}", table.name, case.name);
            }
            // What stands for secrets that are not set.
            assert!(!shown.contains("MINDSPHERE_CLIENT_SECRET"), "{shown}");
        }
    }
}

/// Without keys nothing is allowed that a signature has to prove, and whatever is refused before one is
/// computed is refused all the same.
#[test]
fn without_keys_nobody_is_let_in_by_a_token() {
    let keys = Keys::new();
    let mut undecided = 0;
    for table in tables() {
        for case in &table.cases {
            let none = Given { key_sets: Vec::new(), skip_signature: false };
            let without = explained(&table, case, &keys, none);
            match found(&without.verdict) {
                None => {
                    undecided += 1;
                    let mut steps = without.trace.steps().iter();
                    assert!(steps.any(|step| step.mark == Mark::Unknown), "{}", text(&without));
                }
                Some(decision) => {
                    assert_eq!(decision, case.expected, "{}: {}", table.name, case.name);
                    let mut steps = without.trace.steps().iter();
                    assert!(!steps.any(|step| step.topic == "signature"), "{}", case.name);
                }
            }
        }
    }
    assert!(undecided > 30, "{undecided}");
}

#[test]
fn a_signature_is_taken_for_good_only_when_asked_and_where_keys_are_missing() {
    let keys = Keys::new();
    for table in tables() {
        for case in &table.cases {
            let reason = match &case.expected {
                Expected::Allow => "",
                Expected::Deny(_, _, reason) | Expected::WouldDeny(_, reason) => reason,
            };
            let skip = Given { key_sets: Vec::new(), skip_signature: true };
            let skipped = explained(&table, case, &keys, skip);
            let at = format!("{}: {}\n{}", table.name, case.name, text(&skipped));
            if reason == "signature_invalid" {
                assert!(skipped.is_signature_assumed, "{at}");
                assert_eq!(skipped.verdict, Verdict::Allowed, "{at}");
            } else {
                assert_eq!(found(&skipped.verdict), Some(case.expected.clone()), "{at}");
            }
            // With keys at hand the flag changes nothing.
            let both = Given { key_sets: keys.sets(), skip_signature: true };
            let both = explained(&table, case, &keys, both);
            assert!(!both.is_signature_assumed, "{at}");
            assert_eq!(found(&both.verdict), Some(case.expected.clone()), "{at}");
        }
    }
}
