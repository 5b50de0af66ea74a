//! What a policy may do, and what its author should have thought about.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use super::guarded::GuardedRoute;
use super::host::HostPattern;
use super::lack::Lack;
use super::route::Route;
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
        if let Some(lack) = Lack::of(strict.route(), other.route()).filter(|_| is_after) {
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
