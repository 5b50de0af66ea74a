//! Which paths a route is for.

use std::fmt;

use crate::message::{CanonicalPath, PathError, PathRules, PathSpelling, TrailingSlash};

/// A pattern of paths: literal segments, `*` or `{name}` for one non-empty segment, and as the last
/// one `**` for one or more segments of any kind.
///
/// `/a/**` covers `/a/`, `/a/b` and `/a/b/c/`, but not `/a`. A literal matches whole segments
/// after both sides are made canonical; `%2A` writes a literal `*`, `%7B` a literal brace. A name
/// changes nothing about what is covered: it says which segment [`PathPattern::capture`] means.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PathPattern {
    segments: Vec<Segment>,
    has_rest: bool,
    // INVARIANT: positions of `Segment::One`, ascending, under unique names.
    captures: Vec<(Box<str>, usize)>,
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
    /// A brace that is not the first or the last character of a segment `{name}`.
    Brace,
    /// The name in braces is not 1 to 64 of `a` to `z`, `0` to `9` and `_`.
    CaptureName,
    /// Two segments have the same name.
    CaptureRepeated,
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
        let canonical = CanonicalPath::parse(text.as_bytes(), PathRules::default())
            .map_err(PatternError::Path)?;
        let mut segments = Vec::new();
        let mut has_rest = false;
        let mut captures: Vec<(Box<str>, usize)> = Vec::new();
        let raw = text.split('/').skip(1);
        for (written, decoded) in raw.zip(canonical.segments()) {
            if has_rest {
                return Err(PatternError::RestNotLast);
            }
            match written {
                "**" => has_rest = true,
                "*" => segments.push(Segment::One),
                _ if written.contains(['{', '}']) => {
                    let name = capture_name(written)?;
                    if captures.iter().any(|(other, _)| **other == *name) {
                        return Err(PatternError::CaptureRepeated);
                    }
                    captures.push((name.into(), segments.len()));
                    segments.push(Segment::One);
                }
                _ if written.contains('*') => return Err(PatternError::StarInSegment),
                _ => segments.push(Segment::Literal(decoded.into())),
            }
        }
        Ok(Self { segments, has_rest, captures })
    }

    /// The names of its captures, from the left.
    pub fn captures(&self) -> impl Iterator<Item = &str> {
        self.captures.iter().map(|(name, _)| name.as_ref())
    }

    /// Which segment `{name}` is, counted from zero.
    pub(super) fn position(&self, name: &str) -> Option<usize> {
        self.captures.iter().find(|(own, _)| **own == *name).map(|(_, index)| *index)
    }

    /// What `path` has in the place of `{name}`: one whole segment in canonical form, never empty on
    /// a path that the pattern covers. `None` when the pattern has no such name or the path ends
    /// before it. It is read anew at each call, and must not outlive the request.
    pub fn capture<'p>(&self, name: &str, path: &'p CanonicalPath<'_>) -> Option<&'p str> {
        path.segments().nth(self.position(name)?)
    }

    /// The same pattern, spelled as the paths of a configuration are.
    ///
    /// # Errors
    /// [`PathError::LetterCase`] and [`PathError::ShortName`] when no path could ever be matched by a
    /// literal.
    pub(super) fn spelled(mut self, spelling: PathSpelling) -> Result<Self, PathError> {
        let has_trailing_slash =
            matches!(self.segments.last(), Some(Segment::Literal(text)) if text.is_empty());
        match spelling.trailing_slash {
            TrailingSlash::Dropped
                if has_trailing_slash && !self.has_rest && self.segments.len() > 1 =>
            {
                self.segments.pop();
            }
            TrailingSlash::Dropped | TrailingSlash::Kept => {}
        }
        for segment in &mut self.segments {
            match segment {
                Segment::Literal(text) => {
                    if let Some(folded) = spelling.letter_case.folded(text)? {
                        *text = folded.into();
                    }
                }
                Segment::One => {}
            }
        }
        Ok(self)
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
        let mut names = self.captures.iter().peekable();
        for (index, segment) in self.segments.iter().enumerate() {
            match segment {
                Segment::Literal(text) => write!(formatter, "/{text}")?,
                Segment::One => match names.next_if(|(_, position)| *position == index) {
                    Some((name, _)) => write!(formatter, "/{{{name}}}")?,
                    None => formatter.write_str("/*")?,
                },
            }
        }
        formatter.write_str(if self.has_rest { "/**" } else { "" })
    }
}

impl fmt::Display for PatternError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Brace => formatter.write_str(
                "`{name}` must be a segment of its own; write `%7B` and `%7D` for braces",
            ),
            Self::CaptureName => {
                formatter.write_str("a name in braces is 1 to 64 of `a` to `z`, `0` to `9` and `_`")
            }
            Self::CaptureRepeated => formatter.write_str("a name in braces stands there twice"),
            Self::Path(error) => write!(formatter, "can never be requested: {error}"),
            Self::Query => formatter.write_str("the query takes no part, leave `?` out"),
            Self::RestNotLast => formatter.write_str("`**` must be the last segment"),
            Self::StarInSegment => formatter.write_str("`*` must be a segment of its own"),
        }
    }
}

/// The name in a segment with braces.
fn capture_name(segment: &str) -> Result<&str, PatternError> {
    let inner = segment.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
    let name = inner.filter(|name| !name.contains(['{', '}'])).ok_or(PatternError::Brace)?;
    let is_allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    if (1..=NAME_LIMIT).contains(&name.len()) && name.bytes().all(is_allowed) {
        Ok(name)
    } else {
        Err(PatternError::CaptureName)
    }
}

const NAME_LIMIT: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_keep_their_text() {
        for text in ["/", "/a", "/a/", "/a/*/c", "/a/**", "/**", "/*", "/{a}/*/{b_2}/**"] {
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
            ("/{tenant", PatternError::Brace),
            ("/a{tenant}", PatternError::Brace),
            ("/{a}{b}", PatternError::Brace),
            ("/{}", PatternError::CaptureName),
            ("/{Tenant}", PatternError::CaptureName),
            ("/{a*}", PatternError::CaptureName),
            ("/{a}/*/{a}", PatternError::CaptureRepeated),
        ];
        for (text, expected) in rows {
            assert_eq!(PathPattern::parse(text), Err(expected), "{text}");
        }
    }

    #[test]
    fn a_capture_is_the_canonical_segment_in_its_place() {
        let pattern = PathPattern::parse("/tenants/{tenant}/*/{id}/**").unwrap();
        assert_eq!(pattern.captures().collect::<Vec<_>>(), ["tenant", "id"]);
        let path = CanonicalPath::parse(b"/tenants/%61cme/x/4%202/y?id=5", PathRules::default());
        let path = path.unwrap();
        assert_eq!(pattern.capture("tenant", &path), Some("acme"));
        assert_eq!(pattern.capture("id", &path), Some("4 2"));
        assert_eq!(pattern.capture("other", &path), None);
        let short = CanonicalPath::parse(b"/tenants", PathRules::default()).unwrap();
        assert_eq!(pattern.capture("tenant", &short), None);
    }

    #[test]
    fn names_of_captures_are_bounded() {
        let named = |length: usize| PathPattern::parse(&format!("/{{{}}}", "x".repeat(length)));
        assert!(named(64).is_ok());
        assert_eq!(named(65), Err(PatternError::CaptureName));
    }
}
