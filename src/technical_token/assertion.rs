//! Signed JWTs by which a client proves to a token endpoint who it is (RFC 7523 §3, and RFC 7521 §4.2).

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

use crate::crypto::{Algorithm, Digest, PrivateKey, SharedSecret, SignError, Signer};
use crate::secret::Secret;
use crate::time::Timestamp;

/// What the assertions of one client to one token endpoint say. Each one is made for one request.
#[derive(Clone, Debug)]
pub struct Assertion {
    /// `aud`: the URL of the token endpoint, or what its operator asks for instead.
    pub audience: Box<str>,
    /// `iss`: the client id.
    pub issuer: Box<str>,
    /// `sub`: the client id.
    pub subject: Box<str>,
    /// From `iat` to `exp`, in whole seconds.
    pub life: Duration,
    /// What it is signed with.
    pub key: AssertionKey,
    /// The `kid` of the header (RFC 7515 §4.1.4), if there shall be one.
    pub kid: Option<Box<str>>,
    /// The SHA-256 of the client's certificate in DER, for `x5t#S256` of the header (RFC 7515 §4.1.8), if
    /// there shall be one.
    pub x5t_s256: Option<[u8; 32]>,
}

/// A key, and the algorithm that it signs by.
#[derive(Clone, Debug)]
pub struct AssertionKey {
    key: Key,
    algorithm: Algorithm,
}

#[derive(Clone, Debug)]
enum Key {
    Private(Arc<PrivateKey>),
    Secret(SharedSecret),
}

/// The key does not sign by the algorithm that was asked for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct AlgorithmUnfit {
    /// The algorithm that was asked for.
    pub asked: Algorithm,
}

impl AssertionKey {
    /// A client's private key, and the algorithm if it is not the key's own one
    /// ([`PrivateKey::default_algorithm`]).
    ///
    /// # Errors
    /// [`AlgorithmUnfit`] if the key does not sign by the algorithm.
    pub fn private(
        key: Arc<PrivateKey>,
        algorithm: Option<Algorithm>,
    ) -> Result<Self, AlgorithmUnfit> {
        let algorithm = algorithm.unwrap_or_else(|| key.default_algorithm());
        let fits = key.algorithm_fits(algorithm);
        fits.then_some(Self { key: Key::Private(key), algorithm })
            .ok_or(AlgorithmUnfit { asked: algorithm })
    }

    /// A client's secret, and the algorithm if it is not HS256. The secret's UTF-8 is the key, whatever
    /// its length, as the vendors' own clients have it (OpenID Connect Core §10.1 has that, too).
    ///
    /// # Errors
    /// [`AlgorithmUnfit`] if the algorithm does not take a secret.
    pub fn secret(
        secret: SharedSecret,
        algorithm: Option<Algorithm>,
    ) -> Result<Self, AlgorithmUnfit> {
        let algorithm = algorithm.unwrap_or(Algorithm::Hs256);
        let fits = algorithm.is_symmetric();
        fits.then_some(Self { key: Key::Secret(secret), algorithm })
            .ok_or(AlgorithmUnfit { asked: algorithm })
    }

    /// The algorithm that it signs by.
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The algorithm that it signs by, if it is a private key: that may take long.
    pub fn private_algorithm(&self) -> Option<Algorithm> {
        match &self.key {
            Key::Private(_) => Some(self.algorithm),
            Key::Secret(_) => None,
        }
    }

    /// Whether it is a private key that is shorter than it should be ([`PrivateKey::is_short`]).
    pub fn is_short(&self) -> bool {
        match &self.key {
            Key::Private(key) => key.is_short(),
            Key::Secret(_) => false,
        }
    }

    /// Whether a certificate in DER is for this key: it holds its public half as it stands.
    pub fn is_certified_by(&self, certificate: &[u8]) -> bool {
        match &self.key {
            Key::Private(key) => {
                let public = key.public_der();
                certificate.windows(public.len()).any(|part| part == public)
            }
            Key::Secret(_) => false,
        }
    }

    /// A digest that changes with the key and does not reveal it to a reader of shared data.
    pub fn digest(&self) -> [u8; 32] {
        let name = self.algorithm.name().as_bytes();
        let digest = match &self.key {
            // Who has another private key has another public one.
            Key::Private(key) => Digest::of(&[b"private key", name, &key.public_der()]),
            Key::Secret(secret) => Digest::of(&[b"secret key", name, &secret.digest()]),
        };
        *digest.as_bytes()
    }

    fn sign(&self, message: &[u8], signer: &dyn Signer) -> Result<Vec<u8>, SignError> {
        match &self.key {
            Key::Private(key) => signer.sign(self.algorithm, key, message),
            Key::Secret(secret) => {
                secret.sign(self.algorithm, message).ok_or(SignError::AlgorithmUnfit)
            }
        }
    }
}

impl Assertion {
    /// Makes one, from 16 random bytes of its own: they become its `jti`, by which a token endpoint
    /// knows one that it has seen before. Never the same bytes twice, never guessable ones.
    ///
    /// # Errors
    /// [`SignError`] of the signer.
    pub fn make(
        &self,
        now: Timestamp,
        random: [u8; 16],
        signer: &dyn Signer,
    ) -> Result<Secret<String>, SignError> {
        let header = self.header();
        let claims = self.claims(now, random);
        let encoded = |length: usize| length.div_ceil(3) * 4;
        // Room for all of it at once, the longest signature as well: a buffer that grows leaves copies.
        let room = encoded(header.len()) + encoded(claims.len()) + encoded(512) + 2;
        let mut assertion = Zeroizing::new(String::with_capacity(room));
        URL_SAFE_NO_PAD.encode_string(header, &mut assertion);
        assertion.push('.');
        URL_SAFE_NO_PAD.encode_string(claims, &mut assertion);
        let signature = Zeroizing::new(self.key.sign(assertion.as_bytes(), signer)?);
        assertion.push('.');
        URL_SAFE_NO_PAD.encode_string(&*signature, &mut assertion);
        Ok(Secret::new(std::mem::take(&mut *assertion)))
    }

    fn header(&self) -> String {
        let mut header = [r#"{"alg":""#, self.key.algorithm.name(), r#"","typ":"JWT""#].concat();
        if let Some(kid) = &self.kid {
            header.push_str(r#","kid":"#);
            push_quoted(&mut header, kid);
        }
        if let Some(digest) = &self.x5t_s256 {
            header.push_str(r#","x5t#S256":"#);
            push_quoted(&mut header, &URL_SAFE_NO_PAD.encode(digest));
        }
        header.push('}');
        header
    }

    /// In the order in which IDaaS's own client has them.
    fn claims(&self, now: Timestamp, random: [u8; 16]) -> String {
        let issued_at = now.as_seconds();
        let expires_at = issued_at.saturating_add(self.life.as_secs());
        let mut claims = String::from("{\"aud\":");
        push_quoted(&mut claims, &self.audience);
        claims.push_str(",\"sub\":");
        push_quoted(&mut claims, &self.subject);
        claims.push_str(",\"iss\":");
        push_quoted(&mut claims, &self.issuer);
        claims.push_str(",\"jti\":");
        push_quoted(&mut claims, &uuid(random));
        for (name, value) in [("iat", issued_at), ("exp", expires_at)] {
            claims.extend([",\"", name, "\":", &value.to_string()]);
        }
        claims.push('}');
        claims
    }
}

/// A text as JSON (RFC 8259 §7).
fn push_quoted(json: &mut String, text: &str) {
    json.push('"');
    for character in text.chars() {
        match character {
            '"' | '\\' => json.extend(['\\', character]),
            '\0'..' ' => json.push_str(&format!("\\u{:04x}", u32::from(character))),
            _ => json.push(character),
        }
    }
    json.push('"');
}

/// A UUID of version 4 (RFC 9562 §5.4) in lower case.
fn uuid(random: [u8; 16]) -> String {
    let bits = u128::from_be_bytes(random) & !VERSION_AND_VARIANT_MASK | VERSION_AND_VARIANT;
    let digits = format!("{bits:032x}");
    let mut uuid = String::with_capacity(36);
    for (place, digit) in digits.chars().enumerate() {
        if matches!(place, 8 | 12 | 16 | 20) {
            uuid.push('-');
        }
        uuid.push(digit);
    }
    uuid
}

/// The type of assertions that are JWTs (RFC 7523 §2.2).
pub(super) const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// The four bits of the version and the two of the variant.
const VERSION_AND_VARIANT_MASK: u128 = 0xf000_c000_0000_0000_0000;
const VERSION_AND_VARIANT: u128 = 0x4000_8000_0000_0000_0000;

#[cfg(test)]
mod tests;
