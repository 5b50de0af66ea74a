//! Signed calls that are wrong in one thing.

use super::super::super::signing_key::random_hex;
use super::super::acs3::SignatureError;
use super::super::control::Clock;
use super::super::endpoint::Endpoint;
use super::super::refusal::{FieldError, Refusal};
use super::recorded::Recorded;

const NONCE: &str = "x-acs-signature-nonce";

/// All recorded calls of the OpenAPI.
fn calls() -> Vec<Recorded> {
    let all = Recorded::all(&super::provider()).into_iter().flatten();
    let calls: Vec<_> = all.filter(|request| request.rest["acs3"].is_object()).collect();
    assert_eq!(calls.len(), 15);
    calls
}

#[test]
fn a_call_with_one_byte_changed_is_refused() {
    let mut changed = 0;
    for call in calls() {
        let (_, query) = call.target.split_once('?').unwrap();
        let provider = super::provider();
        call.set_the_stage(&provider);
        let names: Vec<_> =
            form_urlencoded::parse(query.as_bytes()).map(|(name, _)| name.into_owned()).collect();
        for name in names {
            call.clone()
                .with_query(&name, Some("other"))
                .is_refused_by(&provider, &SignatureError::Mismatch.into());
            call.clone()
                .with_query(&name, None)
                .is_refused_by(&provider, &SignatureError::Mismatch.into());
            changed += 2;
        }
        for (name, value) in &call.fields {
            let touched = call.clone().with_field(name, &format!("{value}x"));
            let refusal = match name.to_ascii_lowercase().as_str() {
                "accept"
                | "user-agent"
                | "x-acs-action"
                | "x-acs-credentials-provider"
                | "x-acs-signature-nonce"
                | "x-acs-version"
                | "authorization" => SignatureError::Mismatch.into(),
                "x-acs-date" => SignatureError::Date.into(),
                "x-acs-content-sha256" => SignatureError::Body.into(),
                "x-acs-accesskey-id" => SignatureError::KeyId.into(),
                "x-acs-security-token" => SignatureError::SecurityToken.into(),
                "host" => Refusal::Host,
                // It is not signed: proxies change it.
                "accept-encoding" => continue,
                name => panic!("{name}"),
            };
            touched.is_refused_by(&provider, &refusal);
            changed += 1;
        }
        let (signed, signature) =
            call.field("authorization").unwrap().split_once("Signature=").unwrap();
        let zeros = format!("{signed}Signature={}", "0".repeat(signature.len()));
        call.clone()
            .with_field("authorization", &zeros)
            .is_refused_by(&provider, &SignatureError::Mismatch.into());
        Recorded { method: "GET".to_owned(), ..call.clone() }
            .is_refused_by(&provider, &Refusal::Path);
        Recorded { body: "x".to_owned(), ..call.clone() }
            .is_refused_by(&provider, &SignatureError::Body.into());
        Recorded { target: call.target.replace("/?", "/x?"), ..call.clone() }
            .is_refused_by(&provider, &Refusal::Path);
    }
    assert_eq!(changed, 290);
}

#[test]
fn host_and_every_field_of_the_vendor_is_signed_once() {
    for call in calls() {
        let provider = super::provider();
        call.set_the_stage(&provider);
        let unsigned = |name: &str| SignatureError::Unsigned(name.to_owned()).into();
        call.clone()
            .with_field("x-acs-other", "1")
            .is_refused_by(&provider, &unsigned("x-acs-other"));
        let authorization = call.field("authorization").unwrap().to_owned();
        for name in ["host", "x-acs-date", "x-acs-signature-nonce", "x-acs-action"] {
            let without = authorization.replace(&format!(";{name};"), ";");
            assert_ne!(without, authorization);
            call.clone()
                .with_field("authorization", &without)
                .is_refused_by(&provider, &unsigned(name));
        }
        let turned = authorization.replace("accept;host", "host;accept");
        call.clone()
            .with_field("authorization", &turned)
            .is_refused_by(&provider, &SignatureError::Names.into());
        let missing = authorization.replace("accept;", "accept;accept-charset;");
        let refusal = SignatureError::Missing("accept-charset".to_owned()).into();
        call.clone().with_field("authorization", &missing).is_refused_by(&provider, &refusal);
        for text in [
            "ACS3-HMAC-SHA256",
            "ACS4",
            &authorization.replace(',', ", "),
            "ACS3-HMAC-SHA256 Credential=a",
        ] {
            let malformed = SignatureError::Malformed.into();
            call.clone().with_field("authorization", text).is_refused_by(&provider, &malformed);
        }
        let mut twice = call.clone();
        twice.fields.push(("X-Acs-Version".to_owned(), "2021-12-01".to_owned()));
        twice
            .is_refused_by(&provider, &SignatureError::Repeated("x-acs-version".to_owned()).into());
        let mut twice = call.clone();
        twice.fields.push(("Host".to_owned(), "eiam.region.example.test".to_owned()));
        twice.is_refused_by(&provider, &Refusal::Host);
        for (name, refusal) in [
            ("authorization", SignatureError::Missing("authorization".to_owned())),
            ("x-acs-date", SignatureError::Missing("x-acs-date".to_owned())),
            ("x-acs-signature-nonce", SignatureError::Missing("x-acs-signature-nonce".to_owned())),
            ("x-acs-content-sha256", SignatureError::Missing("x-acs-content-sha256".to_owned())),
            ("x-acs-action", SignatureError::Missing("x-acs-action".to_owned())),
        ] {
            call.clone().without_field(name).is_refused_by(&provider, &refusal.into());
        }
        // Signed for another host than the one it arrives at.
        let elsewhere = call.clone().with_field("host", "service.region.example.test");
        elsewhere.is_refused_by(&provider, &SignatureError::Mismatch.into());
    }
}

#[test]
fn a_call_is_good_once_within_fifteen_minutes() {
    for call in calls() {
        for (now, refusal) in [
            (call.at - 3600, Some(SignatureError::Date)),
            (call.at - 901, Some(SignatureError::Date)),
            (call.at - 900, None),
            (call.at + 900, None),
            (call.at + 901, Some(SignatureError::Date)),
            (call.at + 3600, Some(SignatureError::Date)),
        ] {
            let provider = super::provider();
            call.set_the_stage(&provider);
            provider.set_clock(Clock::Stopped(now));
            match refusal {
                Some(refusal) => call.is_refused_by(&provider, &refusal.into()),
                None => {
                    call.is_verified_by(&provider);
                }
            }
        }
        let provider = super::provider();
        call.set_the_stage(&provider);
        call.is_verified_by(&provider);
        for now in [call.at - 900, call.at, call.at + 900] {
            provider.set_clock(Clock::Stopped(now));
            call.is_refused_by(&provider, &SignatureError::NonceUsed.into());
        }
        assert_eq!(provider.grants().len(), 1);
    }
}

#[test]
fn the_access_key_is_known_and_its_security_token_is_its_own() {
    for call in calls() {
        let provider = super::provider();
        call.set_the_stage(&provider);
        let id = call.field("authorization").unwrap().split(['=', ',']).nth(1).unwrap().to_owned();
        match call.field("x-acs-security-token") {
            None => {
                let lent = call.clone().with_field("x-acs-security-token", "x");
                lent.is_refused_by(
                    &provider,
                    &SignatureError::Unsigned("x-acs-security-token".to_owned()).into(),
                );
            }
            Some(_) => {
                let authorization = call.field("authorization").unwrap();
                let without = |name: &str| {
                    let names = authorization.replace(&format!(";{name};"), ";");
                    call.clone().without_field(name).with_field("authorization", &names)
                };
                without("x-acs-accesskey-id")
                    .is_refused_by(&provider, &SignatureError::KeyId.into());
                // This id is known without a token as well, so that the signature is what fails.
                let refusal = match id.as_str() {
                    "LTAImadeUpAccessKeyId" => SignatureError::Mismatch,
                    _ => SignatureError::SecurityToken,
                };
                without("x-acs-security-token").is_refused_by(&provider, &refusal.into());
            }
        }
        provider.withdraw_access_key(&id);
        call.is_refused_by(&provider, &SignatureError::UnknownKey.into());
    }
}

#[test]
fn throttling_says_when_to_come_back_in_the_vendor_s_own_field() {
    let provider = super::provider();
    let call = &calls()[0];
    call.set_the_stage(&provider);
    let throttled = Refusal::Throttled("2000".to_owned());
    provider.refuse_next(Endpoint::OpenApi, throttled.clone());
    let answer = call.send(&provider);
    assert_eq!((answer.status, answer.field("x-acs-retry-after")), (429, "2000"));
    assert_eq!(answer.json()["Code"], "Throttling.User");
    assert!(provider.refusals().is_empty());
    // It was not looked at, so that its nonce is good for one more.
    call.is_verified_by(&provider);
    assert_eq!(provider.calls(Endpoint::OpenApi), 2);
}

#[test]
fn the_parameters_name_a_client_and_permissions_without_gaps() {
    // Every one is signed anew by the code that verifies: what is tested is what comes after the signature.
    let call = &calls()[0];
    let provider = super::provider();
    call.set_the_stage(&provider);
    let rows = [
        ("InstanceId", Some("other"), Refusal::Field(FieldError::Wrong("InstanceId"))),
        ("InstanceId", None, Refusal::Field(FieldError::Missing("InstanceId"))),
        ("ApplicationId", Some("other"), Refusal::Client),
        ("Audience", None, Refusal::Field(FieldError::Missing("Audience"))),
        ("Audience", Some("a|b"), Refusal::Scope),
        ("ScopeValues.1", None, Refusal::Scope),
        (
            "ScopeValues.2",
            Some("read:file"),
            Refusal::Field(FieldError::Repeated("read:file".to_owned())),
        ),
        (
            "ScopeValues.3",
            Some("x"),
            Refusal::Field(FieldError::Unexpected("ScopeValues.3".to_owned())),
        ),
        ("GrantType", Some("x"), Refusal::Field(FieldError::Unexpected("GrantType".to_owned()))),
    ];
    for (name, value, refusal) in rows {
        let spoilt = call.clone().with_query(name, value).with_field(NONCE, &random_hex());
        signed_anew(&spoilt).is_refused_by(&provider, &refusal);
    }
    for (name, value) in [("x-acs-action", "Other"), ("x-acs-version", "2020-01-01")] {
        let wrong = Refusal::Field(FieldError::Wrong(name));
        let spoilt = call.clone().with_field(name, value).with_field(NONCE, &random_hex());
        signed_anew(&spoilt).is_refused_by(&provider, &wrong);
    }
    let two = signed_anew(&call.clone().with_query("ScopeValues.2", Some("write:file")));
    two.is_verified_by(&provider);
    assert_eq!(provider.grants()[0].scope, "api.example.com|read:file api.example.com|write:file");
}

/// Signs a call once more, by its recorded secret.
pub fn signed_anew(call: &Recorded) -> Recorded {
    use hmac::Mac as _;
    use rsa::sha2::{Digest as _, Sha256};

    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let authorization = call.field("authorization").unwrap();
    let (start, _) = authorization.split_once("Signature=").unwrap();
    let (_, names) = start.split_once("SignedHeaders=").unwrap();
    let names = names.trim_end_matches(',');
    let (path, query) = call.target.split_once('?').unwrap();
    let mut pairs: Vec<_> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    pairs.sort();
    let query: Vec<_> = pairs
        .iter()
        .map(|(name, value)| format!("{}={}", name, super::super::acs3::percent(value)))
        .collect();
    let fields: String =
        names.split(';').map(|name| format!("{name}:{}\n", call.field(name).unwrap())).collect();
    let hash = hex(&Sha256::digest(&call.body));
    let canonical =
        format!("{}\n{path}\n{}\n{fields}\n{names}\n{hash}", call.method, query.join("&"));
    let text = format!("ACS3-HMAC-SHA256\n{}", hex(&Sha256::digest(canonical)));
    let secret = call.rest["acs3"]["access_key_secret"].as_str().unwrap();
    let signature =
        hmac::Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap().chain_update(text);
    let signature = hex(&signature.finalize().into_bytes());
    call.clone().with_field("authorization", &format!("{start}Signature={signature}"))
}

#[test]
fn a_recorded_call_signed_anew_has_the_recorded_signature() {
    for call in calls() {
        assert_eq!(
            signed_anew(&call).field("authorization"),
            call.field("authorization"),
            "{}",
            call.id
        );
    }
}
