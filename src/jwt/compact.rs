//! The form of a token: JWS compact serialization (RFC 7515 §7.1) and its protected header.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::error::TokenError;
use super::{KEY_ID_LIMIT, TOKEN_LIMIT};
use crate::crypto::Algorithm;
use crate::json::{self, Value};

/// A token in its three parts. Nothing in it has been verified.
pub(super) struct Compact<'a> {
    header: &'a [u8],
    payload: &'a [u8],
    signature: &'a [u8],
    /// What is signed: header, dot and payload as received.
    message: &'a [u8],
}

impl<'a> Compact<'a> {
    /// Splits a token. Of its size and dots alone.
    pub(super) fn split(token: &'a [u8]) -> Result<Self, TokenError> {
        if token.len() > TOKEN_LIMIT {
            return Err(TokenError::TooLarge);
        }
        let split = |text| split_at_dot(text).ok_or(TokenError::Malformed);
        let (header, rest) = split(token)?;
        let (payload, signature) = split(rest)?;
        if split_at_dot(signature).is_some() {
            return Err(TokenError::Malformed);
        }
        let message = token.get(..header.len() + 1 + payload.len());
        let message = message.ok_or(TokenError::Malformed)?;
        Ok(Self { header, payload, signature, message })
    }

    /// The JSON text of the protected header.
    pub(super) fn header(&self) -> Result<Vec<u8>, TokenError> {
        decode_base64url(self.header).ok_or(TokenError::Malformed)
    }

    /// The JSON text of the claims.
    pub(super) fn payload(&self) -> Result<Vec<u8>, TokenError> {
        decode_base64url(self.payload).ok_or(TokenError::Malformed)
    }

    /// The bytes of the signature. An empty one is malformed: there is no unsecured token here.
    pub(super) fn signature(&self) -> Result<Vec<u8>, TokenError> {
        decode_base64url(self.signature)
            .filter(|signature| !signature.is_empty())
            .ok_or(TokenError::Malformed)
    }

    /// What is signed.
    pub(super) const fn message(&self) -> &'a [u8] {
        self.message
    }
}

/// What stands before the first dot and behind it. Eight bytes at a time: in Wasm the library compares one by one.
fn split_at_dot(text: &[u8]) -> Option<(&[u8], &[u8])> {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    const DOTS: u64 = u64::from_le_bytes([b'.'; 8]);
    let (chunks, _) = text.as_chunks::<8>();
    // A dot is 0 now: only from 0, one cannot be taken without a borrow that sets the highest bit anew.
    let has_none = |chunk: &&[u8; 8]| {
        let bytes = u64::from_le_bytes(**chunk) ^ DOTS;
        bytes.wrapping_sub(ONES) & !bytes & (ONES << 7) == 0
    };
    let before = chunks.iter().take_while(has_none).count() * 8;
    let at = before + text.get(before..)?.iter().position(|&byte| byte == b'.')?;
    let (first, rest) = text.split_at_checked(at)?;
    Some((first, rest.get(1..)?))
}

/// The members of a protected header that mean something here. `jku`, `jwk`, `x5u` and `x5c` name
/// keys that the presenter has chosen, so they are not even read.
pub(super) struct Header<'a> {
    /// `alg` as written. Nothing acts on it but [`Header::algorithm`].
    pub(super) algorithm_name: &'a str,
    /// `kid`.
    pub(super) key_id: Option<&'a str>,
    /// `typ`.
    pub(super) token_type: Option<&'a str>,
}

impl<'a> Header<'a> {
    /// Reads a header that [`json::parse`] has given.
    pub(super) fn from_value(value: &'a Value<'_>) -> Result<Self, TokenError> {
        if !value.is_object() {
            return Err(TokenError::HeaderInvalid);
        }
        // `crit` demands extensions, of which we know none (RFC 7515 §4.1.11); `b64` makes the
        // payload another one (RFC 7797); `cty` announces a nested token (RFC 7519 §5.2).
        if ["crit", "b64", "cty"].iter().any(|name| value.get(name).is_some()) {
            return Err(TokenError::HeaderUnsupported);
        }
        let text = |name| match value.get(name).map(Value::as_str) {
            None => Ok(None),
            Some(None) => Err(TokenError::HeaderInvalid),
            Some(text) => Ok(text),
        };
        let key_id = text("kid")?;
        if key_id.is_some_and(|id| id.len() > KEY_ID_LIMIT) {
            return Err(TokenError::HeaderInvalid);
        }
        Ok(Self {
            algorithm_name: text("alg")?.ok_or(TokenError::AlgorithmNotAllowed)?,
            key_id,
            token_type: text("typ")?,
        })
    }

    /// The algorithm, if it is a known one and on the list.
    pub(super) fn algorithm(&self, allowed: &[Algorithm]) -> Result<Algorithm, TokenError> {
        Algorithm::from_name(self.algorithm_name)
            .filter(|algorithm| allowed.contains(algorithm))
            .ok_or(TokenError::AlgorithmNotAllowed)
    }
}

/// The JSON value of a header.
pub(super) fn parse_header(text: &[u8]) -> Result<Value<'_>, TokenError> {
    json::parse(text).map_err(|_| TokenError::HeaderInvalid)
}

/// The JSON value of the claims: an object.
pub(super) fn parse_claims(text: &[u8]) -> Result<Value<'_>, TokenError> {
    json::parse(text).ok().filter(Value::is_object).ok_or(TokenError::PayloadInvalid)
}

/// Bytes from canonical base64url: no padding, no spaces, no bits that count for nothing. There is
/// one text for some bytes, so a token cannot be rewritten into another one that means the same.
pub(super) fn decode_base64url(text: &[u8]) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_split_at_its_first_dot_wherever_that_stands() {
        // Bytes next to a dot, and those that differ from one by the highest bit, are none.
        let none: Vec<u8> =
            [b'-', b'/', 0xAE, 0, 0xFF, b'a'].into_iter().cycle().take(40).collect();
        for length in 0..none.len() {
            let text = &none[..length];
            assert_eq!(split_at_dot(text), None, "{length}");
            for first in 0..length {
                for second in first..length {
                    let mut text = text.to_vec();
                    (text[first], text[second]) = (b'.', b'.');
                    let expected = (&text[..first], &text[first + 1..]);
                    assert_eq!(split_at_dot(&text), Some(expected), "{length} {first} {second}");
                }
            }
        }
    }

    #[test]
    fn a_token_has_two_dots_and_what_is_signed_ends_at_the_second() {
        let split = |token: &'static str| {
            let parts = Compact::split(token.as_bytes());
            parts.map(|one| [one.header, one.payload, one.signature, one.message])
        };
        let parts: [&[u8]; 4] = [b"a", b"bc", b"d", b"a.bc"];
        assert_eq!(split("a.bc.d"), Ok(parts));
        let parts: [&[u8]; 4] = [b"", b"", b"", b"."];
        assert_eq!(split(".."), Ok(parts));
        for token in ["", "a", "a.b", "a.b.c.", "a.b.c.d", "..."] {
            assert_eq!(split(token), Err(TokenError::Malformed), "{token}");
        }
    }
}
