//! Signatures: our verdict is that of implementations by others, whatever became of a valid one.

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rsa::sha2::{Digest as _, Sha256, Sha384, Sha512};
use rsa::{BigUint, Pkcs1v15Sign, Pss, RsaPublicKey};
use serde_json::Value;
use tenantgate::crypto::{
    Algorithm, Curve, PublicKey, SignatureVerifier as _, SoftwareVerifier, Verdict,
};

/// Compares with `rsa` alone, without a fuzzer.
pub fn run(data: &[u8]) {
    compare(data, |_| None);
}

/// Takes a valid signature (the first byte chooses), changes something of it (the second byte says
/// what, the others how), and compares our verdict with those of `rsa` and of `another`, each
/// where it has one.
pub fn compare(data: &[u8], another: impl Fn(&Case) -> Option<bool>) {
    let [chosen, kind, how @ ..] = data else { return };
    let Some(valid) = VALID.get(usize::from(*chosen) % VALID.len()) else { return };
    let mut case = valid.clone();
    case.change(*kind, how);
    let Some(key) = case.key() else { return };
    let verdict = SoftwareVerifier.verify(case.algorithm, &key, &case.message, &case.signature);
    assert!(case != *valid || verdict == Verdict::Valid, "a valid signature is refused");
    if verdict == Verdict::Unsupported {
        return assert!(case.modulus().bits() > 4096, "a key is not supported");
    }
    for theirs in [another(&case), case.is_valid_by_rsa()].into_iter().flatten() {
        assert_eq!(verdict == Verdict::Valid, theirs, "{:?}", case.algorithm);
    }
}

/// A key, a message, a signature.
#[derive(Clone, PartialEq)]
pub struct Case {
    /// What the signature is to be.
    pub algorithm: Algorithm,
    /// Modulus and exponent, two coordinates, or one.
    pub key: Vec<Vec<u8>>,
    /// What it is to be the signature of.
    pub message: Vec<u8>,
    /// As JWS has it.
    pub signature: Vec<u8>,
}

/// By OpenSSL: RSA keys of 2,048 to 4,096 bits, also of sizes between, with exponents of 2 to 33 bits.
static VALID: LazyLock<Vec<Case>> = LazyLock::new(|| {
    let cases: Vec<Value> =
        serde_json::from_str(include_str!("signatures.json")).expect("a list of signatures");
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let decoded = |value: &Value| URL_SAFE_NO_PAD.decode(text(value)).expect("base64url");
    let case = |case: &Value| Case {
        algorithm: Algorithm::from_name(&text(&case["alg"])).expect("an algorithm"),
        key: case["key"].as_array().expect("numbers").iter().map(decoded).collect(),
        message: text(&case["message"]).into_bytes(),
        signature: decoded(&case["signature"]),
    };
    cases.iter().map(case).collect()
});

impl Case {
    fn change(&mut self, kind: u8, how: &[u8]) {
        match kind % 10 {
            0 => mix(&mut self.signature, how),
            1 => mix(&mut self.message, how),
            2 => self.key.iter_mut().take(1).for_each(|number| mix(number, how)),
            3 => self.key.iter_mut().skip(1).for_each(|number| mix(number, how)),
            4 => {
                let at = usize::from(how.first().copied().unwrap_or_default());
                self.algorithm = Algorithm::ALL.into_iter().cycle().nth(at).expect("endless");
            }
            5 => self.signature = how.to_vec(),
            6 => self.message = how.to_vec(),
            // The same signature modulo something, or its mirror image.
            7 => self.shift_signature(how),
            // The largest or the smallest numbers.
            8 => {
                let byte = how.first().map_or(0, |first| if first & 1 == 1 { 0xff } else { 0 });
                let from = usize::from(how.get(1).copied().unwrap_or_default());
                self.signature.iter_mut().skip(from).for_each(|place| *place = byte);
            }
            9.. => self.forge(how),
        }
    }

    /// Adds the modulus to an RSA signature, or takes it from the modulus; mirrors `s` of ECDSA.
    fn shift_signature(&mut self, how: &[u8]) {
        let is_sum = how.first().is_some_and(|first| first & 1 == 1);
        let length = self.signature.len();
        if self.algorithm.is_rsa() {
            let (modulus, signature) = (self.modulus(), BigUint::from_bytes_be(&self.signature));
            let shifted = if is_sum { signature + modulus } else { modulus - signature };
            self.signature = padded(&shifted, length);
        } else if self.algorithm == Algorithm::Es256 {
            let order = BigUint::parse_bytes(P256_ORDER, 16).expect("a number");
            let (r, s) = self.signature.split_at(length / 2);
            let s = order - BigUint::from_bytes_be(s);
            self.signature = [r, &padded(&s, length / 2)].concat();
        }
    }

    /// Changes what an RSA signature is the encoding of, then makes a key of exponent 3 and the same
    /// size by which the changed encoding has a signature: `n = s^3 - encoding`.
    fn forge(&mut self, how: &[u8]) {
        let [modulus, exponent] = self.key.as_slice() else { return };
        if !self.algorithm.is_rsa() {
            return;
        }
        let number = BigUint::from_bytes_be;
        let (modulus, exponent) = (number(modulus), number(exponent));
        let encoding = number(&self.signature).modpow(&exponent, &modulus);
        let mut encoding = padded(&encoding, self.signature.len());
        mix(&mut encoding, how);
        let encoding = number(&encoding);
        let three = BigUint::from(3_u8);
        let half = BigUint::from(1_u8) << (modulus.bits() - 2);
        let mut signature = (&encoding + &half * &three).cbrt();
        let cube = |signature: &BigUint| signature * signature * signature;
        // Odd: one of two neighbours, whose cubes differ by an odd number.
        if (cube(&signature) + &encoding) % 2_u8 == BigUint::default() {
            signature += 1_u8;
        }
        let forged = cube(&signature) - &encoding;
        if forged.bits() == modulus.bits() {
            self.signature = padded(&signature, self.signature.len());
            self.key = vec![forged.to_bytes_be(), vec![3]];
        }
    }

    fn modulus(&self) -> BigUint {
        self.key.first().map(|number| BigUint::from_bytes_be(number)).unwrap_or_default()
    }

    /// The key as we read it; none of another kind than the algorithm's.
    fn key(&self) -> Option<PublicKey> {
        match (self.algorithm, self.key.as_slice()) {
            (Algorithm::Es256, [x, y]) => PublicKey::ec(Curve::P256, x, y).ok(),
            (Algorithm::Es384, [x, y]) => PublicKey::ec(Curve::P384, x, y).ok(),
            (Algorithm::Es512, [x, y]) => PublicKey::ec(Curve::P521, x, y).ok(),
            (Algorithm::EdDsa, [x]) => PublicKey::ed25519(x).ok(),
            (algorithm, [n, e]) if algorithm.is_rsa() => PublicKey::rsa(n, e).ok(),
            (_, _) => None,
        }
    }

    /// `rsa` 0.9 accepts two things in PSS that RFC 8017 does not (§8.1.2, steps 2a and 2c): a signature
    /// that is not below the modulus, and whatever stands in a first byte that the encoding does not
    /// reach. It is not asked about those.
    fn is_valid_by_rsa(&self) -> Option<bool> {
        let modulus = self.modulus();
        if modulus.bits() % 8 == 1 || BigUint::from_bytes_be(&self.signature) >= modulus {
            return None;
        }
        let exponent = BigUint::from_bytes_be(self.key.get(1)?);
        let (message, signature) = (&self.message, &self.signature);
        let is_valid = |is_pss: bool| {
            let key = RsaPublicKey::new(modulus, exponent).ok()?;
            let (of_256, of_384, of_512) =
                (Sha256::digest(message), Sha384::digest(message), Sha512::digest(message));
            let digest: &[u8] = match self.algorithm {
                Algorithm::Ps256 | Algorithm::Rs256 => &of_256,
                Algorithm::Ps384 | Algorithm::Rs384 => &of_384,
                _ => &of_512,
            };
            let result = match (digest.len(), is_pss) {
                (32, true) => key.verify(Pss::new::<Sha256>(), digest, signature),
                (48, true) => key.verify(Pss::new::<Sha384>(), digest, signature),
                (_, true) => key.verify(Pss::new::<Sha512>(), digest, signature),
                (32, false) => key.verify(Pkcs1v15Sign::new::<Sha256>(), digest, signature),
                (48, false) => key.verify(Pkcs1v15Sign::new::<Sha384>(), digest, signature),
                (_, false) => key.verify(Pkcs1v15Sign::new::<Sha512>(), digest, signature),
            };
            Some(result.is_ok())
        };
        self.algorithm.is_rsa().then(|| is_valid(self.algorithm.name().starts_with("PS")))?
    }
}

/// Pairs of a place and what is mixed into the byte there.
fn mix(bytes: &mut [u8], how: &[u8]) {
    for change in how.chunks_exact(3) {
        let [high, low, with] = change else { continue };
        let place = usize::from(u16::from_be_bytes([*high, *low]));
        let length = bytes.len().max(1);
        if let Some(byte) = bytes.get_mut(place % length) {
            *byte ^= with;
        }
    }
}

/// Big-endian in so many bytes, or in as many more as it needs.
fn padded(number: &BigUint, length: usize) -> Vec<u8> {
    let bytes = number.to_bytes_be();
    [vec![0; length.saturating_sub(bytes.len())], bytes].concat()
}

const P256_ORDER: &[u8] = b"ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
