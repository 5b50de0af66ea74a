//! What a route demands of a caller: small pure predicates, and the order in which they are asked.

use super::claim_condition;
use super::decision::Denial;
use super::route::{Route, ScopeRequirement};
use crate::message::RequestTarget;
use crate::principal::{Principal, PrincipalKind};

/// Tests every requirement of `route` for the request of `target`; the first that fails is the denial.
///
/// Scopes, tenants and claims bind those who presented a credential: whether one is needed at all is the
/// plan's business. What a route says to subtenants is the gate's, which is asked first.
pub(super) fn test(
    route: &Route,
    target: &RequestTarget<'_>,
    principal: &Principal,
) -> Result<(), Denial> {
    match principal.kind() {
        PrincipalKind::Anonymous => Ok(()),
        PrincipalKind::ApplicationKey | PrincipalKind::Bearer | PrincipalKind::Session => {
            test_tenant(route, principal)?;
            test_scopes(&route.scopes, principal)?;
            claim_condition::test(route, target.path(), principal)
        }
    }
}

/// Whether callers of its tenant may pass.
pub(super) fn test_tenant(route: &Route, principal: &Principal) -> Result<(), Denial> {
    let Some(allowed) = &route.tenants else {
        return Ok(());
    };
    match principal.tenancy().tenant() {
        Some(tenant) if allowed.contains(tenant) => Ok(()),
        Some(_) | None => Err(Denial::TenantNotAllowed),
    }
}

/// Whether it holds the scopes.
pub(super) fn test_scopes(
    requirement: &ScopeRequirement,
    principal: &Principal,
) -> Result<(), Denial> {
    let has = |scope: &std::sync::Arc<str>| principal.has_scope(scope);
    let is_met = match requirement {
        ScopeRequirement::All(scopes) => !scopes.is_empty() && scopes.iter().all(has),
        ScopeRequirement::Any(scopes) => scopes.iter().any(has),
        ScopeRequirement::NotNeeded | ScopeRequirement::Unstated => true,
    };
    if is_met { Ok(()) } else { Err(Denial::ScopeInsufficient) }
}
