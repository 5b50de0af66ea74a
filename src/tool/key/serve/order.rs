//! What a service call asks for, as the platform's clients write it.

use std::time::Duration;

use super::super::create::NewKey;
use super::super::platform;
use super::super::times::End;
use crate::json::{self, Value};

/// Why the body of a call cannot be used.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum OrderError {
    /// Not one JSON object, in which every member stands once.
    NotAnObject,
    /// A member of another type.
    Type(&'static str),
    /// A member that is not known: perhaps a misspelt restriction.
    Unknown,
}

/// The name that a call is about.
pub(super) fn name(body: &[u8]) -> Result<String, OrderError> {
    let mut name = String::new();
    for (member, value) in members(body)? {
        match &*member {
            "name" => name = text("name", &value)?,
            _ => return Err(OrderError::Unknown),
        }
    }
    Ok(name)
}

/// The key that a call asks for. Texts that are empty or `null` are as if they were left out.
pub(super) fn new_key(body: &[u8], longest: Duration) -> Result<NewKey, OrderError> {
    let mut new = NewKey {
        name: String::new(),
        texts: Vec::new(),
        lists: Vec::new(),
        routes: Vec::new(),
        flags: Vec::new(),
        not_before: None,
        end: End::ByDefault,
        longest,
    };
    for (member, value) in members(body)? {
        if matches!(value, Value::Null) {
            continue;
        }
        if member == "name" {
            new.name = text("name", &value)?;
        } else if member == "expirationDate" {
            let moment = platform::moment(&value);
            new.end = End::On(moment.ok_or(OrderError::Type("expirationDate"))?);
        } else if member == "tags" {
            let tags = platform::tags(&value).ok_or(OrderError::Type("tags"))?;
            new.lists.push(("tags", tags));
        } else if let Some((_, ours)) = TEXTS.iter().find(|(name, _)| *name == member) {
            new.texts.push((ours, text(ours, &value)?));
        } else if let Some((_, ours)) = LISTS.iter().find(|(name, _)| *name == member) {
            new.lists.push((ours, texts(ours, &value)?));
        } else {
            return Err(OrderError::Unknown);
        }
    }
    new.texts.retain(|(_, text)| !text.is_empty());
    Ok(new)
}

/// The platform's names, then ours, of members that are texts.
const TEXTS: [(&str, &str); 9] = [
    ("user", "user"),
    ("description", "description"),
    ("projectName", "project"),
    ("clientName", "client_name"),
    ("tenant", "tenant"),
    ("subtenant", "subtenant"),
    ("device", "device"),
    ("documentation", "documentation"),
    ("owner", "owner"),
];
/// Those of members that are lists, or one text.
const LISTS: [(&str, &str); 3] =
    [("whitelist", "ip_allow"), ("scopes", "scopes"), ("roles", "roles")];

fn members(body: &[u8]) -> Result<Vec<(String, Value<'_>)>, OrderError> {
    match json::parse(body) {
        Ok(Value::Object(members)) => {
            Ok(members.into_iter().map(|(name, value)| (name.into_owned(), value)).collect())
        }
        Ok(_) | Err(_) => Err(OrderError::NotAnObject),
    }
}

fn text(name: &'static str, value: &Value<'_>) -> Result<String, OrderError> {
    value.as_str().map(str::to_owned).ok_or(OrderError::Type(name))
}

fn texts(name: &'static str, value: &Value<'_>) -> Result<Vec<String>, OrderError> {
    match value {
        Value::String(one) if one.is_empty() => Ok(Vec::new()),
        Value::String(one) => Ok(vec![one.clone().into_owned()]),
        other => {
            let items = other.as_array().ok_or(OrderError::Type(name))?.iter();
            items.map(|item| text(name, item)).collect()
        }
    }
}

impl std::fmt::Display for OrderError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NotAnObject => formatter.write_str("the body is not one JSON object"),
            Self::Type(member) => write!(formatter, "`{member}` has another type"),
            Self::Unknown => formatter.write_str("a member that nobody knows"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Timestamp;

    #[test]
    fn a_key_is_ordered_as_the_platform_has_it() {
        let body = br#"{"name":"pump-17","user":"edge","description":"","projectName":"HallB",
            "tags":"site:hamburg;line:2","whitelist":"10.1.2.3, 10.9.*.*","clientName":null,
            "expirationDate":1800000000000}"#;
        let new = new_key(body, Duration::ZERO).unwrap();
        assert_eq!(new.name, "pump-17");
        assert_eq!(new.texts, [("user", "edge".to_owned()), ("project", "HallB".to_owned())]);
        let lists = [
            ("tags", vec!["site:hamburg".to_owned(), "line:2".to_owned()]),
            ("ip_allow", vec!["10.1.2.3, 10.9.*.*".to_owned()]),
        ];
        assert_eq!(new.lists, lists);
        assert_eq!(new.end, End::On(Timestamp::from_seconds(1_800_000_000)));
        let body = br#"{"tags":[{"vocabulary":"site","vocabularyTerm":"hamburg"},"line:2"],
            "expirationDate":"2027-01-15T08:00:00.000Z","whitelist":""}"#;
        let new = new_key(body, Duration::ZERO).unwrap();
        assert_eq!(new.lists.first(), lists.first());
        assert_eq!(new.lists.get(1), Some(&("ip_allow", Vec::new())));
        assert_eq!(new.end, End::On(Timestamp::from_seconds(1_800_000_000)));
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        let rows: [(&str, OrderError); 9] = [
            ("", OrderError::NotAnObject),
            ("[]", OrderError::NotAnObject),
            (r#"{"name":"a","name":"b"}"#, OrderError::NotAnObject),
            (r#"{"name":1}"#, OrderError::Type("name")),
            (r#"{"whitelst":"10.1.2.3"}"#, OrderError::Unknown),
            (r#"{"whitelist":[1]}"#, OrderError::Type("ip_allow")),
            (r#"{"tags":[{"vocabulary":"site"}]}"#, OrderError::Type("tags")),
            (r#"{"expirationDate":"tomorrow"}"#, OrderError::Type("expirationDate")),
            (r#"{"expirationDate":253402300800000}"#, OrderError::Type("expirationDate")),
        ];
        for (body, expected) in rows {
            assert_eq!(new_key(body.as_bytes(), Duration::ZERO).err(), Some(expected), "{body}");
        }
        assert_eq!(name(br#"{"name":"a","force":true}"#), Err(OrderError::Unknown));
    }
}
