use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::*;

const NAMES: [&str; 8] =
    ["rsa1024", "rsa2048", "rsa2056", "rsa3072", "rsa4096", "p256", "p384", "p521"];

fn keys() -> Value {
    let recorded = include_str!("../../../tests/fixtures/idaas/captures.json");
    serde_json::from_str::<Value>(recorded).unwrap()["keys"].take()
}

fn der_of(pem: &str) -> Vec<u8> {
    let lines: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    STANDARD.decode(lines).unwrap()
}

fn pem(label: &str, der: &[u8]) -> String {
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", STANDARD.encode(der))
}

fn error(text: &str) -> Option<PrivateKeyError> {
    PrivateKey::parse_pem(text).err()
}

/// An element of DER with a length in two bytes.
fn element(tag: u8, content: &[&[u8]]) -> Vec<u8> {
    let content = content.concat();
    let length = u16::try_from(content.len()).unwrap().to_be_bytes();
    [&[tag, 0x82], length.as_slice(), &content].concat()
}

#[test]
fn a_key_is_the_same_in_both_encodings_and_has_the_recorded_public_half() {
    let keys = keys();
    for name in NAMES {
        let text = |form: &str| keys[name][form].as_str().unwrap();
        for form in ["pkcs8", "traditional"] {
            let key = PrivateKey::parse_pem(text(form)).unwrap();
            assert_eq!(key.public_der(), der_of(text("public")), "{name} {form}");
            // What is handed to the host is the same key again.
            let again = PrivateKey::parse_pem(&pem("PRIVATE KEY", &key.pkcs8_der())).unwrap();
            assert_eq!(again.public_der(), key.public_der(), "{name} {form}");
            assert_eq!(key.is_short(), name == "rsa1024", "{name}");
            let public = key.public().map(|public| public.spki_der().to_vec());
            assert_eq!(public, (!key.is_short()).then(|| key.public_der()), "{name}");
            assert_eq!(format!("{key:?}"), "<private key>");
        }
    }
    let rsa = PrivateKey::parse_pem(keys["rsa2048"]["traditional"].as_str().unwrap()).unwrap();
    assert_eq!(*rsa.pkcs8_der(), der_of(keys["rsa2048"]["pkcs8"].as_str().unwrap()));
}

#[test]
fn the_size_or_the_curve_chooses_the_algorithm() {
    let keys = keys();
    let expected =
        ["RS256", "RS256", "RS384", "RS384", "RS512", "ES256", "ES384", "ES512"].into_iter();
    for (name, expected) in NAMES.into_iter().zip(expected) {
        let key = PrivateKey::parse_pem(keys[name]["pkcs8"].as_str().unwrap()).unwrap();
        assert_eq!(key.default_algorithm().name(), expected, "{name}");
        assert!(key.algorithm_fits(key.default_algorithm()));
        assert!(!key.algorithm_fits(Algorithm::Ps256) && !key.algorithm_fits(Algorithm::Hs256));
    }
}

#[test]
fn line_breaks_may_be_missing_blank_or_written_out() {
    let keys = keys();
    for name in NAMES {
        for form in ["pkcs8", "traditional"] {
            let text = keys[name][form].as_str().unwrap();
            let expected = PrivateKey::parse_pem(text).unwrap().public_der();
            for other in [
                text.replace('\n', ""),
                text.replace('\n', " "),
                text.replace('\n', "\r\n"),
                text.replace('\n', "\\n"),
                text.replace('\n', "\\r\\n"),
                format!(" \t\r\n{text}\n\n "),
                format!("\\n{text}\\n"),
            ] {
                let key = PrivateKey::parse_pem(&other).unwrap();
                assert_eq!(key.public_der(), expected, "{name} {form}");
            }
        }
    }
}

#[test]
fn what_is_wrong_with_a_text_is_said() {
    let keys = keys();
    let pkcs8 = keys["rsa2048"]["pkcs8"].as_str().unwrap();
    let relabelled = |label: &str| pkcs8.replace("PRIVATE KEY", label);
    let without_end = pkcs8.split_once("-----END").unwrap().0;
    let half = pkcs8.chars().take(900).collect::<String>();
    let encrypted = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: X\n\n\
        AAAA\n-----END RSA PRIVATE KEY-----";
    let rows = [
        (String::new(), PrivateKeyError::Empty),
        (" \n\\n\t".to_owned(), PrivateKeyError::Empty),
        (STANDARD.encode(der_of(pkcs8)), PrivateKeyError::NoLabel),
        ("-----BEGIN PRIVATE KEY".to_owned(), PrivateKeyError::NoLabel),
        (format!("key: {pkcs8}"), PrivateKeyError::NoLabel),
        (without_end.to_owned(), PrivateKeyError::NoEnd),
        (half, PrivateKeyError::NoEnd),
        (pkcs8.replace("END PRIVATE", "END RSA PRIVATE"), PrivateKeyError::NoEnd),
        (pkcs8.replace("KEY-----\n", "KEY----\n"), PrivateKeyError::Label),
        (relabelled("ENCRYPTED PRIVATE KEY"), PrivateKeyError::Encrypted),
        (encrypted.to_owned(), PrivateKeyError::Encrypted),
        (relabelled("CERTIFICATE"), PrivateKeyError::Certificate),
        (relabelled("PUBLIC KEY"), PrivateKeyError::Public),
        (relabelled("DSA PRIVATE KEY"), PrivateKeyError::Dsa),
        (relabelled("OPENSSH PRIVATE KEY"), PrivateKeyError::Label),
        (relabelled("RSA PRIVATE KEY"), PrivateKeyError::Structure),
        (relabelled("EC PRIVATE KEY"), PrivateKeyError::Structure),
        (pkcs8.replace("MII", "MI"), PrivateKeyError::NotBase64),
        (pkcs8.replace("MII", "M*I"), PrivateKeyError::NotBase64),
        (pkcs8.replace("MII", "Mü"), PrivateKeyError::NotBase64),
        (format!("{pkcs8}{pkcs8}"), PrivateKeyError::TextAfter),
        (format!("{pkcs8}x"), PrivateKeyError::TextAfter),
        (keys["secp256k1"]["pkcs8"].as_str().unwrap().to_owned(), PrivateKeyError::CurveSecp256k1),
        (
            keys["secp256k1"]["traditional"].as_str().unwrap().to_owned(),
            PrivateKeyError::CurveSecp256k1,
        ),
        (keys["ed25519"]["pkcs8"].as_str().unwrap().to_owned(), PrivateKeyError::Ed25519),
    ];
    for (text, expected) in rows {
        assert_eq!(error(&text), Some(expected));
    }
}

#[test]
fn pkcs8_of_other_kinds_is_told_by_its_algorithm() {
    let with = |algorithm: &[u8]| {
        let algorithm = element(0x30, &[algorithm]);
        let info = element(0x30, &[&[2, 1, 0], &algorithm, &[4, 1, 0]]);
        error(&pem("PRIVATE KEY", &info))
    };
    // DSA, X25519, RSASSA-PSS, P-224 (secp224r1), Ed25519.
    let dsa = [6, 7, 0x2a, 0x86, 0x48, 0xce, 0x38, 4, 1];
    let pss = [6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 10];
    assert_eq!(with(&dsa), Some(PrivateKeyError::Dsa));
    assert_eq!(with(&[6, 3, 0x2b, 0x65, 0x6e]), Some(PrivateKeyError::Type));
    assert_eq!(with(&pss), Some(PrivateKeyError::Type));
    assert_eq!(with(&[6, 3, 0x2b, 0x65, 0x70]), Some(PrivateKeyError::Ed25519));
    let key = [0x30, 6, 2, 1, 1, 4, 1, 7];
    let on = |curve: &[u8]| {
        let algorithm = element(0x30, &[&[6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1], curve]);
        let info = element(0x30, &[&[2, 1, 0], &algorithm, &element(4, &[&key])]);
        error(&pem("PRIVATE KEY", &info))
    };
    assert_eq!(on(&[6, 5, 0x2b, 0x81, 4, 0, 0x21]), Some(PrivateKeyError::Curve));
    assert_eq!(on(&[0x30, 0]), Some(PrivateKeyError::Curve));
    assert_eq!(on(&[6, 5, 0x2b, 0x81, 4, 0, 0x22]), None);
}

#[test]
fn numbers_of_a_curve_are_from_1_and_below_its_order() {
    let order = [
        [0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
        [
            0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63,
            0x25, 0x51,
        ],
    ]
    .concat();
    let below = [&order[..31], &[0x50]].concat();
    let sec1 = |secret: &[u8]| {
        let secret = element(4, &[secret]);
        let curve = [0xa0, 10, 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7];
        error(&pem("EC PRIVATE KEY", &element(0x30, &[&[2, 1, 1], &secret, &curve])))
    };
    let unsound = Some(PrivateKeyError::NumberUnsound);
    assert_eq!(sec1(&[]), unsound);
    assert_eq!(sec1(&[0; 32]), unsound);
    assert_eq!(sec1(&[1]), None);
    assert_eq!(sec1(&[[0; 8].as_slice(), &[1; 32]].concat()), None);
    assert_eq!(sec1(&below), None);
    assert_eq!(sec1(&order), unsound);
    assert_eq!(sec1(&[1; 33]), unsound);
    let nameless = element(0x30, &[&[2, 1, 1], &element(4, &[&[1]])]);
    assert_eq!(error(&pem("EC PRIVATE KEY", &nameless)), Some(PrivateKeyError::Structure));
}

#[test]
fn ec_parameters_may_stand_before_their_key() {
    let keys = keys();
    let parameters =
        "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n";
    let key = keys["p256"]["traditional"].as_str().unwrap();
    for text in [format!("{parameters}{key}"), format!("{parameters}{key}").replace('\n', "\\n")] {
        let read = PrivateKey::parse_pem(&text).unwrap();
        assert_eq!(read.public_der(), der_of(keys["p256"]["public"].as_str().unwrap()));
    }
    assert_eq!(error(parameters), Some(PrivateKeyError::NoLabel));
}

#[test]
fn rsa_keys_have_1024_to_4096_bits_and_two_primes_that_make_the_modulus() {
    let integer = |number: &[u8]| element(2, &[&[0], number]);
    let key = |version: u8, modulus: &[u8], exponent: &[u8], p: &[u8], q: &[u8]| {
        let numbers = [modulus, exponent, &[1], p, q, &[1], &[1], &[1]].map(integer).concat();
        error(&pem("RSA PRIVATE KEY", &element(0x30, &[&[2, 1, version], &numbers])))
    };
    // (2^512 - 1)^2 = 2^1024 - 2^513 + 1.
    let p = [0xff; 64];
    let product = [[0xff; 63].as_slice(), &[0xfe], &[0; 63], &[1]].concat();
    assert_eq!(key(0, &product, &[3], &p, &p), None);
    assert_eq!(key(1, &product, &[3], &p, &p), Some(PrivateKeyError::RsaPrimes));
    let unsound = Some(PrivateKeyError::NumberUnsound);
    assert_eq!(key(0, &product, &[1], &p, &p), unsound);
    assert_eq!(key(0, &product, &[4], &p, &p), unsound);
    assert_eq!(key(0, &[0xff; 128], &[3], &p, &p), unsound);
    assert_eq!(key(0, &product, &[3], &p, &[0xff; 63]), unsound);
    assert_eq!(key(0, &product, &[3], &[], &p), unsound);
    for (modulus, bits) in [(vec![0x7f; 128], 1023), (vec![1; 513], 4097), (vec![], 0)] {
        let expected = Some(PrivateKeyError::RsaSize { bits });
        assert_eq!(key(0, &modulus, &[3], &p, &p), expected);
    }
    for (modulus, bits) in [(vec![0xff; 128], 1024), (vec![0xff; 512], 4096)] {
        assert_eq!(key(0, &modulus, &[3], &p, &p), unsound, "{bits} bits are allowed");
    }
}

/// Whatever is cut off or changed: an error, or another key that is sound; never a panic.
#[test]
fn der_that_is_cut_off_or_changed_is_refused_or_another_sound_key() {
    let keys = keys();
    for (name, form, label) in [
        ("rsa1024", "pkcs8", "PRIVATE KEY"),
        ("rsa1024", "traditional", "RSA PRIVATE KEY"),
        ("p256", "pkcs8", "PRIVATE KEY"),
        ("p256", "traditional", "EC PRIVATE KEY"),
    ] {
        let der = der_of(keys[name][form].as_str().unwrap());
        for length in 0..der.len() {
            let refused = error(&pem(label, &der[..length]));
            assert_eq!(refused, Some(PrivateKeyError::Structure), "{name} {form} {length}");
        }
        assert_eq!(
            error(&pem(label, &[&der, [0].as_slice()].concat())),
            Some(PrivateKeyError::Structure)
        );
        for place in 0..der.len() {
            let mut changed = der.clone();
            changed[place] ^= 0x20;
            if let Ok(key) = PrivateKey::parse_pem(&pem(label, &changed)) {
                assert!(key.algorithm_fits(key.default_algorithm()));
            }
        }
    }
}

#[test]
fn errors_say_what_to_do_and_quote_nothing() {
    let rows = [
        (PrivateKeyError::Encrypted, "it is encrypted: decrypt it first (`openssl pkey`)"),
        (
            PrivateKeyError::RsaSize { bits: 512 },
            "it is an RSA key of `512` bits, not 1024 to 4096",
        ),
        (
            PrivateKeyError::NoLabel,
            "it does not begin with a label such as `-----BEGIN PRIVATE KEY-----`",
        ),
    ];
    for (error, expected) in rows {
        assert_eq!(error.to_string(), expected);
    }
}
