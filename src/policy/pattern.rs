//! Which paths a route is for.

use std::fmt;

use crate::message::{CanonicalPath, PathError};

/// A pattern of paths: literal segments, `*` for one non-empty segment, and as the last one `**`
/// for one or more segments of any kind.
///
/// `/a/**` covers `/a/`, `/a/b` and `/a/b/c/`, but not `/a`. A literal matches whole segments,
/// case-sensitively, after both sides are percent-decoded; `%2A` writes a literal `*`.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct PathPattern {
    segments: Vec<Segment>,
    has_rest: bool,
}

/// One segment of a [`PathPattern`] before its `**`.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(super) enum Segment {
    /// Exactly this text; empty only as the last one, for a trailing slash.
    Literal(Box<str>),
    /// Any one non-empty segment.
    One,
}

/// A text that cannot be a pattern of paths.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum PatternError {
    /// `{name}` is reserved for captures, which do not exist yet; `%7B` writes a literal brace.
    Brace,
    /// The path itself could never be requested.
    Path(PathError),
    /// A `?`: the query takes no part in matching.
    Query,
    /// `**` stands before another segment.
    RestNotLast,
    /// `*` stands beside other characters in a segment.
    StarInSegment,
}

impl PathPattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// [`PatternError`] when it uses `*` or `**` in another way, or could match no request.
    pub fn parse(text: &str) -> Result<Self, PatternError> {
        if text.contains('?') {
            return Err(PatternError::Query);
        }
        if text.contains(['{', '}']) {
            return Err(PatternError::Brace);
        }
        let canonical = CanonicalPath::parse(text.as_bytes()).map_err(PatternError::Path)?;
        let mut segments = Vec::new();
        let mut has_rest = false;
        let raw = text.split('/').skip(1);
        for (written, decoded) in raw.zip(canonical.segments()) {
            if has_rest {
                return Err(PatternError::RestNotLast);
            }
            match written {
                "**" => has_rest = true,
                "*" => segments.push(Segment::One),
                _ if written.contains('*') => return Err(PatternError::StarInSegment),
                _ => segments.push(Segment::Literal(decoded.into())),
            }
        }
        Ok(Self { segments, has_rest })
    }

    /// The segments before a `**`.
    pub(super) fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// Whether the pattern ends in `**`.
    pub(super) const fn has_rest(&self) -> bool {
        self.has_rest
    }
}

impl fmt::Display for PathPattern {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for segment in &self.segments {
            match segment {
                Segment::Literal(text) => write!(formatter, "/{text}")?,
                Segment::One => formatter.write_str("/*")?,
            }
        }
        formatter.write_str(if self.has_rest { "/**" } else { "" })
    }
}

impl fmt::Display for PatternError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Brace => formatter.write_str("`{` and `}` are reserved, write `%7B` and `%7D`"),
            Self::Path(error) => write!(formatter, "can never be requested: {error}"),
            Self::Query => formatter.write_str("the query takes no part, leave `?` out"),
            Self::RestNotLast => formatter.write_str("`**` must be the last segment"),
            Self::StarInSegment => formatter.write_str("`*` must be a segment of its own"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_keep_their_text() {
        for text in ["/", "/a", "/a/", "/a/*/c", "/a/**", "/**", "/*"] {
            let pattern = PathPattern::parse(text).unwrap();
            assert_eq!(pattern.to_string(), text);
        }
    }

    #[test]
    fn literals_are_decoded_and_an_encoded_star_is_no_wildcard() {
        let pattern = PathPattern::parse("/caf%C3%A9/%2A").unwrap();
        let literal = |text: &str| Segment::Literal(text.into());
        assert_eq!(pattern.segments(), [literal("café"), literal("*")]);
    }

    #[test]
    fn patterns_that_cannot_work_are_refused() {
        let rows = [
            ("a", PatternError::Path(PathError::NotAbsolute)),
            ("", PatternError::Path(PathError::NotAbsolute)),
            ("/a/../b", PatternError::Path(PathError::DotSegment)),
            ("/a//b", PatternError::Path(PathError::EmptySegment)),
            ("/a?b=c", PatternError::Query),
            ("/**/b", PatternError::RestNotLast),
            ("/**/", PatternError::RestNotLast),
            ("/a*", PatternError::StarInSegment),
            ("/***", PatternError::StarInSegment),
            ("/{tenant}", PatternError::Brace),
        ];
        for (text, expected) in rows {
            assert_eq!(PathPattern::parse(text), Err(expected), "{text}");
        }
    }
}
