//! The holders of keys that came last, so that what upstreams are told of them is made once.
//!
//! A key is judged anew for each request. Only then is a holder taken from here, and only one that is all that the key
//! grants now.

use std::sync::Arc;

use crate::application_key::{Grant, KeyHolder, KeyPlace};

/// One holder for each of a few groups of digests.
#[derive(Debug, Default)]
pub(super) struct Holders(Vec<Option<Arc<KeyHolder>>>);

impl Holders {
    /// The most that are kept.
    const COUNT: usize = 64;

    /// The most bytes of text that one of them has; the usual one has fewer than a hundred.
    const LARGEST: usize = 2048;

    /// Who holds the key that was granted this.
    pub(super) fn of(&mut self, grant: Grant<'_>, from: KeyPlace) -> Arc<KeyHolder> {
        if self.0.is_empty() {
            self.0.resize(Self::COUNT, None);
        }
        let place = self.0.get_mut(usize::from(grant.mark.first()) % Self::COUNT);
        if let Some(Some(holder)) = &place
            && holder.is_of(&grant, from)
        {
            return Arc::clone(holder);
        }
        let holder = Arc::new(KeyHolder::new(grant, from));
        let is_kept = holder.size() <= Self::LARGEST;
        place.into_iter().filter(|_| is_kept).for_each(|place| *place = Some(Arc::clone(&holder)));
        holder
    }
}
