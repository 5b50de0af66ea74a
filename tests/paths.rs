//! Traversal spellings, and every short path over the dangerous bytes: refused, or read by every
//! server as the same resource as by us.

#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "helpers of tests")]

use std::collections::BTreeSet;

use tenantgate::message::{CanonicalPath, PathError, PathRules};
use unicode_normalization::UnicodeNormalization;

/// How servers that differ from us are known to read a path.
#[derive(Clone, Copy, Debug)]
struct Server {
    name: &'static str,
    decodings: usize,
    backslash_is_slash: bool,
    drops_parameters: bool,
    ends_at_nul: bool,
    accepts_overlong: bool,
    merges_slashes: bool,
    splits_after_decoding: bool,
    drops_controls: bool,
    opens_files_as_windows: bool,
    normalizes: bool,
    has_a_code_page: bool,
}

const STRICT: Server = Server {
    name: "decodes once and resolves dot segments",
    decodings: 1,
    backslash_is_slash: false,
    drops_parameters: false,
    ends_at_nul: false,
    accepts_overlong: false,
    merges_slashes: false,
    splits_after_decoding: false,
    drops_controls: false,
    opens_files_as_windows: false,
    normalizes: false,
    has_a_code_page: false,
};

const SERVERS: [Server; 13] = [
    STRICT,
    Server { name: "merges slashes", merges_slashes: true, ..STRICT },
    Server { name: "drops path parameters", drops_parameters: true, ..STRICT },
    Server { name: "takes backslashes for slashes", backslash_is_slash: true, ..STRICT },
    Server { name: "decodes twice", decodings: 2, ..STRICT },
    Server { name: "ends a path at NUL", ends_at_nul: true, ..STRICT },
    Server { name: "splits after decoding", splits_after_decoding: true, ..STRICT },
    Server { name: "drops control characters", drops_controls: true, ..STRICT },
    Server { name: "opens files as Windows does", opens_files_as_windows: true, ..STRICT },
    Server { name: "normalizes to NFKC", normalizes: true, ..STRICT },
    Server {
        name: "normalizes to NFKC and opens files as Windows does",
        normalizes: true,
        opens_files_as_windows: true,
        drops_parameters: true,
        splits_after_decoding: true,
        ..STRICT
    },
    Server {
        name: "converts to a code page of Windows",
        has_a_code_page: true,
        backslash_is_slash: true,
        decodings: 2,
        ..STRICT
    },
    Server {
        name: "does all of it and accepts overlong UTF-8",
        decodings: 3,
        backslash_is_slash: true,
        drops_parameters: true,
        ends_at_nul: true,
        accepts_overlong: true,
        merges_slashes: true,
        splits_after_decoding: true,
        drops_controls: true,
        opens_files_as_windows: true,
        normalizes: true,
        has_a_code_page: true,
    },
];

impl Server {
    /// The path as this server would look it up.
    fn read(self, raw: &[u8]) -> Vec<u8> {
        let mut path = raw.split(|&b| b == b'?').next().unwrap().to_vec();
        for _ in 0..self.decodings {
            if self.drops_parameters {
                path = without_parameters(&path);
            }
            path = self.folded(&decoded(&path));
        }
        if self.accepts_overlong {
            path = shortened(&path);
        }
        if self.drops_parameters {
            path = without_parameters(&path);
        }
        if self.splits_after_decoding {
            path = path.split(|b| b"?#".contains(b)).next().unwrap().to_vec();
        }
        if self.drops_controls {
            path = without_controls(&path);
        }
        if self.ends_at_nul {
            path = path.split(|&b| b == 0).next().unwrap().to_vec();
        }
        if self.backslash_is_slash {
            path.iter_mut().filter(|b| **b == b'\\').for_each(|b| *b = b'/');
        }
        if self.opens_files_as_windows {
            path = opened_as_windows(&path);
        }
        self.resolved(&path)
    }

    /// With one character for another, as this server does it.
    fn folded(self, path: &[u8]) -> Vec<u8> {
        let path = if self.has_a_code_page { in_a_code_page(path) } else { path.to_vec() };
        if self.normalizes { normalized(&path) } else { path }
    }

    fn resolved(self, path: &[u8]) -> Vec<u8> {
        let mut kept: Vec<&[u8]> = Vec::new();
        let segments: Vec<&[u8]> = path.split(|&b| b == b'/').skip(1).collect();
        for (index, segment) in segments.iter().enumerate() {
            let is_last = index + 1 == segments.len();
            match *segment {
                b"." | b".." => {
                    if *segment == b".." {
                        kept.pop();
                    }
                    if is_last {
                        kept.push(b"");
                    }
                }
                b"" if self.merges_slashes && !is_last => {}
                other => kept.push(other),
            }
        }
        kept.iter().flat_map(|segment| [b"/".as_slice(), segment]).flatten().copied().collect()
    }
}

fn decoded(path: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = path;
    while let Some((&first, after)) = rest.split_first() {
        let digits = |bytes: &[u8]| u8::from_str_radix(std::str::from_utf8(bytes).ok()?, 16).ok();
        let byte = after.get(..2).filter(|_| first == b'%').and_then(digits);
        rest = if byte.is_some() { &after[2..] } else { after };
        out.push(byte.unwrap_or(first));
    }
    out
}

/// `C0 AE` read as the dot that its bits hold, as lenient decoders did.
fn shortened(path: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = path;
    while let Some((&first, after)) = rest.split_first() {
        match (first, after.first()) {
            (0xC0 | 0xC1, Some(&next)) => {
                out.push((first & 1) << 6 | (next & 0x3F));
                rest = &after[1..];
            }
            _ => {
                out.push(first);
                rest = after;
            }
        }
    }
    out
}

fn without_parameters(path: &[u8]) -> Vec<u8> {
    let bare = |segment: &[u8]| segment.split(|&b| b == b';').next().unwrap().to_vec();
    path.split(|&b| b == b'/').map(bare).collect::<Vec<_>>().join(&b'/')
}

/// Without the controls of Unicode, NUL aside.
fn without_controls(path: &[u8]) -> Vec<u8> {
    let Ok(text) = std::str::from_utf8(path) else { return path.to_vec() };
    text.chars().filter(|c| *c == '\0' || !c.is_control()).collect::<String>().into_bytes()
}

/// As NFKC has it.
fn normalized(path: &[u8]) -> Vec<u8> {
    let Ok(text) = std::str::from_utf8(path) else { return path.to_vec() };
    text.nfkc().collect::<String>().into_bytes()
}

/// What each ANSI code page of Windows makes of characters that it lacks, if that means something in
/// a path: `WideCharToMultiByte` with its default flags, those of full width aside.
const BEST_FIT: [(char, char); 9] = [
    ('\u{A5}', '\\'),   // 932
    ('\u{B4}', '/'),    // 1253
    ('\u{37E}', ';'),   // 1250, 1252, 1253
    ('\u{66A}', '%'),   // 1250, 1252, 1254
    ('\u{2044}', '/'),  // 1250, 1252, 1254
    ('\u{20A9}', '\\'), // 949
    ('\u{2215}', '/'),  // 1250, 1252, 1254
    ('\u{2216}', '\\'), // 1250, 1252, 1254
    ('\u{FF0F}', '/'),  // all of one byte
];

fn in_a_code_page(path: &[u8]) -> Vec<u8> {
    let Ok(text) = std::str::from_utf8(path) else { return path.to_vec() };
    let fit = |c: char| BEST_FIT.iter().find(|(from, _)| *from == c).map_or(c, |(_, to)| *to);
    text.chars().map(fit).collect::<String>().into_bytes()
}

/// The file that Windows opens: `admin. .`, `admin::$DATA` and `admin:$I30:$INDEX_ALLOCATION` are
/// `admin`. Dot segments stay.
fn opened_as_windows(path: &[u8]) -> Vec<u8> {
    let opened = |segment: &[u8]| {
        let has_streams = segment.windows(2).any(|two| two == b":$");
        let stream = segment.iter().position(|b| has_streams && *b == b':');
        let mut name = &segment[..stream.unwrap_or(segment.len())];
        while let [rest @ .., b'.' | b' '] = name {
            if name == b"." || name == b".." {
                break;
            }
            name = rest;
        }
        name.to_vec()
    };
    path.split(|&b| b == b'/').map(opened).collect::<Vec<_>>().join(&b'/')
}

fn slashes(path: &[u8]) -> usize {
    path.iter().filter(|b| **b == b'/').count()
}

/// Whether the path was accepted; then all servers must read what we read.
fn is_accepted_alike(raw: &[u8]) -> bool {
    let Ok(path) = CanonicalPath::parse(raw, PathRules::default()) else {
        return false;
    };
    for server in SERVERS {
        let read = server.read(raw);
        let text = String::from_utf8_lossy(raw);
        // Letters and blanks may become others, but never end a segment or mean anything.
        let expected = server.folded(path.as_str().as_bytes());
        assert_eq!(slashes(&expected), slashes(path.as_str().as_bytes()), "{text}");
        let (read, expected) = (String::from_utf8_lossy(&read), String::from_utf8_lossy(&expected));
        assert_eq!(read, expected, "{text}: {}", server.name);
    }
    true
}

#[test]
fn every_traversal_spelling_is_refused_or_read_by_all_as_the_same_resource() {
    let files = [
        include_str!("fixtures/paths/directory_traversal.txt"),
        include_str!("fixtures/paths/traversals-8-deep-exotic-encoding.txt"),
    ];
    let mut accepted = BTreeSet::new();
    let mut tried = 0;
    for line in files.iter().flat_map(|file| file.lines()) {
        let payload = line.replace("{FILE}", "admin");
        for path in [format!("/public/{payload}"), format!("/public{payload}"), payload] {
            tried += 1;
            if is_accepted_alike(path.as_bytes()) {
                accepted.insert(path);
            }
        }
    }
    assert_eq!(tried, 3 * 1027);
    let is_plain_text =
        |path: &String| ["0x2e", "0x2f", "0x5c"].iter().any(|hex| path.contains(hex));
    accepted.retain(|path| !is_plain_text(path));
    let expected = [
        "/public%2e%68%74%61%63%63%65%73%73",
        "/public.htaccess",
        "/public/%2e%68%74%61%63%63%65%73%73",
        "/public/.htaccess",
        "/public/C:/boot.ini",
        "/public/C:/inetpub/wwwroot/global.asa",
        "/publicC:/boot.ini",
        "/publicC:/inetpub/wwwroot/global.asa",
    ];
    assert_eq!(accepted.iter().map(String::as_str).collect::<Vec<_>>(), expected);
}

#[test]
fn every_short_path_over_the_dangerous_bytes_is_refused_or_read_by_all_alike() {
    const PIECES: [&str; 25] = [
        "/",
        ".",
        "a",
        ";",
        "\\",
        "%2e",
        "%2F",
        "%5c",
        "%25",
        "2e",
        "%3B",
        "%00",
        "%c0%ae",
        "%61",
        "//",
        "%20",
        "%3F",
        "%23",
        "%C2%85",
        "::$",
        "%E2%80%A4",
        "%EF%BC%8F",
        "%C2%A5",
        "%C2%A0",
        ":$",
    ];
    let mut accepted = 0;
    let mut paths = vec![String::from("/")];
    for _ in 0..4 {
        paths = paths
            .iter()
            .flat_map(|path| PIECES.iter().map(move |piece| format!("{path}{piece}")))
            .collect();
        accepted += paths.iter().filter(|path| is_accepted_alike(path.as_bytes())).count();
    }
    assert!(accepted > 100, "{accepted}");
}

#[test]
fn exactly_the_characters_that_may_become_delimiters_are_refused_for_it() {
    let is_delimiter = |c: char| c.is_control() || "./\\;%?#$".contains(c);
    let mut refused = 0;
    for character in ('\u{80}'..=char::MAX).filter(|c| !c.is_control()) {
        let normalized: String = [character].into_iter().nfkc().collect();
        let is_other = normalized.chars().ne([character]);
        let may_become = (is_other && normalized.contains(is_delimiter))
            || BEST_FIT.iter().any(|(from, _)| *from == character);
        refused += usize::from(may_become);
        let encoded: String =
            character.to_string().bytes().map(|byte| format!("%{byte:02X}")).collect();
        for (path, refusal) in
            [(format!("/a{encoded}b"), None), (format!("/a{encoded}"), Some(PathError::DotSuffix))]
        {
            let expected = match may_become {
                true => Some(PathError::LookAlike),
                false => refusal.filter(|_| is_other && normalized.ends_with(' ')),
            };
            let found = CanonicalPath::parse(path.as_bytes(), PathRules::default());
            assert_eq!(found.err(), expected, "{path}: {normalized:?}");
        }
    }
    assert_eq!(refused, 54 + 7, "by NFKC, and by best fit alone");
}
