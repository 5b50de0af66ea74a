//! What a trace says, in words. Data of requests and tokens is escaped, shortened and put in backticks.

use std::fmt::Display;

use crate::config::Quoted;
use crate::jwt::Claim;
use crate::policy::{
    Authentication, Condition, Demand, Grant, Methods, RoleScopes, Route, Scalar, ScopeRequirement,
    Source, Subject, Subtenancy, SubtenantMode, Test,
};
use crate::principal::Principal;

/// The most items of a list that are shown.
const ITEMS: usize = 20;

/// Bytes of a request, escaped and shortened.
pub(in crate::tool) fn shown(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let quoted = Quoted::from(&*text).to_string();
    quoted.trim_matches('`').to_owned()
}

/// A text in backticks.
pub(super) fn quoted(text: &str) -> String {
    Quoted::from(text).to_string()
}

/// Some texts in backticks, with commas between.
pub(super) fn list<T: AsRef<str>>(items: impl IntoIterator<Item = T>) -> String {
    let mut items = items.into_iter();
    let mut shown: Vec<_> = items.by_ref().take(ITEMS).map(|item| quoted(item.as_ref())).collect();
    let left = items.count();
    if left > 0 {
        shown.push(format!("and {left} more"));
    }
    if shown.is_empty() { "none".to_owned() } else { shown.join(", ") }
}

/// What a route is for.
pub(super) fn route(route: &Route) -> String {
    let methods = match &route.methods {
        Methods::Any => "any method".to_owned(),
        Methods::Only(set) => format!("methods {}", set.iter().collect::<Vec<_>>().join(" ")),
    };
    let mut text = format!(
        "{}: hosts {}, path `{}`, {methods}",
        quoted(&route.name),
        list(route.hosts.iter().map(ToString::to_string)),
        route.path
    );
    if !route.headers.is_empty() {
        let names = route.headers.names().map(|name| name.as_str());
        text.push_str(&format!(", header fields {}", list(names)));
    }
    text
}

/// What is asked of a caller, and what the caller has.
pub(super) fn demand(demand: &Demand<'_>, caller: &Principal) -> (&'static str, String) {
    match demand {
        Demand::Acting(mode) => ("acting for", acting(mode)),
        Demand::Claim(condition) => ("claim", claim(condition, caller)),
        Demand::Contained(source) => ("containment", containment(source)),
        Demand::Credential(authentication) => (
            "credential",
            match authentication {
                Authentication::NotLookedAt => "none is looked at",
                Authentication::Optional => "may be absent",
                Authentication::Required => "is required",
            }
            .to_owned(),
        ),
        Demand::OwnToken => (
            "catalogue",
            "the scopes of the roles that cover the request are unknown, so the caller's own token must go on".to_owned(),
        ),
        Demand::Scopes(scopes) => ("scopes", wanted_scopes(scopes)),
        Demand::Subtenancy(subtenancy) => (
            "subtenancy",
            match subtenancy {
                Subtenancy::Aware => "callers with and without a subtenant may pass",
                Subtenancy::Catalogue => {
                    "callers with a subtenant may pass where the catalogue covers the request"
                }
                Subtenancy::Only => "only callers with a subtenant may pass",
                Subtenancy::Refused => "callers with a subtenant are refused",
            }
            .to_owned(),
        ),
        Demand::Tenants(tenants) => (
            "tenants",
            format!("one of {}", list(tenants.iter().map(|tenant| tenant.as_str()))),
        ),
    }
}

fn acting(mode: &SubtenantMode) -> String {
    match mode {
        SubtenantMode::Header(header) => format!(
            "the subtenant that `{}` names, without a token of a caller",
            header.name.as_str()
        ),
        SubtenantMode::One(id) => {
            format!("subtenant {}, without a token of a caller", quoted(id.as_str()))
        }
        SubtenantMode::Impersonate | SubtenantMode::Refuse | SubtenantMode::TenantWide => {
            "nobody but the caller".to_owned()
        }
    }
}

fn wanted_scopes(scopes: &ScopeRequirement) -> String {
    match scopes {
        ScopeRequirement::All(scopes) => format!("all of {}", list(scopes)),
        ScopeRequirement::Any(scopes) => format!("one of {}", list(scopes)),
        ScopeRequirement::NotNeeded | ScopeRequirement::Unstated => "none is needed".to_owned(),
    }
}

fn containment(source: &Source) -> String {
    let owner = source.tenant.as_ref().map_or("of no tenant".to_owned(), |tenant| {
        format!("of tenant {}", quoted(tenant.as_str()))
    });
    format!("the token of credential {}, {owner}, does not widen the caller", quoted(&source.name))
}

fn claim(condition: &Condition, caller: &Principal) -> String {
    let tenancy = caller.tenancy();
    let text = |text: Option<&str>| text.map_or("absent".to_owned(), quoted);
    let (name, found) = match &condition.subject {
        Subject::Claim(name) => (quoted(&name.to_string()), said(caller.claim(name))),
        Subject::Client => ("the client".to_owned(), text(caller.client())),
        Subject::Subtenant => {
            ("the subtenant".to_owned(), text(tenancy.subtenant().map(|id| id.as_str())))
        }
        Subject::Tenant => ("the tenant".to_owned(), text(tenancy.tenant().map(|id| id.as_str()))),
        Subject::User => ("the user".to_owned(), text(caller.user())),
    };
    let wanted = match &condition.test {
        Test::Absent => "must be absent".to_owned(),
        Test::EqualsCapture(name) => format!("must equal `{{{name}}}` of the path"),
        Test::OneOf(values) => format!("must be one of {}", list(values.iter().map(scalar))),
        Test::Present => "must be there".to_owned(),
    };
    format!("{name} {wanted}; it is {found}")
}

fn scalar(scalar: &Scalar) -> String {
    match scalar {
        Scalar::Boolean(value) => value.to_string(),
        Scalar::Text(text) => text.to_string(),
        Scalar::Whole(number) => number.to_string(),
    }
}

fn said(claim: &Claim) -> String {
    match claim {
        Claim::Absent => "absent".to_owned(),
        Claim::Boolean(value) => value.to_string(),
        Claim::Number(number) => {
            number.as_u64().map_or("a number".to_owned(), |number| number.to_string())
        }
        Claim::Odd => "of an odd shape".to_owned(),
        Claim::Text(text) => quoted(text),
        Claim::Texts(texts) => format!("a list of {}", list(texts)),
    }
}

/// A role that covers the request.
pub(super) fn grant(grant: &Grant) -> String {
    let scopes = match &grant.scopes {
        RoleScopes::All(scopes) => format!("needs all of {}", list(scopes)),
        RoleScopes::Any(scopes) => format!("needs one of {}", list(scopes)),
        RoleScopes::NotNeeded => "needs no scope".to_owned(),
        RoleScopes::Unknown => "its scopes are unknown".to_owned(),
    };
    format!("role {} covers the request, and {scopes}", quoted(&grant.role))
}

/// A fact and its value, if there is one.
pub(super) fn fact(name: &str, value: Option<impl Display>) -> Option<String> {
    value.map(|value| format!("{name} {}", quoted(&value.to_string())))
}
