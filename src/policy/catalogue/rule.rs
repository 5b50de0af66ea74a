//! One rule of a role: a path, some methods, and the scopes that they need.

use std::fmt;
use std::sync::Arc;

use super::super::method::{MethodSet, Methods};
use super::super::pattern::{PathPattern, Segment};
use crate::message::{CanonicalPath, PathError, PathRules, TrailingSlash};
use crate::sorted::Sorted;

/// What a role opens: some methods of some paths.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CatalogueRule {
    path: RulePath,
    // INVARIANT: with GET also HEAD and OPTIONS.
    methods: MethodSet,
    scopes: RoleScopes,
}

/// The paths of a rule: literal segments, and `*` for one non-empty segment.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct RulePath {
    /// `None` is a `*`. A literal is empty only as the last one of an exact path.
    pub(super) segments: Vec<Option<Box<str>>>,
    pub(super) reach: RuleReach,
}

/// How far the path of a rule reaches.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum RuleReach {
    /// This path alone; with a slash at its end it is another one, unless that is ignored.
    Exact,
    /// This path, and everything below it: a border is always a `/`.
    Prefix,
}

/// What a rule demands of a caller.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum RoleScopes {
    /// Every one of these; never empty.
    All(Sorted<Arc<str>>),
    /// At least one of these; never empty.
    Any(Sorted<Arc<str>>),
    /// The operator wrote that none is needed.
    NotNeeded,
    /// Nobody has stated them: only the caller's own token may go with such a request.
    Unknown,
}

/// A text that cannot be the path of a rule.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum RulePathError {
    /// It could never be requested.
    Path(PathError),
    /// A `?`: the query takes no part.
    Query,
    /// `*` stands beside other characters in a segment, or `{` or `}` is used.
    SegmentMixed,
    /// A prefix that ends in `/`: it would leave out the path itself. So would `/` alone, which is
    /// everything.
    TrailingSlash,
}

impl CatalogueRule {
    /// A rule. `GET` brings `HEAD` and `OPTIONS`.
    pub fn new(path: RulePath, methods: MethodSet, scopes: RoleScopes) -> Self {
        Self { path, methods: methods.with_options(), scopes }
    }

    /// The paths that it covers.
    pub const fn path(&self) -> &RulePath {
        &self.path
    }

    /// The methods that it covers, `HEAD` and `OPTIONS` with `GET`.
    pub const fn methods(&self) -> &MethodSet {
        &self.methods
    }

    /// What it demands.
    pub const fn scopes(&self) -> &RoleScopes {
        &self.scopes
    }

    /// The same rule, its path spelled as the paths of a configuration are.
    pub(super) fn spelled(self, trailing_slash: TrailingSlash) -> Self {
        Self { path: self.path.spelled(trailing_slash), ..self }
    }

    /// The same rule with other scopes.
    pub fn with_scopes(self, scopes: RoleScopes) -> Self {
        Self { scopes, ..self }
    }

    /// Whether one request is both of a route of this path and these methods and of this rule.
    pub fn meets(&self, path: &PathPattern, methods: &Methods) -> bool {
        let is_method = match methods {
            Methods::Any => true,
            Methods::Only(set) => set.overlaps(&self.methods),
        };
        is_method && self.path.meets(path)
    }
}

impl RulePath {
    /// Reads a path.
    ///
    /// # Errors
    /// [`RulePathError`] for a path that no request can have, a query, `*` within a segment, braces,
    /// and a prefix that ends in a slash.
    pub fn parse(text: &str, reach: RuleReach) -> Result<Self, RulePathError> {
        if text.contains('?') {
            return Err(RulePathError::Query);
        }
        let canonical = CanonicalPath::parse(text.as_bytes(), PathRules::default())
            .map_err(RulePathError::Path)?;
        if reach == RuleReach::Prefix && text.ends_with('/') {
            return Err(RulePathError::TrailingSlash);
        }
        let mut segments = Vec::new();
        for (written, decoded) in text.split('/').skip(1).zip(canonical.segments()) {
            match written {
                "*" => segments.push(None),
                _ if written.contains(['*', '{', '}']) => return Err(RulePathError::SegmentMixed),
                _ => segments.push(Some(decoded.into())),
            }
        }
        Ok(Self { segments, reach })
    }

    /// The same path, spelled as the paths of a configuration are.
    #[must_use]
    pub fn spelled(mut self, trailing_slash: TrailingSlash) -> Self {
        let has_slash = self.segments.len() > 1
            && self.segments.last().is_some_and(|s| s.as_deref() == Some(""));
        match trailing_slash {
            TrailingSlash::Dropped if has_slash => drop(self.segments.pop()),
            TrailingSlash::Dropped | TrailingSlash::Kept => {}
        }
        self
    }

    /// Whether it covers this one path alone, or what lies below as well.
    pub const fn reach(&self) -> RuleReach {
        self.reach
    }

    /// Whether one path is of both.
    pub(in crate::policy) fn overlaps(&self, other: &Self) -> bool {
        let agree = self.segments.iter().zip(&other.segments).all(|pair| match pair {
            (Some(ours), Some(theirs)) => ours == theirs,
            (Some(text), None) | (None, Some(text)) => !text.is_empty(),
            (None, None) => true,
        });
        agree
            && match self.segments.len().cmp(&other.segments.len()) {
                std::cmp::Ordering::Less => self.reach == RuleReach::Prefix,
                std::cmp::Ordering::Equal => true,
                std::cmp::Ordering::Greater => other.reach == RuleReach::Prefix,
            }
    }

    /// Whether one path is both of the pattern and of this rule.
    fn meets(&self, pattern: &PathPattern) -> bool {
        let written = pattern.segments();
        let agree = written.iter().zip(&self.segments).all(|pair| match pair {
            (Segment::Literal(theirs), Some(ours)) => theirs == ours,
            (Segment::Literal(text), None) | (Segment::One, Some(text)) => !text.is_empty(),
            (Segment::One, None) => true,
        });
        let is_prefix = self.reach == RuleReach::Prefix;
        let lengths = written.len().cmp(&self.segments.len());
        agree
            && match lengths {
                // What the pattern has more lies below the rule's path; `**` is at least one segment.
                std::cmp::Ordering::Greater => is_prefix,
                std::cmp::Ordering::Equal => is_prefix || !pattern.has_rest(),
                std::cmp::Ordering::Less => pattern.has_rest(),
            }
    }
}

impl fmt::Display for RulePath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for segment in &self.segments {
            write!(formatter, "/{}", segment.as_deref().unwrap_or("*"))?;
        }
        Ok(())
    }
}

impl fmt::Display for RulePathError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path(error) => write!(formatter, "can never be requested: {error}"),
            Self::Query => formatter.write_str("the query takes no part, leave `?` out"),
            Self::SegmentMixed => formatter.write_str(
                "`*` must be a segment of its own, and `match` says what lies below; write `%7B` for a brace",
            ),
            Self::TrailingSlash => formatter.write_str(
                "a prefix covers the path itself and what lies below it, leave the last `/` out",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_that_no_rule_can_have_are_refused() {
        use RuleReach::{Exact, Prefix};
        let rows = [
            ("a", Exact, RulePathError::Path(PathError::NotAbsolute)),
            ("/a/../b", Prefix, RulePathError::Path(PathError::DotSegment)),
            ("/a%2Fb", Exact, RulePathError::Path(PathError::EncodedSlash)),
            ("/a?b", Exact, RulePathError::Query),
            ("/a/**", Prefix, RulePathError::SegmentMixed),
            ("/a/x*", Exact, RulePathError::SegmentMixed),
            ("/{id}", Exact, RulePathError::SegmentMixed),
            ("/", Prefix, RulePathError::TrailingSlash),
            ("/a/", Prefix, RulePathError::TrailingSlash),
        ];
        for (text, reach, expected) in rows {
            assert_eq!(RulePath::parse(text, reach), Err(expected), "{text}");
        }
        for (text, reach) in [("/", Exact), ("/a/", Exact), ("/a/*", Prefix), ("/*/b", Exact)] {
            assert_eq!(RulePath::parse(text, reach).unwrap().to_string(), text);
        }
    }

    #[test]
    fn get_brings_head_and_options_and_no_other_method_does() {
        let listed = |names: &[&str]| {
            let path = RulePath::parse("/a", RuleReach::Exact).unwrap();
            let methods = MethodSet::parse(names.iter().copied()).unwrap();
            let rule = CatalogueRule::new(path, methods, RoleScopes::Unknown);
            rule.methods().iter().collect::<Vec<_>>().join(" ")
        };
        assert_eq!(listed(&["GET"]), "GET HEAD OPTIONS");
        assert_eq!(listed(&["PUT", "GET"]), "GET HEAD OPTIONS PUT");
        assert_eq!(listed(&["POST", "DELETE", "HEAD"]), "DELETE HEAD POST");
    }

    #[test]
    fn a_rule_meets_a_route_when_some_path_is_of_both() {
        use RuleReach::{Exact, Prefix};
        let rows = [
            ("/a", Exact, "/a", true),
            ("/a", Exact, "/a/", false),
            ("/a/", Exact, "/a/", true),
            ("/a/", Exact, "/a/**", true),
            ("/a/", Exact, "/a/*", false),
            ("/a", Exact, "/a/**", false),
            ("/a", Prefix, "/a/**", true),
            ("/a", Prefix, "/a/", true),
            ("/a", Prefix, "/a/b/c", true),
            ("/a", Prefix, "/ab/**", false),
            ("/a", Prefix, "/*", true),
            ("/a", Prefix, "/**", true),
            ("/a/b", Exact, "/a/**", true),
            ("/a/b", Exact, "/a/*", true),
            ("/a/b", Exact, "/a", false),
            ("/a/b", Prefix, "/a", false),
            ("/a/b", Prefix, "/c/**", false),
            ("/a/*", Prefix, "/a", false),
            ("/a/*", Prefix, "/a/", false),
            ("/a/*", Prefix, "/a/b", true),
            ("/a/*/c", Exact, "/a/b/*", true),
            ("/a/*/c", Exact, "/a/b/d", false),
        ];
        for (rule, reach, route, expected) in rows {
            let rule = RulePath::parse(rule, reach).unwrap();
            let found = rule.meets(&PathPattern::parse(route).unwrap());
            assert_eq!(found, expected, "{rule} {reach:?} and {route}");
        }
    }
}
