//! Finding the route of a request: host first, then path, then method and header, without
//! fall-through.

use std::sync::Arc;

use super::by_text::ByText;
use super::decision::{Denial, NoMatch};
use super::guarded::GuardedRoute;
use super::host::HostPattern;
use super::leaf::Leaf;
use super::tree::{Node, Place};
use crate::message::{CanonicalPath, PathError, RequestHead, RequestTarget, segments};

/// All routes of a policy, in the order of `specificity`.
///
/// The cost: a hash look-up for each label of the host and each segment of the path. Where `*`
/// stands beside a literal at several depths, each of those patterns may be tried, every one at most
/// once and no more than [`WIDTH_LIMIT`] nodes of the tree in all.
#[derive(Debug, Default)]
pub(super) struct RouteTable {
    exact: ByText<Node>,
    below: ByText<Node>,
    any: Option<Node>,
    no_match: NoMatch,
}

/// The most nodes that the look-up of one path may visit; routes that could need more are refused.
pub const WIDTH_LIMIT: usize = 256;

impl RouteTable {
    /// A table without routes, which refuses everything.
    pub(super) fn new(no_match: NoMatch) -> Self {
        Self { no_match, ..Self::default() }
    }

    /// Adds `route` under one of its hosts. `Err` is a route that is there already and has equal
    /// rank for some request.
    pub(super) fn insert(
        &mut self,
        host: &HostPattern,
        route: &Arc<GuardedRoute>,
    ) -> Result<(), Arc<GuardedRoute>> {
        let tree = match host {
            HostPattern::Any => self.any.get_or_insert_default(),
            HostPattern::Below(parent) => self.below.entry(parent.as_str().into()).or_default(),
            HostPattern::Exact(host) => self.exact.entry(host.as_str().into()).or_default(),
        };
        tree.leaf_mut(&route.route().path).insert(route)
    }

    /// The route of a request.
    pub(super) fn locate(
        &self,
        target: &RequestTarget<'_>,
        head: &RequestHead<'_>,
    ) -> Result<&Arc<GuardedRoute>, Denial> {
        let tree = self.tree(target.host());
        let path = target.path();
        if !path.opaque().is_nothing() {
            let found = tree.and_then(|tree| locate_opaque(tree, path, target.method(), head));
            let denial = || Denial::PathAmbiguous(ambiguity(path));
            return found.ok_or_else(denial);
        }
        let place = tree.and_then(|tree| tree.find(path.segments()));
        place.ok_or(Denial::NoRoute(self.no_match))?.leaf.route(target.method(), head)
    }

    /// The routes at the place of a request, whatever its method and header.
    pub(super) fn at(
        &self,
        target: &RequestTarget<'_>,
    ) -> impl Iterator<Item = &Arc<GuardedRoute>> {
        self.leaf(target).into_iter().flat_map(Leaf::routes)
    }

    /// Whether a route at the place of a request lists its method.
    pub(super) fn lists_method(&self, target: &RequestTarget<'_>) -> bool {
        self.leaf(target).is_some_and(|leaf| leaf.lists(target.method()))
    }

    fn leaf(&self, target: &RequestTarget<'_>) -> Option<&Leaf> {
        let place = self.tree(target.host())?.find(target.path().segments())?;
        Some(place.leaf)
    }

    /// The routes of the most specific pattern that covers `host`.
    pub(super) fn tree(&self, host: &str) -> Option<&Node> {
        if let Some(tree) = self.exact.get(host) {
            return Some(tree);
        }
        if !self.below.is_empty() {
            let mut rest = host;
            while let Some((_, parent)) = rest.split_once('.') {
                if let Some(tree) = self.below.get(parent) {
                    return Some(tree);
                }
                rest = parent;
            }
        }
        self.any.as_ref()
    }

    /// The routes under exactly this pattern of hosts.
    pub(super) fn tree_of(&self, host: &HostPattern) -> Option<&Node> {
        match host {
            HostPattern::Any => self.any.as_ref(),
            HostPattern::Below(parent) => self.below.get(parent.as_str()),
            HostPattern::Exact(host) => self.exact.get(host.as_str()),
        }
    }

    /// The trees of all patterns of hosts, in no order.
    pub(super) fn trees(&self) -> impl Iterator<Item = &Node> {
        self.exact.values().chain(self.below.values()).chain(&self.any)
    }
}

/// The route of a path that servers read in different ways: one whose `**` covers all of these
/// readings, which holds all that is opaque, and which allows it.
fn locate_opaque<'t>(
    tree: &'t Node,
    path: &CanonicalPath<'_>,
    method: &str,
    head: &RequestHead<'_>,
) -> Option<&'t Arc<GuardedRoute>> {
    let Place { leaf, tail_from } = tree.find(path.segments())?;
    // INVARIANT: what stands before the tail is read alike by all, so captures are too.
    if !path.is_strict_before(tail_from?) {
        return None;
    }
    for reading in path.other_readings() {
        let other = tree.find(segments(&reading))?;
        if !std::ptr::eq(other.leaf, leaf) {
            return None;
        }
    }
    let route = leaf.route(method, head).ok()?;
    route.route().opaque.covers(path.opaque()).then_some(route)
}

fn ambiguity(path: &CanonicalPath<'_>) -> PathError {
    if path.opaque().encoded_slash { PathError::EncodedSlash } else { PathError::Parameter }
}
