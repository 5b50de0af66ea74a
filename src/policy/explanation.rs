//! Everything that a route asks of a caller, and whether it is met: for those who want to know why a
//! request was decided as it was. It asks the same questions as [`GuardedRoute::decide`], in the same
//! order, and goes on after a failure.
//!
//! [`GuardedRoute::decide`]: super::Policy::decide

use super::acting;
use super::claim_condition::{self, Condition};
use super::combination::Treatment;
use super::containment;
use super::decision::Denial;
use super::guarded::{GuardedRoute, sent_upstream};
use super::requirement;
use super::route::{Authentication, ScopeRequirement, Subtenancy, SubtenantMode};
use super::source::Source;
use crate::message::{RequestHead, RequestTarget};
use crate::principal::{Principal, PrincipalKind};
use crate::sorted::Sorted;
use crate::tenancy::TenantId;

/// One thing that a route asks of a caller.
#[derive(Clone, Debug)]
pub enum Demand<'r> {
    /// It must name the subtenant that it acts for, and present no token beside.
    Acting(&'r SubtenantMode),
    /// One thing that its token must say.
    Claim(&'r Condition),
    /// The technical token must not widen it.
    Contained(&'r Source),
    /// It has, or has not, to prove who it is.
    Credential(Authentication),
    /// Its own token must go on, since nobody else can tell what it may do.
    OwnToken,
    /// The scopes that it must hold.
    Scopes(&'r ScopeRequirement),
    /// What the route says to subtenants.
    Subtenancy(Subtenancy),
    /// The tenants that may pass.
    Tenants(&'r Sorted<TenantId>),
}

/// A demand, and whether it is met.
#[derive(Clone, Debug)]
pub struct Answered<'r> {
    /// What is asked.
    pub demand: Demand<'r>,
    /// The denial that it leads to, if it is the first that fails.
    pub outcome: Result<(), Denial>,
}

impl GuardedRoute {
    /// All that is asked of `principal` with the request of `target`, in order. The first failure is the
    /// denial; what depends on something that failed is left out.
    pub fn explain(
        &self,
        target: &RequestTarget<'_>,
        head: &RequestHead<'_>,
        principal: &Principal,
    ) -> Vec<Answered<'_>> {
        let principal = &self.regarded(principal.clone());
        let route = self.route();
        let treatment = self.treatment(principal);
        let clearance = self.gate().admit(target, principal);
        let mut answers = vec![
            answered(Demand::Credential(route.authentication), &treatment),
            answered(Demand::Subtenancy(route.subtenancy), &clearance),
        ];
        let beside = acting::test(&route.subtenant, principal, head);
        if beside.is_err() {
            answers.insert(1, answered(Demand::Acting(&route.subtenant), &beside));
        }
        match principal.kind() {
            PrincipalKind::Anonymous => {}
            PrincipalKind::ApplicationKey | PrincipalKind::Bearer | PrincipalKind::Session => {
                answers.extend(self.requirements(target, principal))
            }
        }
        if let (Ok(treatment), Ok(clearance)) = (&treatment, &clearance) {
            let sent = sent_upstream(*treatment, *clearance);
            if sent.is_err() {
                answers.push(answered(Demand::OwnToken, &sent));
            }
        }
        match treatment {
            Ok(Treatment::Technical) => {
                let mode = &route.subtenant;
                let acting = acting::subtenant(mode, principal, head);
                match mode {
                    SubtenantMode::Header(_) | SubtenantMode::One(_) => {
                        answers.push(answered(Demand::Acting(mode), &acting));
                    }
                    SubtenantMode::Impersonate
                    | SubtenantMode::Refuse
                    | SubtenantMode::TenantWide => {}
                }
                if let Ok(acting) = acting {
                    answers.extend(self.sources().iter().map(|source| {
                        let token =
                            containment::token_subtenant(principal, source, mode, acting.as_ref());
                        answered(Demand::Contained(source), &token)
                    }));
                }
            }
            Ok(Treatment::Forward | Treatment::Nothing) | Err(_) => {}
        }
        answers
    }

    fn requirements(&self, target: &RequestTarget<'_>, principal: &Principal) -> Vec<Answered<'_>> {
        let route = self.route();
        let mut answers = Vec::new();
        if let Some(tenants) = &route.tenants {
            let outcome = requirement::test_tenant(route, principal);
            answers.push(answered(Demand::Tenants(tenants), &outcome));
        }
        match &route.scopes {
            ScopeRequirement::All(_) | ScopeRequirement::Any(_) => {
                let outcome = requirement::test_scopes(&route.scopes, principal);
                answers.push(answered(Demand::Scopes(&route.scopes), &outcome));
            }
            ScopeRequirement::NotNeeded | ScopeRequirement::Unstated => {}
        }
        answers.extend(route.claims.iter().map(|condition| {
            let outcome = claim_condition::test_one(condition, route, target.path(), principal);
            answered(Demand::Claim(condition), &outcome)
        }));
        answers
    }
}

fn answered<'r, T>(demand: Demand<'r>, outcome: &Result<T, Denial>) -> Answered<'r> {
    Answered { demand, outcome: outcome.as_ref().map(|_| ()).map_err(Clone::clone) }
}
