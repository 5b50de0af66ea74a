//! The path patterns of one host, as a tree of their segments.

use super::by_text::ByText;
use super::leaf::Leaf;
use super::pattern::{PathPattern, Segment};
use crate::message::TrailingSlash;

/// One depth of the tree.
#[derive(Debug, Default)]
pub(super) struct Node {
    literals: ByText<Node>,
    one: Option<Box<Node>>,
    end: Option<Leaf>,
    rest: Option<Leaf>,
}

/// Where a path came out.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<'t> {
    /// The routes of the pattern.
    pub(super) leaf: &'t Leaf,
    /// How many segments stand before its `**`; `None` for a pattern without.
    pub(super) tail_from: Option<usize>,
}

/// A segment of an example.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Sample {
    /// Nothing: the path ends in a slash.
    Empty,
    /// A word that is no literal of the tree.
    Word,
}

impl Node {
    /// The routes of `pattern`, new ones if there are none.
    pub(super) fn leaf_mut(&mut self, pattern: &PathPattern) -> &mut Leaf {
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
    /// no more than [`Node::width`] nodes are visited.
    pub(super) fn find<'s>(
        &self,
        segments: impl Iterator<Item = &'s str> + Clone,
    ) -> Option<Place<'_>> {
        self.find_from(segments, 0)
    }

    fn find_from<'s>(
        &self,
        mut after: impl Iterator<Item = &'s str> + Clone,
        depth: usize,
    ) -> Option<Place<'_>> {
        let Some(segment) = after.next() else {
            return self.end.as_ref().map(|leaf| Place { leaf, tail_from: None });
        };
        let next = depth.saturating_add(1);
        self.literals
            .get(segment)
            .and_then(|node| node.find_from(after.clone(), next))
            .or_else(|| {
                let one = self.one.as_ref().filter(|_| !segment.is_empty());
                one.and_then(|node| node.find_from(after, next))
            })
            .or_else(|| self.rest.as_ref().map(|leaf| Place { leaf, tail_from: Some(depth) }))
    }

    /// The most nodes that a look-up can visit, whatever the path: at each node one literal and `*`.
    pub(super) fn width(&self) -> usize {
        let literal = self.literals.values().map(Self::width).max().unwrap_or(0);
        let one = self.one.as_ref().map_or(0, |node| node.width());
        literal.saturating_add(one).saturating_add(1)
    }

    /// The node at which `pattern` ends or has its `**`.
    pub(super) fn node(&self, pattern: &PathPattern) -> Option<&Self> {
        let mut segments = pattern.segments().iter();
        segments.try_fold(self, |node, segment| match segment {
            Segment::Literal(text) => node.literals.get(text),
            Segment::One => node.one.as_deref(),
        })
    }

    /// The routes whose pattern ends at this node, or has its `**` there.
    pub(super) const fn leaf(&self, has_rest: bool) -> Option<&Leaf> {
        if has_rest { self.rest.as_ref() } else { self.end.as_ref() }
    }

    /// The shortest tail that comes to the `**` of this node and to no pattern below. `None` when
    /// those cover everything.
    pub(super) fn uncovered(&self, trailing_slash: TrailingSlash) -> Option<Vec<Sample>> {
        let ends = |node: Option<&Self>| node.is_some_and(|node| node.end.is_some());
        let one = self.one.as_deref();
        if !ends(one) {
            return Some(vec![Sample::Word]);
        }
        if trailing_slash == TrailingSlash::Kept && !ends(self.literals.get("")) {
            return Some(vec![Sample::Empty]);
        }
        let one = one.filter(|node| node.rest.is_none())?;
        let mut tail = one.uncovered(trailing_slash)?;
        tail.insert(0, Sample::Word);
        Some(tail)
    }

    /// Whether a literal of the tree is `word`.
    pub(super) fn has_literal(&self, word: &str) -> bool {
        self.literals.contains_key(word) || self.children().any(|node| node.has_literal(word))
    }

    /// Calls `visit` with all routes of each pattern.
    pub(super) fn each_leaf<'t>(&'t self, visit: &mut impl FnMut(&'t Leaf)) {
        self.end.iter().chain(&self.rest).for_each(&mut *visit);
        self.children().for_each(|node| node.each_leaf(visit));
    }

    /// Calls `visit` with the routes of every `**` that covers `pattern`, or the paths right below it.
    pub(super) fn each_catch_all<'t>(
        &'t self,
        pattern: &[Segment],
        visit: &mut impl FnMut(&'t Leaf),
    ) {
        self.rest.iter().for_each(&mut *visit);
        let Some((segment, after)) = pattern.split_first() else { return };
        let literal = match segment {
            Segment::Literal(text) => self.literals.get(text),
            Segment::One => None,
        };
        let is_empty = matches!(segment, Segment::Literal(text) if text.is_empty());
        let one = self.one.as_deref().filter(|_| !is_empty);
        literal.into_iter().chain(one).for_each(|node| node.each_catch_all(after, visit));
    }

    fn children(&self) -> impl Iterator<Item = &Self> {
        self.literals.values().chain(self.one.as_deref())
    }
}
