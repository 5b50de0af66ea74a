use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::*;
use crate::crypto::PrivateKey;
use crate::message::Endpoint;
use crate::technical_token::preparation::MOMENT;
use crate::time::Timestamp;

/// That of P-256 whose number is 1.
const KEY: &str = "-----BEGIN PRIVATE KEY-----MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAGhRANCAARrF9Hy4SxCR/i85uVjpEDydwN9gS3rM6D0oTlF2JjClk/jQuL+Gn+bjufrSnwPnhYrzjNXazFezsu2QGg3v1H1-----END PRIVATE KEY-----";

fn source(path: &str, form: SecretForm) -> SecretSource {
    SecretSource {
        endpoint: Endpoint {
            cluster: Arc::from("files"),
            scheme: "http",
            authority: Arc::from("files"),
            path: Arc::from(path),
        },
        timeout: Duration::from_secs(1),
        refresh: Duration::from_secs(60),
        form,
    }
}

fn signing(key: KeyPlace) -> Client {
    let assertion = SignedAssertion {
        audience: "https://id.example/token".into(),
        life: Duration::from_secs(60),
        kid: Some("k".into()),
        x5t_s256: None,
        key,
    };
    Client::Signing { id: Arc::from("a:b"), assertion }
}

fn known() -> KeyPlace {
    let key = PrivateKey::parse_pem(KEY).unwrap();
    KeyPlace::Known(AssertionKey::private(Arc::new(key), None).unwrap())
}

fn shared(secret: &str) -> KeyPlace {
    let secret = SharedSecret::new(secret.as_bytes().to_vec());
    KeyPlace::Known(AssertionKey::secret(secret, None).unwrap())
}

fn federated(path: &str) -> Client {
    Client::Federated { id: Arc::from("a:b"), assertion: source(path, SecretForm::Assertion) }
}

/// The form after `x=y`.
fn body(client: &Client, read: &str) -> Result<String, CallError> {
    let mut body = b"x=y".to_vec();
    let value = Secret::new(read.as_bytes().to_vec());
    let read = [Reading { value, until: Timestamp::default() }];
    assert!(client.prove(&mut body, &read, &MOMENT)?.is_none());
    Ok(String::from_utf8(body).unwrap())
}

/// Header and claims of the assertion in a form.
fn said(body: &str) -> (Value, Value) {
    let (_, assertion) = body.split_once("&client_assertion=").unwrap();
    let part = |part: &str| serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap();
    let mut parts = assertion.split('.');
    (part(parts.next().unwrap()), part(parts.next().unwrap()))
}

const TYPE: &str = "x=y&client_id=a%3Ab&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer&client_assertion=";

#[test]
fn a_certificate_takes_the_id_alone_and_an_assertion_of_somebody_else_goes_as_it_stands() {
    let certificate = Client::Certificate(Arc::from("a:b"));
    assert_eq!(body(&certificate, "").as_deref(), Ok("x=y&client_id=a%3Ab"));
    assert_eq!(body(&federated("/a"), "e30.e30.x-_").unwrap(), format!("{TYPE}e30.e30.x-_"));
}

#[test]
fn an_assertion_says_who_the_client_is_to_whom_and_for_how_long() {
    for (key, algorithm) in [(known(), "ES256"), (shared("s3cr3t"), "HS256")] {
        let body = body(&signing(key), "").unwrap();
        assert!(body.starts_with(TYPE) && !body.contains("s3cr3t"), "{body}");
        let (header, claims) = said(&body);
        assert_eq!(header, json!({"alg": algorithm, "typ": "JWT", "kid": "k"}));
        let expected = json!({
            "aud": "https://id.example/token", "sub": "a:b", "iss": "a:b",
            "jti": "00000000-0000-4000-8000-000000000000", "iat": 0, "exp": 60,
        });
        assert_eq!(claims, expected);
    }
}

#[test]
fn a_key_that_was_read_signs_by_an_algorithm_that_fits_or_not_at_all() {
    let unfit = Err(CallError::Unsigned(SignError::AlgorithmUnfit));
    for (form, text, algorithm, expected) in [
        (SecretForm::PrivateKey, KEY, None, Ok("ES256")),
        (SecretForm::PrivateKey, KEY, Some(Algorithm::Es256), Ok("ES256")),
        (SecretForm::PrivateKey, KEY, Some(Algorithm::Rs256), unfit),
        (SecretForm::PrivateKey, "", None, unfit),
        (SecretForm::Text, "s3cr3t", None, Ok("HS256")),
        (SecretForm::Text, "s3cr3t", Some(Algorithm::Hs384), Ok("HS384")),
        (SecretForm::Text, "s3cr3t", Some(Algorithm::Es256), unfit),
    ] {
        let client = signing(KeyPlace::Read(source("/a", form), algorithm));
        let made = body(&client, text).map(|body| said(&body).0["alg"].clone());
        assert_eq!(made, expected.map(Value::from), "{form:?} {algorithm:?}");
    }
}

#[test]
fn what_was_not_read_proves_nothing() {
    let file = KeyPlace::Read(source("/a", SecretForm::PrivateKey), None);
    for client in [federated("/a"), signing(file)] {
        assert!(client.preparation().is_some());
        let made = client.prove(&mut Vec::new(), &[], &MOMENT);
        assert_eq!(made.err(), Some(CallError::Unprepared));
    }
    assert!(signing(known()).preparation().is_none());
}

#[test]
fn a_digest_changes_with_the_key_or_its_place() {
    let key = |path| signing(KeyPlace::Read(source(path, SecretForm::PrivateKey), None));
    let said = |change: fn(&mut SignedAssertion)| {
        let mut client = signing(known());
        if let Client::Signing { assertion, .. } = &mut client {
            change(assertion);
        }
        client
    };
    let clients = [
        Client::Certificate(Arc::from("a:b")),
        federated("/a"),
        federated("/b"),
        signing(known()),
        signing(shared("a")),
        signing(shared("hunter2")),
        said(|own| own.audience = Box::from("other")),
        said(|own| own.kid = Some(Box::from("other"))),
        said(|own| own.x5t_s256 = Some([1; 32])),
        signing(KeyPlace::Read(source("/c", SecretForm::PrivateKey), Some(Algorithm::Es256))),
        key("/c"),
        key("/d"),
    ];
    let mut digests: Vec<_> = clients.iter().map(Client::digest).collect();
    assert_eq!(digests, clients.iter().map(Client::digest).collect::<Vec<_>>());
    digests.sort_unstable();
    digests.dedup();
    assert_eq!(digests.len(), clients.len());
    let shown = format!("{clients:?}");
    assert!(!shown.contains("MIGH") && !shown.contains("hunter2"), "{shown}");
}

#[test]
fn without_randomness_no_assertion_is_made_and_whatever_needs_none_goes_on() {
    let moment = Moment { random: None, ..MOMENT };
    let made = signing(known()).prove(&mut Vec::new(), &[], &moment);
    assert_eq!(made.err(), Some(CallError::Randomless));
    let certificate = Client::Certificate(Arc::from("a:b"));
    assert!(certificate.prove(&mut Vec::new(), &[], &moment).is_ok());
}

#[test]
fn only_a_private_key_may_take_long_to_sign() {
    let file = |form, algorithm| signing(KeyPlace::Read(source("/a", form), algorithm));
    let rows = [
        (Client::Certificate(Arc::from("a")), None),
        (federated("/a"), None),
        (signing(shared("a")), None),
        (signing(known()), Some(Algorithm::Es256)),
        (file(SecretForm::Text, None), None),
        (file(SecretForm::PrivateKey, None), Some(Algorithm::Rs256)),
        (file(SecretForm::PrivateKey, Some(Algorithm::Es256)), Some(Algorithm::Es256)),
    ];
    for (client, expected) in rows {
        assert_eq!(client.signs_by(), expected, "{client:?}");
    }
}
