//! A call to a token endpoint as it may be shown: what proves who asks is left out.

use crate::message::HttpCall;
use crate::tool::explain::Trace;
use crate::tool::explain::words::shown;

/// The header fields whose values are shown.
const HEADERS: [&str; 2] = ["accept", "content-type"];

/// The fields of a form, and the members of a JSON object, whose values are shown. All others may be
/// secrets: a list of those would have gaps.
const FIELDS: [&str; 15] = [
    "appName",
    "appVersion",
    "audience",
    "client_id",
    "grant_type",
    "hostTenant",
    "iam-action",
    "actor_token_type",
    "client_assertion_type",
    "requested_token_type",
    "resource",
    "scope",
    "subject_token_type",
    "subtenant",
    "userTenant",
];

/// What stands for a value that is not shown.
const HIDDEN: &str = "<hidden>";

/// Method and address, and the cluster that the filter would use.
pub(super) fn line(call: &HttpCall) -> String {
    let cluster = shown(call.endpoint.cluster.as_bytes());
    format!("{} {} (the filter goes to cluster `{cluster}`)", call.method, address(call))
}

/// The URI without its query: some endpoints take keys there.
pub(super) fn address(call: &HttpCall) -> String {
    let endpoint = &call.endpoint;
    let (path, query) = match endpoint.path.split_once('?') {
        Some((path, _)) => (path, format!("?{HIDDEN}")),
        None => (&*endpoint.path, String::new()),
    };
    let (authority, path) = (shown(endpoint.authority.as_bytes()), shown(path.as_bytes()));
    format!("{}://{authority}{path}{query}", endpoint.scheme)
}

/// The whole call.
pub(super) fn tell(call: &HttpCall, trace: &mut Trace) {
    trace.fact("request", line(call));
    for (name, value) in &call.headers {
        let value = if HEADERS.contains(name) { shown(value.expose()) } else { HIDDEN.to_owned() };
        trace.fact("header", format!("{name}: {value}"));
    }
    if !call.body.expose().is_empty() {
        trace.fact("body", body(call.body.expose()));
    }
}

fn body(bytes: &[u8]) -> String {
    match serde_json::from_slice(bytes) {
        Ok(serde_json::Value::Object(mut members)) => {
            for (name, value) in &mut members {
                if !FIELDS.contains(&name.as_str()) {
                    *value = HIDDEN.into();
                }
            }
            shown(serde_json::Value::Object(members).to_string().as_bytes())
        }
        Ok(_) | Err(_) => form(bytes),
    }
}

fn form(bytes: &[u8]) -> String {
    let fields = bytes.split(|byte| *byte == b'&').map(|field| {
        let mut parts = field.splitn(2, |byte| *byte == b'=');
        let (name, value) = (parts.next().unwrap_or_default(), parts.next());
        let name = shown(name);
        match value {
            None => HIDDEN.to_owned(),
            Some(value) if FIELDS.contains(&name.as_str()) => format!("{name}={}", shown(value)),
            Some(_) => format!("{name}={HIDDEN}"),
        }
    });
    fields.collect::<Vec<_>>().join("&")
}
