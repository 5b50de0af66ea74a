//! The path of a request in its one canonical form, or a refusal (RFC 3986 §6.2.2).

use std::borrow::Cow;
use std::fmt;
use std::str::Split;

/// A path without its query, percent-decoded, in which these servers see the same segments: one
/// that decodes once or more often, splits again after decoding, resolves dot segments, merges
/// slashes, drops path parameters, takes backslashes for slashes, ends at a control character, or
/// opens files as Windows does.
///
/// So these are refused however they are encoded: dot segments, empty inner segments, segments that
/// end in a dot or a blank, slashes, backslashes, semicolons, question marks, hashes, controls,
/// `::$`, and what a second decoding would change. What is left is decoded whole, so that two
/// spellings of one path are equal here.
///
/// It does not know servers that ignore the case of letters, that take `/a/` for `/a`, or that
/// fold letters of Unicode into others: for them, a route must cover all these paths alike.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CanonicalPath<'a>(Cow<'a, str>);

/// Why a path has no canonical form.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum PathError {
    /// A backslash, as it is or encoded.
    Backslash,
    /// A control character (U+0000 to U+001F, U+007F to U+009F), as it is or encoded, or a blank
    /// that is not encoded.
    Control,
    /// `::$`, as it is or encoded: Windows reads `a::$DATA` as `a`.
    DataStream,
    /// A segment of dots, or of dots and blanks.
    DotSegment,
    /// A segment that ends in a dot or a blank: Windows drops both.
    DotSuffix,
    /// A percent sign and two hex digits are left after decoding.
    DoubleEncoding,
    /// Two slashes in a row.
    EmptySegment,
    /// `%23` or `%3F`: who splits after decoding would begin a fragment or a query there.
    EncodedDelimiter,
    /// `%2F`.
    EncodedSlash,
    /// A `#`, which has no place in a request.
    Fragment,
    /// A percent sign without two hex digits.
    InvalidPercent,
    /// A byte above 0x7F that is not percent-encoded.
    NonAscii,
    /// It does not begin with a slash.
    NotAbsolute,
    /// The decoded bytes are not UTF-8 (overlong forms included).
    NotUtf8,
    /// A semicolon, as it is or encoded: path parameters are dropped by some servers.
    Parameter,
    /// Longer than [`PATH_LIMIT`] bytes.
    TooLong,
    /// More than [`SEGMENT_LIMIT`] segments.
    TooManySegments,
}

/// The longest path, in bytes as received, without its query.
pub const PATH_LIMIT: usize = 8192;
/// The most segments of a path.
pub const SEGMENT_LIMIT: usize = 64;

impl<'a> CanonicalPath<'a> {
    /// The canonical form of a `:path`; the query, if there is one, takes no part.
    ///
    /// # Errors
    /// [`PathError`] when servers could differ about the path.
    pub fn parse(target: &'a [u8]) -> Result<Self, PathError> {
        let path = target.split(|&b| b == b'?').next().unwrap_or_default();
        if path.first() != Some(&b'/') {
            return Err(PathError::NotAbsolute);
        }
        if path.len() > PATH_LIMIT {
            return Err(PathError::TooLong);
        }
        let is_encoded = scan(path)?;
        let text = if is_encoded {
            Cow::Owned(decode(path)?)
        } else {
            Cow::Borrowed(std::str::from_utf8(path).map_err(|_| PathError::NotUtf8)?)
        };
        let canonical = Self(text);
        canonical.check_segments()?;
        if canonical.0.contains("::$") {
            return Err(PathError::DataStream);
        }
        Ok(canonical)
    }

    /// The decoded path, beginning with its slash.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The decoded segments. The last one is empty when the path ends in a slash.
    pub fn segments(&self) -> Split<'_, char> {
        self.0.strip_prefix('/').unwrap_or_default().split('/')
    }

    fn check_segments(&self) -> Result<(), PathError> {
        let mut count = 0;
        let mut segments = self.segments().peekable();
        while let Some(segment) = segments.next() {
            count += 1;
            if segment.is_empty() {
                if segments.peek().is_some() {
                    return Err(PathError::EmptySegment);
                }
            } else if segment.bytes().all(|b| b == b'.' || b == b' ') {
                return Err(PathError::DotSegment);
            } else if segment.ends_with(['.', ' ']) {
                return Err(PathError::DotSuffix);
            }
        }
        if count > SEGMENT_LIMIT {
            return Err(PathError::TooManySegments);
        }
        Ok(())
    }
}

impl PathError {
    /// The exact cause as a word for logs.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Backslash => "path_backslash",
            Self::Control => "path_control_character",
            Self::DataStream => "path_data_stream",
            Self::DotSegment => "path_dot_segment",
            Self::DotSuffix => "path_dot_suffix",
            Self::DoubleEncoding => "path_double_encoding",
            Self::EmptySegment => "path_empty_segment",
            Self::EncodedDelimiter => "path_encoded_delimiter",
            Self::EncodedSlash => "path_encoded_slash",
            Self::Fragment => "path_fragment",
            Self::InvalidPercent => "path_invalid_percent",
            Self::NonAscii => "path_non_ascii",
            Self::NotAbsolute => "path_not_absolute",
            Self::NotUtf8 => "path_not_utf8",
            Self::Parameter => "path_parameter",
            Self::TooLong => "path_too_long",
            Self::TooManySegments => "path_too_many_segments",
        }
    }

    /// Whether the path is well-formed, but servers could read it as another one.
    pub const fn is_ambiguity(self) -> bool {
        match self {
            Self::Backslash
            | Self::DataStream
            | Self::DotSegment
            | Self::DotSuffix
            | Self::DoubleEncoding
            | Self::EmptySegment
            | Self::EncodedDelimiter
            | Self::EncodedSlash
            | Self::Parameter => true,
            Self::Control
            | Self::Fragment
            | Self::InvalidPercent
            | Self::NonAscii
            | Self::NotAbsolute
            | Self::NotUtf8
            | Self::TooLong
            | Self::TooManySegments => false,
        }
    }
}

impl fmt::Display for PathError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Backslash => "the path holds a backslash",
            Self::Control => "the path holds a blank or control character",
            Self::DataStream => "the path holds `::$`",
            Self::DotSegment => "the path holds a dot segment",
            Self::DotSuffix => "a segment of the path ends in a dot or a blank",
            Self::DoubleEncoding => "the path is percent-encoded twice",
            Self::EmptySegment => "the path holds two slashes in a row",
            Self::EncodedDelimiter => "the path holds an encoded `?` or `#`",
            Self::EncodedSlash => "the path holds an encoded slash",
            Self::Fragment => "the path holds a `#`",
            Self::InvalidPercent => "the path holds a `%` without two hex digits",
            Self::NonAscii => "the path holds a byte above 0x7F",
            Self::NotAbsolute => "the path does not begin with a slash",
            Self::NotUtf8 => "the decoded path is not UTF-8",
            Self::Parameter => "the path holds a semicolon",
            Self::TooLong => "the path is longer than 8192 bytes",
            Self::TooManySegments => "the path has more than 64 segments",
        })
    }
}

/// Looks at every byte as received; true when one is percent-encoded.
fn scan(path: &[u8]) -> Result<bool, PathError> {
    let mut is_encoded = false;
    for &byte in path {
        match byte {
            b' ' => return Err(PathError::Control),
            b'#' => return Err(PathError::Fragment),
            b'%' => is_encoded = true,
            0x80.. => return Err(PathError::NonAscii),
            other => refuse_unsafe(other)?,
        }
    }
    Ok(is_encoded)
}

fn decode(path: &[u8]) -> Result<String, PathError> {
    let mut decoded = Vec::with_capacity(path.len());
    let mut bytes = path.iter().copied();
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            decoded.push(byte);
            continue;
        }
        let (Some(high), Some(low)) = (bytes.next().and_then(hex), bytes.next().and_then(hex))
        else {
            return Err(PathError::InvalidPercent);
        };
        let byte = high << 4 | low;
        match byte {
            b'/' => return Err(PathError::EncodedSlash),
            b'#' | b'?' => return Err(PathError::EncodedDelimiter),
            other => refuse_unsafe(other)?,
        }
        decoded.push(byte);
    }
    let is_encoded_again = |window: &[u8]| match window {
        [b'%', high, low] => hex(*high).is_some() && hex(*low).is_some(),
        _ => false,
    };
    if decoded.windows(3).any(is_encoded_again) {
        return Err(PathError::DoubleEncoding);
    }
    let text = String::from_utf8(decoded).map_err(|_| PathError::NotUtf8)?;
    if text.chars().any(char::is_control) {
        return Err(PathError::Control);
    }
    Ok(text)
}

/// Refuses what is unsafe as it is and encoded alike.
const fn refuse_unsafe(byte: u8) -> Result<(), PathError> {
    match byte {
        0..0x20 | 0x7F => Err(PathError::Control),
        b';' => Err(PathError::Parameter),
        b'\\' => Err(PathError::Backslash),
        _ => Ok(()),
    }
}

const fn hex(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_path_are_equal() {
        let rows = [
            ("/", "/"),
            ("/admin", "/admin"),
            ("/%61dmin", "/admin"),
            ("/a%2Etxt", "/a.txt"),
            ("/a:b", "/a:b"),
            ("/a%3ab", "/a:b"),
            ("/%7Bx}", "/{x}"),
            ("/a/", "/a/"),
            ("/caf%c3%a9", "/café"),
            ("/50%25", "/50%"),
            ("/a%20b", "/a b"),
            ("/a?b=/../c;d#%", "/a"),
            ("/a?", "/a"),
            ("/.hidden", "/.hidden"),
            ("/v1..v2", "/v1..v2"),
            ("/.a.b", "/.a.b"),
            ("/%20a", "/ a"),
            ("/a::b:$c", "/a::b:$c"),
            ("/a%C2%A0", "/a\u{a0}"),
        ];
        for (raw, canonical) in rows {
            let path = CanonicalPath::parse(raw.as_bytes());
            assert_eq!(path.as_ref().map(CanonicalPath::as_str), Ok(canonical), "{raw}");
        }
    }

    #[test]
    fn a_path_without_percent_signs_is_borrowed() {
        let path = CanonicalPath::parse(b"/api/assets/42?x=%20").unwrap();
        assert!(matches!(path.0, Cow::Borrowed("/api/assets/42")));
    }

    #[test]
    fn ambiguous_and_malformed_paths_are_refused() {
        let rows: [(&[u8], PathError); 57] = [
            (b"", PathError::NotAbsolute),
            (b"*", PathError::NotAbsolute),
            (b"a/b", PathError::NotAbsolute),
            (b"http://evil/a", PathError::NotAbsolute),
            (b"/a\\b", PathError::Backslash),
            (b"/a%5cb", PathError::Backslash),
            (b"/a%5Cb", PathError::Backslash),
            (b"/a%2fb", PathError::EncodedSlash),
            (b"/a%2Fb", PathError::EncodedSlash),
            (b"/a b", PathError::Control),
            (b"/a\nb", PathError::Control),
            (b"/a\x7f", PathError::Control),
            (b"/a%00", PathError::Control),
            (b"/a%0a", PathError::Control),
            (b"/a%1F", PathError::Control),
            (b"/a%7f", PathError::Control),
            (b"/a%C2%80", PathError::Control),
            (b"/a%C2%85b", PathError::Control),
            (b"/a%c2%9f", PathError::Control),
            (b"/a::$DATA", PathError::DataStream),
            (b"/a%3a%3A%24data/b", PathError::DataStream),
            (b"/.", PathError::DotSegment),
            (b"/..", PathError::DotSegment),
            (b"/a/../b", PathError::DotSegment),
            (b"/a/./b", PathError::DotSegment),
            (b"/a/%2e%2E/b", PathError::DotSegment),
            (b"/a/.%2e", PathError::DotSegment),
            (b"/a/.../b", PathError::DotSegment),
            (b"/a/..%20/b", PathError::DotSegment),
            (b"/%20", PathError::DotSegment),
            (b"/a.", PathError::DotSuffix),
            (b"/a./", PathError::DotSuffix),
            (b"/a../b", PathError::DotSuffix),
            (b"/a%2e/b", PathError::DotSuffix),
            (b"/a%20", PathError::DotSuffix),
            (b"/a.%20/b", PathError::DotSuffix),
            (b"/a%20.?x", PathError::DotSuffix),
            (b"/a%3fb", PathError::EncodedDelimiter),
            (b"/a%3F", PathError::EncodedDelimiter),
            (b"/a%23b", PathError::EncodedDelimiter),
            (b"//", PathError::EmptySegment),
            (b"/a//b", PathError::EmptySegment),
            (b"//evil/a", PathError::EmptySegment),
            (b"/a#b", PathError::Fragment),
            (b"/a%", PathError::InvalidPercent),
            (b"/a%2", PathError::InvalidPercent),
            (b"/a%zz", PathError::InvalidPercent),
            (b"/a%u002e", PathError::InvalidPercent),
            (b"/a%253fb", PathError::DoubleEncoding),
            (b"/a%252e", PathError::DoubleEncoding),
            (b"/a%25%32%65", PathError::DoubleEncoding),
            (b"/\xff\xfe", PathError::NonAscii),
            (b"/caf\xc3\xa9", PathError::NonAscii),
            (b"/%c0%ae%c0%ae/", PathError::NotUtf8),
            (b"/%ff", PathError::NotUtf8),
            (b"/a;v=1", PathError::Parameter),
            (b"/a%3Bv=1", PathError::Parameter),
        ];
        for (raw, expected) in rows {
            assert_eq!(CanonicalPath::parse(raw), Err(expected), "{raw:?}");
        }
    }

    #[test]
    fn length_and_segments_are_bounded() {
        let long = |bytes: usize| format!("/{}?{}", "x".repeat(bytes - 1), "q".repeat(9000));
        assert!(CanonicalPath::parse(long(PATH_LIMIT).as_bytes()).is_ok());
        assert_eq!(CanonicalPath::parse(long(PATH_LIMIT + 1).as_bytes()), Err(PathError::TooLong));
        assert!(CanonicalPath::parse("/a".repeat(SEGMENT_LIMIT).as_bytes()).is_ok());
        assert_eq!(
            CanonicalPath::parse("/a".repeat(SEGMENT_LIMIT + 1).as_bytes()),
            Err(PathError::TooManySegments)
        );
    }

    #[test]
    fn segments_keep_a_trailing_slash_as_an_empty_one() {
        let segments = |raw: &'static str| {
            let path = CanonicalPath::parse(raw.as_bytes()).unwrap();
            path.segments().map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(segments("/"), [""]);
        assert_eq!(segments("/a/b"), ["a", "b"]);
        assert_eq!(segments("/a/b/"), ["a", "b", ""]);
    }
}
