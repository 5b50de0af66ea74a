//! Which methods a route is for.

use std::fmt;

use crate::message::is_method;
use crate::sorted::Sorted;

/// The methods of a route.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Methods {
    /// Every method that is let in at all (never TRACE or CONNECT).
    Any,
    /// These alone.
    Only(MethodSet),
}

/// Some methods; never empty. `GET` brings `HEAD` with it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct MethodSet(Sorted<Box<str>>);

/// A list that cannot be the methods of a route.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum MethodError {
    /// The list has no entries.
    Empty,
    /// CONNECT and TRACE are refused on every route.
    NeverAllowed(String),
    /// Not a name of upper-case letters and hyphens that begins with a letter, or one that no
    /// request may have; methods are case-sensitive (RFC 9110 §9.1).
    NotAMethod(String),
}

impl Methods {
    /// The methods named in `names`.
    ///
    /// # Errors
    /// [`MethodError`] for an empty list, a name that is no upper-case method, CONNECT and TRACE.
    pub fn only<'n>(names: impl IntoIterator<Item = &'n str>) -> Result<Self, MethodError> {
        MethodSet::parse(names).map(Self::Only)
    }
}

impl MethodSet {
    /// The methods named in `names`.
    ///
    /// # Errors
    /// As [`Methods::only`].
    pub fn parse<'n>(names: impl IntoIterator<Item = &'n str>) -> Result<Self, MethodError> {
        let mut set: Vec<Box<str>> = Vec::new();
        for name in names {
            let is_name = |b: u8| b.is_ascii_uppercase() || b == b'-';
            if !is_method(name.as_bytes()) || !name.bytes().all(is_name) || name.starts_with('-') {
                return Err(MethodError::NotAMethod(name.to_owned()));
            }
            if name == "CONNECT" || name == "TRACE" {
                return Err(MethodError::NeverAllowed(name.to_owned()));
            }
            if name == "GET" {
                set.push("HEAD".into());
            }
            set.push(name.into());
        }
        if set.is_empty() {
            return Err(MethodError::Empty);
        }
        Ok(Self(set.into_iter().collect()))
    }

    /// The same with `OPTIONS` where `GET` is one of them.
    pub(super) fn with_options(self) -> Self {
        let options = self.contains("GET").then(|| Box::from("OPTIONS"));
        Self(self.0.into_iter().chain(options).collect())
    }

    /// Whether `method` is one of them, compared exactly.
    pub fn contains(&self, method: &str) -> bool {
        self.0.contains(method)
    }

    /// The methods in alphabetical order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(AsRef::as_ref)
    }

    /// Whether one method is in both sets.
    pub fn overlaps(&self, other: &Self) -> bool {
        self.0.iter().any(|method| other.contains(method))
    }
}

impl fmt::Display for MethodError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => formatter.write_str("the list of methods is empty"),
            Self::NeverAllowed(name) => write!(formatter, "`{name}` is refused on every route"),
            Self::NotAMethod(name) => {
                write!(formatter, "`{name}` is not a method; write 1 to 32 upper-case letters")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn get_brings_head_and_nothing_else_does() {
        let listed = |names: &[&str]| match Methods::only(names.iter().copied()).unwrap() {
            Methods::Any => panic!("a list never means any method"),
            Methods::Only(set) => set.iter().collect::<Vec<_>>().join(" "),
        };
        assert_eq!(listed(&["GET"]), "GET HEAD");
        assert_eq!(listed(&["POST", "DELETE"]), "DELETE POST");
        assert_eq!(listed(&["VERSION-CONTROL", &"X".repeat(32)]).len(), 15 + 1 + 32);
    }

    #[test]
    fn odd_lists_are_refused() {
        let long = "X".repeat(33);
        let rows: [(&[&str], MethodError); 8] = [
            (&[], MethodError::Empty),
            (&["get"], MethodError::NotAMethod("get".into())),
            (&["-"], MethodError::NotAMethod("-".into())),
            (&["G ET"], MethodError::NotAMethod("G ET".into())),
            (&[&long], MethodError::NotAMethod(long.clone())),
            (&["GET", ""], MethodError::NotAMethod(String::new())),
            (&["TRACE"], MethodError::NeverAllowed("TRACE".into())),
            (&["CONNECT"], MethodError::NeverAllowed("CONNECT".into())),
        ];
        for (names, expected) in rows {
            assert_eq!(Methods::only(names.iter().copied()), Err(expected));
        }
    }
}
