//! A route of a policy, with all that a decision needs.

use std::sync::Arc;

use super::combination::{Plan, Treatment};
use super::containment;
use super::decision::{Denial, Permit, Sent};
use super::requirement;
use super::route::{Authentication, Route};
use super::source::Source;
use crate::principal::{Principal, PrincipalKind};

/// A route that was checked. Only `Policy::new` makes one.
#[derive(Debug)]
pub struct GuardedRoute {
    route: Route,
    plan: Plan,
    // INVARIANT: the sources of `route.upstream.inject`, in the same order.
    sources: Box<[Source]>,
}

impl GuardedRoute {
    pub(super) const fn new(route: Route, plan: Plan, sources: Box<[Source]>) -> Self {
        Self { route, plan, sources }
    }

    /// The name that logs and metrics use.
    pub fn name(&self) -> &str {
        &self.route.name
    }

    /// Whether a credential must be presented, and whether one is looked at.
    pub const fn authentication(&self) -> Authentication {
        self.route.authentication
    }

    /// The route as the configuration states it.
    pub const fn route(&self) -> &Route {
        &self.route
    }

    /// Tests every requirement; the first that fails is the denial.
    pub(super) fn decide(self: &Arc<Self>, principal: Principal) -> Result<Permit, Denial> {
        let principal = match self.route.authentication {
            Authentication::NotLookedAt => Principal::anonymous(),
            Authentication::Optional | Authentication::Required => principal,
        };
        let treatment = match principal.kind() {
            PrincipalKind::Anonymous => self.plan.anonymous,
            PrincipalKind::Bearer => Some(self.plan.bearer),
        };
        let treatment = treatment.ok_or(Denial::CredentialMissing)?;
        requirement::test(&self.route, &principal)?;
        let sent = match treatment {
            Treatment::Forward => Sent::CallerToken,
            Treatment::Nothing => Sent::Nothing,
            Treatment::Technical => self.technical(&principal)?,
        };
        Ok(Permit { route: Arc::clone(self), principal, sent })
    }

    /// Every injected token must contain the caller; all act for the same subtenant.
    fn technical(&self, principal: &Principal) -> Result<Sent, Denial> {
        let mut subtenant = None;
        for source in &self.sources {
            subtenant = containment::token_subtenant(principal, source, self.route.subtenant)?;
        }
        Ok(Sent::Technical(subtenant))
    }
}
