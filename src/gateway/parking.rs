//! Requests that wait: what they wait for is wanted, and too many are refused.

use super::effect::{Outcome, Parked, StreamId};
use super::exchange::{Case, RETRY_SOON, Want};
use super::slot::Need;
use super::{Gateway, Metric};
use crate::message::{HeaderEdits, RequestHead, Withheld};
use crate::problem::{Failure, Protocol, Refusal};
use crate::time::Timestamp;

impl Gateway {
    /// Lets a new request wait, and takes out of its head what no log may show meanwhile.
    pub(super) fn begin_to_wait(
        &mut self,
        wants: Vec<Want>,
        (stream, head): (StreamId, &RequestHead<'_>),
        case: &Case,
        now: Timestamp,
    ) -> Outcome {
        let (protocol, is_whole) = (Protocol::of(head), head.is_whole());
        let concealed = self.concealment(head);
        let mut kept = None;
        if !concealed.is_empty() {
            kept = self.room.keep(Withheld::of(head, &concealed));
            if kept.is_none() {
                // Those that come later find what it would have waited for.
                self.want(wants, now);
                return self.overloaded(case, protocol);
            }
        }
        let deadline = now + self.config.limits().waiting_deadline;
        let route = case.route_name().cloned();
        let parked = Parked { stream, deadline, protocol, is_whole, route, kept };
        let mut outcome = self.park(wants, parked, case, now);
        if let Outcome::Wait { edits, .. } = &mut outcome {
            *edits = concealed;
            self.tally.count(Metric::Waited);
        }
        outcome
    }

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
        let first = wants.first().filter(|_| is_admitted);
        let is_parked = first.is_some_and(|want| self.waiters.park(&want.awaited(), parked));
        if !is_parked {
            return self.overloaded(case, protocol);
        }
        self.want(wants, now);
        let wake = !std::mem::replace(&mut self.is_woken, true);
        Outcome::Wait { wake, edits: HeaderEdits::new() }
    }

    fn overloaded(&mut self, case: &Case, protocol: Protocol) -> Outcome {
        let refusal = Refusal::from(Failure::Overloaded { retry_after: RETRY_SOON });
        Outcome::Refuse(self.refuse(&refusal, case, protocol))
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
