//! Whether decisions are enforced.

use super::Policy;
use super::edits::bare_edits;
use super::guarded::GuardedRoute;
use super::route::CallerToken;
use crate::message::{HeaderEdits, RequestHead};

/// What becomes of a request that is not permitted. Enforce is the default.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Mode {
    /// It does not go on.
    #[default]
    Enforce,
    /// It goes on all the same, with nothing of ours. For trying a policy out: it protects nothing.
    ReportOnly,
}

impl Policy {
    /// The mode for requests of `route`, or for those that no route is for.
    pub fn mode_of(&self, route: Option<&GuardedRoute>) -> Mode {
        route.map_or(self.mode, |route| route.route().mode)
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
