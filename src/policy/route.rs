//! A route as the configuration states it: what it matches, whom it lets pass, what goes upstream.

use std::sync::Arc;

use super::acting::ActingHeader;
use super::claim_condition::Condition;
use super::header_condition::HeaderConditions;
use super::host::HostPattern;
use super::method::Methods;
use super::mode::Mode;
use super::pattern::PathPattern;
use super::source::{Form, Injection};
use crate::message::{HeaderName, Opaque};
use crate::sorted::Sorted;
use crate::tenancy::{SubtenantId, TenantId};

/// One route. `Policy::new` checks it and everything it combines.
#[derive(Clone, Debug)]
pub struct Route {
    /// The name that logs, errors and metrics use; unique in a policy.
    pub name: Arc<str>,
    /// The hosts it is for; never empty ([`HostPattern::Any`] is written out).
    pub hosts: Vec<HostPattern>,
    /// The paths it is for.
    pub path: PathPattern,
    /// The methods it is for.
    pub methods: Methods,
    /// The header fields it asks for.
    pub headers: HeaderConditions,
    /// What the tail of its path may hold although servers read it in different ways; only with a
    /// `**`.
    pub opaque: Opaque,
    /// Whether a caller must prove who it is.
    pub authentication: Authentication,
    /// Whether what lies behind the route respects the caller's subtenant.
    pub subtenancy: Subtenancy,
    /// What an injected token does about the caller's subtenant.
    pub subtenant: SubtenantMode,
    /// The scopes that the caller must hold.
    pub scopes: ScopeRequirement,
    /// The only tenants whose callers may pass; `None` for all.
    pub tenants: Option<Sorted<TenantId>>,
    /// What must be true of what the caller's token says; all of it.
    pub claims: Vec<Condition>,
    /// What the upstream gets to see.
    pub upstream: Upstream,
    /// What becomes of a 401 that an upstream answers to a technical token.
    pub upstream_401: Upstream401,
    /// Whether CORS preflight requests about its requests pass, with nothing that tells of a caller.
    pub passes_preflight: bool,
    /// Whether its decisions are enforced.
    pub mode: Mode,
    /// Lets an unverified credential through on a public ingress route. Never set by a default.
    pub pass_unverified: bool,
}

/// Whether a caller must prove who it is.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Authentication {
    /// No credential is looked at: every caller is anonymous.
    NotLookedAt,
    /// A credential may be absent; one that is presented must be valid.
    Optional,
    /// A valid credential must be presented.
    Required,
}

/// Whether what lies behind a route respects the caller's subtenant. Refused is the default.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum Subtenancy {
    /// Callers with and without a subtenant may pass.
    Aware,
    /// Callers without a subtenant may pass; those with one where the catalogue covers the request.
    Catalogue,
    /// Only callers with a subtenant may pass.
    Only,
    /// Callers with a subtenant are refused.
    #[default]
    Refused,
}

/// What an injected token does about the caller's subtenant. Refuse is the default.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub enum SubtenantMode {
    /// The token acts for the subtenant that the request names. Egress, without a caller's token.
    Header(ActingHeader),
    /// The token acts for the caller's own tenant and subtenant.
    Impersonate,
    /// The token acts for this subtenant. Egress, without a caller's token.
    One(SubtenantId),
    /// A caller with a subtenant gets no token and is refused.
    #[default]
    Refuse,
    /// The token acts for the whole tenant although the caller has a subtenant; the application
    /// filters by the subtenant's identity header.
    TenantWide,
}

impl SubtenantMode {
    /// The header that names a subtenant, if one does.
    pub const fn header(&self) -> Option<&HeaderName> {
        match self {
            Self::Header(header) => Some(&header.name),
            Self::Impersonate | Self::One(_) | Self::Refuse | Self::TenantWide => None,
        }
    }
}

/// The scopes that a caller must hold.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub enum ScopeRequirement {
    /// Every one of these; never empty.
    All(Sorted<Arc<str>>),
    /// At least one of these; never empty.
    Any(Sorted<Arc<str>>),
    /// The operator wrote that none is needed.
    NotNeeded,
    /// Nothing was written. An error where an ingress route injects a technical token.
    #[default]
    Unstated,
}

/// What the upstream gets to see of credentials.
#[derive(Clone, Debug)]
pub struct Upstream {
    /// What becomes of the credential that the caller presented.
    pub caller_token: CallerToken,
    /// The technical tokens that are put on the request, one per header.
    pub inject: Vec<Injection>,
}

impl Upstream {
    /// Whether requests are signed.
    pub fn signs(&self) -> bool {
        self.inject.iter().any(|injection| injection.form == Form::Signature)
    }
}

/// What becomes of a 401 that an upstream answers to a technical token, besides that the token is
/// fetched anew. Passing it on is the default.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum Upstream401 {
    /// The caller sees it.
    #[default]
    PassOn,
    /// The caller, who is not to blame, gets 502.
    Replace,
}

/// What becomes of the credential that the caller presented.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum CallerToken {
    /// The upstream sees the caller's own bearer token.
    Forward,
    /// The upstream does not see it.
    Remove,
}
