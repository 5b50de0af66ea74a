//! Signatures that others made, without a token around them: by the Rust code, and as Envoy's
//! `verify_signature` gets them.
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests stop at the first surprise"
)]

use p256::ecdsa::signature::Verifier as _;
use p256::pkcs8::DecodePublicKey as _;
use serde_json::Value;
use tenantgate::crypto::{
    Algorithm, Curve, KeyMaterial, PublicKey, SharedSecret, SignatureVerifier as _,
    SoftwareVerifier, Verdict, envoy,
};

/// One vector.
struct Vector<'f> {
    group: &'f Value,
    label: String,
    message: Vec<u8>,
    signature: Vec<u8>,
    expected: &'f str,
}

/// How many vectors were accepted and refused.
type Counts = (usize, usize);

#[test]
fn every_vector_of_ecdsa_on_p_256_gets_its_verdict_in_rust_and_as_der() {
    let counts = judge(
        include_str!("fixtures/wycheproof/ecdsa_secp256r1_sha256_p1363_test.json"),
        |vector| {
            let point = hex(&vector.group["publicKey"]["uncompressed"]);
            let key = PublicKey::ec(Curve::P256, &point[1..33], &point[33..]).unwrap();
            both_ways(Algorithm::Es256, &key, vector)
        },
    );
    assert_eq!(counts, (173, 89));
}

#[test]
fn every_vector_of_ed25519_gets_its_verdict() {
    let counts = judge(include_str!("fixtures/wycheproof/ed25519_test.json"), |vector| {
        let key = PublicKey::ed25519(&hex(&vector.group["publicKey"]["pk"])).unwrap();
        both_ways(Algorithm::EdDsa, &key, vector)
    });
    assert_eq!(counts, (88, 63));
}

#[test]
fn every_vector_of_rsa_with_pkcs1_padding_gets_its_verdict_in_rust_and_as_der() {
    // Of each file one is `acceptable` (8, the NULL of the hash's name is missing) and refused:
    // RFC 8017 §8.2.2 compares with the one right encoding.
    let files = [
        (
            Algorithm::Rs256,
            include_str!("fixtures/wycheproof/rsa_signature_2048_sha256_test.json"),
            (9, 250),
        ),
        (
            Algorithm::Rs512,
            include_str!("fixtures/wycheproof/rsa_signature_2048_sha512_test.json"),
            (8, 251),
        ),
    ];
    for (algorithm, file, expected) in files {
        assert_eq!(judge(file, |vector| both_ways(algorithm, &rsa_key(vector), vector)), expected);
    }
}

#[test]
fn every_vector_of_rsa_with_pss_gets_its_verdict() {
    let files = [
        (
            Algorithm::Ps256,
            include_str!("fixtures/wycheproof/rsa_pss_2048_sha256_mgf1_32_test.json"),
            (63, 45),
        ),
        (
            Algorithm::Ps384,
            include_str!("fixtures/wycheproof/rsa_pss_4096_sha384_mgf1_48_test.json"),
            (95, 46),
        ),
    ];
    for (algorithm, file, expected) in files {
        assert_eq!(judge(file, |vector| both_ways(algorithm, &rsa_key(vector), vector)), expected);
    }
}

#[test]
fn every_vector_of_hmac_gets_its_verdict_if_the_secret_is_long_and_the_tag_whole() {
    let file: Value =
        serde_json::from_str(include_str!("fixtures/wycheproof/hmac_sha256_test.json")).unwrap();
    let (mut valid, mut invalid, mut short) = (0, 0, 0);
    for group in file["testGroups"].as_array().unwrap() {
        let is_whole = group["tagSize"] == 256;
        for test in group["tests"].as_array().unwrap() {
            let secret = SharedSecret::new(hex(&test["key"]));
            let (message, tag) = (hex(&test["msg"]), hex(&test["tag"]));
            let verdict = secret.verify(Algorithm::Hs256, &message, &tag);
            let is_short = group["keySize"] == 128;
            assert_eq!(secret.fits(Algorithm::Hs256), !is_short);
            let expected = test["result"] == "valid" && is_whole && !is_short;
            assert_eq!(verdict == Verdict::Valid, expected, "{}", test["tcId"]);
            match (expected, is_whole && !is_short) {
                (true, _) => valid += 1,
                (false, true) => invalid += 1,
                (false, false) => short += 1,
            }
        }
    }
    assert_eq!((valid, invalid, short), (30, 54, 90));
}

/// RFC 8017 §5.2.2, step 1: else there would be two signatures of one message.
#[test]
fn a_signature_plus_the_modulus_is_no_signature() {
    let files = [
        (Algorithm::Rs256, include_str!("fixtures/wycheproof/rsa_signature_2048_sha256_test.json")),
        (
            Algorithm::Ps256,
            include_str!("fixtures/wycheproof/rsa_pss_2048_sha256_mgf1_32_test.json"),
        ),
    ];
    for (algorithm, file) in files {
        let mut tried = 0;
        judge(file, |vector| {
            let key = rsa_key(vector);
            let KeyMaterial::Rsa { modulus, .. } = key.material() else { panic!("an RSA key") };
            let number = rsa::BigUint::from_bytes_be;
            let sum = (number(&vector.signature) + number(modulus)).to_bytes_be();
            if vector.expected == "valid" && sum.len() == modulus.len() {
                let verdict = SoftwareVerifier.verify(algorithm, &key, &vector.message, &sum);
                assert_eq!(verdict, Verdict::Invalid, "{}", vector.label);
                tried += 1;
            }
            SoftwareVerifier.verify(algorithm, &key, &vector.message, &vector.signature)
        });
        assert!(tried > 0, "no signature of {algorithm:?} leaves room for the modulus");
    }
}

/// Judges every vector of a file, and compares with what the file says.
fn judge(file: &str, mut verdict: impl FnMut(&Vector<'_>) -> Verdict) -> Counts {
    let file: Value = serde_json::from_str(file).unwrap();
    let (mut accepted, mut refused) = (0, 0);
    for group in file["testGroups"].as_array().unwrap() {
        for test in group["tests"].as_array().unwrap() {
            let vector = Vector {
                group,
                label: format!("{} {}", test["tcId"], test["comment"]),
                message: hex(&test["msg"]),
                signature: hex(&test["sig"]),
                expected: test["result"].as_str().unwrap(),
            };
            let expected = match vector.expected {
                "valid" => Verdict::Valid,
                "invalid" | "acceptable" => Verdict::Invalid,
                other => panic!("{} is {other}", vector.label),
            };
            assert_eq!(verdict(&vector), expected, "{}", vector.label);
            if expected == Verdict::Valid { accepted += 1 } else { refused += 1 }
        }
    }
    (accepted, refused)
}

/// The verdict of the Rust code, which that of a host must equal wherever one is asked.
fn both_ways(algorithm: Algorithm, key: &PublicKey, vector: &Vector<'_>) -> Verdict {
    let der = hex(&vector.group["publicKeyDer"]);
    assert_eq!(key.spki_der(), der, "{}", vector.label);
    let verdict = SoftwareVerifier.verify(algorithm, key, &vector.message, &vector.signature);
    let by_host = match envoy::argument(algorithm, key, &vector.message, &vector.signature) {
        Ok(argument) => host_verdict(&argument),
        Err(Verdict::Unsupported) => return verdict,
        Err(verdict) => verdict,
    };
    assert_eq!(by_host, verdict, "{}", vector.label);
    verdict
}

/// What a host makes of an argument: it takes the message apart and reads key and signature as DER.
fn host_verdict(argument: &[u8]) -> Verdict {
    let [hash, key, signature, text] = fields(argument);
    let is_valid = match p256::ecdsa::VerifyingKey::from_public_key_der(key) {
        Ok(key) => {
            assert_eq!(hash, b"sha256");
            let signature = p256::ecdsa::DerSignature::try_from(signature);
            signature.is_ok_and(|signature| key.verify(text, &signature).is_ok())
        }
        Err(_) => {
            use rsa::sha2::{Digest as _, Sha256, Sha512};
            let key = rsa::RsaPublicKey::from_public_key_der(key).unwrap();
            let (scheme, digest) = match hash {
                b"sha256" => (rsa::Pkcs1v15Sign::new::<Sha256>(), Sha256::digest(text).to_vec()),
                b"sha512" => (rsa::Pkcs1v15Sign::new::<Sha512>(), Sha512::digest(text).to_vec()),
                other => panic!("{other:?} is no hash of these"),
            };
            key.verify(scheme, &digest, signature).is_ok()
        }
    };
    if is_valid { Verdict::Valid } else { Verdict::Invalid }
}

/// The four fields of the protobuf message, numbered from 1 in this order, each once.
fn fields(mut message: &[u8]) -> [&[u8]; 4] {
    let fields = [1_u8, 2, 3, 4].map(|number| {
        let (key, rest) = message.split_first().unwrap();
        assert_eq!(*key, number << 3 | 2);
        let end = rest.iter().position(|byte| byte & 0x80 == 0).unwrap();
        let (digits, rest) = rest.split_at(end + 1);
        let digits = digits.iter().rev();
        let length = digits.fold(0, |length, digit| length << 7 | usize::from(digit & 0x7f));
        let (field, rest) = rest.split_at(length);
        message = rest;
        field
    });
    assert_eq!(message, b"");
    fields
}

fn rsa_key(vector: &Vector<'_>) -> PublicKey {
    let numbers = &vector.group["publicKey"];
    let numbers = ["modulus", "publicExponent"].map(|name| hex(&numbers[name]));
    PublicKey::rsa(&numbers[0], &numbers[1]).unwrap()
}

fn hex(text: &Value) -> Vec<u8> {
    let digits = text.as_str().unwrap().as_bytes().chunks(2);
    digits.map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}
