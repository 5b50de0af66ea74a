//! Report-only: what would become of a request is decided, counted and logged, and it goes on.
//!
//! It goes on at once and with nothing of ours: no identity and no technical token is given to
//! somebody who is not known to be allowed. A permitted request is not concerned.

use super::effect::{Forwarded, Outcome};
use super::exchange::{Case, Halt};
use super::filter_state::{Decision, filter_state};
use super::{Gateway, Metric};
use crate::message::RequestHead;
use crate::time::Timestamp;

impl Gateway {
    /// Lets a request pass that would be refused, or would have to wait.
    ///
    /// What it would wait for is fetched for those that come after it. What would become of it is
    /// not known then, so it is treated like one that would be refused.
    pub(super) fn let_pass(
        &mut self,
        halt: Halt,
        case: &Case,
        head: &RequestHead<'_>,
        now: Timestamp,
    ) -> Outcome {
        let (decision, why) = match halt {
            Halt::Refused(refusal) => {
                let (code, reason) = (refusal.code(), refusal.reason());
                self.tally.would_refuse(code, reason, case.route_name());
                (Decision::WouldDeny, Some((code, reason)))
            }
            Halt::Wait(wants) => {
                self.want(wants, now);
                self.tally.count(Metric::WouldWait);
                (Decision::WouldWait, None)
            }
        };
        self.tally.forward();
        let edits = self.config.policy().unpermitted_edits(head, case.route.as_deref());
        let state = filter_state(self.noting, decision, why, case.into());
        Outcome::Forward(Forwarded { edits, state, is_watched: false })
    }
}
