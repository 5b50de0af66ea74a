//! What a route says to callers with a subtenant.

use std::sync::Arc;

use super::catalogue::{Catalogue, Standing};
use super::decision::Denial;
use super::error::PolicyProblem;
use super::route::Subtenancy;
use crate::message::RequestTarget;
use crate::principal::Principal;

/// A route's word about subtenants, with all that it takes to keep it.
#[derive(Clone, Debug)]
pub(super) enum Gate {
    /// Everybody may pass.
    Aware,
    /// Callers without a subtenant may pass; others by the catalogue.
    Catalogue(Arc<Catalogue>),
    /// Only callers with a subtenant may pass.
    Only,
    /// Callers with a subtenant are refused.
    Refused,
}

/// Which tokens may go with the request of a caller that passed the gate.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Clearance {
    /// Whatever the route says.
    AnyToken,
    /// The caller's own alone: nobody but the service can tell what it may do there.
    OwnToken,
}

impl Gate {
    /// The gate of a route.
    ///
    /// # Errors
    /// [`PolicyProblem::CatalogueMissing`].
    pub(super) fn new(
        subtenancy: Subtenancy,
        catalogue: Option<&Arc<Catalogue>>,
    ) -> Result<Self, PolicyProblem> {
        Ok(match subtenancy {
            Subtenancy::Aware => Self::Aware,
            Subtenancy::Catalogue => {
                Self::Catalogue(catalogue.cloned().ok_or(PolicyProblem::CatalogueMissing)?)
            }
            Subtenancy::Only => Self::Only,
            Subtenancy::Refused => Self::Refused,
        })
    }

    /// Whether `principal` may pass with this request, and with which tokens.
    pub(super) fn admit(
        &self,
        target: &RequestTarget<'_>,
        principal: &Principal,
    ) -> Result<Clearance, Denial> {
        match (self, principal.tenancy().subtenant()) {
            (Self::Refused, Some(_)) => Err(Denial::SubtenancyRefused),
            (Self::Only, None) => Err(Denial::SubtenantRequired),
            (Self::Catalogue(catalogue), Some(_)) => match catalogue.standing(target, principal) {
                Standing::Met => Ok(Clearance::AnyToken),
                Standing::ScopesMissing => Err(Denial::CatalogueScopesMissing),
                Standing::ScopesUnknown => Ok(Clearance::OwnToken),
                Standing::Uncovered => Err(Denial::CatalogueUncovered),
            },
            (Self::Aware, None | Some(_))
            | (Self::Catalogue(_) | Self::Refused, None)
            | (Self::Only, Some(_)) => Ok(Clearance::AnyToken),
        }
    }
}
