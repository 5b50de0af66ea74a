use std::cell::RefCell;

use super::*;

thread_local! {
    /// The names of the hashes that the host of this test was asked for, with the keys.
    static ASKED: RefCell<Vec<(Vec<u8>, Vec<u8>)>> = const { RefCell::new(Vec::new()) };
}

/// The three fields of an argument.
fn fields(mut argument: &[u8]) -> [Vec<u8>; 3] {
    let mut next = |number: u8| {
        let (&key, rest) = argument.split_first().unwrap();
        assert_eq!(key, number << 3 | 2);
        let digits = rest.iter().take_while(|byte| **byte & 0x80 != 0).count() + 1;
        let length = rest[..digits]
            .iter()
            .rev()
            .fold(0, |length, digit| length << 7 | usize::from(digit & 0x7f));
        let field = rest[digits..digits + length].to_vec();
        argument = &rest[digits + length..];
        field
    };
    let fields = [next(1), next(2), next(3)];
    assert!(argument.is_empty());
    fields
}

/// A host that signs as BoringSSL does: by PKCS#8, and ECDSA as DER.
fn boring(argument: &[u8]) -> Option<Vec<u8>> {
    use base64::Engine as _;
    let [hash, key, text] = fields(argument);
    ASKED.with_borrow_mut(|asked| asked.push((hash.clone(), key.clone())));
    let base64 = base64::engine::general_purpose::STANDARD.encode(&key);
    let pem = format!("-----BEGIN PRIVATE KEY-----{base64}-----END PRIVATE KEY-----");
    let key = PrivateKey::parse_pem(&pem).unwrap();
    let algorithm = OF_HOSTS
        .into_iter()
        .find(|one| hash_function(*one) == Some(&hash) && key.algorithm_fits(*one))?;
    let signature = SoftwareSigner.sign(algorithm, &key, &text).unwrap();
    Some(match key.numbers() {
        Numbers::Ec { curve, .. } => {
            answer(&crate::crypto::der::ecdsa_signature(&signature, *curve).unwrap())
        }
        Numbers::Rsa(_) => answer(&signature),
    })
}

/// A host that signs the known message only, and refuses all else.
fn forgetful(argument: &[u8]) -> Option<Vec<u8>> {
    let [_, _, text] = fields(argument);
    if text == b"tenantgate" { boring(argument) } else { Some(b"\x1a\x03no!".to_vec()) }
}

fn absent(_: &[u8]) -> Option<Vec<u8>> {
    None
}

fn answer(signature: &[u8]) -> Vec<u8> {
    let mut answer = vec![8, 1];
    push_field(&mut answer, SIGNATURE, signature);
    answer
}

fn known() -> impl Iterator<Item = (Algorithm, PrivateKey)> {
    OF_HOSTS.into_iter().map(|algorithm| (algorithm, known_key(algorithm).unwrap()))
}

#[test]
fn a_host_that_signs_right_signs_each_algorithm_after_one_trial() {
    let signer = HostSigner::new(boring);
    for (algorithm, key) in known() {
        ASKED.with_borrow_mut(Vec::clear);
        assert_eq!(signer.known(algorithm), None, "{algorithm:?}");
        for _ in 0..2 {
            let signature = signer.sign(algorithm, &key, b"message").unwrap();
            let expected = SoftwareSigner.sign(algorithm, &key, b"message").unwrap();
            assert_eq!(signature, expected, "{algorithm:?}");
        }
        assert_eq!(signer.known(algorithm), Some(SignedBy::Host), "{algorithm:?}");
        assert_eq!(ASKED.with_borrow(Vec::len), 3, "{algorithm:?}");
    }
}

#[test]
fn the_argument_is_a_protobuf_message_of_hash_key_and_text() {
    for ((algorithm, key), hash) in
        known().zip(["sha256", "sha384", "sha512", "sha256", "sha384", "sha512"])
    {
        let argument = argument(algorithm, &key, b"text").unwrap();
        let expected = [hash.as_bytes(), &key.pkcs8_der(), b"text"].map(<[u8]>::to_vec);
        assert_eq!(fields(&argument), expected, "{algorithm:?}");
    }
}

#[test]
fn a_host_without_the_function_or_with_a_wrong_one_never_sees_a_key_of_ours() {
    fn says_no(argument: &[u8]) -> Option<Vec<u8>> {
        boring(argument).map(|_| b"\x1a\x02no".to_vec())
    }
    fn says_yes(argument: &[u8]) -> Option<Vec<u8>> {
        boring(argument).map(|_| vec![8, 1])
    }
    fn signs_another_text(argument: &[u8]) -> Option<Vec<u8>> {
        let mut argument = argument.to_vec();
        *argument.last_mut().unwrap() ^= 1;
        boring(&argument)
    }
    fn signs_by_raw_numbers(argument: &[u8]) -> Option<Vec<u8>> {
        boring(argument).map(|_| answer(&[1; 64]))
    }
    let hosts: [ForeignFunction; 5] =
        [absent, says_no, says_yes, signs_another_text, signs_by_raw_numbers];
    for call in hosts {
        let signer = HostSigner::new(call);
        // Two stand for the rest: each signature takes long without optimisation.
        for algorithm in [Algorithm::Es256, Algorithm::Rs256] {
            ASKED.with_borrow_mut(Vec::clear);
            let ours = ours(algorithm);
            let signature = signer.sign(algorithm, &ours, b"message");
            assert_eq!(signature, SoftwareSigner.sign(algorithm, &ours, b"message"));
            assert_eq!(signer.known(algorithm), Some(SignedBy::Rust), "{algorithm:?}");
            let seen =
                ASKED.with_borrow(|asked| asked.iter().any(|(_, key)| *key == *ours.pkcs8_der()));
            assert!(!seen, "{algorithm:?}");
        }
    }
}

#[test]
fn what_a_reliable_host_refuses_to_sign_is_signed_in_rust() {
    let signer = HostSigner::new(forgetful);
    for (algorithm, _) in known() {
        let ours = ours(algorithm);
        let signature = signer.sign(algorithm, &ours, b"message");
        assert_eq!(signature, SoftwareSigner.sign(algorithm, &ours, b"message"));
        assert_eq!(signer.known(algorithm), Some(SignedBy::Host), "{algorithm:?}");
    }
}

#[test]
fn an_algorithm_that_does_not_fit_the_key_is_refused_before_the_host_is_asked() {
    let signer = HostSigner::new(boring);
    ASKED.with_borrow_mut(Vec::clear);
    for (algorithm, key) in known() {
        for other in Algorithm::ALL.into_iter().filter(|other| !key.algorithm_fits(*other)) {
            let refused = signer.sign(other, &key, b"message");
            assert_eq!(refused, Err(SignError::AlgorithmUnfit), "{algorithm:?} {other:?}");
        }
    }
    assert_eq!(ASKED.with_borrow(Vec::len), 0);
    assert_eq!(signer.find_out(Algorithm::Hs256), SignedBy::Rust);
    assert_eq!(signer.find_out(Algorithm::Ps256), SignedBy::Rust);
}

#[test]
fn only_a_true_result_with_exactly_one_signature_is_an_answer() {
    for length in [0, 1, 0x7f, 0x80, 256, 512, 0x3fff] {
        let signature = vec![7; length];
        assert_eq!(answered(&answer(&signature)), Some(signature.as_slice()), "{length}");
    }
    let whole = answer(&[7; 200]);
    for length in 0..whole.len() {
        assert_eq!(answered(&whole[..length]), None, "{length}");
    }
    let others: [&[u8]; 5] = [
        b"\x08\x00\x12\x01s",
        b"\x08\x01\x12\x01ss",
        b"\x08\x01\x12\x01s\x1a\x01e",
        b"\x08\x01\x1a\x01e",
        b"\x12\x01s\x08\x01",
    ];
    for other in others {
        assert_eq!(answered(other), None, "{other:?}");
    }
}

/// A key that is not the known one.
fn ours(algorithm: Algorithm) -> PrivateKey {
    let recorded = include_str!("../../../../tests/fixtures/idaas/captures.json");
    let recorded: serde_json::Value = serde_json::from_str(recorded).unwrap();
    let names = ["p256", "p384", "p521", "rsa1024", "rsa1024", "rsa1024"];
    let place = OF_HOSTS.iter().position(|one| *one == algorithm).unwrap();
    let name = names[place];
    PrivateKey::parse_pem(recorded["keys"][name]["pkcs8"].as_str().unwrap()).unwrap()
}
