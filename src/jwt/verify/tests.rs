//! What verification accepts and refuses, by real signatures.

use super::*;
use crate::crypto::SoftwareVerifier;
use crate::jwt::IssuerParts;
use crate::jwt::testing::{NOW, issuers, key_ring, rules};

mod claims;
mod form;

fn verified_by(rules: IssuerParts, token: &[u8]) -> Result<VerifiedToken, Unverified> {
    verify(token, &issuers(rules), &key_ring(), &SoftwareVerifier, NOW)
}

fn refusal_by(rules: IssuerParts, token: &[u8]) -> Option<TokenError> {
    match verified_by(rules, token) {
        Ok(_) => None,
        Err(Unverified::Refused(error)) => Some(error),
        Err(other) => panic!("{other:?}"),
    }
}

fn plain() -> IssuerParts {
    IssuerParts { access_tokens: AccessTokenRules::Plain, tenants: Tenants::Any, ..rules() }
}
