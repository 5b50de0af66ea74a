//! From where a key may be used: single addresses, wildcards, CIDR blocks and ranges.

mod entry;

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use entry::Entry;

/// The addresses from which a key may be used; without entries, every one.
///
/// Held as sorted, disjoint, inclusive ranges, so that a look-up is a binary search and a list has one spelling.
/// IPv4 and IPv6 are apart: `::/0` lets no IPv4 client in. An IPv4-mapped IPv6 address counts as IPv4, in the list
/// and at the client.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct AddressList {
    pub(super) v4: Vec<(Ipv4Addr, Ipv4Addr)>,
    pub(super) v6: Vec<(Ipv6Addr, Ipv6Addr)>,
}

/// What somebody should know about a list that is good.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct AddressNotices {
    /// A CIDR block has bits set behind its prefix (`10.1.2.3/8`); they are cut.
    pub has_host_bits: bool,
    /// It covers all of IPv4 or all of IPv6: no restriction.
    pub is_everything: bool,
    /// An entry is wider than `/16` of IPv4 or `/48` of IPv6.
    pub is_wide: bool,
}

/// Why a list restricts to nothing that could be known. Its key is invalid: it never means "any".
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum AddressError {
    /// There are entries, and all are blank.
    Blank,
    /// Not an address, or not in the one spelling that is taken: leading zeros, a host name, a port.
    Form,
    /// The prefix length is no number, or over 32 or 128.
    PrefixLength,
    /// The range is not two IPv4 addresses, the lower one first.
    Range,
    /// An entry has more than [`AddressList::ENTRY_LIMIT`] bytes.
    TooLong,
    /// More than [`AddressList::LIMIT`] entries.
    TooMany,
    /// `*` stands anywhere but for the last octets.
    Wildcard,
}

impl AddressList {
    /// The most entries.
    pub const LIMIT: usize = 64;
    /// The longest entry, in bytes.
    pub const ENTRY_LIMIT: usize = 128;

    /// Reads the texts of a list, each of which may be several entries between commas. Blanks around entries, and
    /// blank entries beside others, are ignored. No text at all means every address.
    ///
    /// # Errors
    /// [`AddressError`] for the first thing wrong, and for texts that are all blank.
    pub fn parse(texts: &[&str]) -> Result<(Self, AddressNotices), AddressError> {
        let mut list = Self::default();
        let mut notices = AddressNotices::default();
        let entries = texts.iter().flat_map(|text| text.split(',')).map(trimmed);
        let mut count = 0;
        for entry in entries.filter(|entry| !entry.is_empty()) {
            count += 1;
            if count > Self::LIMIT {
                return Err(AddressError::TooMany);
            }
            if entry.len() > Self::ENTRY_LIMIT {
                return Err(AddressError::TooLong);
            }
            list.add(Entry::parse(entry)?, &mut notices);
        }
        if count == 0 && !texts.is_empty() {
            return Err(AddressError::Blank);
        }
        merge_v4(&mut list.v4);
        merge_v6(&mut list.v6);
        notices.is_everything =
            list.v4.first() == Some(&ALL_V4) || list.v6.first() == Some(&ALL_V6);
        Ok((list, notices))
    }

    /// Whether it lets every address in.
    pub const fn is_empty(&self) -> bool {
        self.v4.is_empty() && self.v6.is_empty()
    }

    /// Whether a key may be used from `address`. An address that nobody could read is `None`, and only an empty list
    /// lets it in.
    pub fn allows(&self, address: Option<IpAddr>) -> bool {
        if self.is_empty() {
            return true;
        }
        match address.map(|address| address.to_canonical()) {
            None => false,
            Some(IpAddr::V4(address)) => is_in(&self.v4, address),
            Some(IpAddr::V6(address)) => is_in(&self.v6, address),
        }
    }

    fn add(&mut self, entry: Entry, notices: &mut AddressNotices) {
        match entry {
            Entry::Everything => {
                insert(&mut self.v4, ALL_V4);
                insert(&mut self.v6, ALL_V6);
                notices.is_wide = true;
            }
            Entry::V4 { first, last, has_host_bits } => {
                insert(&mut self.v4, (first, last));
                notices.has_host_bits |= has_host_bits;
                notices.is_wide |= last.to_bits() - first.to_bits() > 0xFFFF;
            }
            Entry::V6 { first, last, has_host_bits } => {
                insert(&mut self.v6, (first, last));
                notices.has_host_bits |= has_host_bits;
                notices.is_wide |= last.to_bits() - first.to_bits() >= 1 << 80;
            }
        }
    }
}

/// Whether a range has `address`: the last one that begins at or before it.
pub(super) fn is_in<A: Bits>(ranges: &[(A, A)], address: A) -> bool {
    let address = address.bits();
    let before = ranges.partition_point(|(first, _)| first.bits() <= address);
    let last = before.checked_sub(1).and_then(|at| ranges.get(at));
    last.is_some_and(|(_, last)| address <= last.bits())
}

/// An address as the number that it is: to compare the segments of one is ten times as much code.
pub(super) trait Bits: Copy {
    /// The number.
    fn bits(self) -> u128;
}

impl Bits for Ipv4Addr {
    fn bits(self) -> u128 {
        self.to_bits().into()
    }
}

impl Bits for Ipv6Addr {
    fn bits(self) -> u128 {
        self.to_bits()
    }
}

/// In its place: there are few, and a sort is a copy of the library's code for each type.
fn insert<A: Bits>(ranges: &mut Vec<(A, A)>, range: (A, A)) {
    let numbers = |(first, last): (A, A)| (first.bits(), last.bits());
    let at = ranges.iter().take_while(|other| numbers(**other) < numbers(range)).count();
    ranges.insert(at, range);
}

fn merge_v4(ranges: &mut Vec<(Ipv4Addr, Ipv4Addr)>) {
    ranges.dedup_by(|next, before| {
        let meets = before.1.to_bits().checked_add(1).is_none_or(|end| next.0.to_bits() <= end);
        if meets {
            before.1 = before.1.max(next.1);
        }
        meets
    });
}

fn merge_v6(ranges: &mut Vec<(Ipv6Addr, Ipv6Addr)>) {
    ranges.dedup_by(|next, before| {
        let meets = before.1.to_bits().checked_add(1).is_none_or(|end| next.0.to_bits() <= end);
        if meets && before.1.bits() < next.1.bits() {
            before.1 = next.1;
        }
        meets
    });
}

fn trimmed(entry: &str) -> &str {
    entry.trim_matches([' ', '\t'])
}

const ALL_V4: (Ipv4Addr, Ipv4Addr) = (Ipv4Addr::UNSPECIFIED, Ipv4Addr::BROADCAST);
const ALL_V6: (Ipv6Addr, Ipv6Addr) = (Ipv6Addr::UNSPECIFIED, Ipv6Addr::from_bits(u128::MAX));

impl fmt::Display for AddressError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Blank => {
                "all entries are blank; leave the list out if every address may use the key"
            }
            Self::Form => "not an IP address without leading zeros, name and port, nor `*`",
            Self::PrefixLength => "the prefix length is not a number up to 32 (IPv4) or 128 (IPv6)",
            Self::Range => "a range is two IPv4 addresses, the lower one first",
            Self::TooLong => "an entry has at most 128 bytes",
            Self::TooMany => "at most 64 entries can be listed",
            Self::Wildcard => "`*` stands for the last octets of an IPv4 address only",
        })
    }
}

#[cfg(test)]
mod tests;
