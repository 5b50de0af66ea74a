//! The table of decisions (`tests/fixtures/decisions`): requests to a configuration, and what becomes
//! of them. The same cases are put to `tenantgate explain` and to a real Envoy.

use std::path::{Path, PathBuf};
use std::{fs, mem};

use serde_json::{Map, Value, json};

use crate::development::caller::Caller;
use crate::development::signing_key::SigningKey;

/// One file: a configuration and its cases.
pub struct Table {
    pub name: String,
    pub configuration: Value,
    pub cases: Vec<Case>,
}

/// One request. Its token is made when it is needed, for it depends on the time.
pub struct Case {
    pub name: String,
    pub method: String,
    pub expected: Expected,
    path: String,
    host: String,
    headers: Vec<(String, String)>,
    token: Option<Map<String, Value>>,
}

/// A request as it is sent.
pub struct Sent {
    pub path: String,
    pub host: String,
    pub headers: Vec<(String, String)>,
}

/// What becomes of a request.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Expected {
    Allow,
    /// Status, code and exact reason.
    Deny(u16, String, String),
    /// Code and exact reason.
    WouldDeny(String, String),
}

/// Who signs tokens.
pub trait Signer {
    /// The key of MindSphere's users.
    fn key(&self) -> &SigningKey;

    /// A token of the second issuer.
    fn sign_as_partner(&self, caller: &Caller) -> String;
}

/// All tables.
pub fn tables() -> Vec<Table> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/decisions");
    let files = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> = files.collect();
    files.sort();
    files.iter().map(|file| Table::read(file)).collect()
}

impl Table {
    fn read(file: &Path) -> Self {
        let mut document: Value = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
        let cases = document["cases"].as_array().unwrap().iter().map(Case::read).collect();
        let name = file.file_stem().unwrap().to_str().unwrap().to_owned();
        Self { name, configuration: mem::take(&mut document["configuration"]), cases }
    }
}

impl Case {
    fn read(case: &Value) -> Self {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let (method, path) = case["request"].as_str().unwrap().split_once(' ').unwrap();
        let headers = case["headers"].as_array().cloned().unwrap_or_default();
        let expected = match &case["expect"] {
            Value::String(word) if word == "allow" => Expected::Allow,
            expected if expected["deny"].is_array() => {
                let status = expected["deny"][0].as_u64().unwrap().try_into().unwrap();
                Expected::Deny(status, text(&expected["deny"][1]), text(&expected["deny"][2]))
            }
            expected => {
                let would = &expected["would_deny"];
                Expected::WouldDeny(text(&would[0]), text(&would[1]))
            }
        };
        Self {
            name: text(&case["name"]),
            method: method.to_owned(),
            expected,
            path: path.to_owned(),
            host: case["host"].as_str().unwrap_or("gateway.example").to_owned(),
            headers: headers.iter().map(|pair| (text(&pair[0]), text(&pair[1]))).collect(),
            token: case["token"].as_object().cloned(),
        }
    }

    /// The request with a token of now: where `{token}` stands, else in `authorization`.
    pub fn sent(&self, signer: &dyn Signer) -> Sent {
        let token = self.token.as_ref().map(|recipe| token(recipe, signer));
        let put = |text: &str| text.replace("{token}", token.as_deref().unwrap_or_default());
        let is_placed = self.path.contains("{token}")
            || self.headers.iter().any(|(_, value)| value.contains("{token}"));
        let mut headers: Vec<_> =
            self.headers.iter().map(|(name, value)| (name.clone(), put(value))).collect();
        if let Some(token) = token.as_ref().filter(|_| !is_placed) {
            headers.push(("authorization".to_owned(), format!("Bearer {token}")));
        }
        Sent { path: put(&self.path), host: self.host.clone(), headers }
    }
}

/// The token of a recipe: a text; or a user of a `tenant`, or of the `partner`, with a `subtenant` and
/// other claims (`null` takes one away), made as `how` says.
fn token(recipe: &Map<String, Value>, signer: &dyn Signer) -> String {
    let text = |key: &str| recipe.get(key).and_then(Value::as_str);
    if let Some(token) = text("text") {
        return token.to_owned();
    }
    let mut caller = match text("partner") {
        Some(organisation) => Caller::of_partner(organisation),
        None => Caller::of_tenant(text("tenant").unwrap()),
    };
    if let Some(subtenant) = text("subtenant") {
        caller = caller.in_subtenant(subtenant);
    }
    for (name, value) in recipe.get("claims").and_then(Value::as_object).into_iter().flatten() {
        caller = match value {
            Value::Null => caller.without(name),
            value => caller.with(name, value.clone()),
        };
    }
    let key = signer.key();
    match text("how") {
        None if text("partner").is_some() => signer.sign_as_partner(&caller),
        None => key.sign(&caller.claims()),
        Some("expired") => key.sign(&caller.expired().claims()),
        Some("hmac") => key.sign_with_public_key_as_secret(&caller.claims()),
        Some("tampered") => {
            let other = caller.clone().with("ten", json!("beta"));
            let (good, other) = (key.sign(&caller.claims()), key.sign(&other.claims()));
            let (head, _) = good.rsplit_once('.').unwrap();
            let (_, signature) = other.rsplit_once('.').unwrap();
            format!("{head}.{signature}")
        }
        Some("unsigned") => key.unsigned(&caller.claims()),
        Some(other) => panic!("no token is made `{other}`"),
    }
}
