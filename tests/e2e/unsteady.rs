//! A token endpoint that cannot be relied upon, and how often it may be called.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use crate::chance::Chance;
use crate::development::clock;
use crate::development::fault::Fault;
use crate::development::http_server::{Answer, HttpServer, Request};
use crate::development::signing_key::SigningKey;
use crate::development::token_endpoint::{Client, Grant};
use crate::lab::now;

/// A running token endpoint of tenant `acme`.
pub struct Unsteady {
    server: HttpServer,
    calls: Arc<Mutex<Calls>>,
}

/// The calls for each subtenant, in their order.
pub type Calls = BTreeMap<String, Vec<Call>>;

/// A call and what came of it.
#[derive(Clone, Debug)]
pub struct Call {
    pub fate: Fate,
    began_at: Instant,
    /// When the answer was ready to be sent, and what was left of its token's life then.
    ended: Option<(Instant, Duration)>,
}

/// A call that came earlier than the schedule allows.
#[derive(Debug)]
pub struct Early {
    /// Whether the one before it was still running.
    pub is_side_by_side: bool,
    /// What became of that one.
    pub after: Fate,
    /// How much later it would have been in time.
    pub by: Duration,
}

/// What becomes of a call.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Fate {
    /// The token that was asked for, at once.
    Good,
    /// The token that was asked for, after a while.
    Late,
    /// The token that was asked for, after all who waited for it have been sent away.
    TooLate,
    /// A token that would be good for another subtenant.
    OtherSubtenant,
    ServerError,
    TooManyRequests,
    Closed,
    Html,
    Half,
}

impl Unsteady {
    /// Listens. `clients` may ask for tokens for `subtenants`, which `key` signs; what becomes of the
    /// n-th call for a subtenant is decided by the seed.
    pub fn start(
        clients: Vec<Client>,
        key: Arc<SigningKey>,
        subtenants: Vec<String>,
        seed: u64,
    ) -> Self {
        let calls = Arc::new(Mutex::new(Calls::new()));
        let shared = Arc::clone(&calls);
        let fates: Vec<_> = (0..ROUNDS).map(|round| deck(subtenants.len(), seed, round)).collect();
        let answer = move |request: &Request| {
            let began_at = now();
            let grant = match Grant::read(request, &clients) {
                Ok(grant) => grant,
                Err(refusal) => return Answer::Whole(refusal),
            };
            let subtenant = grant.subtenant().expect("a subtenant").to_owned();
            let number = subtenants.iter().position(|one| *one == subtenant).expect("one of ours");
            let (turn, (fate, lifetime)) = {
                let mut calls = shared.lock().unwrap();
                let calls = calls.entry(subtenant.clone()).or_default();
                let dealt = fates[calls.len() % ROUNDS][number];
                calls.push(Call { fate: dealt.0, began_at, ended: None });
                (calls.len() - 1, dealt)
            };
            let grant = match fate {
                Fate::OtherSubtenant => {
                    grant.for_subtenant(&subtenants[(number + 1) % subtenants.len()])
                }
                _ => grant,
            };
            let ends_at = Duration::from_secs(clock::now() + lifetime);
            let whole = || Answer::Whole(grant.answer("acme", &key, lifetime, &Fault::None));
            let answer = fate.fault().answer().unwrap_or_else(whole);
            thread::sleep(fate.delay());
            let left = ends_at.saturating_sub(clock::since_1970());
            shared.lock().unwrap().get_mut(&subtenant).unwrap()[turn].ended = Some((now(), left));
            answer
        };
        let server = HttpServer::start(SocketAddr::from(([127, 0, 0, 1], 0)), answer)
            .expect("a token endpoint");
        Self { server, calls }
    }

    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    pub fn calls(&self) -> Calls {
        self.calls.lock().unwrap().clone()
    }
}

impl Fate {
    /// Whether nothing of use comes.
    const fn is_failure(self) -> bool {
        !matches!(self, Self::Good | Self::Late | Self::TooLate)
    }

    fn fault(self) -> Fault {
        let status = |status, retry_after| Fault::Status { status, retry_after };
        match self {
            Self::Good | Self::Late | Self::TooLate | Self::OtherSubtenant => Fault::None,
            Self::ServerError => status(500, None),
            Self::TooManyRequests => status(429, Some(RETRY_AFTER)),
            Self::Closed => Fault::Closed,
            Self::Html => Fault::Html,
            Self::Half => Fault::Half,
        }
    }

    const fn delay(self) -> Duration {
        match self {
            Self::Late => Duration::from_millis(1500),
            Self::TooLate => Duration::from_millis(5600),
            _ => Duration::from_millis(20),
        }
    }
}

/// What becomes of one call for each subtenant, and for how many seconds its token lives: exactly the
/// shares of [`SHARES`], in a random order.
fn deck(subtenants: usize, seed: u64, round: usize) -> Vec<(Fate, u64)> {
    let mut chance = Chance::new(seed.wrapping_add(round as u64));
    let mut fates: Vec<_> = SHARES.iter().copied().cycle().take(subtenants).collect();
    chance.shuffle(&mut fates);
    let with_life = |fate| {
        // However late it comes, enough is left of it to be told from an ended one on a slow machine.
        let least = if fate == Fate::TooLate { 16 } else { 10 };
        (fate, least + chance.below(10) as u64)
    };
    fates.into_iter().map(with_life).collect()
}

/// The calls for one subtenant that came earlier than the schedule allows. As documented, a call comes
///
/// - when somebody asks for the first time.
/// - after a token: not before half of the life that it has left at its arrival, less the jitter of a
///   tenth of that (`limits.refresh_ahead` is at most half of the life), so after 45 % of what is left.
/// - after the n-th failure in a row: 1 s doubling n-1 times up to 1 min, less the jitter of half of
///   that, so 0.5 s, 1 s, 2 s and so on up to 30 s. While the last token is held that may shrink, but
///   not below 1 s.
/// - after 429: not before `retry-after`. It holds the whole credential back and is no failure of this
///   subtenant: the schedule above neither begins anew with it nor goes on.
///
/// So the calls of a subtenant are one, and one for each token or failure that the schedule lets
/// follow by another call, and those that are found here.
pub fn early_calls(calls: &[Call]) -> Vec<Early> {
    let (mut failures, mut held_until) = (0, None);
    let mut early = Vec::new();
    for pair in calls.windows(2) {
        let Call { fate, ended, .. } = pair[0];
        // Still running: whatever comes meanwhile is early.
        let Some((ended_at, left)) = ended else {
            early.push(Early { is_side_by_side: true, after: fate, by: Duration::MAX });
            continue;
        };
        let pause = if fate == Fate::TooManyRequests {
            RETRY_AFTER
        } else if fate.is_failure() {
            failures += 1;
            let back_off = HALF_A_SECOND * (1 << failures.min(7) >> 1);
            let back_off = back_off.min(Duration::from_secs(30));
            let is_held = held_until.is_some_and(|until| ended_at < until);
            if is_held { back_off.min(HALF_A_SECOND * 2) } else { back_off }
        } else {
            failures = 0;
            held_until = Some(ended_at + left);
            left * 45 / 100
        };
        let by = (ended_at + pause).saturating_duration_since(pair[1].began_at);
        if by > CLOCKS_DIFFER {
            let is_side_by_side = pair[1].began_at < ended_at;
            early.push(Early { is_side_by_side, after: fate, by });
        }
    }
    early
}

/// Of twenty calls six fail, three are late, two bring a token of somebody else.
const SHARES: [Fate; 20] = [
    Fate::ServerError,
    Fate::Good,
    Fate::OtherSubtenant,
    Fate::Late,
    Fate::Closed,
    Fate::Good,
    Fate::Good,
    Fate::Html,
    Fate::Good,
    Fate::TooManyRequests,
    Fate::TooLate,
    Fate::Good,
    Fate::Half,
    Fate::Good,
    Fate::OtherSubtenant,
    Fate::Good,
    Fate::Late,
    Fate::Good,
    Fate::ServerError,
    Fate::Good,
];

/// After so many calls for one subtenant their fates repeat.
const ROUNDS: usize = 64;

const RETRY_AFTER: Duration = Duration::from_secs(1);
const HALF_A_SECOND: Duration = Duration::from_millis(500);

/// The filter reads another clock, in whole milliseconds.
const CLOCKS_DIFFER: Duration = Duration::from_millis(20);

#[cfg(test)]
mod tests {
    use super::*;

    /// Calls that begin and end at these milliseconds; a token has ten seconds left.
    fn early(calls: &[(Fate, u64, u64)]) -> usize {
        let start = now();
        let at = |milliseconds| start + Duration::from_millis(milliseconds);
        let call = |&(fate, began, ended): &(Fate, u64, u64)| {
            let ended = Some((at(ended), Duration::from_secs(10)));
            Call { fate, began_at: at(began), ended }
        };
        early_calls(&calls.iter().map(call).collect::<Vec<_>>()).len()
    }

    #[test]
    fn a_call_is_early_up_to_the_time_that_the_schedule_gives() {
        use Fate::{Good, Html, TooManyRequests};
        let rows: [(&[Fate], u64); 7] = [
            (&[Good], 4500),
            (&[Html], 500),
            (&[Html, Html], 1000),
            (&[Html, Html, Html, Html], 4000),
            (&[TooManyRequests], 1000),
            (&[Html, Html, Html, TooManyRequests], 1000),
            (&[Html, Html, TooManyRequests, Html], 2000),
        ];
        for (fates, pause) in rows {
            let earlier = fates.iter().zip(0..).map(|(fate, at)| (*fate, at * 60_000, at * 60_000));
            let mut calls: Vec<_> = earlier.collect();
            let last = calls.last().unwrap().2;
            for (after, expected) in [(pause - 21, 1), (pause - 20, 0)] {
                calls.push((Good, last + after, last + after));
                assert_eq!(early(&calls), expected, "{fates:?} {after}");
                calls.pop();
            }
        }
        let while_held = [(Good, 0, 0), (Html, 4500, 4500), (Html, 6000, 6000), (Html, 7000, 7000)];
        assert_eq!(early(&while_held), 0);
        assert_eq!(early(&[(Html, 0, 3000), (Html, 2000, 4000)]), 1, "side by side");
    }

    #[test]
    fn each_round_has_the_stated_shares_and_is_the_same_for_the_same_seed() {
        for seed in 0..10 {
            let dealt = deck(40, seed, 3);
            assert_eq!(dealt, deck(40, seed, 3));
            let count = |fate| dealt.iter().filter(|(dealt, _)| *dealt == fate).count();
            let failing =
                [Fate::ServerError, Fate::TooManyRequests, Fate::Closed, Fate::Html, Fate::Half];
            assert_eq!(failing.map(count).iter().sum::<usize>(), 12);
            assert_eq!([Fate::Late, Fate::TooLate, Fate::OtherSubtenant].map(count), [4, 2, 4]);
            assert!(dealt.iter().all(|(_, life)| (10..26).contains(life)));
        }
        assert_ne!(deck(40, 1, 0), deck(40, 2, 0));
    }
}
