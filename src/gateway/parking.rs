//! Requests that wait: what they wait for is wanted, and too many are refused.

use super::effect::{Outcome, Parked};
use super::exchange::{Case, RETRY_SOON, Want};
use super::slot::Need;
use super::{Gateway, WITHHELD_LIMIT};
use crate::message::HeaderEdits;
use crate::problem::{Failure, Refusal};
use crate::time::Timestamp;

impl Gateway {
    /// Lets a request wait for the first of `wants`, and has all of them fetched; or refuses it when
    /// too many wait.
    pub(super) fn park(
        &mut self,
        wants: Vec<Want>,
        parked: Parked,
        case: &Case,
        now: Timestamp,
    ) -> Outcome {
        let protocol = parked.protocol;
        let is_admitted = wants.iter().all(|want| match want {
            Want::Exchange(wish) => self.exchanges.admits(wish),
            Want::Fetch(..) | Want::KeyStore => true,
        });
        let is_short =
            parked.withheld.as_ref().is_none_or(|withheld| withheld.size() <= WITHHELD_LIMIT);
        let first = wants.first().filter(|_| is_admitted && is_short);
        let is_parked = first.is_some_and(|want| self.waiters.park(&want.awaited(), parked));
        if !is_parked {
            let refusal = Refusal::from(Failure::Overloaded { retry_after: RETRY_SOON });
            return Outcome::Refuse(self.refuse(&refusal, case, protocol));
        }
        self.want(wants, now);
        let wake = !std::mem::replace(&mut self.is_woken, true);
        Outcome::Wait { wake, edits: HeaderEdits::new() }
    }

    /// Has everything fetched that a request lacks.
    pub(super) fn want(&mut self, wants: Vec<Want>, now: Timestamp) {
        for want in wants {
            match want {
                Want::Exchange(wish) => self.exchanges.want(wish, now),
                Want::Fetch(resource, than) => self.fetching.want(resource, than, Need::Now),
                // It is looked for at each tick, whoever waits.
                Want::KeyStore => {}
            }
        }
    }
}
