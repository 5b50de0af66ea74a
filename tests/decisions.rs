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
use std::sync::{Arc, OnceLock};

use serde_json::json;
use tenantgate::time::Timestamp;
use tenantgate::tool::explain::{Denied, Explained, Mark, Question, Verdict, explain, json, text};

use decision_cases::{Case, Expected, Sent, Signer, Table, tables};
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

/// A case, and its request with a token of now.
struct Asked {
    table: Arc<Table>,
    case: Case,
    sent: Sent,
}

/// All cases; signing takes long, so they are made once.
fn all() -> &'static [Asked] {
    static ALL: OnceLock<Vec<Asked>> = OnceLock::new();
    ALL.get_or_init(|| {
        let ask = |mut table: Table| {
            let cases = std::mem::take(&mut table.cases);
            let table = Arc::new(table);
            cases.into_iter().map(move |case| {
                let sent = case.sent(keys());
                Asked { table: Arc::clone(&table), case, sent }
            })
        };
        tables().into_iter().flat_map(ask).collect()
    })
}

fn keys() -> &'static Keys {
    static KEYS: OnceLock<Keys> = OnceLock::new();
    KEYS.get_or_init(Keys::new)
}

/// What is handed in besides the request.
struct Given {
    key_sets: Vec<(Option<String>, Vec<u8>)>,
    skip_signature: bool,
}

/// An explanation, which shows neither a token nor a secret.
fn explained(asked: &Asked, given: Given) -> Explained {
    let Asked { table, case, sent } = asked;
    let document = table.configuration.to_string();
    let mut sets = given.key_sets;
    let names = |set: &(Option<String>, Vec<u8>)| {
        set.0.as_ref().is_none_or(|_| document.contains("id.partner.example/partner"))
    };
    sets.retain(names);
    let parts = sent.headers.iter().flat_map(|(_, value)| value.split(['.', ' ', '=']));
    let question = Question {
        name: "configuration.json",
        document: document.as_bytes(),
        environment: &|_| None,
        method: case.method.clone(),
        path: sent.path.clone(),
        host: sent.host.clone(),
        is_plain: false,
        headers: sent.headers.clone(),
        token: None,
        key_sets: sets,
        now: Timestamp::from_seconds(clock::now()),
        skip_signature: given.skip_signature,
        key: None,
        client: None,
    };
    let explained = explain(&question).unwrap_or_else(|error| panic!("{}: {error}", table.name));
    let shown = format!("{}{}{explained:?}", text(&explained), json(&explained));
    for part in parts.filter(|part| part.len() > 40) {
        assert!(!shown.contains(part), "{}: {} shows a token", table.name, case.name);
    }
    // What stands for a variable that is not set is its name, filled up with this letter.
    assert!(!shown.contains("MINDSPHERE_CLIENT_SECRETA"), "{shown}");
    explained
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
        Verdict::Answered(_) | Verdict::Undecided => return None,
    })
}

#[test]
fn every_case_is_decided_as_the_table_says_and_the_trace_ends_with_the_reason() {
    let (mut cases, mut reasons) = (0, BTreeSet::new());
    for asked in all() {
        let Asked { table, case, .. } = asked;
        let given = Given { key_sets: keys().sets(), skip_signature: false };
        let explained = explained(asked, given);
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
    assert!(cases >= 100 && reasons.len() >= 45, "{cases} cases, {} reasons", reasons.len());
}

/// Without keys nothing is allowed that a signature has to prove, and whatever is refused before one is
/// computed is refused all the same.
#[test]
fn without_keys_nobody_is_let_in_by_a_token() {
    let mut undecided = 0;
    for asked in all() {
        let Asked { table, case, .. } = asked;
        let none = Given { key_sets: Vec::new(), skip_signature: false };
        let without = explained(asked, none);
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
    assert!(undecided > 30, "{undecided}");
}

#[test]
fn a_signature_is_taken_for_good_only_when_asked_and_where_keys_are_missing() {
    for asked in all() {
        let Asked { table, case, .. } = asked;
        let reason = match &case.expected {
            Expected::Allow => "",
            Expected::Deny(_, _, reason) | Expected::WouldDeny(_, reason) => reason,
        };
        let skip = Given { key_sets: Vec::new(), skip_signature: true };
        let skipped = explained(asked, skip);
        let at = format!("{}: {}\n{}", table.name, case.name, text(&skipped));
        if reason == "signature_invalid" {
            assert!(skipped.is_signature_assumed, "{at}");
            assert_eq!(skipped.verdict, Verdict::Allowed, "{at}");
        } else {
            assert_eq!(found(&skipped.verdict), Some(case.expected.clone()), "{at}");
        }
        // With keys at hand the flag changes nothing.
        let both = Given { key_sets: keys().sets(), skip_signature: true };
        let both = explained(asked, both);
        assert!(!both.is_signature_assumed, "{at}");
        assert_eq!(found(&both.verdict), Some(case.expected.clone()), "{at}");
    }
}
