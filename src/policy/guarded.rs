//! A route of a policy, with all that a decision needs.

use std::sync::Arc;

use super::acting;
use super::catalogue::Catalogue;
use super::check::Checked;
use super::combination::{Plan, Treatment};
use super::containment;
use super::decision::{Denial, Permit, Sent};
use super::gate::{Clearance, Gate};
use super::requirement;
use super::route::{Authentication, Route};
use super::source::Source;
use crate::message::{RequestHead, RequestTarget};
use crate::principal::{Principal, PrincipalKind};

/// A route that was checked. Only `Policy::new` makes one.
#[derive(Debug)]
pub struct GuardedRoute {
    route: Route,
    plan: Plan,
    gate: Gate,
    // INVARIANT: the sources of `route.upstream.inject`, in the same order.
    sources: Box<[Source]>,
}

impl GuardedRoute {
    pub(super) fn new(route: Route, checked: Checked) -> Self {
        let Checked { path, plan, gate, sources } = checked;
        Self { route: Route { path, ..route }, plan, gate, sources }
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

    /// What callers with a subtenant must be covered by, if the route asks for that.
    pub fn catalogue(&self) -> Option<&Catalogue> {
        match &self.gate {
            Gate::Catalogue(catalogue) => Some(catalogue),
            Gate::Aware | Gate::Only | Gate::Refused => None,
        }
    }

    /// Tests every requirement; the first that fails is the denial.
    pub(super) fn decide(
        self: &Arc<Self>,
        target: &RequestTarget<'_>,
        head: &RequestHead<'_>,
        principal: Principal,
    ) -> Result<Permit, Denial> {
        let principal = self.regarded(principal);
        let treatment = self.treatment(&principal)?;
        acting::test(&self.route.subtenant, &principal, head)?;
        let clearance = self.gate.admit(target, &principal)?;
        requirement::test(&self.route, target, &principal)?;
        let sent = match sent_upstream(treatment, clearance)? {
            Treatment::Forward => Sent::CallerToken,
            Treatment::Nothing => Sent::Nothing,
            Treatment::Technical => self.technical(&principal, head)?,
        };
        Ok(Permit { route: Arc::clone(self), principal, sent })
    }

    /// Who counts as asking: nobody, where no credential is looked at.
    pub(super) fn regarded(&self, principal: Principal) -> Principal {
        match self.route.authentication {
            Authentication::NotLookedAt => Principal::anonymous(),
            Authentication::Optional | Authentication::Required => principal,
        }
    }

    /// What the upstream is to see of credentials.
    pub(super) fn treatment(&self, principal: &Principal) -> Result<Treatment, Denial> {
        let treatment = match principal.kind() {
            PrincipalKind::Anonymous => self.plan.anonymous,
            PrincipalKind::ApplicationKey | PrincipalKind::Session => {
                return self.plan.key.ok_or(Denial::KeyNotForwarded);
            }
            PrincipalKind::Bearer => Some(self.plan.bearer),
        };
        treatment.ok_or(Denial::CredentialMissing)
    }

    /// What the route says to callers with a subtenant.
    pub(super) const fn gate(&self) -> &Gate {
        &self.gate
    }

    /// The credentials that it injects.
    pub(super) fn sources(&self) -> &[Source] {
        &self.sources
    }

    /// Every injected token must contain the caller; all act for the same subtenant.
    fn technical(&self, principal: &Principal, head: &RequestHead<'_>) -> Result<Sent, Denial> {
        let mode = &self.route.subtenant;
        let acting = acting::subtenant(mode, principal, head)?;
        let mut subtenant = None;
        for source in &self.sources {
            subtenant = containment::token_subtenant(principal, source, mode, acting.as_ref())?;
        }
        Ok(Sent::Technical(subtenant))
    }
}

/// The treatment, if that token may go with the request.
pub(super) const fn sent_upstream(
    treatment: Treatment,
    clearance: Clearance,
) -> Result<Treatment, Denial> {
    match (treatment, clearance) {
        (Treatment::Forward, Clearance::AnyToken | Clearance::OwnToken)
        | (Treatment::Nothing | Treatment::Technical, Clearance::AnyToken) => Ok(treatment),
        // The configuration refuses such a route; the arm stands all the same.
        (Treatment::Nothing | Treatment::Technical, Clearance::OwnToken) => {
            Err(Denial::CatalogueScopesUnknown)
        }
    }
}
