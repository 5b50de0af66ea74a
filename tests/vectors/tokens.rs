//! Compact tokens of the RFCs and of Wycheproof. Their payloads are no claims of ours.

use serde_json::{Value, json};

/// One token.
pub struct Vector {
    pub id: u64,
    pub label: String,
    /// The `alg` of its key.
    pub kind: String,
    /// The key as a server would publish it.
    pub key: Value,
    pub token: String,
    /// What is expected of us.
    pub is_accepted: bool,
}

/// The tokens that are called valid and refused here all the same. 346 and 350: PS384, by a key that
/// says `PS256`. 372 and 373: a `?` inside the base64url, over which nothing was signed (RFC 7515 §2
/// and §5.2 know no such character).
const REFUSED_THOUGH_VALID: [u64; 4] = [346, 350, 372, 373];

/// The tokens that are called invalid for their padding, which they do not have: they are 357, which
/// is called valid, byte by byte.
const COPIES_OF_357: [u64; 2] = [367, 370];

/// Those of Wycheproof, 401 of them.
pub fn wycheproof() -> Vec<Vector> {
    let file = include_str!("../fixtures/wycheproof/json_web_signature_test.json");
    let file: Value = serde_json::from_str(file).unwrap();
    let mut vectors: Vec<Vector> = Vec::new();
    for group in file["testGroups"].as_array().unwrap() {
        let mut key = published(group.get("public").or_else(|| group.get("private")).unwrap());
        if key["alg"] == "ES521" {
            // No such algorithm exists: RFC 7518 §3.1 has ES512.
            key["alg"] = json!("ES512");
        }
        let kind = key.get("alg").and_then(Value::as_str).unwrap_or("for encryption").to_owned();
        for test in group["tests"].as_array().unwrap() {
            let (id, label) = (test["tcId"].as_u64().unwrap(), test["comment"].as_str().unwrap());
            let token = test["jws"].as_str().unwrap().to_owned();
            let is_valid = match test["result"].as_str().unwrap() {
                "valid" => true,
                "invalid" => false,
                other => panic!("{id} is {other}"),
            };
            let is_copy = COPIES_OF_357.contains(&id);
            if is_copy {
                let original = vectors.iter().find(|vector| vector.id == 357).unwrap();
                assert_eq!((&token, is_valid), (&original.token, false), "{id}");
            }
            let is_refused = REFUSED_THOUGH_VALID.contains(&id);
            assert!(is_valid || !is_refused, "{id}");
            vectors.push(Vector {
                id,
                label: format!("{id} {label}"),
                kind: kind.clone(),
                key: key.clone(),
                token,
                is_accepted: is_copy || (is_valid && !is_refused),
            });
        }
    }
    vectors
}

/// Those of RFC 7515 and RFC 8037, all valid but the unsecured one of A.5, by each key there is.
pub fn rfcs() -> Vec<Vector> {
    let examples = rfc_examples();
    let keys: Vec<&Value> = examples.iter().filter(|one| one["jwk"].is_object()).collect();
    let mut vectors = Vec::new();
    for example in &examples {
        for by in &keys {
            let kind = example["source"].as_str().unwrap();
            vectors.push(Vector {
                id: 0,
                label: format!("{kind} by the key of {}", by["source"]),
                kind: kind.to_owned(),
                key: by["jwk"].clone(),
                token: example["jws"].as_str().unwrap().to_owned(),
                is_accepted: example["source"] == by["source"],
            });
        }
    }
    vectors
}

/// Every form of the examples of RFC 7520 §4 and RFC 7797, by each key of theirs: of the compact tokens
/// the whole ones without `b64` are right, and nothing else is.
pub fn cookbook() -> Vec<Vector> {
    let mut vectors = Vec::new();
    for (section, text) in COOKBOOK {
        let example: Value = serde_json::from_str(text).unwrap();
        // §4.8 has one key for each of its signatures.
        let keys = match &example["input"]["key"] {
            Value::Array(keys) => keys.clone(),
            key => vec![key.clone()],
        };
        for key in keys.iter().map(published) {
            for (form, value) in example["output"].as_object().unwrap() {
                let token = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                let kind = format!("{section} {form}");
                vectors.push(Vector {
                    id: 0,
                    label: format!("{kind} by {}", key["kid"]),
                    is_accepted: WHOLE.contains(&kind.as_str()),
                    kind,
                    key: key.clone(),
                    token,
                });
            }
        }
    }
    vectors
}

const WHOLE: [&str; 4] = ["4.1 compact", "4.2 compact", "4.3 compact", "4.4 compact"];

const COOKBOOK: [(&str, &str); 10] = [
    ("4.1", include_str!("../fixtures/jose/cookbook/4_1.rsa_v15_signature.json")),
    ("4.2", include_str!("../fixtures/jose/cookbook/4_2.rsa-pss_signature.json")),
    ("4.3", include_str!("../fixtures/jose/cookbook/4_3.ecdsa_signature.json")),
    ("4.4", include_str!("../fixtures/jose/cookbook/4_4.hmac-sha2_integrity_protection.json")),
    ("4.5", include_str!("../fixtures/jose/cookbook/4_5.signature_with_detached_content.json")),
    ("4.6", include_str!("../fixtures/jose/cookbook/4_6.protecting_specific_header_fields.json")),
    ("4.7", include_str!("../fixtures/jose/cookbook/4_7.protecting_content_only.json")),
    ("4.8", include_str!("../fixtures/jose/cookbook/4_8.multiple_signatures.json")),
    ("RFC 7797", include_str!("../fixtures/jose/cookbook/rfc7797_hmac-sha2_b64_false.json")),
    (
        "RFC 7797 4.2",
        include_str!("../fixtures/jose/cookbook/rfc7797_4_2.hmac-sha2_b64_false.json"),
    ),
];

/// The examples of RFC 7515 and RFC 8037 as they are.
pub fn rfc_examples() -> Vec<Value> {
    serde_json::from_str(include_str!("../fixtures/jose/rfc7515_rfc8037.json")).unwrap()
}

/// A key as a server would publish it: what is private is left out.
pub fn published(key: &Value) -> Value {
    let mut key = key.clone();
    for name in ["d", "p", "q", "dp", "dq", "qi"] {
        key.as_object_mut().unwrap().remove(name);
    }
    key
}
