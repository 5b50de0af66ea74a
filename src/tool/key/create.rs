//! A new key.

use std::borrow::Cow;
use std::time::Duration;

use super::error::KeyError;
use super::mint::{Mint, NewSecret};
use super::store::{Members, Store, text, time};
use super::times::End;
use crate::application_key::Record;
use crate::json::Value;
use crate::time::Timestamp;

/// What a new key is to be.
pub struct NewKey {
    /// Its name.
    pub name: String,
    /// The members that are texts, `user` among them.
    pub texts: Vec<(&'static str, String)>,
    /// The members that are lists of texts.
    pub lists: Vec<(&'static str, Vec<String>)>,
    /// Its routes, as people write them: `GET,PUT api.acme.example/things/*`, of which any part may be missing.
    pub routes: Vec<String>,
    /// The members that are `true`.
    pub flags: Vec<&'static str>,
    /// When its first secret begins, if not at once.
    pub not_before: Option<Timestamp>,
    /// When its first secret ends.
    pub end: End,
    /// The longest lifetime.
    pub longest: Duration,
}

/// Adds a key to the store. The caller writes the store, and shows the secret after that.
///
/// # Errors
/// [`KeyError`]. What is wrong with the members shows when the store is [`Store::changed`].
pub fn create(
    store: &mut Store<'_>,
    new: &NewKey,
    mint: &Mint,
    random: &[u8; 32],
    now: Timestamp,
) -> Result<NewSecret, KeyError> {
    if !Record::is_name(&new.name) {
        return Err(KeyError::Name);
    }
    if store.tree(&new.name).is_ok() {
        return Err(KeyError::Exists);
    }
    let end = new.end.at(store.document().header().defaults.lifetime, new.longest, now)?;
    if new.not_before.is_some_and(|start| start >= end) {
        return Err(KeyError::EndPassed);
    }
    let routes = new.routes.iter().map(|route| read_route(route)).collect::<Result<Vec<_>, _>>()?;
    let mut members: Members<'_> = vec![(Cow::Borrowed("name"), text(new.name.clone()))];
    let texts = new.texts.iter();
    members.extend(texts.map(|(name, value)| (Cow::Borrowed(*name), text(value.clone()))));
    for (name, values) in new.lists.iter().filter(|(_, values)| !values.is_empty()) {
        members.push((Cow::Borrowed(*name), texts_of(values)));
    }
    if !routes.is_empty() {
        members.push((Cow::Borrowed("routes"), Value::Array(routes)));
    }
    members.push((Cow::Borrowed("enabled"), Value::Bool(true)));
    members.extend(new.flags.iter().map(|name| (Cow::Borrowed(*name), Value::Bool(true))));
    members.push((Cow::Borrowed("created_at"), time(now)));
    members.push((Cow::Borrowed("updated_at"), time(now)));
    let (secret, value) = mint.make(random, new.not_before, end, now);
    members.push((Cow::Borrowed("secrets"), Value::Array(vec![value])));
    store.records().ok_or(KeyError::Unknown)?.push(Value::Object(members));
    Ok(secret)
}

fn texts_of<'t>(texts: &[String]) -> Value<'t> {
    Value::Array(texts.iter().map(|one| text(one.clone())).collect())
}

/// A route as people write it, as a record states it.
fn read_route<'t>(route: &str) -> Result<Value<'t>, KeyError> {
    let (methods, target) = match route.split_once(' ') {
        Some((methods, target)) => (Some(methods), target.trim_start()),
        None => (None, route),
    };
    let (host, path) = match target.find('/').and_then(|at| target.split_at_checked(at)) {
        Some((host, path)) => (host, Some(path)),
        None => (target, None),
    };
    let path = path.map(|path| {
        let below = path.strip_suffix("**").or_else(|| path.strip_suffix('*'));
        below.filter(|below| below.ends_with('/')).unwrap_or(path)
    });
    if path.is_some_and(|path| path.contains('*')) || target.contains(' ') || route.is_empty() {
        return Err(KeyError::Route);
    }
    let mut members: Members<'t> = Vec::new();
    if let Some(methods) = methods.filter(|methods| *methods != "*") {
        let methods: Vec<_> = methods.split(',').map(str::to_owned).collect();
        members.push((Cow::Borrowed("methods"), texts_of(&methods)));
    }
    members.extend(path.map(|path| (Cow::Borrowed("path_prefix"), text(path))));
    if !host.is_empty() {
        members.push((Cow::Borrowed("hosts"), texts_of(&[host.to_owned()])));
    }
    if members.is_empty() { Err(KeyError::Route) } else { Ok(Value::Object(members)) }
}

#[cfg(test)]
mod tests {
    use super::super::written::in_line;
    use super::*;

    #[test]
    fn routes_are_read_as_people_write_them() {
        let rows = [
            (
                "GET /Thingworx/Things/*",
                Some(r#"{"methods": ["GET"], "path_prefix": "/Thingworx/Things/"}"#),
            ),
            ("GET,PUT /a", Some(r#"{"methods": ["GET", "PUT"], "path_prefix": "/a"}"#)),
            ("/a/**", Some(r#"{"path_prefix": "/a/"}"#)),
            (
                "* api.acme.example/a",
                Some(r#"{"path_prefix": "/a", "hosts": ["api.acme.example"]}"#),
            ),
            ("*.acme.example", Some(r#"{"hosts": ["*.acme.example"]}"#)),
            ("/a/*/b", None),
            ("/a*", None),
            ("", None),
            ("* ", None),
            ("GET /a b", None),
        ];
        for (route, expected) in rows {
            let found = read_route(route).ok().map(|route| in_line(&route));
            assert_eq!(found.as_deref(), expected, "{route}");
        }
    }
}
