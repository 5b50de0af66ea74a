//! The steps of the tour with application keys: one request each, and what must come of it.

use std::fmt;
use std::net::SocketAddr;

use serde_json::Value;

use crate::development::codes;
use crate::development::http_client::{Received, request};
use crate::development::upstream::seen;

/// One request with a key, or without one.
pub struct KeyStep {
    pub title: &'static str,
    /// The key that is disabled before it. Gateways hear of that within a bound, for which the step waits.
    pub disables: Option<Key>,
    pub caller: Option<(Key, Spot)>,
    pub path: &'static str,
    pub expected: KeyOutcome,
}

/// A key, by its name.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Key {
    /// Of a device of tenant acme.
    Pump,
    /// Of a device of its subtenant north.
    Hall,
    /// Made like the others, for another store.
    Stranger,
}

/// Where a key stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Spot {
    Header,
    /// Behind the rest of the query.
    Query,
}

/// What came of a request.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum KeyOutcome<T = &'static str> {
    Passed {
        /// The path and query that the upstream saw.
        path: T,
        tenant: Option<T>,
        subtenant: Option<T>,
        user: Option<T>,
        /// Whether the key stood anywhere in what the upstream saw.
        shows_key: bool,
    },
    Refused {
        status: u16,
        code: T,
    },
}

impl Key {
    /// Its name in the store.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pump => "pump-17",
            Self::Hall => "hall-3",
            Self::Stranger => "stranger",
        }
    }
}

impl KeyStep {
    /// The request with this key, and with identity headers that no client has a right to send.
    pub fn request(&self, key: &str) -> Vec<u8> {
        let mut fields = SPOOFED.to_vec();
        fields.extend(self.is_at(Spot::Header).then_some(("appKey", key)));
        request("GET", &self.target(key), &fields, "")
    }

    /// The same request for a shell.
    pub fn curl(&self, gateway: SocketAddr, key: &str) -> String {
        let mut line = "curl -i --path-as-is -X GET".to_owned();
        if self.is_at(Spot::Header) {
            line.push_str(&format!(" -H 'appKey: {key}'"));
        }
        format!("{line} 'http://{gateway}{}'", self.target(key))
    }

    /// What is sent, in words that do not show the key.
    pub fn sent(&self) -> String {
        let caller = match self.caller {
            None => "no key".to_owned(),
            Some((key, Spot::Header)) => format!("key {} in its header", key.name()),
            Some((key, Spot::Query)) => format!("key {} in the query", key.name()),
        };
        format!("GET {} with {caller}", self.target("…"))
    }

    fn target(&self, key: &str) -> String {
        if !self.is_at(Spot::Query) {
            return self.path.to_owned();
        }
        let separator = if self.path.contains('?') { '&' } else { '?' };
        format!("{}{separator}appKey={key}", self.path)
    }

    fn is_at(&self, spot: Spot) -> bool {
        self.caller.is_some_and(|(_, at)| at == spot)
    }
}

impl KeyOutcome<String> {
    /// Reads an answer to a request that carried `key`, or none.
    pub fn of(received: &Received, key: Option<&str>) -> Self {
        if received.status != 200 {
            return Self::Refused { status: received.status, code: received.code() };
        }
        let echo = received.json();
        let path = echo.get("path").and_then(Value::as_str).unwrap_or_default().to_owned();
        // Several values make one text that no expectation equals.
        let only = |name: &str| {
            // Some servers read `_` as `-`: a spoofed header in either spelling has come through.
            let both = [seen(&echo, name), seen(&echo, &name.replace('-', "_"))].concat();
            (!both.is_empty()).then(|| both.join(" and "))
        };
        Self::Passed {
            path,
            tenant: only("x-tenant"),
            subtenant: only("x-subtenant"),
            user: only("x-user"),
            shows_key: key.is_some_and(|key| received.text().contains(key)),
        }
    }
}

impl KeyOutcome {
    pub fn is(&self, other: &KeyOutcome<String>) -> bool {
        self.to_string() == other.to_string()
    }
}

impl<T: fmt::Display> fmt::Display for KeyOutcome<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Passed { path, tenant, subtenant, user, shows_key } => {
                let key = if *shows_key { "the key" } else { "no key" };
                write!(formatter, "200, upstream saw {path}, {key}")?;
                let values = [("x-tenant", tenant), ("x-subtenant", subtenant), ("x-user", user)];
                values.into_iter().try_for_each(|(name, value)| match value {
                    Some(value) => write!(formatter, ", {name} {value}"),
                    None => Ok(()),
                })
            }
            Self::Refused { status, code } => write!(formatter, "{status} {code}"),
        }
    }
}

const fn step(
    title: &'static str,
    caller: Option<(Key, Spot)>,
    path: &'static str,
    expected: KeyOutcome,
) -> KeyStep {
    KeyStep { title, disables: None, caller, path, expected }
}

const fn refused(status: u16, code: &'static str) -> KeyOutcome {
    KeyOutcome::Refused { status, code }
}

const fn passed(
    path: &'static str,
    subtenant: Option<&'static str>,
    user: &'static str,
) -> KeyOutcome {
    KeyOutcome::Passed { path, tenant: Some("acme"), subtenant, user: Some(user), shows_key: false }
}

const SPOOFED: [(&str, &str); 4] = [
    ("x-tenant", "spoofed"),
    ("x-subtenant", "spoofed"),
    ("X-User", "spoofed"),
    ("x_tenant", "spoofed"),
];

/// The user of the device in hall 3.
pub const HALL_USER: &str = "edge-hall-3";
/// The user of the pump.
pub const PUMP_USER: &str = "edge-pump-17";

/// The tour.
pub const KEY_STEPS: &[KeyStep] = &[
    step("no application key", None, "/things/1", refused(401, codes::APP_KEY_MISSING)),
    step(
        "an application key of tenant acme",
        Some((Key::Pump, Spot::Header)),
        "/things/1?unit=bar",
        passed("/things/1?unit=bar", None, PUMP_USER),
    ),
    step(
        "the same key in the query goes no further than the gateway",
        Some((Key::Pump, Spot::Query)),
        "/things/1?unit=bar",
        passed("/things/1?unit=bar", None, PUMP_USER),
    ),
    step(
        "a key that the store does not know",
        Some((Key::Stranger, Spot::Header)),
        "/things/1",
        refused(401, codes::APP_KEY_INVALID),
    ),
    step(
        "a key of a subtenant where routes do not know subtenants",
        Some((Key::Hall, Spot::Header)),
        "/things/1",
        refused(403, codes::SUBTENANCY_REFUSED),
    ),
    step(
        "a key of a subtenant on a subtenancy-aware route",
        Some((Key::Hall, Spot::Header)),
        "/halls/3",
        passed("/halls/3", Some("north"), HALL_USER),
    ),
    KeyStep {
        disables: Some(Key::Pump),
        ..step(
            "a key that was disabled just now",
            Some((Key::Pump, Spot::Header)),
            "/things/1",
            refused(401, codes::APP_KEY_INVALID),
        )
    },
];

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{KEY_STEPS, Key, KeyOutcome, Spot};
    use crate::development::http_client::Received;

    fn outcome(status: u16, body: &serde_json::Value) -> KeyOutcome<String> {
        let received = Received { status, fields: Vec::new(), body: body.to_string().into_bytes() };
        KeyOutcome::of(&received, Some("gwk_0"))
    }

    #[test]
    fn a_key_that_reached_the_upstream_is_seen_wherever_it_stands() {
        let echo = |path: &str, fields: serde_json::Value| json!({"path": path, "fields": fields});
        let rows = [
            (echo("/x", json!([["accept", "*"]])), "200, upstream saw /x, no key"),
            (echo("/x?appKey=gwk_0", json!([])), "200, upstream saw /x?appKey=gwk_0, the key"),
            (echo("/x", json!([["Appkey", "gwk_0"]])), "200, upstream saw /x, the key"),
            (
                echo("/x", json!([["X-Tenant", "a"], ["x_tenant", "b"]])),
                "200, upstream saw /x, no key, x-tenant a and b",
            ),
        ];
        for (echo, expected) in rows {
            assert_eq!(outcome(200, &echo).to_string(), expected);
        }
        let refused = outcome(401, &json!({"code": "app_key_invalid"}));
        assert_eq!(refused.to_string(), "401 app_key_invalid");
    }

    #[test]
    fn what_is_printed_of_a_step_has_no_key_and_what_is_sent_has_it_once() {
        for step in KEY_STEPS {
            let sent = String::from_utf8(step.request("gwk_0")).unwrap();
            let expected = usize::from(step.caller.is_some());
            assert_eq!(sent.matches("gwk_0").count(), expected, "{}", step.title);
            assert!(!step.sent().contains("gwk_0"), "{}", step.title);
        }
        let spots = |spot| KEY_STEPS.iter().any(|step| step.caller == Some((Key::Pump, spot)));
        assert!(spots(Spot::Header) && spots(Spot::Query));
    }
}
