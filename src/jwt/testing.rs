//! Signed tokens for unit tests, by the private keys that RFCs print.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::{
    AccessTokenRules, ClaimName, ClaimNames, Expected, IssuerParts, IssuerRules, Issuers, JwkSet,
    KeyRing, KeySetId, OwnTokens, Tenants,
};
use crate::crypto::{Algorithm, signing};
use crate::sorted::Sorted;
use crate::tenancy::TenantId;
use crate::time::{Leeway, Timestamp};

/// The `iss` of the tokens.
pub(crate) const ISSUER: &str = "https://acme.piam.eu1.mindsphere.io/oauth/token";

/// The time at which they are judged.
pub(crate) const NOW: Timestamp = Timestamp::from_seconds(1_700_000_000);

/// Where the keys are.
pub(crate) const KEYS: KeySetId = KeySetId(3);

/// The claims of a user's token as MindSphere issues it, valid at [`NOW`].
pub(crate) fn claims() -> Value {
    json!({
        "iss": ISSUER, "sub": "u-1", "jti": "0123456789abcdef0123456789abcdef",
        "exp": 1_700_001_800, "iat": 1_700_000_000, "aud": ["myApp-acme", "iot.fil"],
        "ten": "acme", "scope": ["iot.fil.r", "iot.tim.r"],
        "client_id": "myApp-acme", "grant_type": "authorization_code",
        "user_name": "ada@acme.example",
    })
}

/// [`claims`] with some set to other values, and those without a value left out.
pub(crate) fn claims_with(changes: &[(&str, Option<Value>)]) -> Value {
    let mut claims = claims();
    let members = claims.as_object_mut().unwrap();
    for (name, value) in changes {
        match value {
            Some(value) => members.insert((*name).to_owned(), value.clone()),
            None => members.remove(*name),
        };
    }
    claims
}

/// A token with these claims, signed with ES256 by the key of kid `ec`.
pub(crate) fn es256(claims: &Value) -> Vec<u8> {
    signed(&json!({"alg": "ES256", "kid": "ec", "typ": "JWT"}).to_string(), &claims.to_string())
}

/// A token of this very header and payload, signed with the algorithm that `alg` names, if that is
/// one of ours; else the signature is that of ES256.
pub(crate) fn signed(header: &str, payload: &str) -> Vec<u8> {
    let encode = |text: &str| URL_SAFE_NO_PAD.encode(text);
    let message = format!("{}.{}", encode(header), encode(payload));
    let signature = if header.contains("RS256") {
        signing::rs256(RSA_PRIVATE, message.as_bytes())
    } else {
        let mut key = public_ec();
        key["d"] = json!("jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI");
        signing::es256(&key.to_string(), message.as_bytes())
    };
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature)).into_bytes()
}

/// The public keys of the tokens: `ec` (RFC 7515 A.3) and `rsa` (RFC 7520 §3.4).
pub(crate) fn key_set() -> JwkSet {
    JwkSet::parse(json!({"keys": [public_ec(), public_rsa()]}).to_string().as_bytes()).unwrap()
}

/// The public key `ec` as a JWK.
pub(crate) fn public_ec() -> Value {
    json!({"kty": "EC", "crv": "P-256", "kid": "ec", "use": "sig",
        "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"})
}

/// The public key `rsa` as a JWK.
pub(crate) fn public_rsa() -> Value {
    let key: Value = serde_json::from_str(RSA_PRIVATE).unwrap();
    json!({"kty": "RSA", "kid": "rsa", "alg": "RS256", "n": key["n"], "e": key["e"]})
}

/// A ring that holds [`key_set`].
pub(crate) fn key_ring() -> KeyRing {
    let mut ring = KeyRing::default();
    ring.set(KEYS, Arc::new(key_set()));
    ring
}

/// Rules for [`ISSUER`] as the MindSphere preset has them, with both algorithms.
pub(crate) fn rules() -> IssuerParts {
    let name = |name| ClaimName::parse(name).unwrap();
    IssuerParts {
        name: "acme".into(),
        issuer: ISSUER.into(),
        algorithms: [Algorithm::Es256, Algorithm::Rs256].into(),
        keys: KEYS,
        tenants: Tenants::Only(Arc::new(Sorted::from([TenantId::parse("acme").unwrap()]))),
        audiences: None,
        clients: Some(one_of("myApp-acme")),
        claims: Arc::new(ClaimNames {
            client: name("client_id"),
            scopes: name("scope"),
            subtenant: Some(name("subtenant")),
            tenant: Some(name("ten")),
            user: Some(name("user_name")),
        }),
        kept: super::KeptNames::default(),
        leeway: Leeway::DEFAULT,
        max_lifetime: None,
        token_types: None,
        access_tokens: AccessTokenRules::MindSphere,
        own_clients: Arc::new(Sorted::from(["own-client".into()])),
        own_tokens: OwnTokens::Refused,
    }
}

/// A table of one issuer.
pub(crate) fn issuers(rules: IssuerParts) -> Issuers {
    Issuers::new([Arc::new(IssuerRules::new(rules).unwrap())]).unwrap()
}

/// A list of one value.
pub(crate) fn one_of(value: &str) -> Expected {
    Expected::OneOf(Arc::new(Sorted::from([value.into()])))
}

const RSA_PRIVATE: &str = include_str!("../../tests/fixtures/jose/rfc7520_rsa_private_key.json");
