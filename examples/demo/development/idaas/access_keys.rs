//! Access keys of Alibaba Cloud: those that never end, and those of STS that were handed out.

use serde_json::{Value, json};

use super::super::signing_key::random_hex;
use super::method::Source;
use super::timestamp;

/// An access key.
#[derive(Clone)]
pub struct AccessKey {
    pub id: String,
    pub secret: String,
    /// The security token, which a key of STS comes with.
    pub token: Option<String>,
    /// Seconds since 1970; `None` for a key that never ends.
    pub expires: Option<u64>,
    pub source: Source,
}

/// All access keys that may sign requests.
#[derive(Default)]
pub struct AccessKeys {
    keys: Vec<AccessKey>,
}

impl AccessKeys {
    pub fn add(&mut self, key: AccessKey) {
        self.keys.push(key);
    }

    /// Forgets what has this id.
    pub fn remove(&mut self, id: &str) {
        self.keys.retain(|key| key.id != id);
    }

    /// Makes a key of STS, with characters that encodings stumble over in its token.
    pub fn issue(&mut self, source: Source, expires: u64) -> AccessKey {
        let key = AccessKey {
            id: format!("STS.{}", random_hex()),
            secret: random_hex(),
            token: Some(format!("{}/+=", random_hex())),
            expires: Some(expires),
            source,
        };
        self.add(key.clone());
        key
    }

    /// What of the keys that were lent nobody but their holder may know.
    pub fn lent_secrets(&self) -> Vec<String> {
        let lent = self.keys.iter().filter(|key| key.expires.is_some());
        lent.flat_map(|key| key.token.clone().into_iter().chain([key.secret.clone()])).collect()
    }

    /// All keys with this id: one may stand with a security token and without.
    pub fn with_id<'a>(&'a self, id: &'a str) -> impl Iterator<Item = &'a AccessKey> {
        self.keys.iter().filter(move |key| key.id == id)
    }
}

impl AccessKey {
    /// The members that all services write alike.
    pub fn members(&self) -> Value {
        json!({
            "AccessKeyId": self.id, "AccessKeySecret": self.secret, "SecurityToken": self.token,
            "Expiration": self.expiration(),
        })
    }

    /// When it ends, as text.
    pub fn expiration(&self) -> Option<String> {
        self.expires.map(timestamp::text)
    }
}
