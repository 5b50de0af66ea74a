//! One entry of an address list.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::AddressError;

/// The inclusive range that an entry covers.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Entry {
    Everything,
    V4 { first: Ipv4Addr, last: Ipv4Addr, has_host_bits: bool },
    V6 { first: Ipv6Addr, last: Ipv6Addr, has_host_bits: bool },
}

impl Entry {
    /// Reads `*`, an address, `10.1.*`, a CIDR block or a range of IPv4 addresses.
    pub(super) fn parse(text: &str) -> Result<Self, AddressError> {
        if text == "*" {
            return Ok(Self::Everything);
        }
        if text.contains('*') {
            return wildcard(text);
        }
        if let Some((address, length)) = text.split_once('/') {
            return block(address, length);
        }
        if let Some((first, last)) = text.split_once('-') {
            return range(first, last);
        }
        Ok(match address(text)? {
            IpAddr::V4(address) => Self::V4 { first: address, last: address, has_host_bits: false },
            IpAddr::V6(address) => Self::V6 { first: address, last: address, has_host_bits: false },
        })
    }
}

/// One to three octets, and `*` for all others or once for all of them.
fn wildcard(text: &str) -> Result<Entry, AddressError> {
    let (mut first, mut last) = ([0; 4], [u8::MAX; 4]);
    let (mut count, mut stars) = (0, 0);
    for octet in text.split('.') {
        count += 1;
        if octet == "*" {
            stars += 1;
            continue;
        }
        let (low, high) =
            first.get_mut(count - 1).zip(last.get_mut(count - 1)).ok_or(AddressError::Wildcard)?;
        if stars > 0 {
            return Err(AddressError::Wildcard);
        }
        *low = number(octet).ok_or(AddressError::Wildcard)?;
        *high = *low;
    }
    if count > 4 || count == stars {
        return Err(AddressError::Wildcard);
    }
    Ok(Entry::V4 { first: first.into(), last: last.into(), has_host_bits: false })
}

fn block(text: &str, length: &str) -> Result<Entry, AddressError> {
    let length: u32 = number(length).ok_or(AddressError::PrefixLength)?.into();
    let written: IpAddr = without_zone(text).parse().map_err(|_| AddressError::Form)?;
    match (written, written.to_canonical()) {
        (IpAddr::V4(address), _) => block_v4(address, length),
        // `::ffff:10.0.0.0/104` is `10.0.0.0/8`.
        (IpAddr::V6(_), IpAddr::V4(address)) if (96..=128).contains(&length) => {
            block_v4(address, length - 96)
        }
        (IpAddr::V6(address), _) if length <= 128 => {
            let hosts = u128::MAX.checked_shr(length).unwrap_or(0);
            let bits = address.to_bits();
            Ok(Entry::V6 {
                first: Ipv6Addr::from_bits(bits & !hosts),
                last: Ipv6Addr::from_bits(bits | hosts),
                has_host_bits: bits & hosts != 0,
            })
        }
        (IpAddr::V6(_), _) => Err(AddressError::PrefixLength),
    }
}

fn block_v4(address: Ipv4Addr, length: u32) -> Result<Entry, AddressError> {
    if length > 32 {
        return Err(AddressError::PrefixLength);
    }
    let hosts = u32::MAX.checked_shr(length).unwrap_or(0);
    let bits = address.to_bits();
    Ok(Entry::V4 {
        first: Ipv4Addr::from_bits(bits & !hosts),
        last: Ipv4Addr::from_bits(bits | hosts),
        has_host_bits: bits & hosts != 0,
    })
}

fn range(first: &str, last: &str) -> Result<Entry, AddressError> {
    let end = |text: &str| text.trim_matches([' ', '\t']).parse().map_err(|_| AddressError::Range);
    let (first, last): (Ipv4Addr, Ipv4Addr) = (end(first)?, end(last)?);
    if first > last {
        return Err(AddressError::Range);
    }
    Ok(Entry::V4 { first, last, has_host_bits: false })
}

fn address(text: &str) -> Result<IpAddr, AddressError> {
    let address: IpAddr = without_zone(text).parse().map_err(|_| AddressError::Form)?;
    Ok(address.to_canonical())
}

/// Without the zone of an IPv6 address (RFC 4007 §11), which means nothing outside the machine that wrote it.
fn without_zone(text: &str) -> &str {
    match text.split_once('%') {
        Some((address, zone)) if address.contains(':') && !zone.is_empty() => address,
        Some(_) | None => text,
    }
}

/// A number up to 255, in digits without a leading zero.
fn number(digits: &str) -> Option<u8> {
    let is_plain = digits.bytes().all(|b| b.is_ascii_digit());
    let is_padded = digits.len() > 1 && digits.starts_with('0');
    if is_plain && !is_padded { digits.parse().ok() } else { None }
}
