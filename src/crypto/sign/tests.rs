use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

use super::*;
use crate::crypto::envoy::KNOWN_RSA;
use crate::crypto::{SignatureVerifier as _, SoftwareVerifier, Verdict};

fn key_on(curve: Curve, secret: &str) -> PrivateKey {
    PrivateKey::ec(curve, Zeroizing::new(hex(secret))).unwrap()
}

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<char> = text.chars().collect();
    let byte = |pair: &[char]| u8::from_str_radix(&pair.iter().collect::<String>(), 16).unwrap();
    digits.chunks(2).map(byte).collect()
}

fn known_rsa_key() -> PrivateKey {
    PrivateKey::parse_pem(KNOWN_RSA).unwrap()
}

/// RFC 6979 A.2.5, A.2.6 and A.2.7, with the hash that JWS has for the curve.
#[test]
fn ecdsa_signatures_are_those_of_rfc_6979() {
    for (curve, secret, signatures) in RFC_6979 {
        let key = key_on(curve, secret);
        for (message, signature) in ["sample", "test"].into_iter().zip(signatures) {
            let made = SoftwareSigner.sign(curve.algorithm(), &key, message.as_bytes());
            assert_eq!(made, Ok(hex(&signature.concat())), "{curve:?} {message}");
        }
    }
}

#[test]
fn the_rsa_signature_is_that_of_rfc_7515_a_2() {
    let vectors: Vec<serde_json::Value> = serde_json::from_str(RFC_7515).unwrap();
    let vector = vectors.iter().find(|vector| vector["source"] == "RFC 7515 A.2").unwrap();
    let (message, signature) = vector["jws"].as_str().unwrap().rsplit_once('.').unwrap();
    let key = known_rsa_key();
    let made = SoftwareSigner.sign(Algorithm::Rs256, &key, message.as_bytes()).unwrap();
    assert_eq!(URL_SAFE_NO_PAD.encode(made), signature);
}

#[test]
fn every_algorithm_of_a_key_signs_what_its_public_half_verifies_and_others_are_refused() {
    let one = |curve: Curve| {
        let secret = [vec![0; curve.coordinate_length() - 1], vec![1]].concat();
        PrivateKey::ec(curve, Zeroizing::new(secret)).unwrap()
    };
    let keys = [
        (known_rsa_key(), &["RS256", "RS384", "RS512"][..]),
        (one(Curve::P256), &["ES256"]),
        (one(Curve::P384), &["ES384"]),
        (one(Curve::P521), &["ES512"]),
    ];
    for (key, fitting) in keys {
        for algorithm in Algorithm::ALL {
            let made = SoftwareSigner.sign(algorithm, &key, b"message");
            if fitting.contains(&algorithm.name()) {
                let public = key.public().unwrap();
                let verdict = |message: &[u8]| {
                    let signature = made.as_ref().unwrap();
                    SoftwareVerifier.verify(algorithm, &public, message, signature)
                };
                assert_eq!(verdict(b"message"), Verdict::Valid, "{algorithm:?}");
                assert_eq!(verdict(b"messagf"), Verdict::Invalid, "{algorithm:?}");
            } else {
                assert_eq!(made, Err(SignError::AlgorithmUnfit), "{algorithm:?}");
            }
        }
    }
}

/// What a fault during the computation, or a key whose parts were mixed up, would give away.
#[test]
fn an_rsa_signature_that_is_wrong_does_not_leave() {
    let base64 = KNOWN_RSA.trim_start_matches("-----BEGIN RSA PRIVATE KEY-----");
    let base64 = base64.trim_end_matches("-----END RSA PRIVATE KEY-----");
    let der = base64::engine::general_purpose::STANDARD.decode(base64).unwrap();
    // In the inverse, and in the exponents for the two primes before it.
    for from_the_end in [0, 160, 290] {
        let mut changed = der.clone();
        let place = changed.len() - 1 - from_the_end;
        changed[place] ^= 1;
        let changed = base64::engine::general_purpose::STANDARD.encode(changed);
        let text = format!("-----BEGIN RSA PRIVATE KEY-----{changed}-----END RSA PRIVATE KEY-----");
        let key = PrivateKey::parse_pem(&text).unwrap();
        let made = SoftwareSigner.sign(Algorithm::Rs256, &key, b"message");
        assert_eq!(made, Err(SignError::KeyUnsound), "{from_the_end} from the end");
    }
}

const RFC_7515: &str = include_str!("../../../tests/fixtures/jose/rfc7515_rfc8037.json");

type Row = (Curve, &'static str, [[&'static str; 2]; 2]);

const RFC_6979: [Row; 3] = [
    (
        Curve::P256,
        "C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721",
        [
            [
                "EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716",
                "F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8",
            ],
            [
                "F1ABB023518351CD71D881567B1EA663ED3EFCF6C5132B354F28D3B0B7D38367",
                "019F4113742A2B14BD25926B49C649155F267E60D3814B4C0CC84250E46F0083",
            ],
        ],
    ),
    (
        Curve::P384,
        "6B9D3DAD2E1B8C1C05B19875B6659F4DE23C3B667BF297BA9AA47740787137D8\
         96D5724E4C70A825F872C9EA60D2EDF5",
        [
            [
                "94EDBB92A5ECB8AAD4736E56C691916B3F88140666CE9FA73D64C4EA95AD133C\
                 81A648152E44ACF96E36DD1E80FABE46",
                "99EF4AEB15F178CEA1FE40DB2603138F130E740A19624526203B6351D0A3A94F\
                 A329C145786E679E7B82C71A38628AC8",
            ],
            [
                "8203B63D3C853E8D77227FB377BCF7B7B772E97892A80F36AB775D509D7A5FEB\
                 0542A7F0812998DA8F1DD3CA3CF023DB",
                "DDD0760448D42D8A43AF45AF836FCE4DE8BE06B485E9B61B827C2F13173923E0\
                 6A739F040649A667BF3B828246BAA5A5",
            ],
        ],
    ),
    (
        Curve::P521,
        "00FAD06DAA62BA3B25D2FB40133DA757205DE67F5BB0018FEE8C86E1B68C7E75\
         CAA896EB32F1F47C70855836A6D16FCC1466F6D8FBEC67DB89EC0C08B0E996B8\
         3538",
        [
            [
                "00C328FAFCBD79DD77850370C46325D987CB525569FB63C5D3BC53950E6D4C5F\
                 174E25A1EE9017B5D450606ADD152B534931D7D4E8455CC91F9B15BF05EC36E3\
                 77FA",
                "00617CCE7CF5064806C467F678D3B4080D6F1CC50AF26CA209417308281B68AF\
                 282623EAA63E5B5C0723D8B8C37FF0777B1A20F8CCB1DCCC43997F1EE0E44DA4\
                 A67A",
            ],
            [
                "013E99020ABF5CEE7525D16B69B229652AB6BDF2AFFCAEF38773B4B7D08725F1\
                 0CDB93482FDCC54EDCEE91ECA4166B2A7C6265EF0CE2BD7051B7CEF945BABD47\
                 EE6D",
                "01FBD0013C674AA79CB39849527916CE301C66EA7CE8B80682786AD60F98F7E7\
                 8A19CA69EFF5C57400E3B3A0AD66CE0978214D13BAF4E9AC60752F7B155E2DE4\
                 DCE3",
            ],
        ],
    ),
];
