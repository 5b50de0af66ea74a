//! What a policy may do, and what its author should have thought about.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use super::guarded::GuardedRoute;
use super::host::HostPattern;
use super::route::{Authentication, Route, ScopeRequirement, Subtenancy};
use super::specificity::compare;
use super::table::RouteTable;
use super::tree::Node;
use crate::message::TrailingSlash;

/// One thing worth a second thought about a route.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Finding {
    /// It takes what a stricter and more specific route leaves over: other methods, other headers,
    /// other spellings of the path.
    Laxer {
        /// The name of the first stricter route.
        than: Arc<str>,
        /// How many others there are.
        more: usize,
        /// What that one demands and this one does not.
        lacks: Lack,
    },
    /// No request can come to it under any of its hosts: more specific routes take all of them.
    Unreachable,
}

/// What a laxer route does not demand.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Lack {
    /// A credential, or as much of one.
    Authentication,
    /// Anything of what the token says.
    Claims,
    /// Any scope.
    Scopes,
    /// That callers have no subtenant.
    Subtenancy,
    /// That callers are of certain tenants.
    Tenants,
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Laxer { than, more, lacks } => {
                write!(formatter, "takes what route `{than}` ")?;
                if *more > 0 {
                    write!(formatter, "(and {more} more) ")?;
                }
                write!(
                    formatter,
                    "leaves over (other methods, headers, or spellings that the upstream may take \
                     for the same path), and {lacks}"
                )
            }
            Self::Unreachable => formatter.write_str(
                "matches no request: more specific routes take all of them; leave the route out",
            ),
        }
    }
}

impl fmt::Display for Lack {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Authentication => "lets callers pass who present no credential",
            Self::Claims => "demands nothing of claims",
            Self::Scopes => "demands no scope",
            Self::Subtenancy => "lets callers with a subtenant pass",
            Self::Tenants => "is for callers of every tenant",
        })
    }
}

/// Findings by the names of routes.
pub(super) fn findings(
    table: &RouteTable,
    trailing_slash: TrailingSlash,
) -> BTreeMap<Arc<str>, Vec<Finding>> {
    let mut laxer: BTreeMap<Arc<str>, BTreeMap<Arc<str>, Lack>> = BTreeMap::new();
    let mut reachable = BTreeSet::new();
    let mut all = BTreeSet::new();
    for tree in table.trees() {
        tree.each_leaf(&mut |leaf| {
            for route in leaf.routes() {
                all.insert(Arc::clone(&route.route().name));
                if is_reachable(tree, route.route(), trailing_slash) {
                    reachable.insert(Arc::clone(&route.route().name));
                }
                compare_all(tree, route, leaf.routes(), &mut laxer);
            }
        });
    }
    let mut findings: BTreeMap<Arc<str>, Vec<Finding>> = BTreeMap::new();
    for (name, stricter) in laxer {
        if let Some((than, lacks)) = stricter.iter().min_by_key(|(than, lacks)| (**lacks, *than)) {
            let (than, lacks, more) = (Arc::clone(than), *lacks, stricter.len().saturating_sub(1));
            findings.entry(name).or_default().push(Finding::Laxer { than, more, lacks });
        }
    }
    for name in all.difference(&reachable) {
        findings.entry(Arc::clone(name)).or_default().push(Finding::Unreachable);
    }
    findings
}

/// Notes every laxer route that takes what `strict` leaves over.
fn compare_all<'t>(
    tree: &'t Node,
    strict: &Arc<GuardedRoute>,
    beside: impl Iterator<Item = &'t Arc<GuardedRoute>>,
    laxer: &mut BTreeMap<Arc<str>, BTreeMap<Arc<str>, Lack>>,
) {
    let mut note = |other: &Arc<GuardedRoute>| {
        // Both stand under the same host, so that its pattern decides nothing.
        let host = &HostPattern::Any;
        let is_after = compare((host, strict.route()), (host, other.route())) == Ordering::Less;
        if let Some(lack) = lack(strict.route(), other.route()).filter(|_| is_after) {
            let name = Arc::clone(&other.route().name);
            laxer.entry(name).or_default().insert(Arc::clone(&strict.route().name), lack);
        }
    };
    beside.for_each(&mut note);
    tree.each_catch_all(strict.route().path.segments(), &mut |leaf| {
        leaf.routes().for_each(&mut note);
    });
}

fn is_reachable(tree: &Node, route: &Route, trailing_slash: TrailingSlash) -> bool {
    !route.path.has_rest()
        || tree.node(&route.path).is_some_and(|node| node.uncovered(trailing_slash).is_some())
}

/// What `strict` demands and `lax` does not.
fn lack(strict: &Route, lax: &Route) -> Option<Lack> {
    let weight = |authentication| match authentication {
        Authentication::NotLookedAt => 0,
        Authentication::Optional => 1,
        Authentication::Required => 2,
    };
    let demands_scopes = |route: &Route| match route.scopes {
        ScopeRequirement::All(_) | ScopeRequirement::Any(_) => true,
        ScopeRequirement::NotNeeded | ScopeRequirement::Unstated => false,
    };
    let refuses = |route: &Route| route.subtenancy == Subtenancy::Refused;
    if weight(lax.authentication) < weight(strict.authentication) {
        Some(Lack::Authentication)
    } else if !strict.claims.is_empty() && lax.claims.is_empty() {
        Some(Lack::Claims)
    } else if demands_scopes(strict) && !demands_scopes(lax) {
        Some(Lack::Scopes)
    } else if strict.authentication != Authentication::NotLookedAt
        && refuses(strict)
        && !refuses(lax)
    {
        Some(Lack::Subtenancy)
    } else if strict.tenants.is_some() && lax.tenants.is_none() {
        Some(Lack::Tenants)
    } else {
        None
    }
}
