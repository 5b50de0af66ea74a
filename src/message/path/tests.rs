//! Which paths have a canonical form.

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
