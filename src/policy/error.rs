//! Why routes and credentials cannot form a policy.

use std::fmt;
use std::sync::Arc;

use super::combination::CombinationError;
use super::header_condition::CONDITION_LIMIT;
use super::source::SourceId;
use super::table::WIDTH_LIMIT;
use crate::message::{HeaderName, PathError};

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
    /// All routes together.
    Routes,
    /// The credential at this position.
    Source(usize),
}

/// What is wrong.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum PolicyProblem {
    /// The program acts for a subtenant whose tokens the credential does not have; its name.
    ActingElsewhere(Arc<str>),
    /// A program acts for a subtenant on ingress.
    ActingOnIngress,
    /// A program acts for a subtenant where each request presents a caller's token.
    ActingWithoutRequests,
    /// `callers` together with `subtenant: impersonate`; the credential's name.
    CallersWithImpersonation(Arc<str>),
    /// A credential without a tenant does not state `callers`.
    CallersMissing,
    /// A condition compares letter case with the path, which the configuration ignores there.
    CaptureFolded {
        /// The position of the condition in `Route::claims`.
        condition: usize,
    },
    /// A condition names a segment that the path pattern does not capture.
    CaptureUnknown {
        /// The position of the condition in `Route::claims`.
        condition: usize,
        /// The name.
        name: Arc<str>,
    },
    /// A route asks the catalogue, and there is none.
    CatalogueMissing,
    /// A route asks the catalogue, which compares plain paths, and has this as well.
    CatalogueNotPlain(&'static str),
    /// The upstream of the route would not see the caller's own token, and nobody has stated the
    /// scopes of this role, which could cover its requests.
    CatalogueScopesUnknown(Arc<str>),
    /// A token in a query never goes on, and nobody has stated the scopes of this role, which could
    /// cover requests of the route: the service could not judge them.
    CatalogueTokenCut(Arc<str>),
    /// Settings of the route contradict each other.
    Combination(CombinationError),
    /// A list of allowed scopes, tenants or callers has no entries, so that nobody could pass.
    EmptyList(&'static str),
    /// Another route has the same rank for some request.
    EqualRank {
        /// Its name.
        other: Arc<str>,
        /// Such a request.
        example: Box<str>,
    },
    /// A credential that exchanges callers' tokens, on a route that has no caller's token at times or asks
    /// for a tenant's; its name.
    ExchangeWithoutCaller(Arc<str>),
    /// A header condition on a header that we set or remove, or that has a purpose of its own.
    HeaderNotClients(HeaderName),
    /// We would set a header twice, or one that the proxy itself needs.
    HeaderTaken(HeaderName),
    /// A credential that cannot impersonate, together with `subtenant: impersonate`; its name.
    ImpersonationUnsupported(Arc<str>),
    /// Another one has the same name.
    NameTaken(Arc<str>),
    /// More than [`CONDITION_LIMIT`] header conditions.
    ManyConditions,
    /// A route without hosts.
    NoHosts,
    /// Something opaque is allowed in a path that has no tail.
    OpaqueWithoutTail,
    /// No path can be matched where the case of letters is ignored.
    Path(PathError),
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
    /// The look-up of one path could visit that many nodes of the tree of patterns.
    Width(usize),
}

impl fmt::Display for PolicyProblem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ActingElsewhere(name) => write!(
                formatter,
                "credential `{name}` has tokens for one other subtenant alone"
            ),
            Self::ActingOnIngress => formatter.write_str(
                "only an egress proxy can act for a subtenant of its own choice; on ingress callers \
                 name theirs by their tokens, write `impersonate`",
            ),
            Self::ActingWithoutRequests => formatter.write_str(
                "is about requests without a caller's token, and none of them gets a technical token \
                 here; write `authentication: optional`",
            ),
            Self::CallersWithImpersonation(name) => write!(
                formatter,
                "credential `{name}` states `callers`, which cannot go with \
                 `subtenant: impersonate`: an impersonated token serves its own tenant alone"
            ),
            Self::CallersMissing => formatter.write_str(
                "the credential has no tenant of its own, write `callers: [...]` or `callers: any`",
            ),
            Self::CaptureFolded { .. } => formatter.write_str(
                "compares letter case, which `case_insensitive_paths` ignores: a caller of `ACME` and \
                 one of `acme` would share a path; the two cannot go together",
            ),
            Self::CaptureUnknown { name, .. } => {
                write!(formatter, "no segment of `match.path` is `{{{name}}}`")
            }
            Self::CatalogueNotPlain(other) => write!(
                formatter,
                "`subtenancy: catalogue` compares paths as they are and cannot go with {other}"
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
            Self::CatalogueTokenCut(role) => write!(
                formatter,
                "nobody has stated the scopes of role `{role}`, which covers requests of this route, \
                 and a token in a query (`token_places`) would not go on with them; state its scopes \
                 in `subtenancy.catalogue.roles`, disable it, or take no tokens from queries"
            ),
            Self::Combination(error) => error.fmt(formatter),
            Self::EmptyList(key) => {
                write!(formatter, "`{key}` is an empty list, which would let nobody pass")
            }
            Self::ExchangeWithoutCaller(name) => write!(
                formatter,
                "credential `{name}` exchanges the caller's token, so it takes \
                 `authentication: required` and `when: always`, and never `subtenant: tenant_wide`"
            ),
            Self::EqualRank { other, example } => {
                write!(
                    formatter,
                    "route `{other}` has the same rank for {example}; keep one, or let one ask for more"
                )
            }
            Self::HeaderNotClients(header) => write!(
                formatter,
                "header `{}` cannot be a condition: it is set or removed on the way, or has a purpose of its own",
                header.as_str()
            ),
            Self::HeaderTaken(header) => {
                write!(formatter, "header `{}` is set for another purpose already", header.as_str())
            }
            Self::ImpersonationUnsupported(name) => write!(
                formatter,
                "credential `{name}` cannot obtain tokens for one subtenant, write \
                 `subtenant: refuse` or use another credential"
            ),
            Self::ManyConditions => {
                write!(formatter, "asks for more than {CONDITION_LIMIT} header fields")
            }
            Self::NameTaken(name) => write!(formatter, "the name `{name}` is used twice"),
            Self::NoHosts => formatter.write_str("`hosts` is empty, write `*` for every host"),
            Self::OpaqueWithoutTail => {
                formatter.write_str("only the tail of a path that ends in `**` can be opaque")
            }
            Self::Path(error) => write!(formatter, "can never be requested: {error}"),
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
                "`subtenant: tenant_wide` needs `subtenancy: aware` or `only`: what lies behind the route \
                 must filter by the identity header, since the token names no subtenant",
            ),
            Self::TenantWideWithoutIdentity => formatter.write_str(
                "`subtenant: tenant_wide` needs `identity_headers.subtenant`: without it the \
                 application could not filter",
            ),
            Self::Width(nodes) => write!(
                formatter,
                "have `*` beside literals at so many depths that the look-up of one path could take \
                 {nodes} steps; at most {WIDTH_LIMIT} are allowed"
            ),
        }
    }
}
