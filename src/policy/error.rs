//! Why routes and credentials cannot form a policy.

use std::fmt;
use std::sync::Arc;

use super::combination::CombinationError;
use super::source::SourceId;
use crate::message::HeaderName;

/// One problem of a policy, and whose it is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PolicyError {
    /// What has the problem.
    pub culprit: Culprit,
    /// What the problem is.
    pub problem: PolicyProblem,
}

/// What has a problem; numbers are positions in the lists that `Policy::new` was given.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Culprit {
    /// The identity headers.
    Identity,
    /// The route at this position.
    Route(usize),
    /// The credential at this position.
    Source(usize),
}

/// What is wrong.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum PolicyProblem {
    /// `callers` together with `subtenant: impersonate`; the credential's name.
    CallersWithImpersonation(Arc<str>),
    /// A credential without a tenant does not state `callers`.
    CallersMissing,
    /// A route asks the catalogue, and there is none.
    CatalogueMissing,
    /// The upstream of the route would not see the caller's own token, and nobody has stated the
    /// scopes of this role, which could cover its requests.
    CatalogueScopesUnknown(Arc<str>),
    /// Settings of the route contradict each other.
    Combination(CombinationError),
    /// A list of allowed scopes, tenants or callers has no entries, so that nobody could pass.
    EmptyList(&'static str),
    /// Another route of this name serves the same host, path pattern and a same method.
    EqualRank(Arc<str>),
    /// We would set a header twice, or one that the proxy itself needs.
    HeaderTaken(HeaderName),
    /// A credential that cannot impersonate, together with `subtenant: impersonate`; its name.
    ImpersonationUnsupported(Arc<str>),
    /// Another one has the same name.
    NameTaken(Arc<str>),
    /// A route without hosts.
    NoHosts,
    /// A requirement on an egress route that looks at no token, so that it binds nobody; its key.
    RequirementOnUnreadToken(&'static str),
    /// A requirement on an ingress route whose callers need not present a credential; its key.
    RequirementWithoutAuthentication(&'static str),
    /// An ingress route injects a technical token and says neither which scopes nor which claims
    /// that needs.
    ScopesUnstated,
    /// No credential has this number.
    SourceUnknown(SourceId),
    /// `tenant_wide` on a route that refuses callers with a subtenant.
    TenantWideOnUnawareRoute,
    /// `tenant_wide` without an identity header for the subtenant.
    TenantWideWithoutIdentity,
}

impl fmt::Display for PolicyProblem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CallersWithImpersonation(name) => write!(
                formatter,
                "credential `{name}` states `callers`, which cannot go with \
                 `subtenant: impersonate`: an impersonated token serves its own tenant alone"
            ),
            Self::CallersMissing => formatter.write_str(
                "the credential has no tenant of its own, write `callers: [...]` or `callers: any`",
            ),
            Self::CatalogueMissing => formatter.write_str(
                "`subtenancy: catalogue` asks `subtenancy.catalogue`, which is missing; add it, or \
                 write `aware` if all behind the route respects subtenants",
            ),
            Self::CatalogueScopesUnknown(role) => write!(
                formatter,
                "nobody has stated the scopes of role `{role}`, which covers requests of this route: \
                 only the caller's own token could go with them; state its scopes in \
                 `subtenancy.catalogue.roles`, disable it, or write `caller_token: forward`"
            ),
            Self::Combination(error) => error.fmt(formatter),
            Self::EmptyList(key) => {
                write!(formatter, "`{key}` is an empty list, which would let nobody pass")
            }
            Self::EqualRank(name) => {
                write!(formatter, "route `{name}` serves the same host, path pattern and method")
            }
            Self::HeaderTaken(header) => {
                write!(formatter, "header `{}` is set for another purpose already", header.as_str())
            }
            Self::ImpersonationUnsupported(name) => write!(
                formatter,
                "credential `{name}` cannot obtain tokens for one subtenant, write \
                 `subtenant: refuse` or use another credential"
            ),
            Self::NameTaken(name) => write!(formatter, "the name `{name}` is used twice"),
            Self::NoHosts => formatter.write_str("`hosts` is empty, write `*` for every host"),
            Self::RequirementOnUnreadToken(key) => write!(
                formatter,
                "`{key}` demands something of callers whose tokens are not looked at, write \
                 `authentication: optional` or `authentication: required`"
            ),
            Self::RequirementWithoutAuthentication(key) => write!(
                formatter,
                "`{key}` demands something of callers that need not say who they are, write \
                 `authentication: required`"
            ),
            Self::ScopesUnstated => formatter.write_str(
                "the route injects a technical token, state `scopes` or `claims`, or \
                 write `scopes: not_needed`",
            ),
            Self::SourceUnknown(id) => {
                write!(formatter, "there is no credential number `{}`", id.0)
            }
            Self::TenantWideOnUnawareRoute => formatter.write_str(
                "`subtenant: tenant_wide` needs `subtenancy: aware`, `catalogue` or `only`",
            ),
            Self::TenantWideWithoutIdentity => formatter.write_str(
                "`subtenant: tenant_wide` needs `identity_headers.subtenant`: without it the \
                 application could not filter",
            ),
        }
    }
}
