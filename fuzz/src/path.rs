//! Canonical paths.

use std::fmt::Write as _;

use tenantgate::message::{CanonicalPath, PathRules, SEGMENT_LIMIT};

/// Makes a path canonical. Its canonical form, encoded again in any way, stays what it is, and holds
/// nothing that servers could read in two ways.
pub fn run(data: &[u8]) {
    let Ok(path) = CanonicalPath::parse(data, PathRules::default()) else { return };
    let text = path.as_str();
    // Encoding makes it longer, so a path near the limit may have none.
    if text.len() * 3 <= tenantgate::message::PATH_LIMIT {
        for encodes in [is_reserved, is_not_slash] {
            let again = encode(text, encodes);
            let again = CanonicalPath::parse(again.as_bytes(), PathRules::default());
            assert_eq!(again.as_ref().map(CanonicalPath::as_str), Ok(text));
        }
    }
    assert!(text.starts_with('/'));
    assert!(!text.contains(['\\', ';', '?', '#']) && !text.contains("//"));
    assert!(!text.contains(char::is_control));
    // Of those that servers turn into one of these, the best known.
    assert!(!text.contains(['\u{A5}', '\u{37E}', '\u{2025}', '\u{2215}', '\u{FF0E}', '\u{FF0F}']));
    assert!(path.segments().count() <= SEGMENT_LIMIT);
    assert!(!path.segments().any(|segment| segment.ends_with(['.', ' ', '\u{A0}'])));
    assert_eq!(path.segments().fold(String::new(), |all, segment| all + "/" + segment), text);
}

/// Whatever may stand for something else than itself.
fn is_reserved(byte: u8) -> bool {
    !byte.is_ascii_alphanumeric() && !b"/-._~".contains(&byte)
}

fn is_not_slash(byte: u8) -> bool {
    byte != b'/'
}

fn encode(text: &str, encodes: fn(u8) -> bool) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        if encodes(byte) {
            write!(encoded, "%{byte:02x}").expect("a String takes all");
        } else {
            encoded.push(char::from(byte));
        }
    }
    encoded
}
