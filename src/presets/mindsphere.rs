//! MindSphere, also named Insights Hub and Industrial IoT.

use std::time::Duration;

use super::{Fact, IssuerPreset, Origin, TokenManagement};
use crate::crypto::Algorithm;
use crate::jwt::AccessTokenRules;

/// The issuers of the platform: `https://{tenant}.piam.{region}.{domain}/oauth/token`.
pub const MINDSPHERE: IssuerPreset = IssuerPreset {
    name: "mindsphere",
    access_tokens: Fact {
        value: AccessTokenRules::MindSphere,
        origin: Origin::Inference,
        note: "the OAuth server is a Cloud Foundry UAA, whose refresh and ID tokens have the same keys and issuer",
    },
    algorithms: Fact {
        value: &[Algorithm::Rs256],
        origin: Origin::Documentation,
        note: "the documented sample token; the SDK guide asks for a check of the algorithm",
    },
    tenant_claim: Fact {
        value: "ten",
        origin: Origin::SubtenancyGuide,
        note: "the tenant's name, whatever the issuer's host says",
    },
    subtenant_claim: Fact {
        value: "subtenant",
        origin: Origin::SubtenancyGuide,
        note: "present only in tokens that act for a subtenant",
    },
    scopes_claim: Fact {
        value: "scope",
        origin: Origin::SubtenancyGuide,
        note: "an array of texts",
    },
    user_claim: Fact {
        value: "user_id",
        origin: Origin::Inference,
        note: "the vendor's demo recognises users by it; technical tokens have none",
    },
    client_claim: Fact {
        value: "client_id",
        origin: Origin::Documentation,
        note: "the same as `cid` and `azp`",
    },
    issuer_path: Fact {
        value: "/oauth/token",
        origin: Origin::SubtenancyGuide,
        note: "the issuer is the tenant's token URL",
    },
    keys_path: Fact {
        value: "/token_keys",
        origin: Origin::Documentation,
        note: "the page on key rotation; no authentication",
    },
    min_key_refresh: Fact {
        value: Duration::from_secs(600),
        origin: Origin::Inference,
        note: "a UAA forbids caching of whatever it says, which tells nothing about its keys; the platform lists a new key before it signs or as soon as it does",
    },
    domain: Fact {
        value: "mindsphere.io",
        origin: Origin::SdkGuide,
        note: "China and private clouds have others",
    },
};

/// The Token Management Service: `https://gateway.{region}.{domain}`.
pub const TOKEN_MANAGEMENT: TokenManagement = TokenManagement {
    path: Fact {
        value: "/api/technicaltokenmanager/v3/oauth/token",
        origin: Origin::Documentation,
        note: "its page and its OpenAPI file",
    },
    platform_tenant: Fact {
        value: "core",
        origin: Origin::Documentation,
        note: "a documented token of the service has an issuer of this tenant",
    },
    region: Fact {
        value: "eu1",
        origin: Origin::Documentation,
        note: "the guides to the SDKs; those for China say `cn1`",
    },
};
