//! What is known of one key of the platform.

use super::super::platform;
use crate::json::Value;
use crate::secret::Secret;
use crate::time::Timestamp;

/// What is known of one key of the platform.
#[derive(Default)]
pub struct Row {
    name: String,
    pub(super) key: Option<Secret<Vec<u8>>>,
    pub(super) texts: Vec<(&'static str, String)>,
    pub(super) addresses: Option<String>,
    pub(super) tags: Option<Vec<String>>,
    pub(super) expires_at: Option<Timestamp>,
    pub(super) is_expired: bool,
    /// What cannot be read, or is said in two ways.
    pub(super) fault: Option<Fault>,
}

/// Why a row says nothing that can be relied on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Fault {
    /// Two rows of one name differ in this column.
    Differs(&'static str),
    /// The value of this column cannot be read.
    Unreadable(&'static str),
}

/// A column that is imported, or known to have no use here.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Column {
    Addresses,
    Expired,
    ExpiresAt,
    Key,
    Modified,
    Name,
    Tags,
    Text(&'static str),
}

impl Column {
    /// The column of this name, whatever the case of its letters and what stands between them: as the platform's tables,
    /// services, exports and pages have it, or as our records do.
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match &*letters(name) {
            "name" => Self::Name,
            "id" | "key" | "keyid" => Self::Key,
            "expiration" | "expirationdate" | "expires" | "expiresat" => Self::ExpiresAt,
            "expired" => Self::Expired,
            "ip" | "ipallow" | "allowlist" | "ipallowlist" | "ipwhitelist" | "whitelist" => {
                Self::Addresses
            }
            "tags" => Self::Tags,
            "lastmodifieddate" => Self::Modified,
            "user" | "username" | "usernamereference" => Self::Text("user"),
            "description" => Self::Text("description"),
            "project" | "projectname" => Self::Text("project"),
            "clientname" => Self::Text("client_name"),
            "homemashup" => Self::Text("home_mashup"),
            "avatar" => Self::Text("avatar"),
            "documentation" => Self::Text("documentation"),
            "owner" => Self::Text("owner"),
            "device" => Self::Text("device"),
            "tenant" => Self::Text("tenant"),
            "subtenant" => Self::Text("subtenant"),
            _ => return None,
        })
    }

    /// Whether an unknown column may say from where a key is good: without it the key would be good from everywhere.
    pub(super) fn resembles_addresses(name: &str) -> bool {
        let name = letters(name);
        let words = ["address", "allow", "host", "list", "network"];
        name.starts_with("ip") || words.iter().any(|word| name.contains(word))
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Addresses => "ip_allow",
            Self::Expired => "expired",
            Self::ExpiresAt => "expires_at",
            Self::Key => "key",
            Self::Modified => "lastModifiedDate",
            Self::Name => "name",
            Self::Tags => "tags",
            Self::Text(name) => name,
        }
    }
}

impl Row {
    /// The name of the key, which may be none that a key can have here.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Takes a value over. Empty texts and `null` say nothing.
    pub(super) fn set(&mut self, column: Column, value: &Value<'_>) {
        if matches!(value, Value::Null) || value.as_str().is_some_and(|text| text.trim().is_empty())
        {
            return;
        }
        let mut other = Self::default();
        if other.take(column, value).is_none() {
            other.spoil(column);
        }
        self.join(other);
    }

    /// Notes that a column cannot be read: the row is not imported.
    pub(super) fn spoil(&mut self, column: Column) {
        self.fault.get_or_insert(Fault::Unreadable(column.name()));
    }

    fn take(&mut self, column: Column, value: &Value<'_>) -> Option<()> {
        let text = value.as_str();
        match column {
            Column::Addresses => self.addresses = Some(text?.to_owned()),
            Column::Expired => {
                self.is_expired = match value {
                    Value::Bool(is_expired) => *is_expired,
                    _ => text?.parse().ok()?,
                }
            }
            Column::ExpiresAt => self.expires_at = Some(moment(value)?),
            Column::Key => self.key = Some(Secret::new(text?.as_bytes().to_vec())),
            Column::Modified => {}
            Column::Name => self.name = text?.to_owned(),
            Column::Tags => self.tags = Some(platform::tags(value)?),
            Column::Text(name) => self.texts.push((name, text?.to_owned())),
        }
        Some(())
    }

    /// Adds what another row says of the same key.
    pub(super) fn join(&mut self, other: Self) {
        let Self { name, key, texts, addresses, tags, expires_at, is_expired, fault } = other;
        if self.name.is_empty() {
            self.name = name;
        }
        let mut differing = None;
        let mut note = |differs: bool, column: Column| {
            if differs {
                differing = Some(column.name());
            }
        };
        note(!joined(&mut self.key, key), Column::Key);
        note(!joined(&mut self.addresses, addresses), Column::Addresses);
        note(!joined(&mut self.tags, tags), Column::Tags);
        note(!joined(&mut self.expires_at, expires_at), Column::ExpiresAt);
        for (member, text) in texts {
            match self.texts.iter().find(|(known, _)| *known == member) {
                Some((_, known)) => note(*known != text, Column::Text(member)),
                None => self.texts.push((member, text)),
            }
        }
        self.is_expired |= is_expired;
        self.fault = self.fault.or(fault).or(differing.map(Fault::Differs));
    }
}

/// A name of a column without what people put between its letters.
fn letters(name: &str) -> String {
    let kept = name.chars().filter(|character| character.is_alphanumeric());
    kept.map(|character| character.to_ascii_lowercase()).collect()
}

/// Takes a value where there is none, and says whether both are the same elsewhere.
fn joined<T: PartialEq>(known: &mut Option<T>, other: Option<T>) -> bool {
    match (&known, other) {
        (_, None) => true,
        (Some(known), Some(other)) => *known == other,
        (None, other) => {
            *known = other;
            true
        }
    }
}

/// A time as the platform writes it, or as digits alone.
fn moment(value: &Value<'_>) -> Option<Timestamp> {
    let digits = value.as_str().filter(|text| text.bytes().all(|b| b.is_ascii_digit()));
    match digits {
        Some(digits) => platform::millis(digits.parse().ok()?),
        None => platform::moment(value),
    }
}
