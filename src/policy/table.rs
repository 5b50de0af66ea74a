//! Finding the route of a request: host first, then path, then method, without fall-through.

use std::collections::HashMap;
use std::sync::Arc;

use super::decision::{Denial, NoMatch};
use super::guarded::GuardedRoute;
use super::host::HostPattern;
use super::method::{MethodSet, Methods};
use super::pattern::{PathPattern, Segment};
use crate::message::RequestTarget;

/// All routes of a policy.
///
/// The order is total. Of the hosts, the exact one goes before the longest `*.` one, before `*`;
/// the one that is taken decides alone. Of its path patterns, the segments are compared from the
/// left, a literal before `*` before `**`. At the pattern, a listed method goes before "any".
/// The cost: a hash look-up for each label of the host and each segment of the path. Where `*` stands
/// beside a literal at several depths, each of those patterns may be tried, every one at most once.
/// At the pattern, its methods are compared in turn.
#[derive(Debug, Default)]
pub(super) struct RouteTable {
    exact: HashMap<Box<str>, Node>,
    below: HashMap<Box<str>, Node>,
    any: Option<Node>,
    no_match: NoMatch,
}

/// One depth of the tree of segments.
#[derive(Debug, Default)]
struct Node {
    literals: HashMap<Box<str>, Node>,
    one: Option<Box<Node>>,
    end: Option<Leaf>,
    rest: Option<Leaf>,
}

/// The routes of one host and path pattern.
#[derive(Debug)]
struct Leaf {
    // INVARIANT: no method is in two sets.
    listed: Vec<(MethodSet, Arc<GuardedRoute>)>,
    any: Option<Arc<GuardedRoute>>,
    allowed: Arc<str>,
}

impl RouteTable {
    /// A table without routes, which refuses everything.
    pub(super) fn new(no_match: NoMatch) -> Self {
        Self { no_match, ..Self::default() }
    }

    /// Adds `route` under one of its hosts. `Err` is the route that is there already for the same
    /// host, path pattern and a same method.
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
        tree.leaf(&route.route().path).insert(route)
    }

    /// The route of a request.
    pub(super) fn locate(&self, target: &RequestTarget<'_>) -> Result<&Arc<GuardedRoute>, Denial> {
        let leaf = self
            .tree(target.host())
            .and_then(|tree| tree.find(target.path().segments()))
            .ok_or(Denial::NoRoute(self.no_match))?;
        leaf.route(target.method())
    }

    fn tree(&self, host: &str) -> Option<&Node> {
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
}

impl Node {
    fn leaf(&mut self, pattern: &PathPattern) -> &mut Leaf {
        let mut node = self;
        for segment in pattern.segments() {
            node = match segment {
                Segment::Literal(text) => node.literals.entry(text.clone()).or_default(),
                Segment::One => node.one.get_or_insert_default(),
            };
        }
        let leaf = if pattern.has_rest() { &mut node.rest } else { &mut node.end };
        leaf.get_or_insert_default()
    }

    /// The most specific pattern that covers the segments. The depth is that of the patterns, and
    /// each node is visited at most once.
    fn find<'s>(&self, segments: impl Iterator<Item = &'s str> + Clone) -> Option<&Leaf> {
        let mut after = segments;
        let Some(segment) = after.next() else {
            return self.end.as_ref();
        };
        self.literals
            .get(segment)
            .and_then(|node| node.find(after.clone()))
            .or_else(|| {
                let one = self.one.as_ref().filter(|_| !segment.is_empty());
                one.and_then(|node| node.find(after))
            })
            .or(self.rest.as_ref())
    }
}

impl Leaf {
    fn insert(&mut self, route: &Arc<GuardedRoute>) -> Result<(), Arc<GuardedRoute>> {
        match &route.route().methods {
            Methods::Any => {
                if let Some(other) = &self.any {
                    return Err(Arc::clone(other));
                }
                self.any = Some(Arc::clone(route));
            }
            Methods::Only(set) => {
                let mut listed = self.listed.iter();
                if let Some((_, other)) = listed.find(|(other, _)| set.overlaps(other)) {
                    return Err(Arc::clone(other));
                }
                self.listed.push((set.clone(), Arc::clone(route)));
            }
        }
        let mut allowed: Vec<_> = self.listed.iter().flat_map(|(set, _)| set.iter()).collect();
        allowed.sort_unstable();
        self.allowed = Arc::from(allowed.join(", "));
        Ok(())
    }

    fn route(&self, method: &str) -> Result<&Arc<GuardedRoute>, Denial> {
        let mut listed = self.listed.iter();
        listed
            .find(|(set, _)| set.contains(method))
            .map(|(_, route)| route)
            .or(self.any.as_ref())
            .ok_or_else(|| Denial::MethodNotAllowed { allowed: Arc::clone(&self.allowed) })
    }
}

impl Default for Leaf {
    fn default() -> Self {
        Self { listed: Vec::new(), any: None, allowed: Arc::from("") }
    }
}
