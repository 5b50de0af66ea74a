//! A request for an error message.

use std::fmt::Write as _;

use super::host::HostPattern;
use super::leaf::Leaf;
use super::method::Methods;
use super::pattern::Segment;
use super::route::Route;
use super::table::RouteTable;
use super::tree::{Node, Sample};
use crate::message::{HeaderName, TrailingSlash};

/// A request that two routes of equal rank both match under `host`, as a person would write it:
/// "GET https://api.acme.example/a/x", and the header fields that it needs.
pub(super) fn request(
    table: &RouteTable,
    host: &HostPattern,
    routes: [&Route; 2],
    trailing_slash: TrailingSlash,
) -> String {
    let [one, other] = routes;
    let tree = table.tree_of(host);
    let node = tree.and_then(|tree| tree.node(&one.path));
    let leaf = node.and_then(|node| node.leaf(one.path.has_rest()));
    let method = method(&one.methods, &other.methods, leaf);
    let mut text = format!("`{method} https://{}", host_name(table, host));
    let word = tree.map_or_else(|| "x".to_owned(), |tree| fresh(|word| !tree.has_literal(word)));
    for segment in one.path.segments() {
        match segment {
            Segment::Literal(literal) => push_segment(&mut text, literal),
            Segment::One => push_segment(&mut text, &word),
        }
    }
    let tail = node.filter(|_| one.path.has_rest()).map(|node| node.uncovered(trailing_slash));
    // Where more specific routes take all, both still match this.
    for sample in tail.map(|tail| tail.unwrap_or_else(|| vec![Sample::Word])).unwrap_or_default() {
        match sample {
            Sample::Empty => push_segment(&mut text, ""),
            Sample::Word => push_segment(&mut text, &word),
        }
    }
    text.push('`');
    let names = one.headers.names().chain(other.headers.names());
    let mut names: Vec<_> = names.map(HeaderName::as_str).collect();
    names.sort_unstable();
    names.dedup();
    for (index, name) in names.into_iter().enumerate() {
        let before = if index == 0 { " with" } else { " and" };
        // Writing to memory cannot fail.
        let _ = write!(text, "{before} `{name}`");
    }
    text
}

fn method<'m>(one: &'m Methods, other: &'m Methods, leaf: Option<&Leaf>) -> &'m str {
    const USUAL: [&str; 7] = ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "REPORT"];
    match (one, other) {
        (Methods::Only(one), Methods::Only(other)) => {
            one.iter().find(|method| other.contains(method)).unwrap_or("GET")
        }
        (Methods::Only(set), Methods::Any) | (Methods::Any, Methods::Only(set)) => {
            set.iter().next().unwrap_or("GET")
        }
        (Methods::Any, Methods::Any) => {
            let is_free = |method: &&&str| !leaf.is_some_and(|leaf| leaf.lists(method));
            USUAL.iter().find(is_free).copied().unwrap_or("PURGE")
        }
    }
}

fn host_name(table: &RouteTable, host: &HostPattern) -> String {
    let is_own = |name: &str| {
        let (found, own) = (table.tree(name), table.tree_of(host));
        matches!((found, own), (Some(found), Some(own)) if std::ptr::eq::<Node>(found, own))
    };
    match host {
        HostPattern::Exact(name) => name.clone(),
        HostPattern::Below(parent) => {
            format!("{}.{parent}", fresh(|label| is_own(&format!("{label}.{parent}"))))
        }
        HostPattern::Any => {
            format!("{}.example", fresh(|label| is_own(&format!("{label}.example"))))
        }
    }
}

/// `x`, or the first of `x1`, `x2` … that fits.
fn fresh(fits: impl Fn(&str) -> bool) -> String {
    let numbered = (1..).map(|number: u32| format!("x{number}")).take(ATTEMPTS);
    let mut words = std::iter::once("x".to_owned()).chain(numbered);
    words.find(|word| fits(word)).unwrap_or_else(|| "x".to_owned())
}

/// Every literal could be one of these words, so that the last of them may be taken as well.
const ATTEMPTS: usize = 100;

/// Literals are held decoded; what a URL cannot hold is encoded again.
fn push_segment(text: &mut String, segment: &str) {
    text.push('/');
    for byte in segment.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,=:@".contains(&byte) {
            text.push(char::from(byte));
        } else {
            // Writing to memory cannot fail.
            let _ = write!(text, "%{byte:02X}");
        }
    }
}
