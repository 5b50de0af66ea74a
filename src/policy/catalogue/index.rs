//! The rules of all roles, found by the segments of a path.

use std::collections::HashMap;

use super::Grant;
use super::rule::{CatalogueRule, RuleReach};
use crate::message::RequestTarget;

/// A tree of segments. What covers a request is found on the way along its path.
#[derive(Debug, Default)]
pub(super) struct Index(Node);

#[derive(Debug, Default)]
struct Node {
    literals: HashMap<Box<str>, Node>,
    one: Option<Box<Node>>,
    /// For the path that ends here.
    exact: Grants,
    /// For the path that ends here and all that go on.
    prefix: Grants,
}

/// Grants by their method.
#[derive(Debug, Default)]
struct Grants(HashMap<Box<str>, Vec<Grant>>);

impl Index {
    pub(super) fn insert(&mut self, rule: &CatalogueRule, grant: &Grant) {
        let mut node = &mut self.0;
        for segment in &rule.path().segments {
            node = match segment {
                Some(text) => node.literals.entry(text.clone()).or_default(),
                None => node.one.get_or_insert_default(),
            };
        }
        let grants = match rule.path().reach {
            RuleReach::Exact => &mut node.exact,
            RuleReach::Prefix => &mut node.prefix,
        };
        for method in rule.methods().iter() {
            grants.0.entry(method.into()).or_default().push(grant.clone());
        }
    }

    /// Shows `found` every grant of the request's method and path, those of shorter rules first.
    pub(super) fn visit<'i>(
        &'i self,
        target: &RequestTarget<'_>,
        found: &mut dyn FnMut(&'i Grant),
    ) {
        self.0.visit(target.method(), target.path().segments(), found);
    }
}

impl Node {
    /// The depth is that of the rules, and each node is visited at most once.
    fn visit<'i, 's>(
        &'i self,
        method: &str,
        segments: impl Iterator<Item = &'s str> + Clone,
        found: &mut dyn FnMut(&'i Grant),
    ) {
        self.prefix.of(method).iter().for_each(&mut *found);
        let mut rest = segments;
        let Some(segment) = rest.next() else {
            self.exact.of(method).iter().for_each(found);
            return;
        };
        if let Some(node) = self.literals.get(segment) {
            node.visit(method, rest.clone(), found);
        }
        if let Some(node) = self.one.as_ref().filter(|_| !segment.is_empty()) {
            node.visit(method, rest, found);
        }
    }
}

impl Grants {
    fn of(&self, method: &str) -> &[Grant] {
        self.0.get(method).map(Vec::as_slice).unwrap_or_default()
    }
}
