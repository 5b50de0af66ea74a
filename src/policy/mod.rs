//! Who may go where: routes, requirements, decisions. No HTTP status, no JSON, no token.

mod acting;
mod by_text;
mod catalogue;
mod check;
mod claim_condition;
mod combination;
mod containment;
mod decision;
mod edits;
mod error;
mod example;
mod explanation;
mod gate;
mod guarded;
mod header_condition;
mod host;
mod identity;
mod identity_edits;
mod key_combination;
mod lack;
mod leaf;
mod method;
mod mode;
mod pattern;
mod preflight;
mod requirement;
mod reserved;
mod review;
mod route;
mod source;
mod specificity;
mod table;
#[cfg(test)]
mod tests;
mod tree;

use std::sync::Arc;

pub use acting::{ActingError, ActingHeader, ActingValues};
pub use catalogue::{
    Catalogue, CatalogueRole, CatalogueRule, Grant, RoleScopes, RulePath, RulePathError, RuleReach,
    Standing, VoidScopes,
};
pub use claim_condition::{Condition, Scalar, Subject, Test};
pub use combination::{CombinationError, Deployment};
pub use decision::{Denial, NoMatch, Permit};
pub use edits::EditError;
pub use error::{Culprit, PolicyError, PolicyProblem};
pub use explanation::{Answered, Demand};
pub use guarded::GuardedRoute;
pub use header_condition::{CONDITION_LIMIT, HeaderConditions};
pub use host::HostPattern;
pub use identity::{IdentityHeaders, OwnedHeaders};
pub use key_combination::{BasicWithKey, KeyCombination, WhenBoth};
pub use lack::Lack;
pub use method::{MethodError, MethodSet, Methods};
pub use mode::Mode;
pub use pattern::{PathPattern, PatternError};
pub use preflight::Preflight;
pub use reserved::{is_credential, is_reserved};
pub use review::{Finding, Findings};
pub use route::{
    Authentication, CallerToken, Route, ScopeRequirement, Subtenancy, SubtenantMode, Upstream,
    Upstream401,
};
pub use source::{Callers, Form, Injection, Source, SourceId, Subtenants, When};

use crate::credential::{KeyPlaces, KeyPlacesParts, TokenPlaces};
use crate::message::{
    HeaderName, Opaque, PathRules, PathSpelling, RequestError, RequestHead, RequestTarget,
};
use crate::principal::Principal;
use crate::sorted::Sorted;
use crate::table::Table;
use crate::technical_token::idaas::Signing;
use table::RouteTable;
pub use table::WIDTH_LIMIT;

/// All that a policy is made of.
#[derive(Clone, Debug)]
pub struct PolicyParts {
    /// Which way the traffic goes.
    pub deployment: Deployment,
    /// The routes, in any order.
    pub routes: Vec<Route>,
    /// What routes with [`Subtenancy::Catalogue`] ask.
    pub catalogue: Option<Arc<Catalogue>>,
    /// The credentials that routes inject.
    pub sources: Vec<Source>,
    /// The headers that tell upstreams who the caller is.
    pub identity: IdentityHeaders,
    /// Where callers' tokens may stand besides `authorization`.
    pub places: TokenPlaces,
    /// Where application keys may stand; `None` if none are known.
    pub keys: Option<KeyPlacesParts>,
    /// How a request is refused that no route is for.
    pub no_match: NoMatch,
    /// Which paths are one path for the upstreams.
    pub spelling: PathSpelling,
    /// Whether it is refused at all; each route has a mode of its own.
    pub mode: Mode,
}

/// Compiled rules. A policy without routes refuses everything.
#[derive(Debug)]
pub struct Policy {
    table: RouteTable,
    identity: IdentityHeaders,
    owned: OwnedHeaders,
    rules: PathRules,
    mode: Mode,
    /// The strictest mode of all.
    strictest: Mode,
    reports_somewhere: bool,
    passes_preflights: bool,
}

impl Policy {
    /// Checks everything and builds the look-up.
    ///
    /// # Errors
    /// Every problem there is, those of credentials first, then those of routes in their order.
    pub fn new(parts: PolicyParts) -> Result<Self, Vec<PolicyError>> {
        let mut errors = Vec::new();
        check::parts(&parts, &mut errors);
        let injected = parts.routes.iter().flat_map(|route| &route.upstream.inject);
        let acting = parts.routes.iter().filter_map(|route| route.subtenant.header());
        let ours = injected.map(|injection| &injection.header).chain(parts.identity.names());
        let signs = parts.routes.iter().any(|route| route.upstream.signs());
        let signing = Signing::FIELDS.into_iter().filter(|_| signs);
        let signing: Vec<_> = signing.filter_map(|name| HeaderName::parse(name).ok()).collect();
        let ours = ours.chain(acting).chain(&signing);
        let owned = {
            let keys = parts.keys.clone().map(|keys| KeyPlaces::new(keys, &parts.places));
            OwnedHeaders::new(ours, parts.places.clone(), keys)
        };
        let table = table(&parts, &owned, &mut errors);
        if !errors.is_empty() {
            return Err(errors);
        }
        let opaque = parts.routes.iter().map(|route| route.opaque);
        let opaque = opaque.fold(Opaque::default(), Opaque::union);
        let rules = PathRules { spelling: parts.spelling, opaque };
        let modes = parts.routes.iter().map(|route| route.mode).chain([parts.mode]);
        let strictest = modes.clone().fold(parts.mode, Mode::stricter);
        let reports_somewhere = modes.into_iter().any(|mode| mode == Mode::ReportOnly);
        let passes_preflights = parts.routes.iter().any(|route| route.passes_preflight);
        let PolicyParts { mode, identity, .. } = parts;
        Ok(Self {
            table,
            owned,
            rules,
            identity,
            mode,
            strictest,
            reports_somewhere,
            passes_preflights,
        })
    }

    /// What a request asks for, in the canonical form that the routes are compared with.
    ///
    /// # Errors
    /// [`RequestError`] when the method is refused everywhere, or servers could differ about what
    /// is asked for.
    pub fn target<'a>(&self, head: &RequestHead<'a>) -> Result<RequestTarget<'a>, RequestError> {
        RequestTarget::parse(head, self.rules)
    }

    /// The route that is for this request. Locating grants nothing.
    ///
    /// # Errors
    /// [`Denial::NoRoute`], [`Denial::PathAmbiguous`], [`Denial::MethodNotAllowed`] and
    /// [`Denial::HeaderUnmatched`], the same for everybody.
    pub fn locate(
        &self,
        target: &RequestTarget<'_>,
        head: &RequestHead<'_>,
    ) -> Result<&Arc<GuardedRoute>, Denial> {
        self.table.locate(target, head)
    }

    /// What its author should have thought about, by the names of routes.
    pub fn findings(&self) -> Findings {
        review::findings(&self.table, self.rules.spelling.trailing_slash)
    }

    /// The preflight request that this is, if the route of the request that it asks about lets such
    /// pass; `None` for every other request, which obeys the ordinary rules. A route at the same place
    /// that lists OPTIONS goes first.
    pub fn preflight(
        &self,
        target: &RequestTarget<'_>,
        head: &RequestHead<'_>,
    ) -> Option<Preflight> {
        if !self.passes_preflights || self.table.lists_method(target) {
            return None;
        }
        let (target, head) = preflight::requested(target, head)?;
        let route = self.locate(&target, &head).ok()?;
        route.route().passes_preflight.then(|| Preflight::new(route))
    }

    /// Whether `principal` may pass under `route` with the request of `target`, and what its
    /// upstream may see.
    ///
    /// # Errors
    /// The first requirement that fails: credential, subtenancy, tenant, scopes, claims, containment.
    pub fn decide(
        route: &Arc<GuardedRoute>,
        target: &RequestTarget<'_>,
        head: &RequestHead<'_>,
        principal: Principal,
    ) -> Result<Permit, Denial> {
        route.decide(target, head, principal)
    }

    /// The headers that clients can never bring in.
    pub const fn owned(&self) -> &OwnedHeaders {
        &self.owned
    }

    /// The headers that tell upstreams who the caller is.
    pub const fn identity(&self) -> &IdentityHeaders {
        &self.identity
    }
}

/// The look-up of all routes that are without problems of their own.
fn table(parts: &PolicyParts, owned: &OwnedHeaders, errors: &mut Vec<PolicyError>) -> RouteTable {
    let mut table = RouteTable::new(parts.no_match);
    let mut names = Table::new();
    let mut rivals = Vec::new();
    for (index, route) in parts.routes.iter().enumerate() {
        if names.insert(&route.name, ()).is_some() {
            let problem = PolicyProblem::NameTaken(Arc::clone(&route.name));
            errors.push(PolicyError { culprit: Culprit::Route(index), problem });
        }
        let Some(checked) = check::route(parts, owned, index, route, errors) else { continue };
        let guarded = Arc::new(GuardedRoute::new(route.clone(), checked));
        for host in Sorted::from_iter(&guarded.route().hosts) {
            if let Err(other) = table.insert(host, &guarded) {
                rivals.push((index, host.clone(), Arc::clone(&guarded), other));
            }
        }
    }
    // Only the whole table knows which request comes to them and to no other route.
    for (index, host, route, other) in rivals {
        let routes = [route.route(), other.route()];
        let example = example::request(&table, &host, routes, parts.spelling.trailing_slash).into();
        let problem = PolicyProblem::EqualRank { other: Arc::clone(&other.route().name), example };
        errors.push(PolicyError { culprit: Culprit::Route(index), problem });
    }
    let width = table.trees().map(tree::Node::width).max().unwrap_or(0);
    if width > WIDTH_LIMIT {
        let problem = PolicyProblem::Width(width);
        errors.push(PolicyError { culprit: Culprit::Routes, problem });
    }
    table
}
