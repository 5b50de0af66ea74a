//! What one signature costs, by estimate: the core has no clock to measure with. `docs/algorithms.md`
//! has what was measured.

use std::time::Duration;

use crate::crypto::{Curve, KeyMaterial, PublicKey};

/// What a verifier takes for one signature by each kind of key, in microseconds.
pub(super) struct Cost {
    ed25519: u64,
    p256: u64,
    p384: u64,
    p521: u64,
    /// 2,048 bits and the exponent 65,537, from which other sizes and exponents follow.
    rsa: u64,
}

impl Cost {
    /// The host's function (BoringSSL). It computes no Ed25519.
    pub(super) const HOST: Self = Self { ed25519: 0, p256: 50, p384: 500, p521: 1200, rsa: 20 };

    /// The Rust code in Wasm.
    pub(super) const WASM: Self =
        Self { ed25519: 130, p256: 900, p384: 4600, p521: 5000, rsa: 100 };

    /// Of one signature by this key.
    pub(super) fn of(&self, key: &PublicKey) -> Duration {
        Duration::from_micros(match key.material() {
            KeyMaterial::Ec { curve: Curve::P256, .. } => self.p256,
            KeyMaterial::Ec { curve: Curve::P384, .. } => self.p384,
            KeyMaterial::Ec { curve: Curve::P521, .. } => self.p521,
            KeyMaterial::Ed25519 { .. } => self.ed25519,
            KeyMaterial::Rsa { modulus, exponent } => {
                let bytes = u64::try_from(modulus.len()).unwrap_or(u64::MAX);
                let work = bytes.saturating_mul(bytes).saturating_mul(multiplications(exponent));
                self.rsa.saturating_mul(work) / (256 * 256 * multiplications(&[1, 0, 1]))
            }
        })
    }
}

/// A square for each bit of an exponent, and a product for each that is set.
fn multiplications(exponent: &[u8]) -> u64 {
    let ones: u32 = exponent.iter().map(|byte| byte.count_ones()).sum();
    let zeros = exponent.first().map_or(0, |byte| byte.leading_zeros());
    let bits = exponent.iter().map(|_| u8::BITS).sum::<u32>().saturating_sub(zeros);
    u64::from(bits + ones)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jwt::JwkSet;

    fn rsa(bytes: usize, exponent: &[u8]) -> PublicKey {
        PublicKey::rsa(&vec![0xFF; bytes], exponent).unwrap()
    }

    fn by_host(key: &PublicKey) -> u128 {
        Cost::HOST.of(key).as_micros()
    }

    fn in_wasm(key: &PublicKey) -> u128 {
        Cost::WASM.of(key).as_micros()
    }

    #[test]
    fn the_cost_of_rsa_grows_with_the_square_of_its_size_and_with_its_exponent() {
        const USUAL: &[u8] = &[1, 0, 1];
        let rows: [(usize, &[u8], u128, u128); 5] = [
            (256, USUAL, 20, 100),
            (512, USUAL, 80, 400),
            (1024, USUAL, 320, 1600),
            (256, &[3], 4, 21),
            (256, &[1, 0xFF, 0xFF, 0xFF, 0xFF], 69, 347),
        ];
        for (bytes, exponent, host, wasm) in rows {
            let key = rsa(bytes, exponent);
            assert_eq!((by_host(&key), in_wasm(&key)), (host, wasm), "{bytes} {exponent:?}");
        }
    }

    #[test]
    fn each_curve_has_its_own_cost() {
        let keys = JwkSet::parse(CURVES.as_bytes()).unwrap();
        let costs: Vec<_> =
            keys.keys().iter().map(|jwk| (by_host(jwk.key()), in_wasm(jwk.key()))).collect();
        assert_eq!(costs, [(50, 900), (500, 4600), (1200, 5000), (0, 130)]);
    }

    /// The keys of RFC 7515 A.3 and A.4, of RFC 8037 A.2, and one on P-384 made for this.
    const CURVES: &str = r#"{"keys":[
        {"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
         "y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"},
        {"kty":"EC","crv":"P-384",
         "x":"9cg3nEqT_KHWEyC48hAiUgWYtMhFsWcPfPUe9HaaSKWhPbSlyOkNo8iQo8wYj__b",
         "y":"6WHnS2RgvlCvBrXjlSp9sA2LtXw9s5-KFg4wMnjRtE2gLsrQB4uTv0vkp4ZKJClh"},
        {"kty":"EC","crv":"P-521","x":"AekpBQ8ST8a8VcfVOTNl353vSrDCLLJXmPk06wTjxrrjcBpXp5EOnYG_NjFZ6OvLFV1jSfS9tsz4qUxcWceqwQGk",
         "y":"ADSmRA43Z1DSNx_RvcLI87cdL07l6jQyyBXMoxVg_l2Th-x3S1WDhjDly79ajL4Kkd0AZMaZmh9ubmf63e3kyMj2"},
        {"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;
}
