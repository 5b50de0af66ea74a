//! The signature of requests to Alibaba Cloud's OpenAPI, ACS3-HMAC-SHA256, verified over what arrived.

use std::collections::BTreeMap;
use std::fmt;

use hmac::Mac as _;
use rsa::sha2::{Digest as _, Sha256};

use super::super::http_server::Request;
use super::access_keys::{AccessKey, AccessKeys};
use super::endpoint::{path, query};
use super::once::Once;
use super::timestamp;

/// Finds the key that signed a request, and takes the request's nonce.
///
/// `host` and every `x-acs-*` field that arrived must be signed; others may be.
///
/// # Errors
/// [`SignatureError`] for the first check that fails.
pub fn verify(
    request: &Request,
    keys: &AccessKeys,
    used: &mut Once,
    now: u64,
) -> Result<AccessKey, SignatureError> {
    let fields = Fields::of(request)?;
    let authorization = Authorization::parse(fields.one("authorization")?)?;
    let names: Vec<_> = authorization.names.split(';').collect();
    let required = fields.names().filter(|name| *name == "host" || name.starts_with("x-acs-"));
    if let Some(name) = required.into_iter().find(|name| !names.contains(name)) {
        return Err(SignatureError::Unsigned(name.to_owned()));
    }
    if !names.is_sorted_by(|left, right| left < right) {
        return Err(SignatureError::Names);
    }

    let date = timestamp::parse(fields.one("x-acs-date")?).ok_or(SignatureError::Date)?;
    if !timestamp::is_near(date, now) {
        return Err(SignatureError::Date);
    }
    let body_hash = hex(&Sha256::digest(&request.body));
    if fields.one("x-acs-content-sha256")? != body_hash {
        return Err(SignatureError::Body);
    }
    let nonce = fields.one("x-acs-signature-nonce")?;

    let key = find(keys, &authorization, &fields, now)?;
    let canonical = canonical_request(request, &fields, &names, &body_hash)?;
    let text = format!("{SCHEME}\n{}", hex(&Sha256::digest(canonical)));
    let expected = hmac::Hmac::<Sha256>::new_from_slice(key.secret.as_bytes())
        .map_err(|_| SignatureError::Mismatch)?
        .chain_update(text)
        .finalize()
        .into_bytes();
    if hex(&expected) != authorization.signature {
        return Err(SignatureError::Mismatch);
    }
    // Only a request that was signed uses its nonce up; in the last second of the window it is still good.
    if nonce.is_empty() || !used.take(nonce, date.saturating_add(timestamp::WINDOW + 1), now) {
        return Err(SignatureError::NonceUsed);
    }
    Ok(key.clone())
}

fn find<'a>(
    keys: &'a AccessKeys,
    authorization: &Authorization<'a>,
    fields: &Fields<'_>,
    now: u64,
) -> Result<&'a AccessKey, SignatureError> {
    let token = fields.maybe("x-acs-security-token")?;
    let named = fields.maybe("x-acs-accesskey-id")?;
    if named.is_some_and(|id| id != authorization.key_id) {
        return Err(SignatureError::KeyId);
    }
    let mut known = keys.with_id(authorization.key_id).peekable();
    known.peek().ok_or(SignatureError::UnknownKey)?;
    let key =
        known.find(|key| key.token.as_deref() == token).ok_or(SignatureError::SecurityToken)?;
    if token.is_some() && named.is_none() {
        return Err(SignatureError::KeyId);
    }
    if key.expires.is_some_and(|expires| expires <= now) {
        return Err(SignatureError::ExpiredKey);
    }
    Ok(key)
}

fn canonical_request(
    request: &Request,
    fields: &Fields<'_>,
    names: &[&str],
    body_hash: &str,
) -> Result<String, SignatureError> {
    let mut parameters: Vec<_> = form_urlencoded::parse(query(request).as_bytes()).collect();
    parameters.sort();
    let query: Vec<_> = parameters
        .iter()
        .map(|(name, value)| format!("{}={}", percent(name), percent(value)))
        .collect();
    let mut canonical = format!("{}\n{}\n{}\n", request.method, path(request), query.join("&"));
    for name in names {
        canonical.push_str(&format!("{name}:{}\n", fields.one(name)?));
    }
    canonical.push_str(&format!("\n{}\n{body_hash}", names.join(";")));
    Ok(canonical)
}

/// The fields of a request by their names in lower case.
struct Fields<'a> {
    values: BTreeMap<String, Vec<&'a str>>,
}

impl<'a> Fields<'a> {
    fn of(request: &'a Request) -> Result<Self, SignatureError> {
        let mut values: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        for (name, value) in &request.fields {
            let value = std::str::from_utf8(value).map_err(|_| SignatureError::Malformed)?.trim();
            values.entry(name.to_ascii_lowercase()).or_default().push(value);
        }
        Ok(Self { values })
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        self.values.keys().map(String::as_str)
    }

    /// The one value of a field.
    fn one(&self, name: &str) -> Result<&'a str, SignatureError> {
        self.maybe(name)?.ok_or_else(|| SignatureError::Missing(name.to_owned()))
    }

    fn maybe(&self, name: &str) -> Result<Option<&'a str>, SignatureError> {
        match self.values.get(name).map(Vec::as_slice) {
            None | Some([]) => Ok(None),
            Some([value]) => Ok(Some(value)),
            Some(_) => Err(SignatureError::Repeated(name.to_owned())),
        }
    }
}

struct Authorization<'a> {
    key_id: &'a str,
    names: &'a str,
    signature: &'a str,
}

impl<'a> Authorization<'a> {
    fn parse(value: &'a str) -> Result<Self, SignatureError> {
        let parts: Vec<_> = value
            .strip_prefix(SCHEME)
            .and_then(|rest| rest.strip_prefix(' '))
            .ok_or(SignatureError::Malformed)?
            .split(',')
            .collect();
        let [key_id, names, signature] = parts.as_slice() else {
            return Err(SignatureError::Malformed);
        };
        let after = |part: &'a str, name| part.strip_prefix(name).ok_or(SignatureError::Malformed);
        Ok(Self {
            key_id: after(key_id, "Credential=")?,
            names: after(names, "SignedHeaders=")?,
            signature: after(signature, "Signature=")?,
        })
    }
}

/// Why a signature is not believed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum SignatureError {
    /// `x-acs-content-sha256` is of another body.
    Body,
    /// `x-acs-date` is none, or 15 minutes off.
    Date,
    ExpiredKey,
    /// `x-acs-accesskey-id` names another key than `Authorization`, or is not there beside a security token.
    KeyId,
    /// `Authorization` is not of this scheme, or a field is not UTF-8.
    Malformed,
    Mismatch,
    Missing(String),
    /// `SignedHeaders` is not in order.
    Names,
    NonceUsed,
    Repeated(String),
    SecurityToken,
    UnknownKey,
    /// A field that must be signed and is not.
    Unsigned(String),
}

impl SignatureError {
    /// Status and code as Alibaba Cloud documents them for all its OpenAPIs.
    pub fn code(&self) -> (u16, &'static str) {
        match self {
            Self::Body | Self::Mismatch => (400, "SignatureDoesNotMatch"),
            Self::Date => (400, "InvalidTimeStamp.Expired"),
            Self::ExpiredKey => (400, "InvalidSecurityToken.Expired"),
            Self::KeyId | Self::SecurityToken => {
                (400, "InvalidSecurityToken.MismatchWithAccessKey")
            }
            Self::Malformed
            | Self::Missing(_)
            | Self::Names
            | Self::Repeated(_)
            | Self::Unsigned(_) => (400, "IncompleteSignature"),
            Self::NonceUsed => (400, "SignatureNonceUsed"),
            Self::UnknownKey => (404, "InvalidAccessKeyId.NotFound"),
        }
    }
}

impl fmt::Display for SignatureError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Body => formatter.write_str("the hash is of another body"),
            Self::Date => formatter.write_str("the date is more than 15 minutes off"),
            Self::ExpiredKey => formatter.write_str("the security token has expired"),
            Self::KeyId => {
                formatter.write_str("`x-acs-accesskey-id` does not name the key that signs")
            }
            Self::Malformed => formatter.write_str("`Authorization` is malformed"),
            Self::Mismatch => formatter.write_str("the signature does not match"),
            Self::Missing(name) => write!(formatter, "`{name}` is missing"),
            Self::Names => formatter.write_str("the names of signed fields are not in order"),
            Self::NonceUsed => formatter.write_str("the nonce was used before"),
            Self::Repeated(name) => write!(formatter, "`{name}` stands there twice"),
            Self::SecurityToken => {
                formatter.write_str("the security token is of another access key")
            }
            Self::UnknownKey => formatter.write_str("there is no such access key"),
            Self::Unsigned(name) => write!(formatter, "`{name}` is not signed"),
        }
    }
}

/// All bytes but the unreserved ones of RFC 3986 §2.3 as `%XX`.
pub fn percent(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

const SCHEME: &str = "ACS3-HMAC-SHA256";
