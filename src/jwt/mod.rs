//! JWTs (RFC 7519, RFC 8725): from bytes to a [`VerifiedToken`], the only way to claims.

mod cache;
mod claims;
mod compact;
mod error;
mod generations;
mod inspect;
mod issuer;
mod jwks;
mod kept;
mod keyring;
mod metadata;
mod names;
mod pem;
mod scopes;
#[cfg(test)]
pub(crate) mod testing;
mod token;
mod verify;

pub use self::cache::VerifiedTokens;
pub use self::error::{ClaimKind, TokenError};
pub use self::generations::Bounds;
pub use self::inspect::{UntrustedClaims, inspect};
pub use self::issuer::{
    AccessTokenRules, Expected, IssuerParts, IssuerRepeated, IssuerRules, IssuerRulesError,
    Issuers, OwnTokens, Tenants,
};
pub use self::jwks::{
    Jwk, JwkSet, JwksError, KEY_SET_LIMIT, KEYS_LIMIT, KeyNotFound, SkippedKey, SkippedKeys,
    Unusable,
};
pub use self::kept::{
    Claim, KEPT_BYTES_LIMIT, KEPT_CLAIMS_LIMIT, KEPT_ITEMS_LIMIT, KEPT_TEXT_LIMIT, KeptNames,
    TooManyNames,
};
pub use self::keyring::{KeyRing, KeySetId, Keys};
pub use self::metadata::{METADATA_LIMIT, Metadata, MetadataError};
pub use self::names::{ClaimName, ClaimNameError, ClaimNames};
pub use self::scopes::{SCOPE_LIMIT, SCOPES_LIMIT, Scopes};
pub use self::token::VerifiedToken;
pub use self::verify::{KeysOf, Unverified, check_signature, keys_of_issuer, verify};

/// The longest token, in bytes.
pub const TOKEN_LIMIT: usize = 16 * 1024;

/// The longest `kid`, in bytes.
pub const KEY_ID_LIMIT: usize = 256;
