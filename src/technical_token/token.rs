//! A technical token that passed its checks, and how long it may be used.

use std::fmt;
use std::time::Duration;

use crate::jwt::TokenError;
use crate::secret::Secret;
use crate::shared::{Record, RecordKind};
use crate::time::Timestamp;

/// A token that is the one asked for.
#[derive(Clone)]
pub struct TechnicalToken {
    kind: RecordKind,
    value: Secret<Vec<u8>>,
    fetched_at: Timestamp,
    validity: Validity,
}

/// From when until when a token is good.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Validity {
    /// When its life began: `iat`, else when it was fetched.
    pub from: Timestamp,
    /// When it expires.
    pub until: Timestamp,
}

impl Validity {
    /// The earlier end of both, and the earlier beginning.
    pub(super) fn within(self, other: Option<Self>) -> Self {
        let other = other.unwrap_or(self);
        Self { from: self.from.min(other.from), until: self.until.min(other.until) }
    }
}

/// Why a token is not the one that was asked for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum TokenRejected {
    /// A JWT was expected; what is wrong with it.
    Form(TokenError),
    /// `iss` is none of the issuers that the token may have.
    IssuerMismatch,
    /// Its issuer's keys were just fetched, and none of them has the token's `kid`.
    KeyUnknown,
    /// Its issuer's keys could not be had in time, so nobody knows who signed the token.
    KeysUnavailable,
    /// The token does not say how long it lives, and neither does the answer.
    LifetimeUnknown,
    /// The answer's `token_type` is another than `bearer`, in any case (RFC 6749 §7.1).
    NotBearer,
    /// A shared record has another kind than the credential.
    RecordMismatch,
    /// `subtenant` is not the one asked for.
    SubtenantMismatch,
    /// There is a `subtenant`, and none was asked for.
    SubtenantUnasked,
    /// `ten` is not the tenant of the credential.
    TenantMismatch,
    /// It lives for less than the safety margin from now.
    TooShort,
    /// It is empty, over 16 KiB, or holds bytes that no header may carry.
    Unsendable,
}

impl TechnicalToken {
    /// The longest time for which a fetched token is used, whatever its issuer says: 24 h.
    pub const LONGEST_USE: Duration = Duration::from_secs(24 * 3600);

    /// A token is no longer sent in the last part of its life: 10 s, at most a tenth of its life,
    /// so that it does not expire on the way.
    const MARGIN: Duration = Duration::from_secs(10);

    /// A token that was checked, used until its validity ends or for
    /// [`TechnicalToken::LONGEST_USE`].
    ///
    /// # Errors
    /// [`TokenRejected::LifetimeUnknown`] without a validity, [`TokenRejected::TooShort`] when it
    /// could not be used at `now`.
    pub(super) fn new(
        kind: RecordKind,
        value: Secret<Vec<u8>>,
        fetched_at: Timestamp,
        validity: Option<Validity>,
        now: Timestamp,
    ) -> Result<Self, TokenRejected> {
        let Validity { from, until } = validity.ok_or(TokenRejected::LifetimeUnknown)?;
        let validity = Validity { from, until: until.min(fetched_at + Self::LONGEST_USE) };
        let token = Self { kind, value, fetched_at, validity };
        if token.is_usable(now) { Ok(token) } else { Err(TokenRejected::TooShort) }
    }

    /// A stated token that has been verified as one that expires at `until`. It is not sent in its last
    /// 10 s, and never in the time that its issuer's rules grant to clocks.
    ///
    /// # Errors
    /// [`TokenRejected::Form`] of an expired one if it could not be sent at `now`.
    pub fn verified(
        value: Secret<Vec<u8>>,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<Self, TokenRejected> {
        let validity = Validity { from: now.before(Self::LONGEST_USE), until };
        let expired = TokenRejected::Form(TokenError::Expired { expired_at: until, now });
        Self::new(RecordKind::Jwt, value, now, Some(validity), now).map_err(|_| expired)
    }

    /// A key that a credential states. It does not end; whoever holds it takes it anew in time.
    ///
    /// # Errors
    /// None at any time that has a day after it.
    pub(super) fn stated_key(
        value: Secret<Vec<u8>>,
        now: Timestamp,
    ) -> Result<Self, TokenRejected> {
        let validity = Validity { from: now, until: now + Self::LONGEST_USE };
        Self::new(RecordKind::Opaque, value, now, Some(validity), now)
    }

    /// Stands for a token that was not fetched, where the command-line tool goes on as if it had been.
    /// The filter has no way to make one.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn supposed(now: Timestamp) -> Self {
        Self {
            kind: RecordKind::Opaque,
            // It may stand for an access key, which has three parts.
            value: Secret::new(b"supposed,8,supposedsupposed".to_vec()),
            fetched_at: now,
            validity: Validity { from: now, until: now + Self::LONGEST_USE },
        }
    }

    /// The token itself.
    pub const fn value(&self) -> &Secret<Vec<u8>> {
        &self.value
    }

    /// When its answer arrived.
    pub const fn fetched_at(&self) -> Timestamp {
        self.fetched_at
    }

    /// When it expires, by its own word, the answer's, or our limit.
    pub const fn expires_at(&self) -> Timestamp {
        self.validity.until
    }

    /// Whether it may be sent at `now`.
    pub fn is_usable(&self, now: Timestamp) -> bool {
        let life = self.validity.until.since(self.validity.from);
        let margin = Self::MARGIN.min(life / 10);
        now + margin < self.validity.until
    }

    /// When it is to be fetched anew: `window` before its expiry, at most half of what was left at
    /// its fetch, and earlier by `jitter` thousandths of a tenth of that. A provider that repeats a
    /// token until it expires is so asked ever more often, but a few times only.
    ///
    /// A token of 30 min with a window of 5 min is refreshed between 24:30 and 25:00 of its life;
    /// one of 60 s between 27 s and 30 s.
    pub fn refresh_at(&self, window: Duration, jitter: u16) -> Timestamp {
        let window = window.min(self.validity.until.since(self.fetched_at) / 2);
        let early = (window / 10).saturating_mul(u32::from(jitter.min(1000))) / 1000;
        self.validity.until.before(window.saturating_add(early))
    }

    /// What the other workers are to find.
    pub fn to_record(&self) -> Record {
        Record {
            kind: self.kind,
            generation: 0,
            fetched_at: self.fetched_at,
            fresh_until: Timestamp::MAX,
            expires_at: self.validity.until,
            body: self.value.clone(),
        }
    }
}

impl fmt::Debug for TechnicalToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("TechnicalToken")
            .field("kind", &self.kind)
            .field("fetched_at", &self.fetched_at)
            .field("expires_at", &self.validity.until)
            .finish_non_exhaustive()
    }
}

impl TokenRejected {
    /// The exact reason as a word, stable, for logs.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Form(error) => error.reason(),
            Self::IssuerMismatch => "fetched_issuer_mismatch",
            Self::KeyUnknown => "fetched_key_unknown",
            Self::KeysUnavailable => "fetched_keys_unavailable",
            Self::LifetimeUnknown => "fetched_lifetime_unknown",
            Self::NotBearer => "fetched_type_not_bearer",
            Self::RecordMismatch => "shared_record_mismatch",
            Self::SubtenantMismatch => "fetched_subtenant_mismatch",
            Self::SubtenantUnasked => "fetched_subtenant_unasked",
            Self::TenantMismatch => "fetched_tenant_mismatch",
            Self::TooShort => "fetched_lifetime_too_short",
            Self::Unsendable => "fetched_token_unsendable",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp::from_seconds(1000);

    fn token(seconds: u64) -> Result<TechnicalToken, TokenRejected> {
        let value = Secret::new(b"t".to_vec());
        let validity = Validity { from: START, until: at(seconds) };
        TechnicalToken::new(RecordKind::Opaque, value, START, Some(validity), START)
    }

    fn at(seconds: u64) -> Timestamp {
        START + Duration::from_secs(seconds)
    }

    #[test]
    fn a_token_of_half_an_hour_is_refreshed_at_five_minutes_left() {
        let window = Duration::from_secs(300);
        let token = token(1800).unwrap();
        assert_eq!(token.refresh_at(window, 0), at(1500));
        assert_eq!(token.refresh_at(window, 1000), at(1470));
    }

    #[test]
    fn a_short_token_is_refreshed_at_half_its_life_at_the_latest() {
        let window = Duration::from_secs(300);
        assert_eq!(token(60).unwrap().refresh_at(window, 0), at(30));
        assert_eq!(token(60).unwrap().refresh_at(window, u16::MAX), at(27));
    }

    #[test]
    fn a_token_is_not_sent_in_its_last_ten_seconds() {
        let token = token(1800).unwrap();
        assert!(token.is_usable(START + Duration::from_millis(1_789_999)));
        assert!(!token.is_usable(at(1790)));
    }

    #[test]
    fn the_margin_of_a_very_short_token_is_a_tenth_of_its_life() {
        let token = token(20).unwrap();
        assert!(token.is_usable(START + Duration::from_millis(17_999)));
        assert!(!token.is_usable(at(18)));
    }

    #[test]
    fn a_token_that_was_fetched_late_in_its_life_keeps_its_margin() {
        let value = Secret::new(b"t".to_vec());
        let validity =
            Some(Validity { from: START.before(Duration::from_secs(1700)), until: at(60) });
        let token = TechnicalToken::new(RecordKind::Jwt, value, START, validity, START).unwrap();
        assert!(token.is_usable(START + Duration::from_millis(49_999)));
        assert!(!token.is_usable(at(50)));
        assert_eq!(token.refresh_at(Duration::from_secs(300), 0), at(30));
    }

    #[test]
    fn an_expired_token_and_one_without_expiry_are_refused() {
        assert_eq!(token(0).err(), Some(TokenRejected::TooShort));
        let value = Secret::new(b"t".to_vec());
        let endless = TechnicalToken::new(RecordKind::Opaque, value, START, None, START);
        assert_eq!(endless.err(), Some(TokenRejected::LifetimeUnknown));
    }

    #[test]
    fn a_token_is_used_for_a_day_at_most() {
        let token = token(10 * 24 * 3600).unwrap();
        assert_eq!(token.expires_at(), START + TechnicalToken::LONGEST_USE);
    }

    #[test]
    fn a_verified_token_is_sent_until_ten_seconds_before_its_expiry_and_no_leeway_is_used() {
        let value = || Secret::new(b"t".to_vec());
        let verified =
            |at: Timestamp| TechnicalToken::verified(value(), START, at).map(|t| t.expires_at());
        let before = |millis| START.before(Duration::from_millis(millis));
        assert_eq!(verified(before(10_001)), Ok(START));
        for now in [before(10_000), before(1), START, START + Duration::from_secs(1)] {
            let expired = TokenError::Expired { expired_at: START, now };
            assert_eq!(verified(now), Err(TokenRejected::Form(expired)));
        }
        let token = TechnicalToken::verified(value(), START, before(10_001)).unwrap();
        assert!(token.is_usable(before(10_001)) && !token.is_usable(before(10_000)));
    }

    #[test]
    fn debug_output_does_not_show_the_token() {
        let value = Secret::new(b"hunter2".to_vec());
        let validity = Some(Validity { from: START, until: at(60) });
        let token = TechnicalToken::new(RecordKind::Jwt, value, START, validity, START).unwrap();
        assert!(!format!("{token:?}").contains("hunter2"));
    }
}
