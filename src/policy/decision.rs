//! What was decided about one request: a permit, or a denial.

use std::sync::Arc;

use super::acting::ActingError;
use super::guarded::GuardedRoute;
use super::source::Injection;
use crate::message::PathError;
use crate::principal::Principal;
use crate::tenancy::SubtenantId;

/// Proof that one request may pass, and what its upstream may see. Only `Policy::decide` makes it.
///
/// It is not `Clone`: one permit lets one request through, by becoming its header edits.
#[derive(Debug)]
pub struct Permit {
    pub(super) route: Arc<GuardedRoute>,
    pub(super) principal: Principal,
    pub(super) sent: Sent,
}

/// What the upstream sees of credentials.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Sent {
    /// What the caller presented.
    CallerToken,
    /// Nothing.
    Nothing,
    /// The route's technical tokens, each for this subtenant of its tenant (`None`: the tenant).
    Technical(Option<SubtenantId>),
}

/// Why a caller may not pass. Always the caller's fault; facts, no secrets.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Denial {
    /// The request may not act for a subtenant, or not for this one.
    Acting(ActingError),
    /// The caller acts for a subtenant and lacks the scopes of each role that covers the request.
    CatalogueScopesMissing,
    /// The caller acts for a subtenant, nobody has stated the scopes of the roles that cover the
    /// request, and its own token would not be what goes on.
    CatalogueScopesUnknown,
    /// The caller acts for a subtenant, and no role of the catalogue covers the request.
    CatalogueUncovered,
    /// What the caller's token says is not what the route demands.
    ClaimMismatch,
    /// The route requires a credential and none was presented.
    CredentialMissing,
    /// The caller presents an application key or a session of one, and what goes on here is a bearer token.
    KeyNotForwarded,
    /// The routes at this host, path and method ask for header fields that the request lacks, or of
    /// which servers could differ whether it has them.
    HeaderUnmatched,
    /// The route at this host and path does not serve this method.
    MethodNotAllowed {
        /// The methods that it serves, as the `Allow` header lists them (RFC 9110 §10.2.1).
        allowed: Arc<str>,
    },
    /// No route is for this host and path.
    NoRoute(NoMatch),
    /// Servers read the path in different ways, and no one route is for all of these readings and
    /// allows that.
    PathAmbiguous(PathError),
    /// A preflight request has a body or trailers, or nobody knows that it has none.
    PreflightWithBody,
    /// The caller lacks a scope.
    ScopeInsufficient,
    /// The caller acts for a subtenant, and what lies behind the route does not respect it.
    SubtenancyRefused,
    /// The caller acts for a subtenant, and the technical token could not carry it.
    SubtenantNotCarried,
    /// The route serves callers with a subtenant alone.
    SubtenantRequired,
    /// The technical token belongs to another tenant than the caller, or to one subtenant that is not
    /// the caller's.
    TenantMismatch {
        /// The name of the credential, for the log.
        credential: Arc<str>,
    },
    /// The route is not for callers of this tenant, or of none.
    TenantNotAllowed,
}

/// How a request is refused that no route is for. Forbidden is the default.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum NoMatch {
    /// 403 for everybody.
    #[default]
    Forbidden,
    /// 404 for everybody.
    NotFound,
}

impl Permit {
    /// The route under which the request passes.
    pub fn route(&self) -> &GuardedRoute {
        &self.route
    }

    /// Who asks.
    pub const fn principal(&self) -> &Principal {
        &self.principal
    }

    /// Whether the caller's own token goes on.
    pub const fn forwards_caller_token(&self) -> bool {
        match self.sent {
            Sent::CallerToken => true,
            Sent::Nothing | Sent::Technical(_) => false,
        }
    }

    /// The technical tokens that the request needs, in the order in which [`Permit::into_edits`]
    /// takes them; empty when it needs none. All of them act for [`Permit::subtenant`].
    pub fn injections(&self) -> &[Injection] {
        match self.sent {
            Sent::CallerToken | Sent::Nothing => &[],
            Sent::Technical(_) => &self.route.route().upstream.inject,
        }
    }

    /// The subtenant that the technical tokens must act for, within the tenant of their source;
    /// `None` for the whole tenant.
    pub const fn subtenant(&self) -> Option<&SubtenantId> {
        match &self.sent {
            Sent::CallerToken | Sent::Nothing => None,
            Sent::Technical(subtenant) => subtenant.as_ref(),
        }
    }
}

impl Denial {
    /// The exact reason, stable, for logs and filter state.
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Acting(error) => error.reason(),
            Self::CatalogueScopesMissing => "catalogue_scope_insufficient",
            Self::CatalogueScopesUnknown => "catalogue_scopes_unknown",
            Self::CatalogueUncovered => "not_in_subtenancy_catalogue",
            Self::ClaimMismatch => "claim_mismatch",
            Self::CredentialMissing => "credential_missing",
            Self::HeaderUnmatched => "header_condition_unmatched",
            Self::KeyNotForwarded => "appkey_not_forwarded",
            Self::MethodNotAllowed { .. } => "method_not_allowed",
            Self::NoRoute(_) => "no_route",
            Self::PathAmbiguous(error) => error.reason(),
            Self::PreflightWithBody => "preflight_with_body",
            Self::ScopeInsufficient => "scope_insufficient",
            Self::SubtenancyRefused => "route_not_subtenancy_aware",
            Self::SubtenantNotCarried => "subtenant_not_carried_by_technical_token",
            Self::SubtenantRequired => "subtenant_required",
            Self::TenantMismatch { .. } => "tenant_not_served_by_credential",
            Self::TenantNotAllowed => "tenant_not_allowed_on_route",
        }
    }
}
