//! The calls of a credential as far as they can be told without making one.

use crate::crypto::SoftwareSigner;
use crate::message::HttpCall;
use crate::secret::Secret;
use crate::technical_token::{Moment, Reading, Source};
use crate::tenancy::SubtenantId;
use crate::time::Timestamp;

/// The first call that reads something, if a fetch begins with one.
pub(super) fn reading(source: &Source) -> Option<HttpCall> {
    source.preparation()?.next(&[], &MOMENT)
}

/// The call for a token, as if the one thing that is read before it were there, and empty.
pub(super) fn token(source: &Source, subtenant: Option<&SubtenantId>) -> Option<HttpCall> {
    let unread = Reading { value: Secret::new(Vec::new()), until: Timestamp::default() };
    source.call(subtenant, &[unread], &MOMENT).ok()
}

/// Nothing that is told depends on it.
const MOMENT: Moment<'_> =
    Moment { now: Timestamp::from_millis(0), random: Some([0; 16]), signer: &SoftwareSigner };
