//! The path of a request in its one canonical form, or a refusal (RFC 3986 §6.2.2).

mod error;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::str::Split;

pub use error::PathError;

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
