//! Which hosts a route is for.

use std::fmt;

use crate::message::{HostError, canonical_host};

/// A pattern of hosts, in canonical form.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum HostPattern {
    /// Every host.
    Any,
    /// This host alone.
    Exact(String),
    /// Every host below this one (`*.acme.example` is held as `acme.example`).
    Below(String),
}

impl HostPattern {
    /// Reads `*`, `*.name` or a host.
    ///
    /// # Errors
    /// [`HostError`] when the host has no canonical form, or a port.
    pub fn parse(text: &str) -> Result<Self, HostError> {
        if text == "*" {
            return Ok(Self::Any);
        }
        let (name, is_parent) = match text.strip_prefix("*.") {
            Some(parent) => (parent, true),
            None => (text, false),
        };
        let canonical = canonical_host(name.as_bytes())?.into_owned();
        if !canonical.eq_ignore_ascii_case(name) {
            let is_address_alone = name.starts_with('[') && name.ends_with(']');
            return Err(if is_address_alone {
                HostError::NotShortest
            } else {
                HostError::NotPlain
            });
        }
        Ok(if is_parent { Self::Below(canonical) } else { Self::Exact(canonical) })
    }
}

impl fmt::Display for HostPattern {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => formatter.write_str("*"),
            Self::Exact(host) => formatter.write_str(host),
            Self::Below(parent) => write!(formatter, "*.{parent}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_patterns_in_canonical_form() {
        let rows = [
            ("*", Ok(HostPattern::Any)),
            ("API.acme.example", Ok(HostPattern::Exact("api.acme.example".into()))),
            ("*.acme.example", Ok(HostPattern::Below("acme.example".into()))),
            ("[::1]", Ok(HostPattern::Exact("[::1]".into()))),
            ("[0::1]", Err(HostError::NotShortest)),
            ("[::1]:443", Err(HostError::NotPlain)),
            ("api.acme.example:443", Err(HostError::NotPlain)),
            ("api.acme.example.", Err(HostError::NotPlain)),
            ("*acme.example", Err(HostError::Character)),
            ("a.*.example", Err(HostError::Character)),
            ("", Err(HostError::Label)),
        ];
        for (text, expected) in rows {
            assert_eq!(HostPattern::parse(text), expected, "{text}");
        }
    }
}
