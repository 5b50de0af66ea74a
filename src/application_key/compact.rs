//! What the filter keeps of a record: a few dozen bytes, read where they lie.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::address::{AddressList, is_in};
use super::bytes::{Input, Texts, put_part, put_texts};
use super::document::Entry;
use super::record::Record;
use super::route::{Asked, KeyRoute, covers_host, covers_method, covers_path};
use crate::tenancy::{IdError, SubtenantId, Tenancy, TenantId};
use crate::time::Timestamp;

/// A record in a block.
#[derive(Clone, Copy, Debug)]
pub(super) struct Compact<'a> {
    /// The name; empty if that of an invalid record cannot be read.
    pub(super) name: &'a str,
    /// All else; `None` for an invalid record.
    pub(super) body: Option<Body<'a>>,
}

/// A valid record in a block.
#[derive(Clone, Copy, Debug)]
pub(super) struct Body<'a> {
    flags: u8,
    pub(super) session_epoch: u32,
    windows: &'a [u8],
    pub(super) user: &'a str,
    tenant: &'a str,
    subtenant: &'a str,
    pub(super) scopes: Texts<'a>,
    pub(super) roles: Texts<'a>,
    pub(super) tags: Texts<'a>,
    v4: &'a [u8],
    v6: &'a [u8],
    routes: &'a [u8],
}

/// When a secret is good.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Window {
    pub(super) not_before: Timestamp,
    pub(super) expires_at: Timestamp,
}

/// Writes an entry. Nothing within [`Record::LIMIT`] is too long for its form; what is would be written as invalid.
pub(super) fn put(out: &mut Vec<u8>, entry: &Entry) {
    let start = out.len();
    let record = match entry {
        Entry::Invalid(_) => None,
        Entry::Valid(record) => Some(record),
    };
    if record.is_none_or(|record| put_valid(out, record).is_none()) {
        out.truncate(start);
        out.push(INVALID);
        // The name has at most 128 bytes.
        let _fits = put_part(out, entry.name().unwrap_or_default().as_bytes());
    }
}

fn put_valid(out: &mut Vec<u8>, record: &Record) -> Option<()> {
    out.push(flags(record));
    put_part(out, record.name.as_bytes())?;
    out.extend(record.session_epoch.to_le_bytes());
    let mut windows = Vec::with_capacity(WINDOW * Record::SECRETS_LIMIT);
    for secret in &record.secrets {
        windows.extend(secret.not_before.unwrap_or_default().as_millis().to_le_bytes());
        windows.extend(secret.expires_at.as_millis().to_le_bytes());
    }
    put_part(out, &windows)?;
    put_part(out, record.user.as_bytes())?;
    put_part(out, record.tenancy.tenant().map_or("", TenantId::as_str).as_bytes())?;
    put_part(out, record.tenancy.subtenant().map_or("", SubtenantId::as_str).as_bytes())?;
    put_texts(out, &record.scopes)?;
    put_texts(out, &record.roles)?;
    put_texts(out, &record.about.tags)?;
    put_addresses(out, &record.addresses)?;
    let mut routes = Vec::new();
    for route in &record.routes {
        put_route(&mut routes, route)?;
    }
    put_part(out, &routes)
}

fn put_addresses(out: &mut Vec<u8>, list: &AddressList) -> Option<()> {
    let v4 = list.v4.iter().flat_map(|(first, last)| [first.octets(), last.octets()]).flatten();
    put_part(out, &v4.collect::<Vec<u8>>())?;
    let v6 = list.v6.iter().flat_map(|(first, last)| [first.octets(), last.octets()]).flatten();
    put_part(out, &v6.collect::<Vec<u8>>())
}

/// No path is empty, so an empty one means that none is stated.
fn put_route(out: &mut Vec<u8>, route: &KeyRoute) -> Option<()> {
    put_texts(out, &route.hosts)?;
    put_texts(out, &route.methods)?;
    put_part(out, route.path_prefix.as_deref().unwrap_or_default().as_bytes())
}

fn flags(record: &Record) -> u8 {
    let query = match record.allow_query {
        None => 0,
        Some(false) => QUERY_STATED,
        Some(true) => QUERY_STATED | QUERY,
    };
    query
        | if record.is_enabled { ENABLED } else { 0 }
        | if record.allow_session { SESSION } else { 0 }
}

impl<'a> Compact<'a> {
    /// Reads the record at the beginning of `input`. What it holds is looked at by [`Compact::is_sound`].
    pub(super) fn read(input: &mut Input<'a>) -> Option<Self> {
        let flags = input.byte()?;
        let name = input.text()?;
        if flags == INVALID {
            return Some(Self { name, body: None });
        }
        let body = Body {
            flags,
            session_epoch: input.u32()?,
            windows: input.part()?,
            user: input.text()?,
            tenant: input.text()?,
            subtenant: input.text()?,
            scopes: Texts(input.part()?),
            roles: Texts(input.part()?),
            tags: Texts(input.part()?),
            v4: input.part()?,
            v6: input.part()?,
            routes: input.part()?,
        };
        Some(Self { name, body: Some(body) })
    }

    /// Whether all that it holds could have been written by [`put`]: asked once for each record of a block.
    pub(super) fn is_sound(&self) -> bool {
        let is_name = Record::is_name(self.name);
        self.body.map_or(is_name || self.name.is_empty(), |body| is_name && body.is_sound())
    }
}

impl<'a> Body<'a> {
    pub(super) const fn is_enabled(&self) -> bool {
        self.flags & ENABLED != 0
    }

    pub(super) const fn allows_session(&self) -> bool {
        self.flags & SESSION != 0
    }

    /// Whether it may stand in a URL where the filter lets keys stand there.
    pub(super) const fn allows_query(&self) -> bool {
        self.flags & QUERY_STATED == 0 || self.flags & QUERY != 0
    }

    /// When the secret of this place is good.
    pub(super) fn window(&self, place: usize) -> Option<Window> {
        let mut input = Input(self.windows.chunks_exact(WINDOW).nth(place)?);
        let mut time = || input.u64().map(Timestamp::from_millis);
        Some(Window { not_before: time()?, expires_at: time()? })
    }

    /// The end of the secret of this place, if that is the last one of a record that is switched on.
    pub(super) fn last_end(&self, place: usize) -> Option<Timestamp> {
        let end = |place| self.window(place).map(|window| (window.expires_at, place));
        let last = (0..Record::SECRETS_LIMIT).filter_map(end).max()?;
        (self.is_enabled() && last.1 == place).then_some(last.0)
    }

    /// For whom it acts.
    pub(super) fn tenancy(&self) -> Result<Tenancy, IdError> {
        if self.tenant.is_empty() {
            return Ok(Tenancy::Unstated);
        }
        let tenant = TenantId::parse(self.tenant)?;
        Ok(if self.subtenant.is_empty() {
            Tenancy::Tenant(tenant)
        } else {
            Tenancy::Subtenant(tenant, SubtenantId::parse(self.subtenant)?)
        })
    }

    pub(super) const fn has_addresses(&self) -> bool {
        !self.v4.is_empty() || !self.v6.is_empty()
    }

    /// As [`AddressList::allows`].
    pub(super) fn allows_address(&self, address: Option<IpAddr>) -> bool {
        if !self.has_addresses() {
            return true;
        }
        match address.map(|address| address.to_canonical()) {
            None => false,
            Some(IpAddr::V4(address)) => is_in(&self.v4(), address),
            Some(IpAddr::V6(address)) => is_in(&self.v6(), address),
        }
    }

    /// Whether its routes cover a request; without routes, every one.
    pub(super) fn covers(&self, asked: Asked<'_>) -> bool {
        let mut input = Input(self.routes);
        let mut routes = std::iter::from_fn(|| Route::read(&mut input));
        self.routes.is_empty() || routes.any(|route| route.covers(asked))
    }

    fn v4(&self) -> Vec<(Ipv4Addr, Ipv4Addr)> {
        let mut input = Input(self.v4);
        let mut address = move || input.array::<4>().map(Ipv4Addr::from);
        std::iter::from_fn(|| Some((address()?, address()?))).collect()
    }

    fn v6(&self) -> Vec<(Ipv6Addr, Ipv6Addr)> {
        let mut input = Input(self.v6);
        let mut address = move || input.array::<16>().map(Ipv6Addr::from);
        std::iter::from_fn(|| Some((address()?, address()?))).collect()
    }

    fn is_sound(&self) -> bool {
        let windows = self.windows.len();
        let has_windows =
            windows.is_multiple_of(WINDOW) && windows <= WINDOW * Record::SECRETS_LIMIT;
        let known = ENABLED | SESSION | QUERY | QUERY_STATED;
        let has_flags = self.flags & !known == 0 && self.flags & (QUERY | QUERY_STATED) != QUERY;
        let has_tenancy =
            self.tenancy().is_ok() && (self.subtenant.is_empty() || !self.tenant.is_empty());
        let has_ranges = self.v4.len().is_multiple_of(8)
            && self.v6.len().is_multiple_of(32)
            && are_apart(&self.v4())
            && are_apart(&self.v6());
        let lists = [self.scopes, self.roles, self.tags];
        let has_routes = {
            let mut input = Input(self.routes);
            while !input.0.is_empty() {
                if Route::read(&mut input).is_none_or(|route| !route.is_sound()) {
                    return false;
                }
            }
            true
        };
        let has_texts = !self.user.is_empty() && lists.into_iter().all(Texts::are_sound);
        has_windows && has_flags && has_tenancy && has_ranges && has_routes && has_texts
    }
}

/// A route in a block.
struct Route<'a> {
    hosts: Texts<'a>,
    methods: Texts<'a>,
    path_prefix: &'a str,
}

impl<'a> Route<'a> {
    fn read(input: &mut Input<'a>) -> Option<Self> {
        let (hosts, methods) = (Texts(input.part()?), Texts(input.part()?));
        Some(Self { hosts, methods, path_prefix: input.text()? })
    }

    /// As [`KeyRoute::covers`].
    fn covers(&self, asked: Asked<'_>) -> bool {
        (self.hosts.is_empty() || self.hosts.iter().any(|host| covers_host(host, asked.host)))
            && (self.methods.is_empty()
                || self.methods.iter().any(|method| covers_method(method, asked.method)))
            && (self.path_prefix.is_empty() || covers_path(self.path_prefix, asked.path))
    }

    fn is_sound(&self) -> bool {
        let limits =
            !(self.hosts.is_empty() && self.methods.is_empty() && self.path_prefix.is_empty());
        limits && self.hosts.are_sound() && self.methods.are_sound()
    }
}

/// Whether ranges are sorted and have a gap between them.
fn are_apart<A: Ord>(ranges: &[(A, A)]) -> bool {
    ranges.iter().all(|(first, last)| first <= last)
        && ranges.windows(2).all(|pair| match pair {
            [(_, last), (next, _)] => last < next,
            _ => false,
        })
}

const ENABLED: u8 = 1;
const SESSION: u8 = 1 << 1;
const QUERY: u8 = 1 << 2;
const QUERY_STATED: u8 = 1 << 3;
/// Alone, for a record that lets nobody in.
const INVALID: u8 = 0x80;
/// Two times.
const WINDOW: usize = 16;
