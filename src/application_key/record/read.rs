//! A record out of its JSON.

use super::super::address::AddressList;
use super::super::digest::StatedDigest;
use super::super::document::ReadRules;
use super::super::route::KeyRoute;
use super::{About, Defaults, KeySecret, Rate, Record, RecordError, SecretState};
use crate::json::{Number, Value};
use crate::message::PathSpelling;
use crate::tenancy::{SubtenantId, Tenancy, TenantId};
use crate::time::{Timestamp, utc};

type Result<T> = std::result::Result<T, RecordError>;

impl Record {
    /// The record that `value` states.
    ///
    /// Only texts that are for people may be `null`, which is as if they were left out.
    ///
    /// # Errors
    /// [`RecordError`] for the first thing wrong.
    pub fn read(value: &Value<'_>, defaults: &Defaults, rules: &ReadRules) -> Result<Self> {
        let Value::Object(members) = value else {
            return Err(RecordError::NotAnObject);
        };
        let mut record = Self::blank(defaults);
        let (mut name, mut user, mut tenant, mut subtenant) = (None, None, None, None);
        let mut secrets = None;
        for (member, value) in members {
            let short = |known| text(known, value, Self::TEXT_LIMIT);
            let remark = |known, limit| remark(known, value, limit);
            let about = &mut record.about;
            match member.as_ref() {
                "name" => name = Some(short("name")?).filter(|text| Self::is_name(text)),
                "user" => user = Some(plain("user", value)?),
                "tenant" => {
                    let id = TenantId::parse(short("tenant")?);
                    tenant = Some(id.map_err(|_| RecordError::Invalid("tenant"))?);
                }
                "subtenant" => {
                    let id = SubtenantId::parse(short("subtenant")?);
                    subtenant = Some(id.map_err(|_| RecordError::Invalid("subtenant"))?);
                }
                "scopes" => record.scopes = list("scopes", value, is_scope)?,
                "roles" => record.roles = list("roles", value, is_plain)?,
                "ip_allow" => {
                    let texts = texts("ip_allow", value, AddressList::LIMIT)?;
                    let read = AddressList::parse(&texts).map_err(RecordError::Address)?;
                    (record.addresses, record.address_notices) = read;
                }
                "routes" => record.routes = routes(value, rules.spelling)?,
                "enabled" => record.is_enabled = boolean("enabled", value)?,
                "allow_query" => record.allow_query = Some(boolean("allow_query", value)?),
                "allow_session" => record.allow_session = boolean("allow_session", value)?,
                "session_epoch" => record.session_epoch = whole("session_epoch", value)?,
                "secrets" => secrets = Some(value),
                "tags" => about.tags = list("tags", value, is_tag)?,
                "avatar" => about.avatar = remark("avatar", Self::LONG_TEXT_LIMIT)?,
                "client_name" => about.client_name = remark("client_name", Self::TEXT_LIMIT)?,
                "description" => about.description = remark("description", Self::LONG_TEXT_LIMIT)?,
                "device" => about.device = remark("device", Self::TEXT_LIMIT)?,
                "documentation" => {
                    about.documentation = remark("documentation", Self::DOCUMENTATION_LIMIT)?;
                }
                "home_mashup" => about.home_mashup = remark("home_mashup", Self::TEXT_LIMIT)?,
                "owner" => about.owner = remark("owner", Self::TEXT_LIMIT)?,
                "project" => about.project = remark("project", Self::TEXT_LIMIT)?,
                "created_at" => about.created_at = Some(time("created_at", value)?),
                "updated_at" => about.updated_at = Some(time("updated_at", value)?),
                "rate" => about.rate = Some(rate(value)?),
                // The tool's, to keep.
                "extensions" if value.is_object() => {}
                "extensions" => return Err(RecordError::Invalid("extensions")),
                unknown => return Err(RecordError::unknown(unknown)),
            }
        }
        let missing = |member| {
            if value.get(member).is_some() {
                RecordError::Invalid(member)
            } else {
                RecordError::Missing(member)
            }
        };
        record.name = name.ok_or_else(|| missing("name"))?.into();
        record.user = user.ok_or_else(|| missing("user"))?.into();
        record.tenancy = tenancy(tenant, subtenant, rules)?;
        let secrets = secrets.ok_or_else(|| missing("secrets"))?;
        record.secrets = self::secrets(secrets, defaults)?;
        Ok(record)
    }

    fn blank(defaults: &Defaults) -> Self {
        Self {
            name: Box::default(),
            user: Box::default(),
            tenancy: Tenancy::Unstated,
            scopes: Vec::new(),
            roles: Vec::new(),
            addresses: AddressList::default(),
            address_notices: super::AddressNotices::default(),
            routes: Vec::new(),
            is_enabled: true,
            allow_query: defaults.allow_query,
            allow_session: defaults.allow_session,
            session_epoch: 0,
            secrets: Vec::new(),
            about: About::default(),
        }
    }
}

/// The digests that a record states, however wrong the rest of it is: whoever has such a key can be told from one
/// whose key is unknown.
pub(in super::super) fn stated_digests(value: &Value<'_>) -> Vec<StatedDigest> {
    let secrets = value.get("secrets").and_then(Value::as_array).unwrap_or_default();
    let stated = |secret: &Value<'_>| StatedDigest::parse(secret.get("digest")?.as_str()?).ok();
    secrets.iter().take(Record::SECRETS_LIMIT).filter_map(stated).collect()
}

fn tenancy(
    tenant: Option<TenantId>,
    subtenant: Option<SubtenantId>,
    rules: &ReadRules,
) -> Result<Tenancy> {
    let Some(tenant) = tenant else {
        return match subtenant {
            None => Ok(Tenancy::Unstated),
            Some(_) => Err(RecordError::SubtenantWithoutTenant),
        };
    };
    if rules.tenants.as_ref().is_some_and(|listed| !listed.contains(&tenant)) {
        return Err(RecordError::TenantNotListed);
    }
    Ok(match subtenant {
        None => Tenancy::Tenant(tenant),
        Some(subtenant) => Tenancy::Subtenant(tenant, subtenant),
    })
}

fn secrets(value: &Value<'_>, defaults: &Defaults) -> Result<Vec<KeySecret>> {
    let items = array("secrets", value, Record::SECRETS_LIMIT)?;
    let mut secrets: Vec<KeySecret> = Vec::with_capacity(items.len());
    for item in items {
        let secret = secret(item, defaults)?;
        if secrets.iter().any(|other| other.digest.digest() == secret.digest.digest()) {
            return Err(RecordError::DigestRepeated);
        }
        secrets.push(secret);
    }
    Ok(secrets)
}

fn secret(value: &Value<'_>, defaults: &Defaults) -> Result<KeySecret> {
    let Value::Object(members) = value else {
        return Err(RecordError::Invalid("secrets"));
    };
    let (mut digest, mut hint, mut state) = (None, None, SecretState::default());
    let (mut created_at, mut not_before, mut expires_at) = (None, None, None);
    let (mut first_expires_at, mut times_extended) = (None, 0);
    for (member, value) in members {
        match member.as_ref() {
            "digest" => {
                let stated = text("digest", value, Record::TEXT_LIMIT)?;
                digest = Some(StatedDigest::parse(stated).map_err(RecordError::Digest)?);
            }
            "hint" => hint = remark("hint", value, HINT_LIMIT)?,
            "state" => {
                state = match value.as_str() {
                    Some("current") => SecretState::Current,
                    Some("retiring") => SecretState::Retiring,
                    Some(_) | None => return Err(RecordError::Invalid("state")),
                };
            }
            "created_at" => created_at = Some(time("created_at", value)?),
            "not_before" => not_before = Some(time("not_before", value)?),
            "expires_at" => expires_at = Some(time("expires_at", value)?),
            "first_expires_at" => first_expires_at = Some(time("first_expires_at", value)?),
            "times_extended" => times_extended = whole("times_extended", value)?,
            unknown => return Err(RecordError::unknown(unknown)),
        }
    }
    let by_default = created_at.map(|made| made + defaults.lifetime);
    Ok(KeySecret {
        digest: digest.ok_or(RecordError::Missing("digest"))?,
        hint,
        state,
        created_at,
        not_before,
        expires_at: expires_at.or(by_default).ok_or(RecordError::NoExpiry)?,
        first_expires_at,
        times_extended,
    })
}

fn routes(value: &Value<'_>, spelling: PathSpelling) -> Result<Vec<KeyRoute>> {
    let items = array("routes", value, Record::ROUTES_LIMIT)?;
    items.iter().map(|item| route(item, spelling)).collect()
}

fn route(value: &Value<'_>, spelling: PathSpelling) -> Result<KeyRoute> {
    let Value::Object(members) = value else {
        return Err(RecordError::Invalid("routes"));
    };
    let (mut methods, mut path_prefix, mut hosts) = (None, None, None);
    // One more than is allowed, so that the route itself says what is wrong.
    let most = KeyRoute::LIST_LIMIT + 1;
    for (member, value) in members {
        match member.as_ref() {
            "methods" => methods = Some(texts("methods", value, most)?),
            "path_prefix" => {
                path_prefix = Some(text("path_prefix", value, Record::LONG_TEXT_LIMIT)?)
            }
            "hosts" => hosts = Some(texts("hosts", value, most)?),
            unknown => return Err(RecordError::unknown(unknown)),
        }
    }
    KeyRoute::new(methods.as_deref(), path_prefix, hosts.as_deref(), spelling)
        .map_err(RecordError::Route)
}

fn rate(value: &Value<'_>) -> Result<Rate> {
    let Value::Object(members) = value else {
        return Err(RecordError::Invalid("rate"));
    };
    let (mut rps, mut burst) = (None, None);
    for (member, value) in members {
        match member.as_ref() {
            "rps" => rps = Some(whole("rps", value)?),
            "burst" => burst = Some(whole("burst", value)?),
            unknown => return Err(RecordError::unknown(unknown)),
        }
    }
    Ok(Rate {
        rps: rps.ok_or(RecordError::Missing("rps"))?,
        burst: burst.ok_or(RecordError::Missing("burst"))?,
    })
}

fn text<'v>(member: &'static str, value: &'v Value<'_>, limit: usize) -> Result<&'v str> {
    value.as_str().filter(|text| text.len() <= limit).ok_or(RecordError::Invalid(member))
}

/// A text that names something: not empty, without controls.
fn plain<'v>(member: &'static str, value: &'v Value<'_>) -> Result<&'v str> {
    let text = text(member, value, Record::TEXT_LIMIT)?;
    if is_plain(text) { Ok(text) } else { Err(RecordError::Invalid(member)) }
}

/// A text for people, which may be `null`.
fn remark(member: &'static str, value: &Value<'_>, limit: usize) -> Result<Option<Box<str>>> {
    match value {
        Value::Null => Ok(None),
        _ => text(member, value, limit).map(|text| Some(text.into())),
    }
}

fn array<'v, 'd>(
    member: &'static str,
    value: &'v Value<'d>,
    most: usize,
) -> Result<&'v [Value<'d>]> {
    value.as_array().filter(|items| items.len() <= most).ok_or(RecordError::Invalid(member))
}

fn texts<'v>(member: &'static str, value: &'v Value<'_>, most: usize) -> Result<Vec<&'v str>> {
    let items = array(member, value, most)?.iter();
    items.map(|item| text(member, item, Record::LONG_TEXT_LIMIT)).collect()
}

fn list(
    member: &'static str,
    value: &Value<'_>,
    is_item: fn(&str) -> bool,
) -> Result<Vec<Box<str>>> {
    let item = |item| {
        let text = text(member, item, Record::TEXT_LIMIT)?;
        if is_item(text) { Ok(text.into()) } else { Err(RecordError::Invalid(member)) }
    };
    array(member, value, Record::LIST_LIMIT)?.iter().map(item).collect()
}

fn boolean(member: &'static str, value: &Value<'_>) -> Result<bool> {
    match value {
        Value::Bool(value) => Ok(*value),
        _ => Err(RecordError::Invalid(member)),
    }
}

fn whole(member: &'static str, value: &Value<'_>) -> Result<u32> {
    let number = value.as_number().and_then(Number::as_u64);
    number.and_then(|number| u32::try_from(number).ok()).ok_or(RecordError::Invalid(member))
}

fn time(member: &'static str, value: &Value<'_>) -> Result<Timestamp> {
    value.as_str().and_then(utc::rfc3339).ok_or(RecordError::Invalid(member))
}

fn is_plain(text: &str) -> bool {
    !text.is_empty() && !text.chars().any(char::is_control)
}

/// A `scope-token` of RFC 6749 §3.3.
fn is_scope(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| matches!(b, b'!' | b'#'..=b'[' | b']'..=b'~'))
}

fn is_tag(text: &str) -> bool {
    let parts = text.split_once(':');
    is_plain(text)
        && parts.is_some_and(|(vocabulary, term)| !vocabulary.is_empty() && !term.is_empty())
}

/// The longest hint, in bytes.
const HINT_LIMIT: usize = 8;
