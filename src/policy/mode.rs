//! Whether decisions are enforced.

use super::Policy;
use super::decision::Denial;
use super::edits::bare_edits;
use super::guarded::GuardedRoute;
use super::route::CallerToken;
use crate::message::{HeaderEdits, RequestHead, RequestTarget};

/// What becomes of a request that is not permitted. Enforce is the default.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Mode {
    /// It does not go on.
    #[default]
    Enforce,
    /// It goes on all the same, with nothing of ours. For trying a policy out: it protects nothing.
    ReportOnly,
}

impl Mode {
    /// The one of the two that lets less pass.
    pub(super) const fn stricter(self, other: Self) -> Self {
        match (self, other) {
            (Self::ReportOnly, Self::ReportOnly) => Self::ReportOnly,
            (Self::Enforce, _) | (_, Self::Enforce) => Self::Enforce,
        }
    }
}

impl Policy {
    /// The mode for requests of `route`.
    pub fn mode_of(&self, route: &GuardedRoute) -> Mode {
        route.route().mode
    }

    /// The mode for a request that comes to no route. `denied` has its canonical target and why;
    /// `None`: it has no such target.
    ///
    /// An enforced route must not be passed by asking for it in another way. So what could be meant
    /// for it is enforced as it is: another method or other header fields at its place, and every
    /// request that some server could read as one of its own. Only a path that no route is for at
    /// all has the mode of the document.
    pub fn mode_without_route(&self, denied: Option<(&RequestTarget<'_>, &Denial)>) -> Mode {
        match denied {
            Some((_, Denial::NoRoute(_))) => self.mode,
            Some((target, Denial::HeaderUnmatched | Denial::MethodNotAllowed { .. })) => self
                .table
                .at(target)
                .map(|route| route.route().mode)
                .fold(self.mode, Mode::stricter),
            // Only `locate` denies without a route; whatever else comes is enforced with the rest.
            Some((
                _,
                Denial::Acting(_)
                | Denial::CatalogueScopesMissing
                | Denial::CatalogueScopesUnknown
                | Denial::CatalogueUncovered
                | Denial::ClaimMismatch
                | Denial::CredentialMissing
                | Denial::KeyNotForwarded
                | Denial::PathAmbiguous(_)
                | Denial::PreflightWithBody
                | Denial::ScopeInsufficient
                | Denial::SubtenancyRefused
                | Denial::SubtenantNotCarried
                | Denial::SubtenantRequired
                | Denial::TenantMismatch { .. }
                | Denial::TenantNotAllowed,
            ))
            | None => self.strictest,
        }
    }

    /// Whether anything is not enforced.
    pub const fn reports_only_somewhere(&self) -> bool {
        self.reports_somewhere
    }

    /// The changes of a request that goes on without a permit, because its mode is report-only:
    /// everything is removed that clients can never bring in, and nothing is set. The caller's own
    /// `authorization` stays where the route would forward it, or where there is no route: without
    /// the filter, the upstream would see it too. Tokens at other places never stay.
    pub fn unpermitted_edits(
        &self,
        head: &RequestHead<'_>,
        route: Option<&GuardedRoute>,
    ) -> HeaderEdits {
        let caller_token =
            route.map_or(CallerToken::Forward, |route| route.route().upstream.caller_token);
        bare_edits(head, &self.owned, caller_token)
    }
}
