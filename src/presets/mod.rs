//! What is known of a vendor's platform, as data: every row with its origin, no logic.
//!
//! A configuration that names a preset gets these values where it states none of its own.

mod catalogue;
mod mindsphere;
mod mindsphere_catalogue;

use std::fmt;
use std::time::Duration;

pub use catalogue::{
    CatalogueEntry, CataloguePreset, CatalogueRow, Certainty, Variant, catalogue_preset,
};
pub use mindsphere::{MINDSPHERE, TOKEN_MANAGEMENT};
pub use mindsphere_catalogue::MINDSPHERE_CATALOGUE;

use crate::crypto::Algorithm;
use crate::jwt::AccessTokenRules;

/// A value and where it is known from.
#[derive(Clone, Copy, Debug)]
pub struct Fact<T> {
    /// The value.
    pub value: T,
    /// Where it is known from.
    pub origin: Origin,
    /// What exactly is said there, or why the value was chosen.
    pub note: &'static str,
}

/// Where a fact about a platform is known from.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Origin {
    /// The vendor's how-to for subtenancy-aware applications.
    SubtenancyGuide,
    /// Other public documentation of the vendor.
    Documentation,
    /// Our own choice where nothing public decides.
    Inference,
    /// Public code that talks to the platform.
    PublicCode,
    /// The vendor's guide to token handling in its SDK.
    SdkGuide,
}

/// In words for a table.
impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::SubtenancyGuide => "subtenancy guide",
            Self::Documentation => "documentation",
            Self::Inference => "our inference",
            Self::PublicCode => "public code",
            Self::SdkGuide => "SDK guide",
        })
    }
}

/// What the issuers of a platform have in common.
#[derive(Clone, Copy, Debug)]
pub struct IssuerPreset {
    /// The value of `preset` that selects it.
    pub name: &'static str,
    /// How its access tokens are told from its other tokens.
    pub access_tokens: Fact<AccessTokenRules>,
    /// The algorithms that its tokens are signed with.
    pub algorithms: Fact<&'static [Algorithm]>,
    /// The claim that holds the tenant.
    pub tenant_claim: Fact<&'static str>,
    /// The claim that holds the subtenant.
    pub subtenant_claim: Fact<&'static str>,
    /// The claim that holds the scopes.
    pub scopes_claim: Fact<&'static str>,
    /// The claim that holds the user, and that tokens of programs lack.
    pub user_claim: Fact<&'static str>,
    /// The claim that holds the OAuth client.
    pub client_claim: Fact<&'static str>,
    /// What an issuer ends in, which is also the path of its token endpoint.
    pub issuer_path: Fact<&'static str>,
    /// What stands in its place in the address of the issuer's keys.
    pub keys_path: Fact<&'static str>,
    /// The shortest time between two fetches of the keys, whatever the answer's cache headers say.
    pub min_key_refresh: Fact<Duration>,
    /// The domain below which the platform lives unless another is stated.
    pub domain: Fact<&'static str>,
}

/// The service of a platform that gives applications their tokens.
#[derive(Clone, Copy, Debug)]
pub struct TokenManagement {
    /// Its path on the API gateway.
    pub path: Fact<&'static str>,
    /// The platform's own tenant, whose issuer its tokens may have.
    pub platform_tenant: Fact<&'static str>,
    /// The region unless the environment names another.
    pub region: Fact<&'static str>,
}

/// The preset of this name.
pub fn issuer_preset(name: &str) -> Option<&'static IssuerPreset> {
    [&MINDSPHERE].into_iter().find(|preset| preset.name == name)
}
