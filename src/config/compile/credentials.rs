//! `credentials`: how technical tokens are obtained, and whom they may serve.
//!
//! A new kind is one file like [`super::mindsphere_tenant`], and one line in [`KINDS`].

use std::sync::Arc;

use super::super::raw::Section;
use super::super::report::Report;
use super::super::warning::Notice;
use super::client::Secrets;
use super::credential_keys::{KeysWanted, bind};
use super::credential_problem::CredentialProblem;
use super::issuers::CompiledIssuers;
use super::names::Names;
use super::values::{AnyOr, any_or, tenants};
use super::{
    api_key, idaas, mindsphere_app, mindsphere_auto, mindsphere_tenant, mindsphere_user, oauth2,
};
use crate::policy;
use crate::sorted::Sorted;
use crate::technical_token;
use crate::tenancy::TenantId;

/// One credential, as those who obtain its tokens and those who decide on them see it.
pub(super) struct Credential {
    /// `None` when it could not be made, which has been reported.
    pub(super) source: Option<technical_token::Source>,
    /// How its tokens are proven, until the keys for that are bound.
    proof: Proof,
    pub(super) policy: policy::Source,
}

/// What one kind of credential is made of.
pub(super) struct KindParts {
    /// `None` when it could not be made, which has been reported.
    pub(super) source: Option<technical_token::Source>,
    /// How its tokens are proven to be their issuer's.
    pub(super) proof: Proof,
    /// The tenant that each of its tokens is checked to be for.
    pub(super) tenant: Option<TenantId>,
    pub(super) client_id: Option<Arc<str>>,
    pub(super) traits: Traits,
}

/// How tokens are proven to be their issuer's.
pub(super) enum Proof {
    /// By these keys, before they are used.
    Keys(KeysWanted),
    /// Not by us.
    None,
    /// By the rules for callers' tokens: it stands in the environment.
    Stated,
}

/// What a credential can do.
pub(super) struct Traits {
    /// Each of its tokens is checked to be for one tenant.
    pub(super) has_tenant: bool,
    /// The subtenants that its tokens can act for.
    pub(super) subtenants: policy::Subtenants,
}

/// All credentials, each at its position in the document.
pub(super) struct Credentials<'d> {
    pub(super) names: Names<'d>,
    /// `None` where not even its kind is known, which has been reported.
    pub(super) list: Vec<Option<Credential>>,
    /// The clients of all credentials.
    pub(super) clients: Arc<Sorted<Arc<str>>>,
}

/// Reads one kind: its own object (for `idaas`, whose object is a vendor's, the whole entry), the
/// credential's name, and what is needed to read secrets.
type ReadKind = fn(&Section<'_>, &str, &Secrets<'_>, &mut Report) -> KindParts;

/// The kinds by the key that selects each.
const KINDS: [(&str, ReadKind); 7] = [
    ("api_key", api_key::read),
    (IDAAS, idaas::read),
    ("mindsphere_app", mindsphere_app::read),
    ("mindsphere_auto", mindsphere_auto::read),
    ("mindsphere_tenant", mindsphere_tenant::read),
    ("mindsphere_user", mindsphere_user::read),
    ("oauth2", oauth2::read),
];

/// The kind whose keys stand beside its object, too.
const IDAAS: &str = "idaas";

/// Reads `credentials`.
pub(super) fn credentials<'d>(
    root: &Section<'d>,
    secrets: &Secrets<'_>,
    report: &mut Report,
) -> Credentials<'d> {
    let sections = root.sections("credentials");
    let names = Names::collect(&sections, report);
    let mut clients = Vec::new();
    let mut list = Vec::new();
    for (index, section) in sections.iter().enumerate() {
        list.push(credential(section, index, secrets, &mut clients, report));
    }
    Credentials { names, list, clients: Arc::new(clients.into_iter().collect()) }
}

fn credential(
    section: &Section<'_>,
    index: usize,
    secrets: &Secrets<'_>,
    clients: &mut Vec<Arc<str>>,
    report: &mut Report,
) -> Option<Credential> {
    let name = section.text("name").unwrap_or_default();
    if !section.states(IDAAS) {
        for key in idaas::SURROUNDINGS.into_iter().filter(|key| section.states(key)) {
            report.error(&section.place_of(key), CredentialProblem::IdaasAlone);
        }
    }
    let mut kinds = KINDS.iter().filter(|(key, _)| section.states(key));
    let (Some((key, read)), None) = (kinds.next(), kinds.next()) else {
        report.error(section.place(), CredentialProblem::KindUnclear);
        return None;
    };
    let callers = callers(section, report);
    let own = if *key == IDAAS { section.clone() } else { section.section(key)? };
    let parts = read(&own, name, secrets, report);
    clients.extend(parts.client_id);
    let callers = match parts.proof {
        Proof::Keys(_) | Proof::None => callers,
        Proof::Stated => {
            if section.states("callers") {
                report.error(&section.place_of("callers"), CredentialProblem::CallersUnserved);
            }
            Some(policy::Callers::Nobody)
        }
    };
    if !parts.traits.has_tenant && !section.states("callers") {
        report.error(&section.place_of("callers"), CredentialProblem::CallersUnstated);
    }
    Some(Credential {
        policy: policy::Source {
            id: policy::SourceId(u32::try_from(index).ok()?),
            name: Arc::from(name),
            tenant: parts.tenant,
            callers,
            subtenants: parts.traits.subtenants,
        },
        source: parts.source,
        proof: parts.proof,
    })
}

impl Credentials<'_> {
    /// Finds the keys that the tokens of credentials are checked by.
    pub(super) fn bind_keys(&mut self, issuers: &mut CompiledIssuers, report: &mut Report) {
        for credential in self.list.iter_mut().flatten() {
            let proof = std::mem::replace(&mut credential.proof, Proof::None);
            let Proof::Keys(keys) = proof else { continue };
            // Without its keys it must not be used.
            let signatures = bind(keys, issuers, report);
            let source = credential.source.take().zip(signatures);
            credential.source = source.map(|(source, signatures)| source.signed(signatures));
        }
    }
}

fn callers(section: &Section<'_>, report: &mut Report) -> Option<policy::Callers> {
    Some(match any_or(section, "callers")? {
        AnyOr::Any => {
            report.warn(&section.place_of("callers"), Notice::AnyCaller);
            policy::Callers::Any
        }
        AnyOr::Only(items) => policy::Callers::Only(tenants(&items, report).into_iter().collect()),
    })
}
