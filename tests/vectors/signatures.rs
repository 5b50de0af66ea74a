//! The vectors of Wycheproof for signatures without a token around them.

use serde_json::Value;
use tenantgate::crypto::{Algorithm, Verdict};

use super::question::{self, bytes};

/// The vectors of one file, and how many of them are accepted and refused.
pub struct File {
    pub name: &'static str,
    pub algorithm: Algorithm,
    pub accepted: usize,
    pub refused: usize,
    text: &'static str,
}

/// One vector.
pub struct Vector {
    pub label: String,
    pub question: question::Signature,
    /// The key as DER; empty for a secret.
    pub spki: Vec<u8>,
    /// By any verifier that computes it.
    pub expected: Verdict,
}

impl Vector {
    /// By the Rust code, which leaves RSA keys over 4,096 bits to the host, unless the length of the
    /// signature alone refuses it.
    pub fn expected_of_software(&self) -> Verdict {
        let size = self.question.key.first().map(|part| bytes(part).len()).unwrap();
        let is_too_large = size > 4096 / 8 + 1;
        if is_too_large && bytes(&self.question.signature).len() == 8192 / 8 {
            Verdict::Unsupported
        } else {
            self.expected
        }
    }
}

impl File {
    pub fn vectors(&self) -> Vec<Vector> {
        let file: Value = serde_json::from_str(self.text).unwrap();
        let mut vectors = Vec::new();
        for group in file["testGroups"].as_array().unwrap() {
            for test in group["tests"].as_array().unwrap() {
                vectors.push(self.vector(group, test));
            }
        }
        vectors
    }

    fn vector(&self, group: &Value, test: &Value) -> Vector {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let label = format!("{} {} {}", self.name, test["tcId"], test["comment"]);
        let numbers = &group["publicKey"];
        let (key, signature) = match self.algorithm {
            Algorithm::EdDsa => (vec![text(&numbers["pk"])], &test["sig"]),
            Algorithm::Es256 | Algorithm::Es384 | Algorithm::Es512 => {
                let point = text(&numbers["uncompressed"]);
                // The first byte says that both coordinates follow.
                let (x, y) = point.strip_prefix("04").unwrap().split_at(point.len() / 2 - 1);
                (vec![x.to_owned(), y.to_owned()], &test["sig"])
            }
            Algorithm::Hs256 | Algorithm::Hs384 | Algorithm::Hs512 => {
                (vec![text(&test["key"])], &test["tag"])
            }
            Algorithm::Ps256
            | Algorithm::Ps384
            | Algorithm::Ps512
            | Algorithm::Rs256
            | Algorithm::Rs384
            | Algorithm::Rs512 => (
                ["modulus", "publicExponent"].map(|name| text(&numbers[name])).into(),
                &test["sig"],
            ),
        };
        // One of each file for PKCS #1 is `acceptable` (the NULL of the hash's name is missing) and
        // refused here: RFC 8017 §8.2.2 compares with the one right encoding. An HMAC is right whole,
        // and by a secret that is as long as the hash (RFC 7518 §3.2).
        let is_right = match test["result"].as_str().unwrap() {
            "valid" => true,
            "invalid" | "acceptable" => false,
            other => panic!("{label} is {other}"),
        };
        let is_full = self.algorithm.secret_length().is_none_or(|length| {
            let size = |name: &str| group[name].as_u64().unwrap() as usize;
            size("keySize") >= length * 8 && size("tagSize") == length * 8
        });
        Vector {
            label,
            question: question::Signature {
                algorithm: self.algorithm.name().to_owned(),
                key,
                message: text(&test["msg"]),
                signature: text(signature),
            },
            spki: group["publicKeyDer"].as_str().map(bytes).unwrap_or_default(),
            expected: if is_right && is_full { Verdict::Valid } else { Verdict::Invalid },
        }
    }
}

macro_rules! files {
    ($($name:literal $algorithm:ident $accepted:literal $refused:literal;)*) => {
        [$(File {
            name: $name,
            algorithm: Algorithm::$algorithm,
            accepted: $accepted,
            refused: $refused,
            text: include_str!(concat!("../fixtures/wycheproof/", $name, "_test.json")),
        }),*]
    };
}

/// At least one for each algorithm.
pub const FILES: [File; 17] = files! {
    "ecdsa_secp256r1_sha256_p1363" Es256 173 89;
    "ecdsa_secp384r1_sha384_p1363" Es384 193 87;
    "ecdsa_secp521r1_sha512_p1363" Es512 231 87;
    "ed25519" EdDsa 88 63;
    "hmac_sha256" Hs256 30 144;
    "hmac_sha384" Hs384 30 144;
    "hmac_sha512" Hs512 30 144;
    "rsa_pss_2048_sha256_mgf1_32" Ps256 63 45;
    "rsa_pss_2048_sha384_mgf1_48" Ps384 95 46;
    "rsa_pss_4096_sha384_mgf1_48" Ps384 95 46;
    "rsa_pss_4096_sha512_mgf1_64" Ps512 132 47;
    "rsa_signature_2048_sha256" Rs256 9 250;
    "rsa_signature_2048_sha384" Rs384 7 251;
    "rsa_signature_2048_sha512" Rs512 8 251;
    "rsa_signature_3072_sha256" Rs256 8 251;
    "rsa_signature_4096_sha512" Rs512 7 252;
    "rsa_signature_8192_sha256" Rs256 7 251;
};
