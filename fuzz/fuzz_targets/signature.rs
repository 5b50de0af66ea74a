//! See `tenantgate_fuzz::signature`.
#![no_main]

use ring::signature as by;
use tenantgate::crypto::Algorithm;
use tenantgate_fuzz::signature::{Case, compare};

libfuzzer_sys::fuzz_target!(|data: &[u8]| compare(data, is_valid_by_ring));

/// Here and not in the library: `ring` is no dependency of the tests that replay the seeds. It has no P-521.
fn is_valid_by_ring(case: &Case) -> Option<bool> {
    let (message, signature) = (case.message.as_slice(), case.signature.as_slice());
    let of_point = |form: &[u8], how: &'static dyn by::VerificationAlgorithm| {
        let point = [form, &case.key.concat()].concat();
        Some(by::UnparsedPublicKey::new(how, point).verify(message, signature).is_ok())
    };
    let of_rsa = |how: &by::RsaParameters| {
        let [n, e] = case.key.as_slice() else { return None };
        let key = by::RsaPublicKeyComponents { n: significant(n), e: significant(e) };
        Some(key.verify(how, message, signature).is_ok())
    };
    match case.algorithm {
        Algorithm::EdDsa => of_point(&[], &by::ED25519),
        Algorithm::Es256 => of_point(&[4], &by::ECDSA_P256_SHA256_FIXED),
        Algorithm::Es384 => of_point(&[4], &by::ECDSA_P384_SHA384_FIXED),
        Algorithm::Ps256 => of_rsa(&by::RSA_PSS_2048_8192_SHA256),
        Algorithm::Ps384 => of_rsa(&by::RSA_PSS_2048_8192_SHA384),
        Algorithm::Ps512 => of_rsa(&by::RSA_PSS_2048_8192_SHA512),
        Algorithm::Rs256 => of_rsa(&by::RSA_PKCS1_2048_8192_SHA256),
        Algorithm::Rs384 => of_rsa(&by::RSA_PKCS1_2048_8192_SHA384),
        Algorithm::Rs512 => of_rsa(&by::RSA_PKCS1_2048_8192_SHA512),
        Algorithm::Es512 | Algorithm::Hs256 | Algorithm::Hs384 | Algorithm::Hs512 => None,
    }
}

/// `ring` refuses leading zeros, which change nothing of a key.
fn significant(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    &number[zeros..]
}
