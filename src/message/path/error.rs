//! Why a path has no canonical form.

use std::fmt;

/// Why a path has no canonical form.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum PathError {
    /// A backslash, as it is or encoded.
    Backslash,
    /// A control character (U+0000 to U+001F, U+007F to U+009F), as it is or encoded, or a blank
    /// that is not encoded.
    Control,
    /// `:$`, as it is or encoded: Windows reads `a::$DATA` and `a:$I30:$INDEX_ALLOCATION` as `a`.
    DataStream,
    /// A segment of dots, or of dots and blanks.
    DotSegment,
    /// A segment that ends in a dot or a blank, those of Unicode included: Windows drops both.
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
    /// A letter beyond ASCII that has a case, where the case of letters is ignored.
    LetterCase,
    /// A character beyond ASCII that some servers turn into `.`, `/`, `\`, `;`, `%`, `?`, `#` or `$`.
    LookAlike,
    /// It does not begin with a slash.
    NotAbsolute,
    /// The decoded bytes are not UTF-8 (overlong forms included).
    NotUtf8,
    /// A semicolon, as it is or encoded: path parameters are dropped by some servers.
    Parameter,
    /// `~` and a digit, where the case of letters is ignored: Windows reads `PROGRA~1` as the name of
    /// a file that has a longer one.
    ShortName,
    /// Longer than [`PATH_LIMIT`](super::PATH_LIMIT) bytes.
    TooLong,
    /// More than [`SEGMENT_LIMIT`](super::SEGMENT_LIMIT) segments.
    TooManySegments,
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
            Self::LetterCase => "path_letter_case",
            Self::LookAlike => "path_look_alike",
            Self::NonAscii => "path_non_ascii",
            Self::NotAbsolute => "path_not_absolute",
            Self::NotUtf8 => "path_not_utf8",
            Self::Parameter => "path_parameter",
            Self::ShortName => "path_short_name",
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
            | Self::LetterCase
            | Self::LookAlike
            | Self::Parameter
            | Self::ShortName => true,
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
            Self::DataStream => "the path holds `:$`",
            Self::DotSegment => "the path holds a dot segment",
            Self::DotSuffix => "a segment of the path ends in a dot or a blank",
            Self::DoubleEncoding => "the path is percent-encoded twice",
            Self::EmptySegment => "the path holds two slashes in a row",
            Self::EncodedDelimiter => "the path holds an encoded `?` or `#`",
            Self::EncodedSlash => "the path holds an encoded slash",
            Self::Fragment => "the path holds a `#`",
            Self::InvalidPercent => "the path holds a `%` without two hex digits",
            Self::LetterCase => {
                "the path holds a letter beyond ASCII, of which servers fold the case differently"
            }
            Self::LookAlike => {
                "the path holds a character that servers may take for `.`, `/`, `\\`, `;`, `%`, `?`, `#` or `$`"
            }
            Self::NonAscii => "the path holds a byte above 0x7F",
            Self::NotAbsolute => "the path does not begin with a slash",
            Self::NotUtf8 => "the decoded path is not UTF-8",
            Self::Parameter => "the path holds a semicolon",
            Self::ShortName => {
                "the path holds `~` and a digit, which Windows takes for the short name of another file"
            }
            Self::TooLong => "the path is longer than 8192 bytes",
            Self::TooManySegments => "the path has more than 64 segments",
        })
    }
}
