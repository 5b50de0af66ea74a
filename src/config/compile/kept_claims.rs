//! Which claims are kept of a token: those that something in the document asks about.

use super::super::error::Place;
use super::super::raw::Section;
use super::super::report::Report;
use super::conditions::{ConditionProblem, claim_of};
use crate::jwt::{ClaimName, KEPT_CLAIMS_LIMIT, KeptNames};

/// Collects the names from the whole document. One that is none is reported where it is read.
pub(super) fn kept_claims(root: &Section<'_>, report: &mut Report) -> KeptNames {
    let mut names: Vec<ClaimName> = Vec::new();
    for (place, name) in identity_claims(root).chain(route_claims(root)) {
        if names.contains(&name) {
            continue;
        }
        if names.len() == KEPT_CLAIMS_LIMIT {
            report.error(&place, ConditionProblem::TooManyClaims);
            return KeptNames::default();
        }
        names.push(name);
    }
    // Within the limit, which was checked; an error would leave no configuration anyway.
    KeptNames::new(names).unwrap_or_default()
}

fn route_claims<'d>(root: &Section<'d>) -> impl Iterator<Item = (Place, ClaimName)> + use<'d> {
    let routes = root.sections("routes").into_iter();
    let conditions = routes.flat_map(|route| route.sections("claims"));
    conditions.filter_map(|condition| Some((condition.place_of("claim"), claim_of(&condition)?)))
}

fn identity_claims(root: &Section<'_>) -> impl Iterator<Item = (Place, ClaimName)> + use<> {
    let claims = root.section("identity_headers").and_then(|headers| headers.section("claims"));
    let claims = claims.iter().flat_map(Section::entries).filter_map(|(_, entry)| {
        Some((entry.place().clone(), ClaimName::parse(entry.text()?).ok()?))
    });
    claims.collect::<Vec<_>>().into_iter()
}
