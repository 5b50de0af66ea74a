//! The sources that sent bad signatures lately: bounded, however many there are.

use std::net::{IpAddr, Ipv4Addr};

use super::{SOURCE_WINDOW, Window};
use crate::table::Table;
use crate::time::Timestamp;

/// Who counts as one source: an IPv4 address, or the 64 bits of an IPv6 address that name a network,
/// since whoever has a network has all of its addresses.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(super) enum Source {
    V4(Ipv4Addr),
    V6([u16; 4]),
}

impl Source {
    pub(super) const fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self::V4(address),
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                Self::V6([a, b, c, d])
            }
        }
    }
}

/// Two generations, each of at most half of all sources. When the young one is full it becomes the
/// old one, and the old one is forgotten: so a flood from many sources forgets some of them early.
/// Then, and where a source has no address, the table is incomplete until the window of whoever it
/// lacks has ended.
///
/// Whatever is forgotten has not failed since the young generation began. So one whose window is open
/// is forgotten only if as many other sources as a generation holds have failed within it.
#[derive(Debug)]
pub(super) struct Sources {
    half: usize,
    young: Table<Source, Window<usize>>,
    old: Table<Source, Window<usize>>,
    /// When the last bad signature was counted.
    last: Timestamp,
    /// When a failure was last forgotten, or not held at all, though its window was open.
    lost: Option<Timestamp>,
}

impl Sources {
    /// A table for that many.
    pub(super) fn new(sources: usize) -> Self {
        Self {
            half: sources.div_ceil(2),
            young: Table::new(),
            old: Table::new(),
            last: Timestamp::default(),
            lost: None,
        }
    }

    /// Whether no source has a window that is open.
    pub(super) fn are_quiet(&mut self, now: Timestamp) -> bool {
        if self.last <= now && now < self.last + SOURCE_WINDOW {
            return self.young.is_empty() && self.old.is_empty() && self.lost.is_none();
        }
        *self = Self::new(self.half.saturating_mul(2));
        true
    }

    /// Whether a source that is not held may have failed all the same.
    pub(super) fn are_incomplete(&self, now: Timestamp) -> bool {
        self.lost.is_some_and(|lost| lost <= now && now < lost + SOURCE_WINDOW)
    }

    /// The open window of a source.
    pub(super) fn window(&self, source: Source, now: Timestamp) -> Option<Window<usize>> {
        let window = self.young.get(&source).or_else(|| self.old.get(&source)).copied();
        window.filter(|window| window.ends_in(SOURCE_WINDOW, now).is_some())
    }

    /// Counts a bad signature; the source is `None` where it has no address.
    pub(super) fn count(&mut self, source: Option<Source>, now: Timestamp) {
        self.last = now;
        let Some(source) = source else {
            self.lost = Some(now);
            return;
        };
        let open = self.window(source, now).unwrap_or(Window { began: now, spent: 0 });
        self.old.remove(&source);
        if self.young.len() >= self.half && !self.young.contains_key(&source) {
            let forgotten = std::mem::replace(&mut self.old, std::mem::take(&mut self.young));
            if forgotten.values().any(|window| window.ends_in(SOURCE_WINDOW, now).is_some()) {
                self.lost = Some(now);
            }
        }
        self.young.insert(source, Window { spent: open.spent.saturating_add(1), ..open });
    }

    /// How many sources are held.
    pub(super) fn len(&self) -> usize {
        self.young.len() + self.old.len()
    }
}
