//! Calls of the OpenAPI: ours is the recorded one, and both are signed as the vendor's documentation
//! says. The signature is made here a second time, by other code.

use hmac::{Hmac, Mac as _};
use rsa::sha2::{Digest as _, Sha256};
use serde_json::Value;
use tenantgate::secret::Secret;
use tenantgate::technical_token::Reading;
use tenantgate::technical_token::idaas::{AccessKey, Acs3Request};

use super::change;
use super::client::{openapi_client, scope};
use super::recorded::{Recorded, captures, text};

#[test]
fn every_recorded_signature_is_made_again_from_its_own_headers() {
    let file = captures();
    let mut signatures = 0;
    for list in ["captures", "error_responses"] {
        for capture in file[list].as_array().unwrap() {
            for request in capture["requests"].as_array().unwrap() {
                if let Some(recorded) = request.get("acs3") {
                    signature(text(&capture["id"]), Recorded(request), recorded);
                    signatures += 1;
                }
            }
        }
    }
    assert_eq!(signatures, 18);
}

/// Our call of the OpenAPI action is the recorded one; its signature, over fewer headers, is right.
pub fn signed_call(id: &str, capture: &Value, recorded: Recorded<'_>, read: &[Reading]) {
    let client = openapi_client(capture).unwrap();
    let call = client.call(&scope(capture), read, &recorded.moment()).unwrap();
    let left_out = ["authorization", "x-acs-credentials-provider"];
    recorded.assert_is(id, &call, &change(id), &left_out);
    let header = |name: &str| {
        let found = call.headers.iter().find(|(header, _)| *header == name);
        found.map(|(_, value)| std::str::from_utf8(value.expose()).unwrap())
    };
    let mut names: Vec<&str> = call.headers.iter().map(|(name, _)| *name).collect();
    names.retain(|name| name.starts_with("x-acs-"));
    names.push("host");
    names.sort_unstable();
    let (path, query) = call.endpoint.path.split_once('?').unwrap();
    let mut canonical = format!("{}\n{path}\n{query}\n", call.method);
    for name in &names {
        let value = if *name == "host" { &call.endpoint.authority } else { header(name).unwrap() };
        canonical.push_str(&format!("{name}:{value}\n"));
    }
    let digest = header("x-acs-content-sha256").unwrap();
    canonical.push_str(&format!("\n{}\n{digest}", names.join(";")));
    let to_sign = format!("ACS3-HMAC-SHA256\n{}", hex(&Sha256::digest(canonical)));
    let secret = text(&recorded.0["acs3"]["access_key_secret"]);
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(to_sign.as_bytes());
    let signature = hex(&mac.finalize().into_bytes());
    let credential = credential(recorded);
    let names = names.join(";");
    let expected = format!(
        "ACS3-HMAC-SHA256 Credential={credential},SignedHeaders={names},Signature={signature}"
    );
    assert_eq!(header("authorization"), Some(&*expected), "{id}");
}

/// The recorded signature is what we make of the recorded headers.
fn signature(id: &str, recorded: Recorded<'_>, acs3: &Value) {
    let authorization = recorded.header("authorization").unwrap();
    let names = authorization.split("SignedHeaders=").nth(1).unwrap().split(',').next().unwrap();
    let values: Vec<(&str, Secret<Vec<u8>>)> = names
        .split(';')
        .map(|name| (name, Secret::new(recorded.header(name).unwrap().as_bytes().to_vec())))
        .collect();
    let headers: Vec<_> = values.iter().map(|(name, value)| (*name, value)).collect();
    let request = Acs3Request {
        method: text(&recorded.0["method"]),
        path: "/",
        query: recorded.url().split_once('?').unwrap().1,
        headers: &headers,
        body_digest: recorded.header("x-acs-content-sha256").unwrap(),
    };
    let key = AccessKey {
        id: credential(recorded).to_owned(),
        secret: Secret::new(text(&acs3["access_key_secret"]).to_owned()),
        security_token: None,
    };
    let canonical = String::from_utf8(request.canonical().expose().clone()).unwrap();
    assert_eq!(canonical, text(&acs3["canonical_request"]), "{id}");
    assert_eq!(request.string_to_sign(), text(&acs3["string_to_sign"]), "{id}");
    assert_eq!(request.signature(&key), text(&acs3["signature"]), "{id}");
    assert_eq!(request.authorization(&key).expose(), authorization.as_bytes(), "{id}");
}

fn credential<'a>(recorded: Recorded<'a>) -> &'a str {
    let authorization = recorded.header("authorization").unwrap();
    authorization.split("Credential=").nth(1).unwrap().split(',').next().unwrap()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
