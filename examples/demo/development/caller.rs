//! Claims of callers: users of a tenant, with or without a subtenant, in the layout of MindSphere's user tokens.

use serde_json::{Map, Value, json};

use super::clock;
use super::signing_key::random_hex;

/// The claims of one caller's token, to be changed and then signed.
#[derive(Clone, Debug)]
pub struct Caller {
    claims: Map<String, Value>,
}

impl Caller {
    /// A user of a tenant, without a subtenant, for the next hour.
    pub fn of_tenant(tenant: &str) -> Self {
        let client = client_of(tenant);
        let now = clock::now();
        let none = Self { claims: Map::new() };
        none.with("iss", json!(issuer_of(tenant)))
            .with("ten", json!(tenant))
            .with("zid", json!(tenant))
            .with("jti", json!(random_hex()))
            .with("sub", json!(random_hex()))
            .with("user_id", json!(format!("user-of-{tenant}")))
            .with("user_name", json!(format!("jo@{tenant}.example")))
            .with("email", json!(format!("jo@{tenant}.example")))
            .with("origin", json!(tenant))
            .with("grant_type", json!("authorization_code"))
            .with("client_id", json!(client))
            .with("cid", json!(client))
            .with("azp", json!(client))
            .with("aud", json!([client, "assets"]))
            .with("scope", json!(["assets.read"]))
            .with("auth_time", json!(now))
            .with("iat", json!(now))
            .with("exp", json!(now.saturating_add(3600)))
    }

    /// A user of the second issuer, which names tenancy in its own claims (`org_id`, `sub_org`).
    pub fn of_partner(organisation: &str) -> Self {
        let now = clock::now();
        let none = Self { claims: Map::new() };
        none.with("iss", json!(PARTNER_ISSUER))
            .with("sub", json!(random_hex()))
            .with("aud", json!("our-api"))
            .with("org_id", json!(organisation))
            .with("email", json!(format!("kim@{organisation}.example")))
            .with("scope", json!("assets.read"))
            .with("iat", json!(now))
            .with("exp", json!(now.saturating_add(3600)))
    }

    #[must_use]
    pub fn in_subtenant(self, subtenant: &str) -> Self {
        self.with("subtenant", json!(subtenant))
    }

    #[must_use]
    pub fn with(mut self, claim: &str, value: Value) -> Self {
        self.claims.insert(claim.to_owned(), value);
        self
    }

    #[must_use]
    pub fn without(mut self, claim: &str) -> Self {
        self.claims.remove(claim);
        self
    }

    /// The same caller an hour after the token ended.
    #[must_use]
    pub fn expired(self) -> Self {
        let now = clock::now();
        self.with("iat", json!(now.saturating_sub(7200)))
            .with("exp", json!(now.saturating_sub(3600)))
    }

    pub fn claims(&self) -> Value {
        Value::Object(self.claims.clone())
    }
}

/// The `iss` of a tenant's tokens, which is also its token URL.
pub fn issuer_of(tenant: &str) -> String {
    format!("https://{tenant}.piam.eu1.mindsphere.io/oauth/token")
}

/// The application that users of a tenant log in to.
pub fn client_of(tenant: &str) -> String {
    format!("portal-{tenant}")
}

/// The `iss` of the second issuer.
pub const PARTNER_ISSUER: &str = "https://id.partner.example";
