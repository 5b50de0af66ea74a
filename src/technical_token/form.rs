//! `application/x-www-form-urlencoded` bodies (RFC 6749 Appendix B).

use zeroize::Zeroize;

/// Adds `name=value` to a form body, both encoded.
pub(super) fn push(body: &mut Vec<u8>, name: &str, value: &str) {
    if !body.is_empty() {
        body.push(b'&');
    }
    encode_into(body, name);
    body.push(b'=');
    encode_into(body, value);
}

/// A text encoded as a form value: letters, digits, `*`, `-`, `.` and `_` stand for themselves, a
/// blank becomes `+`, every other byte of its UTF-8 becomes `%XX`.
pub(super) fn encoded(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    encode_into(&mut out, text);
    out
}

fn encode_into(out: &mut Vec<u8>, text: &str) {
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'*' | b'-' | b'.' | b'_' => out.push(byte),
            b' ' => out.push(b'+'),
            _ => {
                let mut escape = format!("%{byte:02X}");
                out.extend(escape.bytes());
                escape.zeroize();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_encoded_by_the_form_rules() {
        let rows = [
            (
                "client_credentials.subtenant-impersonation",
                "client_credentials.subtenant-impersonation",
            ),
            ("a b", "a+b"),
            ("a+b&c=d%", "a%2Bb%26c%3Dd%25"),
            ("Kunde Süd", "Kunde+S%C3%BCd"),
            ("a/b:c~d", "a%2Fb%3Ac%7Ed"),
        ];
        for (text, expected) in rows {
            assert_eq!(String::from_utf8(encoded(text)).unwrap(), expected);
        }
    }

    #[test]
    fn fields_are_joined_in_the_order_given() {
        let mut body = Vec::new();
        push(&mut body, "grant_type", "client_credentials");
        push(&mut body, "subtenant", "a&b=c");
        assert_eq!(body, b"grant_type=client_credentials&subtenant=a%26b%3Dc");
    }
}
