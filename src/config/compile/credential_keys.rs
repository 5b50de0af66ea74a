//! `credentials[].mindsphere_*.signature` and `jwks`: the keys that fetched tokens are checked by.
//!
//! A credential is read before the issuers are, so it says what it needs, and [`bind`] finds it: what
//! the credential states goes first, then the keys of the configured issuer of the same `iss`, then the
//! platform's rule. Sources of the same keys are one, whoever names them.

use std::sync::Arc;

use super::super::error::Place;
use super::super::raw::Section;
use super::super::report::Report;
use super::super::uri::{Scheme, Uri};
use super::super::warning::Notice;
use super::credential_problem::CredentialProblem;
use super::credentials::Proof;
use super::issuers::CompiledIssuers;
use super::key_source::{Demand, KeyAddress, KeyLocation, KeyOwner, KeySource, Upkeep};
use super::key_sources::{derived, upkeep};
use super::problem::AddressProblem;
use crate::crypto::Digest;
use crate::jwt::KeySetId;
use crate::message::Endpoint;
use crate::presets::MINDSPHERE;
use crate::technical_token::{IssuerKeys, Signatures};

/// The keys that a credential needs.
pub(super) struct KeysWanted {
    name: Arc<str>,
    /// Where `jwks` is or would be.
    place: Place,
    /// Whether the credential says itself where its keys are.
    is_stated: bool,
    /// Each issuer that tokens may have, and the address of its keys.
    issuers: Vec<(String, Result<Endpoint, Missing>)>,
    upkeep: Upkeep,
}

/// What is missing to find keys.
#[derive(Clone, Copy)]
enum Missing {
    /// The cluster that reaches them.
    Cluster,
    /// Their address. An address that cannot be used has been reported.
    Uri,
    /// Nothing that has not been reported.
    Reported,
    /// Leave to fetch them by plain `http`.
    Security,
}

/// What a credential is about to be, as far as its keys depend on it.
pub(super) struct Signed<'a> {
    /// The credential's own object.
    pub(super) section: &'a Section<'a>,
    /// Its name.
    pub(super) name: &'a str,
    /// The cluster that reaches the hosts of its keys, unless it states another.
    pub(super) cluster: Option<&'a str>,
    /// Each issuer that its tokens may have, and the token URL from which the address of its keys
    /// follows.
    pub(super) issuers: Vec<(String, String)>,
}

/// Reads what a credential says of its tokens' signatures.
pub(super) fn wanted(signed: Signed<'_>, report: &mut Report) -> Proof {
    let Signed { section, name, cluster, issuers } = signed;
    let place = section.place_of("jwks");
    let jwks = section.section("jwks");
    if section.text("signature") == Some("not_checked") {
        report.warn(&section.place_of("signature"), Notice::SignaturesUnchecked);
        if jwks.is_some() {
            report.error(&place, CredentialProblem::KeysUnneeded);
        }
        return Proof::None;
    }
    let own_cluster = jwks.as_ref().and_then(|jwks| jwks.text("cluster"));
    let cluster = own_cluster.or(cluster);
    let allows_plaintext = |section: &Section<'_>| section.boolean("allow_plaintext") == Some(true);
    let uri = jwks.as_ref().and_then(|jwks| Some((jwks, jwks.text("uri")?)));
    let stated = uri.map(|(jwks, uri)| {
        let place = jwks.place_of("uri");
        let uri = Uri::parse(uri).map_err(AddressProblem::Uri);
        let uri = report.ok(&place, uri).ok_or(Missing::Reported)?;
        match (uri.scheme(), allows_plaintext(jwks)) {
            (Scheme::Https, _) => {}
            (Scheme::Http, true) => report.warn(&place, Notice::Plaintext),
            (Scheme::Http, false) => report.error(&place, AddressProblem::Plaintext),
        }
        endpoint(cluster, &uri)
    });
    let by_rule = |url: &str| {
        let address = derived(Some(&MINDSPHERE), url).ok_or(Missing::Uri)?;
        let uri = Uri::parse(&address).map_err(|_| Missing::Reported)?;
        if uri.scheme() == Scheme::Http && !allows_plaintext(section) {
            // The token URL itself has been reported.
            let is_reported = section.text("token_url") == Some(url);
            return Err(if is_reported { Missing::Reported } else { Missing::Security });
        }
        endpoint(cluster, &uri)
    };
    let issuers = issuers.into_iter().map(|(issuer, url)| {
        let address = stated.clone().unwrap_or_else(|| by_rule(&url));
        (issuer, address)
    });
    let is_stated = stated.is_some() || own_cluster.is_some();
    let issuers = issuers.collect();
    let upkeep = upkeep(jwks.as_ref().unwrap_or(section), Some(&MINDSPHERE), report);
    Proof::Keys(KeysWanted { name: Arc::from(name), place, is_stated, issuers, upkeep })
}

/// Finds the keys that a credential needs, among the sources that there are or as new ones. `None` when
/// some cannot be found; the first has been reported.
pub(super) fn bind(
    wanted: KeysWanted,
    known: &mut CompiledIssuers,
    report: &mut Report,
) -> Option<Signatures> {
    // Where tokens have one issuer of several, most are never named by one.
    let demand = match wanted.issuers.len() {
        0 | 1 => Demand::AtStart,
        _ if wanted.has_one_address() => Demand::AtStart,
        _ => Demand::ByToken,
    };
    let mut found = Vec::new();
    for (issuer, address) in &wanted.issuers {
        let configured = match wanted.is_stated {
            true => None,
            false => known.public_keys_of(issuer),
        };
        let keys = match (configured, address) {
            (Some(keys), _) => keys,
            (None, Ok(address)) => known.source_of(&wanted, address, demand)?,
            (None, Err(missing)) => {
                missing.report(&wanted, issuer, report);
                return None;
            }
        };
        let origin = known.origin(keys)?;
        found.push(IssuerKeys { issuer: issuer.as_str().into(), keys, origin });
    }
    Some(Signatures::new(MINDSPHERE.algorithms.value, found))
}

impl KeysWanted {
    fn has_one_address(&self) -> bool {
        let mut addresses = self.issuers.iter().filter_map(|(_, address)| address.as_ref().ok());
        let first = addresses.next();
        addresses.all(|address| Some(address) == first)
    }
}

impl Missing {
    fn report(self, wanted: &KeysWanted, issuer: &str, report: &mut Report) {
        match self {
            Self::Cluster => {
                let problem = CredentialProblem::KeysClusterUnstated(issuer.into());
                report.error(&wanted.place, problem);
            }
            Self::Uri => {
                report.error(&wanted.place, CredentialProblem::KeysUriUnstated(issuer.into()));
            }
            Self::Reported => {}
            Self::Security => report.error(&wanted.place, AddressProblem::Plaintext),
        }
    }
}

impl CompiledIssuers {
    /// The public keys of the configured issuer with this `iss`.
    fn public_keys_of(&self, issuer: &str) -> Option<KeySetId> {
        let id = self.issuers.find(issuer)?.keys();
        match self.source(id)?.location() {
            KeyLocation::Inline(_) | KeyLocation::Remote { .. } => Some(id),
            KeyLocation::Secret(_) => None,
        }
    }

    /// The source of these keys: one that there is, or a new one.
    fn source_of(
        &mut self,
        wanted: &KeysWanted,
        address: &Endpoint,
        demand: Demand,
    ) -> Option<KeySetId> {
        let is_same = |other: &&KeySource| match other.location() {
            KeyLocation::Remote { address: KeyAddress::Stated(known), upkeep } => {
                known == address && *upkeep == wanted.upkeep
            }
            KeyLocation::Remote { address: KeyAddress::Discovered(_), .. }
            | KeyLocation::Inline(_)
            | KeyLocation::Secret(_) => false,
        };
        if let Some(known) = self.key_sources.iter().find(is_same) {
            return Some(known.id());
        }
        let id = KeySetId(u32::try_from(self.key_sources.len()).ok()?);
        let location = KeyLocation::Remote {
            address: KeyAddress::Stated(address.clone()),
            upkeep: wanted.upkeep,
        };
        let owner = KeyOwner::Credential(demand);
        let source = KeySource { id, owner, name: Arc::clone(&wanted.name), location };
        self.key_sources.push(source);
        Some(id)
    }

    /// The digest of where keys come from, or of the keys themselves.
    fn origin(&self, id: KeySetId) -> Option<[u8; 32]> {
        let source = self.source(id)?;
        match source.location() {
            KeyLocation::Inline(set) => {
                let keys = set.keys().iter().map(|jwk| &jwk.key().thumbprint().0[..]);
                Some(*Digest::of(&keys.collect::<Vec<_>>()).as_bytes())
            }
            KeyLocation::Remote { .. } => source.meaning(),
            KeyLocation::Secret(_) => None,
        }
    }

    fn source(&self, id: KeySetId) -> Option<&KeySource> {
        self.key_sources.get(usize::try_from(id.0).ok()?)
    }
}

fn endpoint(cluster: Option<&str>, uri: &Uri) -> Result<Endpoint, Missing> {
    Ok(Endpoint {
        cluster: Arc::from(cluster.ok_or(Missing::Cluster)?),
        scheme: uri.scheme().as_str(),
        authority: Arc::clone(uri.authority()),
        path: Arc::clone(uri.path()),
    })
}
