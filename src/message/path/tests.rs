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
        ("/a::b:c$d", "/a::b:c$d"),
        ("/$batch:x", "/$batch:x"),
        ("/a%EF%BC%9Ab$", "/a\u{ff1a}b$"),
        ("/%C2%A0a%C2%A0b", "/\u{a0}a\u{a0}b"),
    ];
    for (raw, canonical) in rows {
        let path = CanonicalPath::parse(raw.as_bytes(), PathRules::default());
        assert_eq!(path.as_ref().map(CanonicalPath::as_str), Ok(canonical), "{raw}");
    }
}

/// Every path of up to five bytes of those that mean something, and both sides of each limit.
#[test]
fn a_plain_path_is_the_canonical_one_of_all_steps() {
    let alphabet = b"/.aZ~0%2?$:; ";
    let mut paths = vec![b"/".to_vec()];
    for length in 1..6 {
        let longest: Vec<_> = paths.iter().filter(|path| path.len() == length).cloned().collect();
        let longer = longest
            .iter()
            .flat_map(|path| alphabet.iter().map(|byte| [path.as_slice(), &[*byte]].concat()));
        paths.extend(longer.collect::<Vec<_>>());
    }
    let others = [b'#', b'\\', b'\0', 0x1F, 0x20, 0x21, 0x7E, 0x7F, 0x80, 0xFF];
    paths.extend(others.map(|byte| vec![b'/', b'a', byte, b'b']));
    let segments = |count| "/a".repeat(count).into_bytes();
    paths.extend([64, 65].map(segments));
    paths.extend([8191, 8192].map(|length| [b"/".to_vec(), vec![b'a'; length]].concat()));
    paths.push([b"/".to_vec(), vec![b'a'; 8191], b"?more".to_vec()].concat());
    let trailing_slashes = [TrailingSlash::Kept, TrailingSlash::Dropped];
    let all = Opaque { encoded_slash: true, path_parameters: true };
    let mut plain = 0;
    for trailing_slash in trailing_slashes {
        for opaque in [Opaque::default(), all] {
            let spelling = PathSpelling { trailing_slash, ..PathSpelling::default() };
            let rules = PathRules { spelling, opaque };
            for path in &paths {
                let expected = CanonicalPath::examined(path, rules);
                assert_eq!(CanonicalPath::parse(path, rules), expected, "{path:?} {rules:?}");
                plain += usize::from(super::plain(path).is_some());
            }
        }
    }
    assert!(plain > paths.len() / 4, "{plain}");
}

#[test]
fn a_path_without_percent_signs_is_borrowed() {
    let path = CanonicalPath::parse(b"/api/assets/42?x=%20", PathRules::default()).unwrap();
    assert!(matches!(path.text, Cow::Borrowed("/api/assets/42")));
}

#[test]
fn ambiguous_and_malformed_paths_are_refused() {
    let rows: [(&[u8], PathError); 63] = [
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
        (b"/a:$I30:$INDEX_ALLOCATION/b", PathError::DataStream),
        (b"/a:b:%24DATA", PathError::DataStream),
        (b"/:$", PathError::DataStream),
        (b"/a%EF%BC%9A%EF%BC%9A$DATA", PathError::DataStream),
        (b"/a%E2%88%B6%24DATA", PathError::DataStream),
        (b"/a::%EF%BC%84DATA", PathError::LookAlike),
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
        assert_eq!(CanonicalPath::parse(raw, PathRules::default()), Err(expected), "{raw:?}");
    }
}

#[test]
fn characters_that_servers_may_turn_into_delimiters_are_refused() {
    let rows = [
        ("/a%CD%BEv=1", Err(PathError::LookAlike)),
        ("/%E2%80%A5/b", Err(PathError::LookAlike)),
        ("/a/%E2%80%A4%E2%80%A4/b", Err(PathError::LookAlike)),
        ("/a%E2%81%84b", Err(PathError::LookAlike)),
        ("/a%E2%88%95b", Err(PathError::LookAlike)),
        ("/a%ef%bc%8fb", Err(PathError::LookAlike)),
        ("/a%EF%BC%BCb", Err(PathError::LookAlike)),
        ("/a%C2%A5b", Err(PathError::LookAlike)),
        ("/a%E2%82%A9b", Err(PathError::LookAlike)),
        ("/a%EF%BC%852e", Err(PathError::LookAlike)),
        ("/a%EF%BC%9Fb", Err(PathError::LookAlike)),
        ("/a%EF%BC%83b", Err(PathError::LookAlike)),
        ("/%E2%84%80", Err(PathError::LookAlike)),
        ("/%E2%92%88", Err(PathError::LookAlike)),
        ("/%F0%9F%84%80", Err(PathError::LookAlike)),
        // The neighbours of ranges are what they are.
        ("/%E2%80%A3", Ok("/\u{2023}")),
        ("/%E2%80%A7", Ok("/\u{2027}")),
        ("/%EF%BC%8D", Ok("/\u{ff0d}")),
        ("/%EF%BC%90", Ok("/\u{ff10}")),
        ("/%C2%A4%C2%A6", Ok("/\u{a4}\u{a6}")),
        // A blank is dropped at the end alone.
        ("/a%C2%A0", Err(PathError::DotSuffix)),
        ("/a%E3%80%80/b", Err(PathError::DotSuffix)),
        ("/%E2%80%80", Err(PathError::DotSuffix)),
        ("/a%E2%80%8B", Ok("/a\u{200b}")),
        ("/%E3%80%80a", Ok("/\u{3000}a")),
        // The query takes no part.
        ("/a?%EF%BC%8F", Ok("/a")),
    ];
    for (raw, expected) in rows {
        let path = CanonicalPath::parse(raw.as_bytes(), PathRules::default());
        assert_eq!(path.as_ref().map(CanonicalPath::as_str), expected.as_ref().copied(), "{raw}");
    }
    let opaque = Opaque { encoded_slash: true, path_parameters: true };
    let rules = PathRules { opaque, ..PathRules::default() };
    let rows = [
        ("/a/b%EF%BC%8Fc", Err(PathError::LookAlike)),
        ("/a/b%EF%BC%9Bc", Err(PathError::LookAlike)),
        ("/a/b%2Fc%E2%80%A4", Err(PathError::LookAlike)),
        ("/a/b%C2%A0;c", Err(PathError::DotSuffix)),
        ("/a/b%C2%A0%2Fc", Err(PathError::DotSuffix)),
        ("/a/b%2F%E5%85%AC", Ok("/a/b%2F公")),
    ];
    for (raw, expected) in rows {
        let path = CanonicalPath::parse(raw.as_bytes(), rules);
        let text = path.as_ref().map(CanonicalPath::as_str);
        assert_eq!(text, expected.as_ref().copied(), "no tail may hold it: {raw}");
    }
}

#[test]
fn length_and_segments_are_bounded() {
    let long = |bytes: usize| format!("/{}?{}", "x".repeat(bytes - 1), "q".repeat(9000));
    assert!(CanonicalPath::parse(long(PATH_LIMIT).as_bytes(), PathRules::default()).is_ok());
    assert_eq!(
        CanonicalPath::parse(long(PATH_LIMIT + 1).as_bytes(), PathRules::default()),
        Err(PathError::TooLong)
    );
    assert!(
        CanonicalPath::parse("/a".repeat(SEGMENT_LIMIT).as_bytes(), PathRules::default()).is_ok()
    );
    assert_eq!(
        CanonicalPath::parse("/a".repeat(SEGMENT_LIMIT + 1).as_bytes(), PathRules::default()),
        Err(PathError::TooManySegments)
    );
}

#[test]
fn segments_keep_a_trailing_slash_as_an_empty_one() {
    let segments = |raw: &'static str| {
        let path = CanonicalPath::parse(raw.as_bytes(), PathRules::default()).unwrap();
        path.segments().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(segments("/"), [""]);
    assert_eq!(segments("/a/b"), ["a", "b"]);
    assert_eq!(segments("/a/b/"), ["a", "b", ""]);
}

#[test]
fn what_is_opaque_stands_as_it_is_and_knows_its_other_readings() {
    let opaque = Opaque { encoded_slash: true, path_parameters: true };
    let rules = PathRules { opaque, ..PathRules::default() };
    let rows: [(&str, &str, &[&str]); 9] = [
        ("/a/b", "/a/b", &[]),
        ("/a/b%2fc", "/a/b%2Fc", &["/a/b/c"]),
        ("/a/b;v=%31", "/a/b;v=1", &["/a/b"]),
        ("/a/b;v=1/", "/a/b;v=1/", &["/a/b/", "/a/b"]),
        ("/a/b;v=1/c", "/a/b;v=1/c", &["/a/b/c", "/a/b"]),
        ("/%61;/b%2Fc/d", "/a;/b%2Fc/d", &["/a;/b/c/d", "/a/b%2Fc/d", "/a/b/c/d", "/a"]),
        ("/50%25%2F2", "/50%%2F2", &["/50%/2"]),
        ("/a%252", "/a%2", &[]),
        ("/a/b%2Fc?x;y", "/a/b%2Fc", &["/a/b/c"]),
    ];
    for (raw, text, readings) in rows {
        let path = CanonicalPath::parse(raw.as_bytes(), rules).unwrap();
        assert_eq!(path.as_str(), text, "{raw}");
        let mut found: Vec<_> = path.other_readings().collect();
        found.dedup();
        assert_eq!(found, readings, "{raw}");
        assert_eq!(path.opaque().is_nothing(), readings.is_empty(), "{raw}");
    }
}

#[test]
fn a_reading_that_has_no_canonical_form_spoils_the_path() {
    let opaque = Opaque { encoded_slash: true, path_parameters: true };
    let rules = PathRules { opaque, ..PathRules::default() };
    let rows = [
        ("/a/..%2Fb", PathError::DotSegment),
        ("/a/%2e%2e%2fb", PathError::DotSegment),
        ("/a/..;/b", PathError::DotSegment),
        ("/a/.;v=1", PathError::DotSegment),
        ("/a/b.;v=1", PathError::DotSuffix),
        ("/a/b.%2Fc", PathError::DotSuffix),
        ("/a/%2Fb", PathError::EmptySegment),
        ("/a/b%2F", PathError::EmptySegment),
        ("/a/b%2F/c", PathError::EmptySegment),
        ("/a/b%2F%2Fc", PathError::EmptySegment),
        ("/a/;v=1/b", PathError::EmptySegment),
        ("/a/;v=1", PathError::EmptySegment),
        ("/a/b;v%2Fc", PathError::Parameter),
        ("/a/b%3Bv=1", PathError::Parameter),
        ("/a/b%252Fc", PathError::DoubleEncoding),
        ("/a/b%00c", PathError::Control),
        ("/a/b%5Cc", PathError::Backslash),
    ];
    for (raw, expected) in rows {
        assert_eq!(CanonicalPath::parse(raw.as_bytes(), rules), Err(expected), "{raw}");
    }
    let deep = format!("{}%2Fa", "/a".repeat(SEGMENT_LIMIT));
    assert_eq!(
        CanonicalPath::parse(deep.as_bytes(), rules),
        Err(PathError::TooManySegments),
        "the segments of every reading are counted"
    );
}

#[test]
fn where_case_is_ignored_ascii_is_folded_and_other_letters_with_a_case_are_refused() {
    let kept = CanonicalPath::parse(b"/PROGRA~1", PathRules::default());
    assert_eq!(kept.as_ref().map(CanonicalPath::as_str), Ok("/PROGRA~1"));
    let spelling =
        PathSpelling { letter_case: LetterCase::Folded, trailing_slash: TrailingSlash::Dropped };
    let rules = PathRules { spelling, ..PathRules::default() };
    let rows = [
        ("/", Ok("/")),
        ("/a", Ok("/a")),
        ("/A/%42/", Ok("/a/b")),
        ("/%E5%85%AC%E5%8F%B8", Ok("/公司")),
        ("/caf%C3%A9", Err(PathError::LetterCase)),
        ("/%C3%89", Err(PathError::LetterCase)),
        ("/stra%C3%9Fe", Err(PathError::LetterCase)),
        ("/%C4%B1", Err(PathError::LetterCase)),
        ("/%E2%84%AA", Err(PathError::LetterCase)),
        ("/%C7%85", Err(PathError::LetterCase)),
        ("/PROGRA~1", Err(PathError::ShortName)),
        ("/a/progra%7E12.txt/b", Err(PathError::ShortName)),
        ("/a%EF%BD%9E1", Err(PathError::ShortName)),
        ("/a~%EF%BC%91", Err(PathError::ShortName)),
        ("/~1", Err(PathError::ShortName)),
        ("/~Me", Ok("/~me")),
        ("/1~/~/a~x1", Ok("/1~/~/a~x1")),
        ("//", Err(PathError::EmptySegment)),
        ("/a//", Err(PathError::EmptySegment)),
    ];
    for (raw, expected) in rows {
        let path = CanonicalPath::parse(raw.as_bytes(), rules);
        assert_eq!(path.as_ref().map(CanonicalPath::as_str), expected.as_ref().copied(), "{raw}");
    }
}
