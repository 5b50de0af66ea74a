//! Envoy's foreign function `sign` as bytes, a self-test of it, and the signer that uses it where it can be
//! relied on.

use std::cell::Cell;

use zeroize::Zeroizing;

use super::{FIELD_OVERHEAD, hash_function, push_field};
use crate::crypto::private_key::Numbers;
use crate::crypto::{Algorithm, Curve, PrivateKey, SignError, Signer, SoftwareSigner, der};
use crate::crypto::{SignatureVerifier as _, SoftwareVerifier, Verdict};

/// The name of the foreign function. Envoy has it from 1.37 on.
pub const SIGN: &str = "sign";

/// Calls a foreign function with an argument: its answer, or nothing where the host does not perform it.
pub type ForeignFunction = fn(&[u8]) -> Option<Vec<u8>>;

/// Signs by the host what that has shown to sign right, everything else in Rust.
///
/// Each algorithm is tried when it is first asked for, with a key that everybody knows: a host without the
/// function, or one that is wrong, never sees a key of ours. What the host then refuses to sign, by a key
/// that it does not take, Rust signs.
#[derive(Debug)]
pub struct HostSigner {
    call: ForeignFunction,
    tried: [Cell<Option<SignedBy>>; OF_HOSTS.len()],
}

/// Who makes the signatures of an algorithm.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SignedBy {
    /// The host's function.
    Host,
    /// The code in Rust.
    Rust,
}

impl HostSigner {
    /// By this function of the host.
    pub const fn new(call: ForeignFunction) -> Self {
        Self { call, tried: [const { Cell::new(None) }; OF_HOSTS.len()] }
    }

    /// Who makes the signatures of an algorithm, if that has been found out.
    pub fn known(&self, algorithm: Algorithm) -> Option<SignedBy> {
        self.place(algorithm).and_then(Cell::get)
    }

    /// Who makes them. The first time, the host must sign a message by a known key, and what it says must
    /// be verified by the Rust code; an RSA signature has one value, so that is a comparison.
    pub fn find_out(&self, algorithm: Algorithm) -> SignedBy {
        let Some(place) = self.place(algorithm) else { return SignedBy::Rust };
        if let Some(known) = place.get() {
            return known;
        }
        let found = if is_reliable(self.call, algorithm) { SignedBy::Host } else { SignedBy::Rust };
        place.set(Some(found));
        found
    }

    fn place(&self, algorithm: Algorithm) -> Option<&Cell<Option<SignedBy>>> {
        OF_HOSTS.iter().position(|one| *one == algorithm).and_then(|place| self.tried.get(place))
    }
}

impl Signer for HostSigner {
    fn sign(
        &self,
        algorithm: Algorithm,
        key: &PrivateKey,
        message: &[u8],
    ) -> Result<Vec<u8>, SignError> {
        if !key.algorithm_fits(algorithm) {
            return Err(SignError::AlgorithmUnfit);
        }
        let signature = match self.find_out(algorithm) {
            SignedBy::Host => sign(self.call, algorithm, key, message),
            SignedBy::Rust => None,
        };
        signature.map_or_else(|| SoftwareSigner.sign(algorithm, key, message), Ok)
    }

    fn is_quick(&self, algorithm: Algorithm) -> bool {
        SoftwareSigner.is_quick(algorithm) || self.find_out(algorithm) == SignedBy::Host
    }
}

/// Whether the host's signature by a known key is right.
fn is_reliable(call: ForeignFunction, algorithm: Algorithm) -> bool {
    const MESSAGE: &[u8] = b"tenantgate";
    let signed = || {
        let key = known_key(algorithm)?;
        let signature = sign(call, algorithm, &key, MESSAGE)?;
        Some(SoftwareVerifier.verify(algorithm, &key.public()?, MESSAGE, &signature))
    };
    signed() == Some(Verdict::Valid)
}

/// The host's signature, if it makes one of the only length that it can have.
fn sign(
    call: ForeignFunction,
    algorithm: Algorithm,
    key: &PrivateKey,
    message: &[u8],
) -> Option<Vec<u8>> {
    let answer = call(&argument(algorithm, key, message)?)?;
    let signature = answered(&answer)?;
    match key.numbers() {
        Numbers::Ec { curve, .. } => der::fixed_signature(signature, *curve),
        Numbers::Rsa(rsa) => (signature.len() == rsa.modulus.len()).then(|| signature.to_vec()),
    }
}

/// The argument that asks for a signature.
fn argument(algorithm: Algorithm, key: &PrivateKey, message: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let pkcs8 = key.pkcs8_der();
    let fields =
        [(HASH_FUNCTION, hash_function(algorithm)?), (PRIVATE_KEY, &*pkcs8), (TEXT, message)];
    // Room for all of it at once: a buffer that grows leaves copies of the key behind.
    let size: usize = fields.iter().map(|(_, bytes)| bytes.len() + FIELD_OVERHEAD).sum();
    let mut argument = Zeroizing::new(Vec::with_capacity(size));
    for (number, bytes) in fields {
        push_field(&mut argument, number, bytes);
    }
    Some(argument)
}

/// The signature in an answer: behind the exact bytes of `result: true`, and nothing after it.
fn answered(answer: &[u8]) -> Option<&[u8]> {
    let rest = answer.strip_prefix(&[0x08, 0x01, SIGNATURE << 3 | 2])?;
    let (&first, rest) = rest.split_first()?;
    let (length, signature) = match first {
        0..0x80 => (usize::from(first), rest),
        0x80.. => {
            let (&second, rest) = rest.split_first()?;
            (usize::from(first & 0x7f) | usize::from(second) << 7, rest)
        }
    };
    (signature.len() == length).then_some(signature)
}

/// A key that everybody knows: of RFC 7515 A.2 for RSA, a number of equal bytes for a curve.
fn known_key(algorithm: Algorithm) -> Option<PrivateKey> {
    let on = |curve: Curve| PrivateKey::ec(curve, vec![1; curve.coordinate_length()].into());
    match algorithm {
        Algorithm::Es256 => on(Curve::P256),
        Algorithm::Es384 => on(Curve::P384),
        Algorithm::Es512 => on(Curve::P521),
        Algorithm::Rs256 | Algorithm::Rs384 | Algorithm::Rs512 => {
            PrivateKey::parse_pem(KNOWN_RSA).ok()
        }
        Algorithm::EdDsa | Algorithm::Ps256 | Algorithm::Ps384 | Algorithm::Ps512 => None,
        Algorithm::Hs256 | Algorithm::Hs384 | Algorithm::Hs512 => None,
    }
}

/// The algorithms that a host may sign by.
const OF_HOSTS: [Algorithm; 6] = [
    Algorithm::Es256,
    Algorithm::Es384,
    Algorithm::Es512,
    Algorithm::Rs256,
    Algorithm::Rs384,
    Algorithm::Rs512,
];

const HASH_FUNCTION: u8 = 1;
const PRIVATE_KEY: u8 = 2;
const TEXT: u8 = 3;
const SIGNATURE: u8 = 2;

/// RFC 7515 A.2.1.
pub(in crate::crypto) const KNOWN_RSA: &str = "-----BEGIN RSA PRIVATE KEY-----\
    MIIEowIBAAKCAQEAofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd/wWJcyQoTbji9k0l8W26mPddxHmfHQp+Vaw+4qP\
    CJrcS2mJPMEzP1Pt0Bm4d4QlL+yRT+SFd2lZS+pCgNMsD1W/YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb/7OMg0\
    LOL+bSf63kpaSHSXndS5z5rexMdbBYUsLA9e+KXBdQOS+UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qC\
    o5ZwKh9kG4LT6/I5IhlJH7aGhyxXFvUK+DWNmoudF8NAco9/h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRW\
    yuXpoQIDAQABAoIBABKucaRpzQorw35SbEUAVx8dYXUdZOlJcHtiWQ+dC6V8ljxAHj/PLyzTveyI5QO/xkObCyjI\
    L303l2cfUhPu2MFaJdjVzqACXuOrLot/eSFvxjvqVidTtAZExqFRJ9mylUVAoLvhowVWmC1On95fZCXxTUtxNEG1\
    Xcc7m0rtzJKs45J+N/V9DP1edYH6USyPSWGp6wuA+KgHRnKKVf9GRx80JQY7nVNkL17eHoTWEwga+lwi0FEoW9Y7\
    lDtWXYmKBWhUE+U8PGxlJf8f40493HDw1WRQ/aSLoS4QTp3rn7gYgeHEvfJdkkf0UMhlknlo53M09EFPdadQ4TlU\
    bjqKc50CgYEA4BzEEOtIpmVdVEZNCqS7baC4crd0pqnRH/5IB3jw3bcxGn6QLvnEtfdUdiYrqBdss1l58BQ3Khoo\
    KeQTa9AB0Hw/Py5PJdTJNPY8cQn7ouZ2KKDcmnPGBY5t7yLc1QlQ5xHdwW1VhvKn+nXqhJTBgIPgtldC+KDV5z+y\
    2XDwGUcCgYEAuQPEfgmVtjL0Uyyx88GZFF1fOunH3+7cepKmtH4pxhtCoHqpWmT8YAmZxaewHgHAjLYsp1ZSe7zF\
    YHj7C6ul7TjeLQeZD/YwD66t62wDmpe/HlB+TnBA+njbglfIsRLtXlnDzQkv5dTltRJ11BKBBypeeF6689rjcJID\
    Ez9RWdcCgYAHAp9XcCSrn8wVkMVkKdb7DOX4IKjzdahm+ctDAJN4O/y7OW5FKebvUjdAIt2GuoTZ71iTG+7F0F+l\
    P88jtjP4U4qe7VHoewl4MKOfXZKTe+YCS1XbNvfgwJ3Ltyl1OH9hWvu2yza7q+d5PCsDzqtm27kxuvULVeya+TEd\
    AB1ijQKBgQCH/3r6YrVH/uCWGy6bzV1nGNOdjKc9tmkfOJmN54dxdixdpozCQ6U4OxZrsj3FcOhHBsqAHvX2uuYj\
    agqvo3cOj1TRqNocX40omfCCMx3bD1yPPf/6TI2XECva/ggqEY2mYzmIiA5LVVmc5nrybr+lssFKneeyxN2Wq93S\
    0iJMdQKBgCGHewxzoa1r8ZMD0LETNrToK423K377UCYqXfg5XMclbrjPbEC3YI1ZNqMtuhdBJqUnBi6tjKMF+34X\
    f0CUN8ncuXGO2CAYvO8PdyCixHX52ybaDjy1FtCE6yUXjoKNXKvUm7MWGsAYH6f4IegOetN5NvmUMFStCSkh7ixZ\
    LkN1\
    -----END RSA PRIVATE KEY-----";

#[cfg(test)]
#[cfg(not(target_arch = "wasm32"))]
mod tests;
