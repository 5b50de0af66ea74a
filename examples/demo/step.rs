//! The steps of the tour: one request each, and what must come of it.

use std::net::SocketAddr;

use serde_json::Value;

use crate::development::codes;
use crate::development::http_client::request;
use crate::outcome::{Credential, Outcome};
use crate::place::Place;

/// One request of the tour.
pub struct Step {
    pub way: Way,
    pub title: &'static str,
    /// The caller's name in the identity provider's `/demo/tokens`.
    pub caller: Option<&'static str>,
    pub method: &'static str,
    pub path: &'static str,
    pub expected: Outcome,
}

/// Which way a request goes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Way {
    /// From a client, through the gateway.
    In,
    /// From a program, through the Envoy beside it.
    Out,
}

impl Step {
    /// Where its request is sent; `None` where there is no such way.
    pub fn gateway(&self, place: Place) -> Option<SocketAddr> {
        match self.way {
            Way::In => Some(place.gateway),
            Way::Out => place.egress,
        }
    }

    /// The request; a client's has identity headers that it has no right to send.
    pub fn request(&self, tokens: &Value) -> Vec<u8> {
        let authorization = self.token(tokens).map(|token| format!("Bearer {token}"));
        let mut fields = match self.way {
            Way::In => SPOOFED.to_vec(),
            Way::Out => Vec::new(),
        };
        fields.extend(authorization.as_deref().map(|value| ("authorization", value)));
        request(self.method, self.path, &fields, "")
    }

    /// The same request for a shell.
    pub fn curl(&self, gateway: SocketAddr, tokens: &Value) -> String {
        let mut line = format!("curl -i --path-as-is -X {}", self.method);
        if let Some(token) = self.token(tokens) {
            line.push_str(&format!(" -H 'authorization: Bearer {token}'"));
        }
        format!("{line} 'http://{gateway}{}'", self.path)
    }

    /// The caller's token; `None` if the step sends none or the provider does not know the caller.
    pub fn token<'a>(&self, tokens: &'a Value) -> Option<&'a str> {
        tokens.get(self.caller?)?.as_str()
    }
}

const fn refused(status: u16, code: &'static str) -> Outcome {
    Outcome::Refused { status, code }
}

const fn passed(
    credential: Credential<&'static str>,
    tenant: &'static str,
    subtenant: Option<&'static str>,
) -> Outcome {
    Outcome::Passed { credential, tenant: Some(tenant), subtenant, reported: None }
}

/// It passed with nothing of ours, and would have been refused.
const fn reported(verdict: &'static str) -> Outcome {
    let credential = Credential::None;
    Outcome::Passed { credential, tenant: None, subtenant: None, reported: Some(verdict) }
}

const fn step(
    title: &'static str,
    caller: Option<&'static str>,
    path: &'static str,
    expected: Outcome,
) -> Step {
    Step { way: Way::In, title, caller, method: "GET", path, expected }
}

/// A request of a program through the Envoy beside it, which sets no identity headers.
const fn out(
    title: &'static str,
    caller: Option<&'static str>,
    credential: Credential<&'static str>,
) -> Step {
    let expected = Outcome::Passed { credential, tenant: None, subtenant: None, reported: None };
    Step { way: Way::Out, title, caller, method: "GET", path: "/api/things/1", expected }
}

const SPOOFED: [(&str, &str); 4] = [
    ("x-tenant", "spoofed"),
    ("x-subtenant", "spoofed"),
    ("X-User", "spoofed"),
    ("x_tenant", "spoofed"),
];

const TECHNICAL: Credential<&str> = Credential::TechnicalToken { tenant: "acme", subtenant: None };
const TECHNICAL_NORTH: Credential<&str> =
    Credential::TechnicalToken { tenant: "acme", subtenant: Some("north") };
const TECHNICAL_SOUTH: Credential<&str> =
    Credential::TechnicalToken { tenant: "acme", subtenant: Some("south") };

/// The tour.
pub const STEPS: &[Step] = &[
    step(
        "a public page needs no token",
        None,
        "/public/hello",
        Outcome::Passed {
            credential: Credential::None,
            tenant: None,
            subtenant: None,
            reported: None,
        },
    ),
    step("no token", None, "/api/profile/me", refused(401, codes::TOKEN_MISSING)),
    step(
        "a user of tenant acme",
        Some("tenant_user"),
        "/api/profile/me",
        passed(Credential::CallersToken, "acme", None),
    ),
    step(
        "an expired token",
        Some("expired"),
        "/api/profile/me",
        refused(401, codes::TOKEN_EXPIRED),
    ),
    step(
        "a token of an issuer nobody trusts",
        Some("wrong_issuer"),
        "/api/profile/me",
        refused(401, codes::TOKEN_INVALID),
    ),
    step(
        "a token signed with a stranger's key",
        Some("wrong_key"),
        "/api/profile/me",
        refused(401, codes::TOKEN_INVALID),
    ),
    step(
        "a token that is not signed",
        Some("unsigned"),
        "/api/profile/me",
        refused(401, codes::TOKEN_INVALID),
    ),
    step(
        "HS256 with the public key as the secret",
        Some("signed_with_public_key"),
        "/api/profile/me",
        refused(401, codes::TOKEN_INVALID),
    ),
    step(
        "a token without the scope",
        Some("without_scope"),
        "/api/profile/me",
        refused(403, codes::SCOPE_INSUFFICIENT),
    ),
    step(
        "a path that no route has",
        Some("tenant_user"),
        "/elsewhere",
        refused(403, codes::ROUTE_UNKNOWN),
    ),
    step(
        "a path with two readings",
        Some("tenant_user"),
        "/api/profile/../assets/42",
        refused(400, codes::PATH_AMBIGUOUS),
    ),
    Step {
        way: Way::In,
        title: "a method that the route does not have",
        caller: Some("tenant_user"),
        method: "DELETE",
        path: "/api/profile/me",
        expected: refused(405, codes::METHOD_NOT_ALLOWED),
    },
    step(
        "a user of the second issuer",
        Some("partner_user"),
        "/api/profile/me",
        passed(Credential::CallersToken, "beta", None),
    ),
    step(
        "a technical token in place of the user's",
        Some("tenant_user"),
        "/api/reports/7",
        passed(TECHNICAL, "acme", None),
    ),
    step(
        "a subtenant where routes do not know subtenants",
        Some("subtenant_user"),
        "/api/reports/7",
        refused(403, codes::SUBTENANCY_REFUSED),
    ),
    step(
        "a subtenant on a subtenancy-aware route",
        Some("subtenant_user"),
        "/api/assets/42",
        passed(TECHNICAL_NORTH, "acme", Some("north")),
    ),
    step(
        "another subtenant on the same route",
        Some("other_subtenant_user"),
        "/api/assets/42",
        passed(TECHNICAL_SOUTH, "acme", Some("south")),
    ),
    step(
        "the same subtenant's name in another tenant",
        Some("other_tenant_user"),
        "/api/assets/42",
        refused(403, codes::TENANT_MISMATCH),
    ),
    step(
        "no token never means a technical one",
        None,
        "/api/assets/42",
        refused(401, codes::TOKEN_MISSING),
    ),
    step(
        "a technical token of another server",
        Some("tenant_user"),
        "/api/exchange/1",
        passed(Credential::OpaqueToken, "acme", None),
    ),
    step(
        "a key id that nobody published",
        Some("unknown_kid"),
        "/api/profile/me",
        refused(401, codes::TOKEN_INVALID),
    ),
    step(
        "a route on trial serves whom it lets pass as it will when it is enforced",
        Some("tenant_user"),
        "/api/trial/1",
        passed(TECHNICAL, "acme", None),
    ),
    step(
        "a route on trial stops nobody and says what it would do",
        None,
        "/api/trial/1",
        reported("would_deny token_missing"),
    ),
    step(
        "nobody whom it would refuse gets a technical token",
        Some("partner_user"),
        "/api/trial/1",
        reported("would_deny tenant_mismatch"),
    ),
    out(
        "a program that has no credentials, by the variables of the Envoy beside it",
        None,
        TECHNICAL,
    ),
    out("a program with its user's token", Some("tenant_user"), Credential::CallersToken),
    Step {
        expected: refused(401, codes::TOKEN_EXPIRED),
        ..out("a bad token is not replaced by a technical one", Some("expired"), TECHNICAL)
    },
];
