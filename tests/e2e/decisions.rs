//! The table of decisions (`tests/fixtures/decisions`), put to a real Envoy: one for each configuration.
//! `tests/decisions.rs` puts it to `tenantgate explain`.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use serde_json::json;

use crate::decision_cases::{Expected, Sent, Signer, Table, tables};
use crate::development::caller::Caller;
use crate::development::http_client::exchange;
use crate::development::signing_key::SigningKey;
use crate::lab::{Lab, Setup};

struct Provider<'l> {
    lab: &'l Lab,
    key: Arc<SigningKey>,
}

impl Signer for Provider<'_> {
    fn key(&self) -> &SigningKey {
        &self.key
    }

    fn sign_as_partner(&self, caller: &Caller) -> String {
        self.lab.idp.sign_as_partner(caller)
    }
}

#[test]
fn envoy_decides_every_case_as_the_table_says() {
    let mut cases = 0;
    for table in tables() {
        let mut setup = Setup::new();
        setup.filter = table.configuration.clone();
        setup.filter["filter_state"] = json!("always");
        let lab = setup.start();
        let wrong = wrong(&lab, &table);
        assert!(wrong.is_empty(), "{}:\n{}", table.name, wrong.join("\n"));
        lab.assert_nothing_leaked(&[]);
        cases += table.cases.len();
    }
    assert!(cases >= 100, "{cases}");
}

/// What is decided in another way.
fn wrong(lab: &Lab, table: &Table) -> Vec<String> {
    let signer = Provider { lab, key: lab.idp.signing_key() };
    let mut wrong = Vec::new();
    for (number, case) in table.cases.iter().enumerate() {
        let sent = case.sent(&signer);
        let answered = (0..TRIES).find_map(|attempt| {
            let id = format!("{}-{number}-{attempt}", table.name);
            let answer = exchange(lab.gateway, &bytes(&case.method, &sent, &id)).ok()?;
            let left = lab.decision(&id);
            // A request that is only reported on does not wait for what it needs.
            let is_early = left.0 == "would_wait";
            if is_early {
                thread::sleep(Duration::from_millis(50));
            }
            (!is_early).then_some((answer, left))
        });
        let Some((answer, (decision, code, reason))) = answered else {
            wrong.push(format!("{}: no answer", case.name));
            continue;
        };
        let found = match decision.as_str() {
            "deny" => Expected::Deny(answer.status, code, reason),
            "would_deny" if answer.status == 200 => Expected::WouldDeny(code, reason),
            "allow" if answer.status == 200 => Expected::Allow,
            _ => {
                wrong.push(format!("{}: {} {decision} {reason}", case.name, answer.status));
                continue;
            }
        };
        let says = answer.code();
        let is_told = match &found {
            Expected::Deny(_, code, _) => says == *code || says.is_empty(),
            Expected::Allow | Expected::WouldDeny(..) => says.is_empty(),
        };
        if found != case.expected || !is_told {
            wrong.push(format!("{}: {found:?}, not {:?}", case.name, case.expected));
        }
    }
    wrong
}

fn bytes(method: &str, sent: &Sent, id: &str) -> Vec<u8> {
    let mut head =
        format!("{method} {} HTTP/1.1\r\nhost: {}\r\nx-case: {id}\r\n", sent.path, sent.host);
    for (name, value) in &sent.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    format!("{head}\r\n").into_bytes()
}

/// How often a request is sent that is only reported on, until its keys and tokens are there.
const TRIES: usize = 40;
