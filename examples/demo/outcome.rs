//! What came of a request, as the answer and the upstream's echo in it tell.

use std::fmt;

use serde_json::{Value, json};

use crate::development::http_client::Received;
use crate::development::signing_key::claims_of;
use crate::development::upstream::seen;

/// What came of a request.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Outcome<T = &'static str> {
    Passed {
        credential: Credential<T>,
        tenant: Option<T>,
        subtenant: Option<T>,
        /// What would have become of it, on a route in report-only mode that stops nobody.
        reported: Option<T>,
    },
    Refused {
        status: u16,
        code: T,
    },
}

/// What the upstream saw in `authorization`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Credential<T> {
    CallersToken,
    None,
    OpaqueToken,
    TechnicalToken {
        tenant: T,
        subtenant: Option<T>,
    },
    /// Several credentials, or one of a kind that nobody makes here.
    Unexpected,
}

impl Outcome<String> {
    /// Reads an answer to a request that carried `token`, or none.
    pub fn of(received: &Received, token: Option<&str>) -> Self {
        if received.status != 200 {
            return Self::Refused { status: received.status, code: received.code() };
        }
        let echo = received.json();
        // Some servers read `_` as `-`: a spoofed header in either spelling has come through.
        let both = |name: &str| [seen(&echo, name), seen(&echo, &name.replace('-', "_"))].concat();
        Self::Passed {
            credential: credential(&seen(&echo, "authorization"), token.unwrap_or_default()),
            tenant: only(both("x-tenant")),
            subtenant: only(both("x-subtenant")),
            // An allowed request leaves the header's parts empty.
            reported: Some(received.field("x-tenantgate-report-only"))
                .filter(|value| !value.trim_end_matches([' ', '-']).is_empty())
                .map(str::to_owned),
        }
    }

    /// Whether it passed before anybody knew what to decide: what was missing is being fetched.
    pub fn is_undecided(&self) -> bool {
        match self {
            Self::Passed { reported, .. } => {
                reported.as_ref().is_some_and(|value| value.starts_with("would_wait"))
            }
            Self::Refused { .. } => false,
        }
    }
}

impl Outcome {
    pub fn is(&self, other: &Outcome<String>) -> bool {
        self.to_string() == other.to_string()
    }
}

impl<T: fmt::Display> fmt::Display for Outcome<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Passed { credential, tenant, subtenant, reported } => {
                write!(formatter, "200, upstream saw {credential}")?;
                write_if(formatter, ", x-tenant ", tenant)?;
                write_if(formatter, ", x-subtenant ", subtenant)?;
                write_if(formatter, "; x-tenantgate-report-only: ", reported)
            }
            Self::Refused { status, code } => write!(formatter, "{status} {code}"),
        }
    }
}

impl<T: fmt::Display> fmt::Display for Credential<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CallersToken => formatter.write_str("the caller's token"),
            Self::None => formatter.write_str("no credential"),
            Self::OpaqueToken => formatter.write_str("an opaque technical token"),
            Self::TechnicalToken { tenant, subtenant } => {
                write!(formatter, "a technical token of {tenant}")?;
                write_if(formatter, "/", subtenant)
            }
            Self::Unexpected => formatter.write_str("a credential that should not be there"),
        }
    }
}

fn write_if<T: fmt::Display>(
    formatter: &mut fmt::Formatter<'_>,
    before: &str,
    value: &Option<T>,
) -> fmt::Result {
    value.as_ref().map_or(Ok(()), |value| write!(formatter, "{before}{value}"))
}

fn credential(values: &[String], callers: &str) -> Credential<String> {
    match values {
        [] => Credential::None,
        [value] => match value.strip_prefix("Bearer ").unwrap_or_default() {
            token if token == callers => Credential::CallersToken,
            token if token.starts_with("opaque-") => Credential::OpaqueToken,
            token => {
                let claims = claims_of(token);
                let text = |name| claims.get(name).and_then(Value::as_str).map(str::to_owned);
                match (text("ten"), claims.get("grant_type") == Some(&json!("client_credentials")))
                {
                    (Some(tenant), true) => {
                        Credential::TechnicalToken { tenant, subtenant: text("subtenant") }
                    }
                    (Some(_) | None, _) => Credential::Unexpected,
                }
            }
        },
        [_, _, ..] => Credential::Unexpected,
    }
}

/// The one value of a header, or all of them in one text that no expectation equals.
fn only(values: Vec<String>) -> Option<String> {
    (!values.is_empty()).then(|| values.join(" and "))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Credential, Outcome};
    use crate::development::http_client::Received;
    use crate::development::signing_key::SigningKey;

    fn outcome(status: u16, body: Value) -> Outcome<String> {
        let received = Received { status, fields: Vec::new(), body: body.to_string().into_bytes() };
        Outcome::of(&received, Some("token"))
    }

    fn credential(values: &[&str]) -> Credential<String> {
        let fields: Vec<_> = values.iter().map(|value| json!(["authorization", value])).collect();
        match outcome(200, json!({"fields": fields})) {
            Outcome::Passed { credential, .. } => credential,
            Outcome::Refused { status, code } => panic!("{status} {code}"),
        }
    }

    #[test]
    fn every_credential_is_told_from_the_others() {
        let key = SigningKey::p256("k");
        let bearer = |claims: Value| format!("Bearer {}", key.sign(&claims));
        let technical = bearer(
            json!({"ten": "acme", "subtenant": "north", "grant_type": "client_credentials"}),
        );
        let user = bearer(json!({"ten": "acme", "grant_type": "authorization_code"}));
        let expected = Credential::TechnicalToken {
            tenant: "acme".to_owned(),
            subtenant: Some("north".to_owned()),
        };
        assert_eq!(credential(&[&technical]), expected);
        assert_eq!(credential(&[&user]), Credential::Unexpected);
        assert_eq!(credential(&["Bearer token"]), Credential::CallersToken);
        assert_eq!(credential(&["Bearer opaque-1"]), Credential::OpaqueToken);
        assert_eq!(credential(&["Bearer token", "Bearer token"]), Credential::Unexpected);
        assert_eq!(credential(&[]), Credential::None);
    }

    #[test]
    fn a_spoofed_header_in_either_spelling_is_noticed() {
        let fields = json!([["x-tenant", "acme"], ["x_tenant", "spoofed"]]);
        let outcome = outcome(200, json!({"fields": fields}));
        let expected: Outcome = Outcome::Passed {
            credential: Credential::None,
            tenant: Some("acme"),
            subtenant: None,
            reported: None,
        };
        assert!(!expected.is(&outcome), "{outcome}");
    }

    #[test]
    fn what_report_only_says_is_part_of_an_outcome() {
        let of = |header: &str| {
            let fields = vec![("x-tenantgate-report-only".to_owned(), header.as_bytes().to_vec())];
            let body = json!({"fields": []}).to_string().into_bytes();
            Outcome::of(&Received { status: 200, fields, body }, None)
        };
        let expected = |reported| -> Outcome {
            let credential = Credential::None;
            Outcome::Passed { credential, tenant: None, subtenant: None, reported }
        };
        assert!(expected(Some("would_deny token_missing")).is(&of("would_deny token_missing")));
        assert!(!expected(None).is(&of("would_deny token_missing")));
        assert!(expected(None).is(&of("- -")) && expected(None).is(&of("")));
        assert!(of("would_wait -").is_undecided() && !of("would_deny x").is_undecided());
    }

    #[test]
    fn a_refusal_is_its_status_and_its_code() {
        let refused: Outcome = Outcome::Refused { status: 401, code: "token_missing" };
        assert!(refused.is(&outcome(401, json!({"code": "token_missing"}))));
        assert!(!refused.is(&outcome(403, json!({"code": "token_missing"}))));
        assert!(!refused.is(&outcome(401, json!({"code": "token_invalid"}))));
    }
}
