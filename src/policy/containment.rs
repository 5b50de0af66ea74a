//! The containment rule: a technical token never widens a caller.

use super::decision::Denial;
use super::route::SubtenantMode;
use super::source::{Callers, Source};
use crate::principal::{Principal, PrincipalKind};
use crate::tenancy::{SubtenantId, Tenancy};

/// For which subtenant of its tenant `source` must obtain the token that `principal` may have:
/// `None` for the whole tenant.
///
/// A verified caller is served by the credential of its own tenant, or by one that lists it. A
/// caller with a subtenant gets a token for the same tenant *and* subtenant; only
/// [`SubtenantMode::TenantWide`] may use a tenant's token for it. An anonymous caller is the
/// program behind an egress proxy, the owner of the credential; on ingress the table of
/// `combination` never leads here without a verified caller.
///
/// # Errors
/// [`Denial::TenantMismatch`] and [`Denial::SubtenantNotCarried`], before any call is made.
pub(super) fn token_subtenant(
    principal: &Principal,
    source: &Source,
    mode: SubtenantMode,
) -> Result<Option<SubtenantId>, Denial> {
    let tenancy = match principal.kind() {
        PrincipalKind::Anonymous => return Ok(None),
        PrincipalKind::Bearer => principal.tenancy(),
    };
    let mismatch = || Denial::TenantMismatch { credential: source.name.clone() };
    let is_own_tenant = tenancy.tenant().is_some() && tenancy.tenant() == source.tenant.as_ref();
    if !is_own_tenant && !lists(source.callers.as_ref(), tenancy) {
        return Err(mismatch());
    }
    match (tenancy.subtenant(), mode) {
        (None, SubtenantMode::Impersonate | SubtenantMode::Refuse | SubtenantMode::TenantWide)
        | (Some(_), SubtenantMode::TenantWide) => Ok(None),
        (Some(_), SubtenantMode::Refuse) => Err(Denial::SubtenantNotCarried),
        (Some(_), SubtenantMode::Impersonate) if !is_own_tenant => Err(mismatch()),
        (Some(_), SubtenantMode::Impersonate) if !source.impersonates => {
            Err(Denial::SubtenantNotCarried)
        }
        (Some(subtenant), SubtenantMode::Impersonate) => Ok(Some(subtenant.clone())),
    }
}

fn lists(callers: Option<&Callers>, tenancy: &Tenancy) -> bool {
    match callers {
        None => false,
        Some(Callers::Any) => true,
        Some(Callers::Only(tenants)) => tenancy.tenant().is_some_and(|id| tenants.contains(id)),
    }
}
