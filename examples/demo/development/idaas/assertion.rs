//! Client assertions: JWTs that a client makes for one request (RFC 7523 §3).

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::Mac as _;
use serde_json::Value;

use super::once::Once;
use super::public_key::{Algorithm, PublicKey};

/// An assertion that was split and read, and not verified.
pub struct Assertion<'a> {
    algorithm: Algorithm,
    signed: &'a [u8],
    signature: Vec<u8>,
    claims: Value,
}

impl<'a> Assertion<'a> {
    /// Splits the compact form and reads header and claims.
    ///
    /// # Errors
    /// [`AssertionError`] for what is no JWS, has another `alg` or `typ`, or members that no client sends.
    pub fn parse(text: &'a str) -> Result<Self, AssertionError> {
        let (signed, signature) = text.rsplit_once('.').ok_or(AssertionError::Malformed)?;
        let (header, claims) = signed.split_once('.').ok_or(AssertionError::Malformed)?;
        let header = json(header)?;
        let members = header.as_object().ok_or(AssertionError::Malformed)?;
        if members.keys().any(|name| !["alg", "kid", "typ"].contains(&name.as_str())) {
            return Err(AssertionError::HeaderMember);
        }
        if text_of(&header, "typ") != Some("JWT") {
            return Err(AssertionError::Type);
        }
        Ok(Self {
            algorithm: text_of(&header, "alg")
                .and_then(Algorithm::parse)
                .ok_or(AssertionError::Algorithm)?,
            signed: signed.as_bytes(),
            signature: URL_SAFE_NO_PAD.decode(signature).map_err(|_| AssertionError::Malformed)?,
            claims: json(claims)?,
        })
    }

    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Verifies HS256 with the bytes of a secret.
    ///
    /// # Errors
    /// [`AssertionError::Algorithm`] or [`AssertionError::Signature`].
    pub fn verify_by_secret(&self, secret: &str) -> Result<(), AssertionError> {
        if self.algorithm != Algorithm::Hs256 {
            return Err(AssertionError::Algorithm);
        }
        hmac::Hmac::<rsa::sha2::Sha256>::new_from_slice(secret.as_bytes())
            .map_err(|_| AssertionError::Signature)?
            .chain_update(self.signed)
            .verify_slice(&self.signature)
            .map_err(|_| AssertionError::Signature)
    }

    /// Whether this key made the signature.
    pub fn is_by(&self, key: &PublicKey) -> bool {
        key.verifies(self.algorithm, self.signed, &self.signature)
    }

    /// Checks the claims of a verified assertion and takes its id.
    ///
    /// # Errors
    /// [`AssertionError`] for the first claim that is not as it must be.
    pub fn check(
        &self,
        client: &str,
        audience: &str,
        used: &mut Once,
        now: u64,
    ) -> Result<(), AssertionError> {
        let text = |name| text_of(&self.claims, name);
        if text("aud") != Some(audience) {
            return Err(AssertionError::Audience);
        }
        if text("iss") != Some(client) {
            return Err(AssertionError::Issuer);
        }
        if text("sub") != Some(client) {
            return Err(AssertionError::Subject);
        }
        let seconds = |name| self.claims.get(name).and_then(Value::as_u64);
        let issued = seconds("iat").ok_or(AssertionError::IssuedAt)?;
        let expires = seconds("exp").ok_or(AssertionError::Expiry)?;
        if issued > now.saturating_add(LEEWAY) {
            return Err(AssertionError::IssuedInFuture);
        }
        if expires <= now {
            return Err(AssertionError::Expired);
        }
        if expires <= issued || expires.saturating_sub(issued) > LONGEST_LIFE {
            return Err(AssertionError::Life);
        }
        let id = text("jti").filter(|id| is_uuid4(id)).ok_or(AssertionError::Id)?;
        if !used.take(id, expires, now) {
            return Err(AssertionError::Replayed);
        }
        Ok(())
    }
}

/// Why an assertion, or another JWT that proves something, is not believed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum AssertionError {
    Algorithm,
    Audience,
    Expired,
    /// `exp` is not a whole number of seconds.
    Expiry,
    HeaderMember,
    /// `jti` is not a random UUID (RFC 9562 §5.4).
    Id,
    /// `iat` is not a whole number of seconds.
    IssuedAt,
    IssuedInFuture,
    Issuer,
    Life,
    Malformed,
    Replayed,
    Signature,
    Subject,
    Type,
}

impl fmt::Display for AssertionError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Algorithm => "its algorithm is not allowed here",
            Self::Audience => "it is for another audience",
            Self::Expired => "it has expired",
            Self::Expiry => "`exp` is not a number of seconds",
            Self::HeaderMember => "its header has an unknown member",
            Self::Id => "`jti` is not a random UUID",
            Self::IssuedAt => "`iat` is not a number of seconds",
            Self::IssuedInFuture => "it was issued in the future",
            Self::Issuer => "it is of another issuer",
            Self::Life => "it lives too long",
            Self::Malformed => "it is no JWT",
            Self::Replayed => "it was used before",
            Self::Signature => "no known key signed it",
            Self::Subject => "it is about another subject",
            Self::Type => "its type is not JWT",
        })
    }
}

fn json(part: &str) -> Result<Value, AssertionError> {
    let bytes = URL_SAFE_NO_PAD.decode(part).map_err(|_| AssertionError::Malformed)?;
    serde_json::from_slice(&bytes).map_err(|_| AssertionError::Malformed)
}

fn text_of<'a>(object: &'a Value, name: &str) -> Option<&'a str> {
    object.get(name)?.as_str()
}

/// Version 4, in the lower-case form with hyphens that clients send.
fn is_uuid4(id: &str) -> bool {
    id.len() == 36
        && id.bytes().zip(0..).all(|(byte, position)| match position {
            8 | 13 | 18 | 23 => byte == b'-',
            14 => byte == b'4',
            19 => b"89ab".contains(&byte),
            _ => byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte),
        })
}

/// How far ahead a client's clock may be, in seconds.
const LEEWAY: u64 = 60;
/// The life that the vendor's client gives its assertions, in seconds.
const LONGEST_LIFE: u64 = 600;
