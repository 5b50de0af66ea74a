//! Which claims are kept of a token: those that something in the document asks about.

use super::super::raw::Section;
use super::super::report::Report;
use super::conditions::{ConditionProblem, claim_of};
use crate::jwt::{ClaimName, KEPT_CLAIMS_LIMIT, KeptNames};

/// Collects the names from the whole document. One that is none is reported where it is read.
pub(super) fn kept_claims(root: &Section<'_>, report: &mut Report) -> KeptNames {
    let mut names: Vec<ClaimName> = Vec::new();
    for route in root.sections("routes") {
        for condition in route.sections("claims") {
            let Some(name) = claim_of(&condition).filter(|name| !names.contains(name)) else {
                continue;
            };
            if names.len() == KEPT_CLAIMS_LIMIT {
                report.error(&condition.place_of("claim"), ConditionProblem::TooManyClaims);
                return KeptNames::default();
            }
            names.push(name);
        }
    }
    // Within the limit, which was checked; an error would leave no configuration anyway.
    KeptNames::new(names).unwrap_or_default()
}
