//! What a policy may do, and what its author should have thought about.

use std::cmp::Ordering;
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
use crate::sorted::Sorted;
use crate::table::Table;

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

/// What was found, by the names of routes.
#[derive(Debug)]
pub struct Findings(Vec<(Arc<str>, Vec<Finding>)>);

impl Findings {
    /// What was found of the route of this name.
    pub fn get(&self, name: &str) -> Option<&Vec<Finding>> {
        let at = self.0.binary_search_by(|(one, _)| (**one).cmp(name)).ok()?;
        self.0.get(at).map(|(_, found)| found)
    }
}

impl IntoIterator for Findings {
    type Item = (Arc<str>, Vec<Finding>);
    type IntoIter = std::vec::IntoIter<Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

/// By the name of a route that is laxer and that of a stricter one.
type Laxer = Table<(Arc<str>, Arc<str>), Lack>;

/// What is found of all routes of the table.
pub(super) fn findings(table: &RouteTable, trailing_slash: TrailingSlash) -> Findings {
    let mut laxer = Laxer::new();
    let mut reachable = Table::new();
    let mut all = Vec::new();
    for tree in table.trees() {
        tree.each_leaf(&mut |leaf| {
            for route in leaf.routes() {
                let name = &route.route().name;
                all.push(Arc::clone(name));
                if is_reachable(tree, route.route(), trailing_slash) {
                    reachable.insert(Arc::clone(name), ());
                }
                compare_all(tree, route, leaf.routes(), &mut laxer);
            }
        });
    }
    let mut worst: Table<Arc<str>, (Lack, Arc<str>, usize)> = Table::new();
    for ((name, than), lacks) in laxer.take() {
        match worst.get_mut(&name) {
            None => {
                worst.insert(name, (lacks, than, 0));
            }
            Some((least, first, more)) => {
                *more = more.saturating_add(1);
                if (lacks, &than) < (*least, first) {
                    (*least, *first) = (lacks, than);
                }
            }
        }
    }
    let mut findings = Vec::new();
    for name in Sorted::from_iter(all) {
        let mut found = Vec::new();
        if let Some((lacks, than, more)) = worst.remove(&name) {
            found.push(Finding::Laxer { than, more, lacks });
        }
        if !reachable.contains_key(&name) {
            found.push(Finding::Unreachable);
        }
        if !found.is_empty() {
            findings.push((name, found));
        }
    }
    Findings(findings)
}

/// Notes every laxer route that takes what `strict` leaves over.
fn compare_all<'t>(
    tree: &'t Node,
    strict: &Arc<GuardedRoute>,
    beside: impl Iterator<Item = &'t Arc<GuardedRoute>>,
    laxer: &mut Laxer,
) {
    let mut note = |other: &Arc<GuardedRoute>| {
        // Both stand under the same host, so that its pattern decides nothing.
        let host = &HostPattern::Any;
        let is_after = compare((host, strict.route()), (host, other.route())) == Ordering::Less;
        if let Some(lack) = Lack::of(strict.route(), other.route()).filter(|_| is_after) {
            let names = (Arc::clone(&other.route().name), Arc::clone(&strict.route().name));
            laxer.insert(names, lack);
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
