//! The scopes of a token: a set of texts (RFC 6749 §3.3).

use std::fmt;
use std::ops::Range;

use super::error::{ClaimKind, TokenError};
use crate::json::Value;

/// A set of scopes. Comparison is by exact bytes; no syntax is assumed beyond that.
///
/// All scopes share one text, so that a set of 1,024 costs two allocations.
#[derive(Clone, Default, Eq, PartialEq)]
pub struct Scopes {
    text: Box<str>,
    /// INVARIANT: ranges of `text` on character boundaries, sorted by the scope they cover.
    ranges: Box<[Range<u16>]>,
}

/// The most scopes that a token may have.
pub const SCOPES_LIMIT: usize = 1024;

/// The longest scope, in bytes.
pub const SCOPE_LIMIT: usize = 256;

impl Scopes {
    /// Reads the claim: an array of texts (a scope each), or one text of scopes with spaces between.
    pub(super) fn from_claim(claim: &Value<'_>) -> Result<Self, TokenError> {
        let scopes: Option<Vec<&str>> = match claim {
            Value::Array(items) => items.iter().map(Value::as_str).collect(),
            Value::String(text) => {
                Some(text.split(' ').filter(|scope| !scope.is_empty()).collect())
            }
            Value::Bool(_) | Value::Null | Value::Number(_) | Value::Object(_) => None,
        };
        scopes.and_then(Self::from_texts).ok_or(TokenError::ClaimInvalid(ClaimKind::Scopes))
    }

    /// A set of these scopes, or `None` if one is empty, over [`SCOPE_LIMIT`] or with controls, or
    /// if there are more than [`SCOPES_LIMIT`] or than 64 KiB of them.
    pub(super) fn from_texts(mut scopes: Vec<&str>) -> Option<Self> {
        let sound = |scope: &&str| {
            (1..=SCOPE_LIMIT).contains(&scope.len()) && !scope.chars().any(char::is_control)
        };
        if scopes.len() > SCOPES_LIMIT || !scopes.iter().all(sound) {
            return None;
        }
        scopes.sort_unstable();
        scopes.dedup();
        let mut text = String::with_capacity(scopes.iter().map(|scope| scope.len()).sum());
        let mut ranges = Vec::with_capacity(scopes.len());
        for scope in scopes {
            let start = u16::try_from(text.len()).ok()?;
            text.push_str(scope);
            ranges.push(start..u16::try_from(text.len()).ok()?);
        }
        Some(Self { text: text.into(), ranges: ranges.into() })
    }

    /// Whether this very scope is in the set.
    pub fn contains(&self, scope: &str) -> bool {
        self.ranges.binary_search_by(|range| self.scope(range).cmp(scope)).is_ok()
    }

    /// The scopes in the order of their bytes.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.ranges.iter().map(|range| self.scope(range))
    }

    /// How many scopes there are.
    pub fn len(&self) -> usize {
        self.ranges.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    /// The memory it holds, in bytes.
    pub(super) fn footprint(&self) -> usize {
        self.text.len() + self.ranges.len() * size_of::<Range<u16>>()
    }

    fn scope(&self, range: &Range<u16>) -> &str {
        self.text.get(usize::from(range.start)..usize::from(range.end)).unwrap_or_default()
    }
}

impl fmt::Debug for Scopes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_set().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_is_contained_by_its_exact_bytes() {
        let scopes = Scopes::from_texts(vec!["b", "a.r", "ü", "a", "b"]).unwrap();
        assert_eq!(scopes.iter().collect::<Vec<_>>(), ["a", "a.r", "b", "ü"]);
        assert_eq!(scopes.len(), 4);
        for scope in ["a", "a.r", "b", "ü"] {
            assert!(scopes.contains(scope), "{scope}");
        }
        for other in ["", "A", "a.", "a.rb", "a.r ", "c", "a b"] {
            assert!(!scopes.contains(other), "{other}");
        }
        assert!(!Scopes::default().contains(""));
        assert_eq!(format!("{scopes:?}"), r#"{"a", "a.r", "b", "ü"}"#);
    }

    #[test]
    fn the_text_of_a_set_is_bounded_too() {
        let scopes: Vec<String> = (0..257).map(|number| format!("{number:0>256}")).collect();
        let set = |count: usize| {
            Scopes::from_texts(scopes.iter().take(count).map(String::as_str).collect())
        };
        assert_eq!(set(255).map(|set| set.len()), Some(255));
        assert_eq!(set(256), None);
    }
}
