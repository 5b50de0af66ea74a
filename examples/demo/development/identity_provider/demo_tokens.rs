//! Live tokens of the tour's callers.

use serde_json::{Value, json};

use super::super::caller::Caller;
use super::super::signing_key::SigningKey;
use super::State;

/// Signs one token for each kind of caller that the tour shows, by the caller's name.
pub fn live(state: &State) -> Value {
    let key = &state.signing;
    let user = Caller::of_tenant("acme").claims();
    let stranger =
        SigningKey::rsa(key.kid()).map(|stranger| stranger.sign(&user)).unwrap_or_default();
    let wrong_issuer = Caller::of_tenant("acme")
        .with("iss", json!("https://acme.piam.eu1.mindsphere.io.evil.example/oauth/token"));
    json!({
        "tenant_user": key.sign(&user),
        "subtenant_user": key.sign(&Caller::of_tenant("acme").in_subtenant("north").claims()),
        "other_subtenant_user": key.sign(&Caller::of_tenant("acme").in_subtenant("south").claims()),
        "other_tenant_user": key.sign(&Caller::of_tenant("beta").in_subtenant("north").claims()),
        "partner_user": state.partner.sign(&Caller::of_partner("beta").claims()),
        "without_scope": key.sign(&Caller::of_tenant("acme").with("scope", json!(["other.read"])).claims()),
        "expired": key.sign(&Caller::of_tenant("acme").expired().claims()),
        "wrong_issuer": key.sign(&wrong_issuer.claims()),
        "wrong_key": stranger,
        "unknown_kid": key.sign_as("key-nobody-published", &user),
        "unsigned": key.unsigned(&user),
        "signed_with_public_key": key.sign_with_public_key_as_secret(&user),
    })
}
