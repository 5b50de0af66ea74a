//! The host's `verify_signature`: as Envoy has it, missing, or lying.

use std::collections::BTreeMap;

use p256::pkcs8::DecodePublicKey;
use rsa::sha2::Sha256;
use rsa::signature::Verifier;

use crate::host::{BAD_ARGUMENT, NOT_FOUND};

/// What the host's function does.
#[derive(Clone, Copy, PartialEq)]
pub enum VerifySignature {
    Absent,
    /// It answers this, whatever the signature.
    Always(bool),
    /// It breaks after so many calls: then its status is "internal failure".
    BreaksAfter(usize),
    Real,
}

impl VerifySignature {
    /// The answer: a protobuf message with field 1 `result` and field 2 `error`.
    pub fn answer(&mut self, argument: &[u8]) -> Result<Vec<u8>, u32> {
        const INTERNAL_FAILURE: u32 = 10;
        let is_valid = match self {
            Self::Absent => return Err(NOT_FOUND),
            Self::Always(answer) => *answer,
            Self::BreaksAfter(0) => return Err(INTERNAL_FAILURE),
            Self::BreaksAfter(left) => {
                *left -= 1;
                verify(argument)?
            }
            Self::Real => verify(argument)?,
        };
        Ok(if is_valid { vec![0x08, 0x01] } else { b"\x12\x05wrong".to_vec() })
    }
}

fn verify(argument: &[u8]) -> Result<bool, u32> {
    let fields = fields(argument).ok_or(BAD_ARGUMENT)?;
    let [hash, key, signature, text] = [1, 2, 3, 4].map(|number| fields.get(&number));
    let (Some(hash), Some(key), Some(signature), Some(text)) = (hash, key, signature, text) else {
        return Err(BAD_ARGUMENT);
    };
    if hash != b"sha256" {
        return Ok(false);
    }
    let by_p256 = || {
        let key = p256::ecdsa::VerifyingKey::from_public_key_der(key).ok()?;
        let signature = p256::ecdsa::DerSignature::from_bytes(signature).ok()?;
        key.verify(text, &signature).ok()
    };
    let by_rsa = || {
        let key = rsa::RsaPublicKey::from_public_key_der(key).ok()?;
        let key = rsa::pkcs1v15::VerifyingKey::<Sha256>::new(key);
        let signature = rsa::pkcs1v15::Signature::try_from(signature.as_slice()).ok()?;
        key.verify(text, &signature).ok()
    };
    Ok(by_p256().or_else(by_rsa).is_some())
}

/// The fields of a protobuf message that has fields of bytes alone.
fn fields(mut message: &[u8]) -> Option<BTreeMap<u8, Vec<u8>>> {
    let mut fields = BTreeMap::new();
    while let Some((tag, rest)) = message.split_first() {
        message = rest;
        let mut length = 0;
        for shift in (0..28).step_by(7) {
            let (byte, rest) = message.split_first()?;
            message = rest;
            length |= usize::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                break;
            }
        }
        let (bytes, rest) = message.split_at_checked(length)?;
        message = rest;
        (tag & 7 == 2).then(|| fields.insert(tag >> 3, bytes.to_vec()))?;
    }
    Some(fields)
}
