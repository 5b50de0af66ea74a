//! Alibaba Cloud IDaaS: the requests that the vendor's client was recorded to make, and what became of
//! the answers, held against ours.
//!
//! Assertions are the recorded ones: how they are made and verified is tested where they are signed.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops by panicking; clippy spares only functions that carry `#[test]`"
)]

mod client;
mod errors;
mod openapi;
mod recorded;

use std::collections::BTreeSet;

use client::{config, form_client, method, openapi_client, scope};
use openapi::signed_call;
use recorded::{Change, Recorded, captures, prepare, text};
use serde_json::{Value, json};
use tenantgate::message::HttpCall;
use tenantgate::secret::Secret;
use tenantgate::technical_token::idaas::{
    Evidence, Exchange, Pam, SubjectToken, Wish, openapi_grant, token_grant,
};
use tenantgate::technical_token::{AnswerError, Grant, PreparationError, Reading, ReadingFault};

/// Captures that end before a request, and what decides them: the keys' texts and the configuration, whose
/// tests they belong to.
const DECIDED_ELSEWHERE: [(&str, &str); 15] = [
    ("OIDC_bad_env", "configuration: the deploy environment"),
    ("PKCS7_AWS", "configuration: the deploy environment"),
    ("PKCS7_COMMON", "configuration: the deploy environment"),
    ("PLUGIN_badname", "configuration: the plugin's name"),
    ("PLUGIN_none", "configuration: no access key"),
    ("PRIVATE_KEY_JWT_bare_base64", "text of the private key"),
    ("PRIVATE_KEY_JWT_ed25519_pkcs8", "text of the private key"),
    ("PRIVATE_KEY_JWT_literal_backslash_n", "text of the private key"),
    ("PRIVATE_KEY_JWT_rsa1024_traditional", "text of the private key"),
    ("PRIVATE_KEY_JWT_rsa2048_traditional", "text of the private key"),
    ("PRIVATE_KEY_JWT_rsa2056_traditional", "text of the private key"),
    ("PRIVATE_KEY_JWT_rsa3072_traditional", "text of the private key"),
    ("PRIVATE_KEY_JWT_rsa4096_traditional", "text of the private key"),
    ("PRIVATE_KEY_JWT_secp256k1_pkcs8", "text of the private key"),
    ("PRIVATE_KEY_JWT_secp256k1_traditional", "text of the private key"),
];

/// Where our text is not the recorded one, by decision.
const CHANGES: [(&str, Change); 4] = [
    ("OIDC_trailing_newline", Change::NoLineFeeds),
    ("PKCS7", Change::NoLineFeeds),
    (
        "PLUGIN_multiscope",
        Change::Ordered {
            recorded: "ScopeValues.2=x&ScopeValues.3=read%3Afile",
            ours: "ScopeValues.2=read%3Afile&ScopeValues.3=x",
        },
    ),
    ("PLUGIN_rrsa_newline", Change::NoLineFeeds),
];

/// How the fetch of a capture ends where it ends without a token.
const FAILURES: [(&str, (&str, u16)); 3] = [
    ("OIDC_missing_file", ("service_account_token", 404)),
    ("PKCS7_meta404", ("metadata_token", 404)),
    ("PLUGIN_ecs_imdsv1_disabled", ("metadata_token", 404)),
];

/// Captures whose access key stands in a profile file, which the proxy cannot read: the configuration says so,
/// and what to use instead. Here the key stands in the variables that it names.
const PROFILE_FILES: [&str; 2] = ["PLUGIN_cli_profile", "PLUGIN_ini_profile"];

#[test]
fn every_recorded_request_is_made_again_and_its_answer_understood() {
    let file = captures();
    let (mut compared, mut requests) = (BTreeSet::new(), 0);
    for capture in file["captures"].as_array().unwrap() {
        let id = text(&capture["id"]);
        if DECIDED_ELSEWHERE.iter().any(|(other, _)| *other == id) {
            assert!(capture["requests"].as_array().unwrap().is_empty(), "{id}");
            continue;
        }
        requests += match method(capture) {
            "PLUGIN" => plugin(id, capture),
            _ => form(id, capture),
        };
        assert!(compared.insert(id.to_owned()), "{id}");
    }
    assert_eq!(file["captures"].as_array().unwrap().len(), 60);
    assert_eq!(compared.len(), 45);
    assert_eq!((requests, recorded::compared()), (71, 71));
    for id in CHANGES
        .iter()
        .map(|(id, _)| id)
        .chain(FAILURES.iter().map(|(id, _)| id))
        .chain(&PROFILE_FILES)
    {
        assert!(compared.contains(*id), "{id}");
    }
}

#[test]
fn no_debug_output_of_a_client_or_its_calls_shows_a_secret() {
    const SHOWN: [&str; 9] = [
        "ALIBABA_CLOUD_ACCESS_KEY_ID",
        "ALIBABA_CLOUD_CREDENTIALS_URI",
        "ALIBABA_CLOUD_ECS_METADATA",
        "ALIBABA_CLOUD_ECS_METADATA_DISABLED",
        "ALIBABA_CLOUD_IMDSV1_DISABLED",
        "ALIBABA_CLOUD_OIDC_PROVIDER_ARN",
        "ALIBABA_CLOUD_OIDC_TOKEN_FILE",
        "ALIBABA_CLOUD_ROLE_ARN",
        "ALIBABA_CLOUD_ROLE_SESSION_NAME",
    ];
    let file = captures();
    let mut secrets = 0;
    for capture in file["captures"].as_array().unwrap() {
        let id = text(&capture["id"]);
        if DECIDED_ELSEWHERE.iter().any(|(other, _)| *other == id) {
            continue;
        }
        let shown = match method(capture) {
            "PLUGIN" => format!("{:?}", openapi_client(capture)),
            _ => format!("{:?}", form_client(capture)),
        };
        for (name, value) in capture["env"].as_object().unwrap() {
            if !SHOWN.contains(&&**name) && !name.ends_with("_PATH") && !name.ends_with("REGION") {
                assert!(!shown.contains(text(value)), "{id}: {name}");
                secrets += 1;
            }
        }
    }
    assert!(secrets >= 20, "{secrets}");
}

/// A capture of one of the seven form methods: the number of requests held against it.
fn form(id: &str, capture: &Value) -> usize {
    let change = change(id);
    let all = capture["requests"].as_array().unwrap();
    let mut left = &all[..];
    let scope = scope(capture);
    let client = form_client(capture);
    let mut fetches = 0;
    while fetches == 0 || !left.is_empty() {
        let preparation = client.proof.preparation();
        let (read, rest) = prepare(id, preparation, left, (&capture["files"], change));
        let read = match read {
            Ok(read) => read,
            Err(error) => {
                assert_failure(id, error);
                assert!(rest.is_empty() && capture.get("error_chain").is_some(), "{id}");
                return all.len();
            }
        };
        let (next, rest) = rest.split_first().unwrap_or_else(|| panic!("{id}"));
        let recorded = Recorded(next);
        if recorded.url().contains("/v2/") && next["method"] == "GET" {
            pam(id, capture, recorded);
        } else {
            let assertion =
                recorded.0.get("assertion").map(|_| recorded.field("client_assertion").unwrap());
            let call = match next.get("grant") {
                Some(kind) if kind == "token-exchange" => {
                    let token = Secret::new(recorded.field("subject_token").unwrap().to_owned());
                    let subject = SubjectToken::access_token(token).unwrap();
                    let exchange = Exchange::new(subject, scope.clone());
                    form_call(capture, Wish::Exchange(&exchange), assertion, &read)
                }
                _ => form_call(capture, Wish::Token(&scope), assertion, &read),
            };
            recorded.assert_is(id, &call, &change, &[]);
            assert_granted(id, &token_grant(&recorded.answer()), next);
        }
        left = rest;
        fetches += 1;
    }
    all.len()
}

fn form_call(
    capture: &Value,
    wish: Wish<'_>,
    assertion: Option<&str>,
    read: &[Reading],
) -> HttpCall {
    let assertion = assertion.map(|text| Secret::new(text.to_owned()));
    let evidence = Evidence { assertion: assertion.as_ref(), read };
    form_client(capture).call(wish, evidence).unwrap()
}

/// A capture of `PLUGIN`: the number of requests held against it.
fn plugin(id: &str, capture: &Value) -> usize {
    let all = capture["requests"].as_array().unwrap();
    let mut capture = capture.clone();
    if PROFILE_FILES.contains(&id) {
        assert!(openapi_client(&capture).is_none(), "{id}");
        let secret = all[0]["acs3"]["access_key_secret"].clone();
        capture["env"]["ALIBABA_CLOUD_ACCESS_KEY_SECRET"] = secret;
        capture["env"]["ALIBABA_CLOUD_ACCESS_KEY_ID"] = json!("LTAImadeUpAccessKeyId");
    }
    let client = openapi_client(&capture).unwrap();
    let change = change(id);
    let (read, rest) = prepare(id, client.keys.preparation(), all, (&capture["files"], change));
    match read {
        Ok(read) => {
            let [request] = rest else { panic!("{id}: {} requests left", rest.len()) };
            signed_call(id, &capture, Recorded(request), &read);
            assert_granted(id, &openapi_grant(&Recorded(request).answer()), request);
        }
        Err(error) => {
            assert!(rest.is_empty(), "{id}");
            assert_failure(id, error);
        }
    }
    all.len()
}

/// The two calls of the developer API.
fn pam(id: &str, capture: &Value, recorded: Recorded<'_>) {
    let config = config(capture);
    let pam = Pam {
        endpoint: config.developer_api.unwrap(),
        instance_id: config.instance_id.into(),
        timeout: config.timeout,
    };
    let token = Secret::new(b"made-up-access-token".to_vec());
    if id == "PAM_akless" {
        let call = pam.role_call("acs:ram::100000000000:role/made-up", &token);
        recorded.assert_is(id, &call, &Change::None, &[]);
        let lent = Pam::role_key(&recorded.answer()).unwrap();
        assert_eq!(lent.key.id, "STS.madeUpPam");
        assert_eq!(lent.key.secret.expose(), "madeUpPamSk");
        assert_eq!(lent.key.security_token.unwrap().expose(), "madeUpPamToken");
        assert_eq!(lent.expires_at.as_seconds(), 1_795_322_547);
    } else {
        let call = pam.api_key_call("made_up_credential_identifier", &token);
        let left_out = [
            "date",
            "x-acs-action",
            "x-acs-signature-method",
            "x-acs-signature-nonce",
            "x-acs-signature-version",
            "x-acs-version",
        ];
        recorded.assert_is(id, &call, &Change::None, &left_out);
        assert_eq!(Pam::api_key(&recorded.answer()).unwrap().expose(), text(&capture["key"]));
    }
}

fn assert_granted(id: &str, grant: &Result<Grant, AnswerError>, request: &Value) {
    let body = &request["response"]["body"];
    let body = body.get("TokenResponse").unwrap_or(body);
    let member = |names: [&str; 2]| names.iter().find_map(|name| body.get(*name)).unwrap().clone();
    let grant = grant.as_ref().unwrap_or_else(|error| panic!("{id}: {error:?}"));
    let token = member(["access_token", "AccessToken"]);
    assert_eq!(grant.token.expose(), text(&token).as_bytes(), "{id}");
    let (span, end) = (grant.expires_in.unwrap(), grant.expires_at.unwrap());
    assert_eq!(Some(span.as_secs()), member(["expires_in", "ExpiresIn"]).as_u64(), "{id}");
    assert_eq!(Some(end.as_seconds()), member(["expires_at", "ExpiresAt"]).as_u64(), "{id}");
}

fn assert_failure(id: &str, error: PreparationError) {
    let failure = FAILURES.iter().find(|(other, _)| *other == id);
    let (_, (what, status)) = *failure.unwrap_or_else(|| panic!("{id}: {error:?}"));
    let fault = ReadingFault::Status { status, error: None };
    assert_eq!(error, PreparationError { what, fault }, "{id}");
}

fn change(id: &str) -> Change {
    CHANGES.iter().find(|(other, _)| *other == id).map_or(Change::None, |(_, change)| *change)
}
