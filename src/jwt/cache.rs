//! The tokens that have been seen: a repeated token costs one hash and one comparison.

use std::sync::Arc;

use super::error::TokenError;
use super::generations::{Bounds, Generations};
use super::issuer::Issuers;
use super::keyring::{KeyRing, KeySetId};
use super::token::VerifiedToken;
use super::verify::{Unverified, verify};
use crate::crypto::SignatureVerifier;
use crate::time::Timestamp;

/// The tokens that have been verified or refused, by all their bytes.
///
/// It belongs to one root context and one configuration: the rules that a token was checked against
/// are those it was given with. A flood of refused tokens does not displace verified ones.
pub struct VerifiedTokens {
    verified: Generations<Known>,
    refused: Generations<Refusal>,
}

struct Known {
    token: Arc<VerifiedToken>,
    /// The generation of the key set in which the token's key was last seen.
    generation: u64,
}

struct Refusal {
    error: TokenError,
    /// For refusals that other keys could change: the key set and its generation.
    keys: Option<(KeySetId, u64)>,
}
