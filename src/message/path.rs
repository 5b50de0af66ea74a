//! The path of a request in its one canonical form, or a refusal (RFC 3986 §6.2.2).

mod error;
mod look_alike;
mod plain;
mod reading;
mod rules;
mod segments;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

pub use error::PathError;
pub use rules::{LetterCase, Opaque, PathRules, PathSpelling, TrailingSlash};
pub use segments::Segments;
pub(crate) use segments::segments;

use look_alike::{is_blank, is_colon, is_look_alike};
use plain::plain;
use reading::ENCODED_SLASH;

/// A path without its query, percent-decoded, in which these servers see the same segments: one
/// that decodes once or more often, splits again after decoding, resolves dot segments, merges
/// slashes, drops path parameters, takes backslashes for slashes, ends at a control character,
/// normalizes Unicode, converts to a code page of Windows, or opens files as Windows does.
///
/// So these are refused however they are encoded: dot segments, empty inner segments, segments that
/// end in a dot or a blank, slashes, backslashes, semicolons, question marks, hashes, controls,
/// `:$`, what a second decoding would change, and characters that may become one of these. What is left is decoded whole, so that two
/// spellings of one path are equal here.
///
/// [`PathSpelling`] adds servers that ignore the case of letters (with it, those that know a file by
/// a short name, as Windows does) or take `/a/` for `/a`. Without it, a route must cover all these
/// paths alike for them; likewise for servers that fold letters of Unicode into others. [`Opaque`] lets `%2F` and `;` stand: such a path keeps them as they are, so
/// that no literal of a pattern equals their segment, and knows its other readings.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CanonicalPath<'a> {
    text: Cow<'a, str>,
    opaque: Opaque,
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
    pub fn parse(target: &'a [u8], rules: PathRules) -> Result<Self, PathError> {
        if rules.spelling.letter_case == LetterCase::Kept
            && let Some(path) = plain(target)
        {
            return Ok(Self { text: Cow::Borrowed(path), opaque: Opaque::default() });
        }
        Self::examined(target, rules)
    }

    /// The same, step by step.
    fn examined(target: &'a [u8], rules: PathRules) -> Result<Self, PathError> {
        let path = target.split(|&b| b == b'?').next().unwrap_or_default();
        if path.first() != Some(&b'/') {
            return Err(PathError::NotAbsolute);
        }
        if path.len() > PATH_LIMIT {
            return Err(PathError::TooLong);
        }
        let seen = scan(path, rules.opaque)?;
        let mut opaque = Opaque { encoded_slash: false, path_parameters: seen.has_parameter };
        let mut text = if seen.is_encoded {
            let decoded = decode(path, rules.opaque)?;
            opaque.encoded_slash = decoded.contains(KEPT_SLASH);
            Cow::Owned(decoded)
        } else {
            Cow::Borrowed(std::str::from_utf8(path).map_err(|_| PathError::NotUtf8)?)
        };
        if let Some(folded) = rules.spelling.letter_case.folded(&text)? {
            text = Cow::Owned(folded);
        }
        if opaque.encoded_slash {
            text = Cow::Owned(text.replace(KEPT_SLASH, ENCODED_SLASH));
        }
        check_segments(&text)?;
        if text.contains(":$") {
            return Err(PathError::DataStream);
        }
        drop_trailing_slash(&mut text, rules.spelling.trailing_slash);
        let canonical = Self { text, opaque };
        if !opaque.is_nothing() {
            canonical.check_readings()?;
        }
        Ok(canonical)
    }

    /// The decoded path, beginning with its slash.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The decoded segments. The last one is empty when the path ends in a slash.
    pub fn segments(&self) -> Segments<'_> {
        segments(&self.text)
    }
}

fn check_segments(path: &str) -> Result<(), PathError> {
    let mut count = 0;
    let mut segments = segments(path).peekable();
    while let Some(segment) = segments.next() {
        count += 1;
        if segment.is_empty() {
            if segments.peek().is_some() {
                return Err(PathError::EmptySegment);
            }
        } else if segment.bytes().all(|b| b == b'.' || b == b' ') {
            return Err(PathError::DotSegment);
        } else if is_cut(segment) {
            return Err(PathError::DotSuffix);
        }
    }
    if count > SEGMENT_LIMIT {
        return Err(PathError::TooManySegments);
    }
    Ok(())
}

/// Whether Windows may drop the end of a segment.
fn is_cut(segment: &str) -> bool {
    match segment.as_bytes().last() {
        Some(b'.' | b' ') => true,
        Some(0x80..) => segment.ends_with(is_blank),
        Some(_) | None => false,
    }
}

/// What the bytes of a path are about.
#[derive(Default)]
struct Seen {
    is_encoded: bool,
    has_parameter: bool,
}

/// Looks at every byte as received.
fn scan(path: &[u8], opaque: Opaque) -> Result<Seen, PathError> {
    let mut seen = Seen::default();
    for &byte in path {
        match byte {
            b' ' => return Err(PathError::Control),
            b'#' => return Err(PathError::Fragment),
            b'%' => seen.is_encoded = true,
            b';' if opaque.path_parameters => seen.has_parameter = true,
            0x80.. => return Err(PathError::NonAscii),
            other => refuse_unsafe(other)?,
        }
    }
    Ok(seen)
}

/// The decoded path. An encoded slash that may stand is held as [`KEPT_SLASH`].
fn decode(path: &[u8], opaque: Opaque) -> Result<String, PathError> {
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
            b'/' if opaque.encoded_slash => {
                decoded.push(KEPT_SLASH as u8);
                continue;
            }
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
    // Those of ASCII have been looked at.
    if !text.is_ascii() {
        check_others(&text)?;
    }
    Ok(text)
}

/// Refuses what is unsafe beyond ASCII.
fn check_others(text: &str) -> Result<(), PathError> {
    let mut last = '/';
    for c in text.chars() {
        if c == '$' && is_colon(last) {
            return Err(PathError::DataStream);
        }
        last = c;
        if c.is_ascii() {
            continue;
        }
        if c.is_control() {
            return Err(PathError::Control);
        }
        if is_look_alike(c) {
            return Err(PathError::LookAlike);
        }
    }
    Ok(())
}

/// Stands for an encoded slash while a path is read: every other NUL is refused.
const KEPT_SLASH: char = '\0';

fn drop_trailing_slash(text: &mut Cow<'_, str>, trailing_slash: TrailingSlash) {
    match trailing_slash {
        TrailingSlash::Kept => {}
        TrailingSlash::Dropped if text.len() > 1 && text.ends_with('/') => match text {
            Cow::Borrowed(borrowed) => *borrowed = borrowed.strip_suffix('/').unwrap_or(borrowed),
            Cow::Owned(owned) => drop(owned.pop()),
        },
        TrailingSlash::Dropped => {}
    }
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
