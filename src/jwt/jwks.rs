//! The keys of an issuer: JWK Sets (RFC 7517 §5).

mod skipped;

use std::fmt;

pub use self::skipped::{SkippedKey, SkippedKeys, Unusable};
use super::compact::decode_base64url;
use super::pem::{self, Pem};
use crate::crypto::{Algorithm, Curve, PublicKey, Thumbprint};
use crate::json::{self, JsonError, Value};

/// The usable keys of a JWK Set, and why the others are not.
///
/// No two keys for the same algorithm share a `kid`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct JwkSet {
    keys: Vec<Jwk>,
    skipped: Vec<SkippedKey>,
}

/// One usable key.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Jwk {
    id: Option<Box<str>>,
    /// The only algorithm that the set allows for it, if it names one.
    algorithm: Option<Algorithm>,
    key: PublicKey,
}

/// Why a document gives no keys at all.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum JwksError {
    /// It is not strict JSON.
    Json(JsonError),
    /// It has keys, but none that can be used, or no keys; how many it has.
    NoUsableKey(usize),
    /// It is not an object with an array `keys`.
    NotKeySet,
    /// It is longer than [`KEY_SET_LIMIT`] bytes.
    TooLarge,
    /// It has more than [`KEYS_LIMIT`] keys; how many.
    TooManyKeys(usize),
}

/// Why no key of a set answers a token's header.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum KeyNotFound {
    /// The token has no `kid`, and several keys fit its algorithm.
    Ambiguous,
    /// The key of that `kid` is not for the token's algorithm.
    Unfit,
    /// No key has that `kid` (or, without one, none fits): a newer set may have it.
    Unknown,
}

/// The longest document, in bytes.
pub const KEY_SET_LIMIT: usize = 256 * 1024;

/// The most keys in one document.
pub const KEYS_LIMIT: usize = 64;

impl JwkSet {
    /// Reads a JWK Set. Keys that cannot be used are left out, see [`JwkSet::skipped`].
    ///
    /// # Errors
    /// [`JwksError`] if not one key can be used: a caller keeps the set that it has.
    pub fn parse(document: &[u8]) -> Result<Self, JwksError> {
        if document.len() > KEY_SET_LIMIT {
            return Err(JwksError::TooLarge);
        }
        Self::from_value(&json::parse(document).map_err(JwksError::Json)?)
    }

    /// Reads a JWK Set that stands in another document, which bounds its size.
    ///
    /// # Errors
    /// As [`JwkSet::parse`].
    pub fn from_value(document: &Value<'_>) -> Result<Self, JwksError> {
        let keys = document.get("keys").and_then(Value::as_array);
        let keys = keys.ok_or(JwksError::NotKeySet)?;
        if keys.len() > KEYS_LIMIT {
            return Err(JwksError::TooManyKeys(keys.len()));
        }
        let named = |key| Jwk::from_value(key).map_err(|reason| (key_id(key), reason));
        let keys = keys.iter().map(named).collect();
        let set = Self::without_repeated_ids(keys);
        if set.keys.is_empty() {
            return Err(JwksError::NoUsableKey(set.skipped.len()));
        }
        Ok(set)
    }

    /// The same key listed twice counts once; different keys that one `kid` and one algorithm lead
    /// to are both left out, since either could be the one meant.
    fn without_repeated_ids(keys: Vec<Result<Jwk, Skipped>>) -> Self {
        let usable: Vec<&Jwk> = keys.iter().flatten().collect();
        let conflicts = |jwk: &Jwk| usable.iter().any(|other| jwk.conflicts_with(other));
        let mut set = Self { keys: Vec::new(), skipped: Vec::new() };
        for (position, key) in keys.iter().enumerate() {
            let (id, reason) = match key {
                Err(skipped) => skipped.clone(),
                Ok(jwk) if conflicts(jwk) => (jwk.id.clone(), Unusable::KeyIdRepeated),
                Ok(jwk) => {
                    if !set.keys.contains(jwk) {
                        set.keys.push(jwk.clone());
                    }
                    continue;
                }
            };
            set.skipped.push(SkippedKey { position, id, reason });
        }
        set
    }

    /// The key for a token with this `kid` (or none) and algorithm. Without `kid` there must be
    /// exactly one key that fits.
    ///
    /// # Errors
    /// [`KeyNotFound`] says whether a newer set could help.
    pub fn find(&self, id: Option<&str>, algorithm: Algorithm) -> Result<&Jwk, KeyNotFound> {
        let Some(id) = id else {
            let mut fitting = self.keys.iter().filter(|jwk| jwk.fits(algorithm));
            return match (fitting.next(), fitting.next()) {
                (None, _) => Err(KeyNotFound::Unknown),
                (Some(jwk), None) => Ok(jwk),
                (Some(_), Some(_)) => Err(KeyNotFound::Ambiguous),
            };
        };
        let mut named = self.keys.iter().filter(|jwk| jwk.id() == Some(id)).peekable();
        let absent = if named.peek().is_some() { KeyNotFound::Unfit } else { KeyNotFound::Unknown };
        named.find(|jwk| jwk.fits(algorithm)).ok_or(absent)
    }

    /// Whether a key of this thumbprint is in the set.
    pub fn contains(&self, thumbprint: &Thumbprint) -> bool {
        self.keys.iter().any(|jwk| jwk.key.thumbprint() == thumbprint)
    }

    /// The usable keys, in the order of the document.
    pub fn keys(&self) -> &[Jwk] {
        &self.keys
    }

    /// The keys that are not used, in the order of the document.
    pub fn skipped(&self) -> &[SkippedKey] {
        &self.skipped
    }
}

impl Jwk {
    fn from_value(value: &Value<'_>) -> Result<Self, Unusable> {
        // RFC 7518 §6.2.2, §6.3.2, §6.4.1.
        const PRIVATE: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];
        if !value.is_object() {
            return Err(Unusable::Malformed);
        }
        if PRIVATE.iter().any(|name| value.get(name).is_some()) {
            return Err(Unusable::Private);
        }
        if !is_for_verifying(value) {
            return Err(Unusable::Purpose);
        }
        let id = key_id(value);
        if id.is_none() && value.get("kid").is_some() {
            return Err(Unusable::KeyId);
        }
        let key = match value.get("kty").and_then(Value::as_str) {
            Some("EC") => match value.get("crv").and_then(Value::as_str).map(Curve::from_name) {
                Some(Some(curve)) => {
                    PublicKey::ec(curve, &number(value, "x")?, &number(value, "y")?)
                }
                Some(None) | None => return Err(Unusable::Curve),
            },
            Some("OKP") => match value.get("crv").and_then(Value::as_str) {
                Some("Ed25519") => PublicKey::ed25519(&number(value, "x")?),
                Some(_) | None => return Err(Unusable::Curve),
            },
            Some("RSA") => return Self::with_key(value, id, rsa_key(value)?),
            Some(_) | None => return Err(Unusable::KeyType),
        };
        Self::with_key(value, id, key.map_err(Unusable::Key)?)
    }

    fn with_key(value: &Value<'_>, id: Option<Box<str>>, key: PublicKey) -> Result<Self, Unusable> {
        let algorithm = declared_algorithm(value)?;
        if algorithm.is_some_and(|algorithm| !key.algorithm_fits(algorithm)) {
            return Err(Unusable::Algorithm);
        }
        Ok(Self { id, algorithm, key })
    }

    /// Its `kid`.
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// The key itself.
    pub const fn key(&self) -> &PublicKey {
        &self.key
    }

    /// Whether it is for this algorithm: by its type, and by its `alg` if it has one.
    pub fn fits(&self, algorithm: Algorithm) -> bool {
        self.key.algorithm_fits(algorithm)
            && self.algorithm.is_none_or(|declared| declared == algorithm)
    }

    fn conflicts_with(&self, other: &Self) -> bool {
        let both_fit = |algorithm: &Algorithm| self.fits(*algorithm) && other.fits(*algorithm);
        self.id.is_some()
            && self.id == other.id
            && self.key != other.key
            && Algorithm::ALL.iter().any(both_fit)
    }
}

impl JwksError {
    /// The exact reason, stable, for logs and metrics.
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Json(_) => "key_set_not_json",
            Self::NoUsableKey(_) => "key_set_without_usable_key",
            Self::NotKeySet => "not_a_key_set",
            Self::TooLarge => "key_set_too_large",
            Self::TooManyKeys(_) => "key_set_with_too_many_keys",
        }
    }
}

impl fmt::Display for JwksError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Json(error) => write!(formatter, "{error}"),
            Self::NoUsableKey(keys) => write!(formatter, "none of its `{keys}` keys can be used"),
            Self::NotKeySet => formatter.write_str("not an object with an array `keys`"),
            Self::TooLarge => write!(formatter, "longer than {KEY_SET_LIMIT} bytes"),
            Self::TooManyKeys(keys) => write!(formatter, "`{keys}` keys, more than {KEYS_LIMIT}"),
        }
    }
}

impl std::error::Error for JwksError {}

/// The `kid` and the reason of a key that is not used.
type Skipped = (Option<Box<str>>, Unusable);

/// `kid`, if it is an acceptable one.
fn key_id(value: &Value<'_>) -> Option<Box<str>> {
    let id = value.get("kid")?.as_str()?;
    (id.len() <= super::KEY_ID_LIMIT).then(|| id.into())
}

/// RFC 7517 §4.2-4.3: absent members allow, present ones must say `sig` and `verify`.
fn is_for_verifying(value: &Value<'_>) -> bool {
    let is_for_signatures = value.get("use").is_none_or(|purpose| purpose.as_str() == Some("sig"));
    let may_verify = value.get("key_ops").is_none_or(|operations| {
        let mut operations = operations.as_array().unwrap_or_default().iter();
        operations.any(|operation| operation.as_str() == Some("verify"))
    });
    is_for_signatures && may_verify
}

/// `alg`, also in the spelling of older UAA servers.
fn declared_algorithm(value: &Value<'_>) -> Result<Option<Algorithm>, Unusable> {
    match value.get("alg").map(Value::as_str) {
        None => Ok(None),
        Some(Some("SHA256withRSA")) => Ok(Some(Algorithm::Rs256)),
        Some(Some(name)) => Algorithm::from_name(name).map(Some).ok_or(Unusable::Algorithm),
        Some(None) => Err(Unusable::Algorithm),
    }
}

/// By `n` and `e`, or as UAA also has it, by a PEM in `value`; where both are, they must agree.
fn rsa_key(value: &Value<'_>) -> Result<PublicKey, Unusable> {
    let pem = match value.get("value").and_then(Value::as_str).map(pem::rsa_key) {
        Some(Pem::Key(key)) => Some(key),
        Some(Pem::Malformed) => return Err(Unusable::Malformed),
        Some(Pem::Private) => return Err(Unusable::Private),
        Some(Pem::Other) | None => None,
    };
    if let (Some(key), None, None) = (&pem, value.get("n"), value.get("e")) {
        return Ok(key.clone());
    }
    let key = PublicKey::rsa(&number(value, "n")?, &number(value, "e")?).map_err(Unusable::Key)?;
    if pem.is_some_and(|pem| pem != key) { Err(Unusable::Contradiction) } else { Ok(key) }
}

fn number(value: &Value<'_>, name: &str) -> Result<Vec<u8>, Unusable> {
    value
        .get(name)
        .and_then(Value::as_str)
        .and_then(|text| decode_base64url(text.as_bytes()))
        .ok_or(Unusable::Malformed)
}

#[cfg(test)]
mod tests;
