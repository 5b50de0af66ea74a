//! The one order of specificity.

use std::cmp::{Ordering, Reverse};

use super::host::HostPattern;
use super::method::Methods;
use super::pattern::{PathPattern, Segment};
use super::route::Route;

/// Which of two routes goes before the other for a request that both match; each is seen under one
/// of its hosts. `Less` is the more specific one.
///
/// 1. Hosts: an exact one, then `*.` with the longest name, then `*`.
/// 2. Path patterns, segment by segment from the left: a literal, then `*` or `{name}`, then `**`.
/// 3. Methods: a list, then `any`.
/// 4. Header conditions: more of them, then fewer.
///
/// Host, path pattern and method decide one after the other and alone: what comes later in the
/// order is not tried where an earlier one does not fit to the end (no fall-through). Two routes that
/// match one request and are `Equal` are an error of the configuration; so are two of which neither
/// asks for all header fields of the other.
pub(super) fn compare(one: (&HostPattern, &Route), other: (&HostPattern, &Route)) -> Ordering {
    host(one.0)
        .cmp(&host(other.0))
        .then_with(|| path(&one.1.path).cmp(path(&other.1.path)))
        .then_with(|| methods(&one.1.methods).cmp(&methods(&other.1.methods)))
        .then_with(|| other.1.headers.len().cmp(&one.1.headers.len()))
}

fn host(pattern: &HostPattern) -> (u8, Reverse<usize>) {
    match pattern {
        HostPattern::Exact(_) => (0, Reverse(0)),
        HostPattern::Below(parent) => (1, Reverse(parent.len())),
        HostPattern::Any => (2, Reverse(0)),
    }
}

fn path(pattern: &PathPattern) -> impl Iterator<Item = u8> {
    let segments = pattern.segments().iter().map(|segment| match segment {
        Segment::Literal(_) => 0,
        Segment::One => 1,
    });
    segments.chain(pattern.has_rest().then_some(2))
}

const fn methods(methods: &Methods) -> u8 {
    match methods {
        Methods::Only(_) => 0,
        Methods::Any => 1,
    }
}
