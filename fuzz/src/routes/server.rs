//! How common servers find a resource by its path.

use tenantgate::message::{LetterCase, PathSpelling, TrailingSlash};

/// A server, and whether it ignores the case of letters or a trailing slash.
#[derive(Clone, Copy)]
pub struct Server {
    pub name: &'static str,
    reads: Reader,
    folds: bool,
    drops_slash: bool,
}

type Segments = Vec<Vec<u8>>;
type Reader = fn(&[u8]) -> Option<Segments>;

/// All servers that a configuration with this spelling is for.
pub fn all(spelling: PathSpelling) -> Vec<Server> {
    let choices = |is_chosen| if is_chosen { &[false, true] as &[bool] } else { &[false] };
    let readers: [(&'static str, Reader); 8] = [
        ("nginx", nginx),
        ("a router that decodes each segment, as Express", express),
        ("Tomcat", tomcat),
        ("Tomcat that allows encoded slashes", |path| tomcat(&decode_slashes(path))),
        ("Go's ServeMux", go),
        ("IIS", iis),
        ("a server that normalizes what it has decoded", normalizing),
        ("a server behind one that decodes", |path| nginx(&decoded(without_query(path))?)),
    ];
    let mut all = Vec::new();
    for (name, reads) in readers {
        for &folds in choices(spelling.letter_case == LetterCase::Folded) {
            for &drops_slash in choices(spelling.trailing_slash == TrailingSlash::Dropped) {
                all.push(Server { name, reads, folds, drops_slash });
            }
        }
    }
    all
}

impl Server {
    /// The resource of a path: equal for two paths that the server takes for the same. `None` when it
    /// refuses the path.
    pub fn resource(&self, path: &[u8]) -> Option<Vec<u8>> {
        let mut segments = (self.reads)(path)?;
        if self.folds {
            segments.iter_mut().for_each(lengthen);
        }
        if self.drops_slash && segments.len() > 1 && segments.last().is_some_and(Vec::is_empty) {
            segments.pop();
        }
        let mut resource = Vec::new();
        for segment in &segments {
            // Segments may hold slashes.
            resource.extend(segment.len().to_be_bytes());
            match std::str::from_utf8(segment) {
                Ok(text) if self.folds => {
                    resource.extend(text.to_uppercase().to_lowercase().bytes())
                }
                _ => resource.extend(segment),
            }
        }
        if self.folds {
            // The length may have changed with the case.
            resource.insert(0, 0);
        }
        Some(resource)
    }
}

/// Decodes once, merges slashes and resolves dot segments (`merge_slashes on`).
fn nginx(path: &[u8]) -> Option<Segments> {
    let path = decoded(without_query(path))?;
    if path.contains(&0) {
        return None;
    }
    resolved(split(&path), true)
}

/// Decodes each segment by itself; neither dots nor empty segments mean anything.
fn express(path: &[u8]) -> Option<Segments> {
    split(without_query(path)).iter().map(|segment| decoded(segment)).collect()
}

/// Drops path parameters, decodes, and refuses encoded slashes.
fn tomcat(path: &[u8]) -> Option<Segments> {
    let bare =
        |segment: &Vec<u8>| segment.split(|&b| b == b';').next().unwrap_or_default().to_vec();
    let path: Segments = split(without_query(path)).iter().map(bare).collect();
    let decoded: Segments = path.iter().map(|segment| decoded(segment)).collect::<Option<_>>()?;
    if decoded.iter().any(|segment| segment.iter().any(|b| b"/\\\0".contains(b))) {
        return None;
    }
    resolved(decoded, true)
}

/// Cleans the decoded path, and sends clients to the clean one; encoded slashes count as slashes.
fn go(path: &[u8]) -> Option<Segments> {
    resolved(split(&decoded(without_query(path))?), true)
}

/// Normalizes Unicode after decoding, before path parameters and dot segments are looked at.
fn normalizing(path: &[u8]) -> Option<Segments> {
    let path = folded(&decoded(without_query(path))?, &NORMALIZED);
    let bare = |segment: Vec<u8>| segment.split(|&b| b == b';').next().unwrap_or_default().to_vec();
    resolved(split(&path).into_iter().map(bare).collect(), true)
}

/// What NFKC makes of some characters.
const NORMALIZED: [(&str, &str); 6] = [
    ("\u{37E}", ";"),
    ("\u{2024}", "."),
    ("\u{2025}", ".."),
    ("\u{FF0E}", "."),
    ("\u{FF0F}", "/"),
    ("\u{A0}", " "),
];

/// What the code pages of Windows make of some characters.
const BEST_FIT: [(&str, &str); 5] =
    [("\u{A5}", "\\"), ("\u{2215}", "/"), ("\u{FF0E}", "."), ("\u{FF0F}", "/"), ("\u{2000}", " ")];

fn folded(path: &[u8], table: &[(&str, &str)]) -> Vec<u8> {
    let Ok(text) = std::str::from_utf8(path) else { return path.to_vec() };
    let replace = |text: String, (from, to): &(&str, &str)| text.replace(from, to);
    table.iter().fold(text.to_owned(), replace).into_bytes()
}

/// Takes backslashes for slashes and opens names as Windows does, in the code page of its machine.
fn iis(path: &[u8]) -> Option<Segments> {
    let mut path = folded(&decoded(without_query(path))?, &BEST_FIT);
    path.iter_mut().filter(|b| **b == b'\\').for_each(|b| *b = b'/');
    let opened = |segment: Vec<u8>| {
        let has_streams = segment.windows(2).any(|two| two == b":$");
        let stream = segment.iter().position(|b| has_streams && *b == b':');
        let mut name = segment.get(..stream.unwrap_or(segment.len())).unwrap_or_default();
        while let [rest @ .., b'.' | b' '] = name {
            if name == b"." || name == b".." {
                break;
            }
            name = rest;
        }
        name.to_vec()
    };
    resolved(split(&path).into_iter().map(opened).collect(), true)
}

/// The name of a file by its short one: no other name of a table begins as it does.
fn lengthen(segment: &mut Vec<u8>) {
    let is_numbered = |two: &[u8]| matches!(two, [b'~', b'0'..=b'9']);
    if let Some(place) = segment.windows(2).position(is_numbered) {
        segment.truncate(place);
    }
}

fn without_query(path: &[u8]) -> &[u8] {
    path.split(|&b| b == b'?').next().unwrap_or_default()
}

fn split(path: &[u8]) -> Segments {
    path.split(|&b| b == b'/').skip(1).map(<[u8]>::to_vec).collect()
}

fn decode_slashes(path: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(path).replace("%2F", "/").replace("%2f", "/");
    text.into_bytes()
}

/// `None` for a `%` without two hex digits.
fn decoded(path: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(path.len());
    let mut bytes = path.iter();
    while let Some(&byte) = bytes.next() {
        if byte != b'%' {
            out.push(byte);
            continue;
        }
        let digit = |byte: Option<&u8>| char::from(*byte?).to_digit(16);
        let (high, low) = (digit(bytes.next())?, digit(bytes.next())?);
        out.push(u8::try_from(high << 4 | low).ok()?);
    }
    Some(out)
}

/// Without dot segments and, if it merges, empty ones but the last. `None` above the root.
fn resolved(segments: Segments, merges: bool) -> Option<Segments> {
    let mut kept: Segments = Vec::new();
    let count = segments.len();
    for (index, segment) in segments.into_iter().enumerate() {
        let is_last = index + 1 == count;
        match segment.as_slice() {
            b"." | b".." => {
                if segment == b".." {
                    kept.pop()?;
                }
                if is_last {
                    kept.push(Vec::new());
                }
            }
            b"" if merges && !is_last => {}
            _ => kept.push(segment),
        }
    }
    Some(kept)
}
