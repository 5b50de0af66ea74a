//! Which header fields a route asks for.

use crate::message::{HeaderName, RequestHead};
use crate::sorted::Sorted;

/// The header fields that must be present for a route to match. What their values say is not looked
/// at, but a field whose value is empty is neither present nor absent: Envoy has it, and many a
/// framework answers an empty text for it, as for one that is not there.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct HeaderConditions(Sorted<HeaderName>);

/// Whether a request meets the conditions of a route.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Meets {
    /// Every field is present.
    All,
    /// A field is present for some servers and absent for others.
    Disputed,
    /// A field is absent.
    NotAll,
}

/// The most fields that one route may ask for.
pub const CONDITION_LIMIT: usize = 8;

impl HeaderConditions {
    /// These fields must be present.
    pub fn present(names: impl IntoIterator<Item = HeaderName>) -> Self {
        Self(names.into_iter().collect())
    }

    /// The fields, in alphabetical order.
    pub fn names(&self) -> impl Iterator<Item = &HeaderName> {
        self.0.iter()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether every request meets them.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether every request that meets these meets `other` as well.
    pub(super) fn contains(&self, other: &Self) -> bool {
        self.0.is_superset(&other.0)
    }

    /// Whether a request meets them. A field that is there only as `x_a` in place of `x-a`, that has an
    /// empty value, or that `connection` names, is gone for some servers.
    pub(super) fn met_by(&self, head: &RequestHead<'_>) -> Meets {
        let mut meets = Meets::All;
        for name in &self.0 {
            let exact = head.values(name.as_str().as_bytes()).next().is_some();
            let is_empty = |value: &[u8]| value.trim_ascii().is_empty();
            let alike = exact || head.fields().any(|(field, _)| name.is_alike(field));
            match (exact, alike) {
                (true, _) if is_of_connection(name, head) => return Meets::Disputed,
                (true, _) if head.values(name.as_str().as_bytes()).any(is_empty) => {
                    return Meets::Disputed;
                }
                (true, _) => {}
                (false, true) => return Meets::Disputed,
                (false, false) => meets = Meets::NotAll,
            }
        }
        meets
    }
}

/// Whether the client says that the field is for the next hop alone (RFC 9110 §7.6.1).
fn is_of_connection(name: &HeaderName, head: &RequestHead<'_>) -> bool {
    let mut options = head.values(b"connection").flat_map(|value| value.split(|&b| b == b','));
    options.any(|option| name.is_alike(option.trim_ascii()))
}

#[cfg(test)]
mod tests {
    use super::super::tests::support::{head, header};
    use super::*;

    #[test]
    fn a_field_is_present_with_a_value_and_disputed_without_or_in_another_spelling() {
        let conditions = HeaderConditions::present([header("x-a"), header("x-b")]);
        let rows: [(&[(&str, &str)], Meets); 14] = [
            (&[("x-a", "1"), ("X-B", "0")], Meets::All),
            (&[("x-a", "1"), ("x-b", "2"), ("x_b", "3")], Meets::All),
            (&[("x-a", "1"), ("x-b", "2"), ("x_b", "")], Meets::All),
            (&[("x-a", "1"), ("connection", "close"), ("x-b", "-")], Meets::All),
            (&[("x-a", "1"), ("X-B", "")], Meets::Disputed),
            (&[("x-a", "1"), ("x-b", " \t")], Meets::Disputed),
            (&[("x-a", "1"), ("x-b", ""), ("x-b", "2")], Meets::Disputed),
            (&[("x-a", "1"), ("x-b", "2"), ("x-b", "")], Meets::Disputed),
            (&[("x-a", "")], Meets::Disputed),
            (&[("x-a", "1")], Meets::NotAll),
            (&[], Meets::NotAll),
            (&[("x_a", "1"), ("x-b", "2")], Meets::Disputed),
            (&[("x_a", "1")], Meets::Disputed),
            (&[("x-a", "1"), ("x-b", "2"), ("connection", "close, X-B ")], Meets::Disputed),
        ];
        for (fields, expected) in rows {
            assert_eq!(conditions.met_by(&head(fields)), expected, "{fields:?}");
        }
        assert_eq!(HeaderConditions::default().met_by(&head(&[])), Meets::All);
    }
}
