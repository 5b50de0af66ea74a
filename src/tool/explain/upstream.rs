//! What goes upstream with a permitted request, and the calls that would obtain it.

use super::narrate::Story;
use super::words::{list, quoted};
use crate::config::Config;
use crate::message::{Endpoint, HttpCall, RequestHead};
use crate::policy::{CallerToken, Form, Permit};
use crate::principal::PrincipalKind;
use crate::technical_token::Destination;
use crate::tool::calls;
use crate::tool::made_up::MadeUp;

/// Tells what goes upstream, and notes the technical tokens that it takes.
pub(super) fn tell(
    (config, head): (&Config, &RequestHead<'_>),
    permit: &Permit,
    made_up: &MadeUp,
    story: &mut Story,
) {
    for injection in permit.injections() {
        let index = usize::try_from(injection.source.0).unwrap_or(usize::MAX);
        let Some(source) = config.sources().get(index) else { continue };
        let subtenant = permit.subtenant();
        let whom = subtenant.map_or("its whole tenant".to_owned(), |subtenant| {
            format!("subtenant {}", quoted(subtenant.as_str()))
        });
        let header = quoted(injection.header.as_str());
        let name = quoted(source.name());
        if source.exchange().is_some() {
            let (name, header) = (quoted(source.name()), quoted(injection.header.as_str()));
            story.trace.fact("upstream", format!("gets a token in {header} that credential {name} exchanges for the caller's own; the filter would obtain it unless it holds one"));
            story.tokens.push((injection.source, subtenant.cloned()));
            continue;
        }
        let what = match (injection.form, source.is_key()) {
            (Form::Signature, _) => {
                format!("gets a signature by the access key of credential {name}")
            }
            (Form::Part(_), _) => {
                format!("gets a part of the access key of credential {name} in {header}")
            }
            (Form::Token, true) => format!("gets the key of credential {name} in {header}"),
            (Form::Token, false) => {
                format!("gets a technical token of credential {name} for {whom} in {header}")
            }
        };
        let how = match source.stated().is_some() {
            true => "it is not fetched",
            false => "the filter would obtain it unless it holds one",
        };
        story.trace.fact("upstream", format!("{what}; {how}"));
        for Destination { purpose, endpoint } in source.destinations() {
            let Endpoint { scheme, authority, cluster, .. } = endpoint;
            let cluster = quoted(&cluster);
            let words = format!("it {purpose}: {scheme}://{authority} by cluster {cluster}");
            story.trace.fact("call", words);
        }
        let is_listed = !source.destinations().is_empty();
        if let Some(call) = calls::reading(source).filter(|_| !is_listed) {
            let to = quoted(&call.endpoint.cluster);
            story.trace.fact("call", format!("reads the client's secret by cluster {to}"));
        }
        if made_up.has_tenant_of(source.name()) {
            story.trace.unknown("call", "depends on a tenant that is not known here");
        } else if let Some(call) = calls::token(source, subtenant) {
            story.trace.fact("call", summary(&call));
        }
        story.tokens.push((injection.source, subtenant.cloned()));
    }
    if has_basic(config, head, permit) {
        let words = "gets the user and the password that stand in `authorization`, unverified";
        story.trace.fact("upstream", words);
    }
    let is_caller = permit.principal().kind() != PrincipalKind::Anonymous;
    let stated = permit.route().route().upstream.caller_token;
    let own = match (permit.forwards_caller_token(), is_caller, stated) {
        (true, true, _) => "gets the caller's own token",
        (true, false, _) => "gets the caller's credentials as they are, unverified",
        (false, false, CallerToken::Forward) => return,
        (false, true, _) if permit.principal().kind() == PrincipalKind::ApplicationKey => {
            "does not see the caller's key"
        }
        (false, true, _) if permit.principal().kind() == PrincipalKind::Session => {
            "does not see the caller's session"
        }
        (false, true, _) | (false, false, CallerToken::Remove) => {
            "does not see the caller's credentials"
        }
    };
    story.trace.fact("upstream", own);
}

/// Whether a user and a password go on that stand beside a key.
fn has_basic(config: &Config, head: &RequestHead<'_>, permit: &Permit) -> bool {
    let is_kept = config.owned_headers().keys().is_some_and(|keys| keys.keeps_basic(head));
    is_kept
        && match permit.principal().kind() {
            PrincipalKind::Anonymous | PrincipalKind::Session => false,
            PrincipalKind::ApplicationKey => true,
            PrincipalKind::Bearer => {
                permit.principal().key().is_some() && permit.forwards_caller_token()
            }
        }
}

/// Where a call goes, and which fields its header and its body have. Of their values, those of the body
/// that are never a secret.
fn summary(call: &HttpCall) -> String {
    let to = &call.endpoint;
    let path = to.path.split('?').next().unwrap_or_default();
    let headers: Vec<_> = call.headers.iter().map(|(name, _)| *name).collect();
    format!(
        "{} {}://{}{path} by cluster {}; header fields {}; body {}",
        call.method,
        to.scheme,
        to.authority,
        quoted(&to.cluster),
        list(headers),
        list(fields(call.body.expose())),
    )
}

/// The fields of a body, a form or a JSON object.
fn fields(body: &[u8]) -> Vec<String> {
    const SHOWN: [&str; 8] = [
        "appName",
        "appVersion",
        "grant_type",
        "hostTenant",
        "iam-action",
        "scope",
        "subtenant",
        "userTenant",
    ];
    let field = |name: &str, value: &str| {
        let value = if SHOWN.contains(&name) { value } else { "…" };
        format!("{name}={value}")
    };
    if let Ok(serde_json::Value::Object(members)) = serde_json::from_slice(body) {
        let members = members.iter();
        return members.map(|(name, value)| field(name, value.as_str().unwrap_or("…"))).collect();
    }
    let body = String::from_utf8_lossy(body);
    let pairs = body.split('&').filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| field(name, value)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_body_only_what_is_never_a_secret_is_shown() {
        let form =
            fields(b"grant_type=client_credentials&client_secret=s3cr3t&client_assertion=ey");
        assert_eq!(
            form,
            ["grant_type=client_credentials", "client_secret=…", "client_assertion=…"]
        );
        let json = fields(br#"{"appName":"a","userTenant":"acme","secret":"s3cr3t","x":{"y":1}}"#);
        assert_eq!(json, ["appName=a", "secret=…", "userTenant=acme", "x=…"]);
        assert_eq!(fields(b""), [""; 0]);
    }
}
