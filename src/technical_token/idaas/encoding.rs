//! How names and values stand in forms, queries and paths.
//!
//! The vendor's servers compare some of these texts byte by byte (signatures), so there is one set of
//! bytes that stand for themselves: the unreserved ones of RFC 3986 §2.3. Forms differ in the blank.

/// How a blank is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Blank {
    /// `%20`: in paths, and wherever a signature covers it.
    Escaped,
    /// `+`: in forms.
    Plus,
}

/// `name=value` pairs joined by `&`, both encoded.
pub(super) fn pairs(fields: &[(&str, &str)], blank: Blank) -> String {
    // Room for all of it at once: a text that grows leaves copies of secrets behind.
    let room = fields.iter().map(|(name, value)| 2 + 3 * (name.len() + value.len())).sum();
    let mut out = String::with_capacity(room);
    for (name, value) in fields {
        if !out.is_empty() {
            out.push('&');
        }
        push(&mut out, name, blank);
        out.push('=');
        push(&mut out, value, blank);
    }
    out
}

/// One value, blanks as `%20`.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(3 * text.len());
    push(&mut out, text, Blank::Escaped);
    out
}

/// Lower-case hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        out.push(digit(byte >> 4));
        out.push(digit(byte & 15));
    }
    out
}

fn push(out: &mut String, text: &str, blank: Blank) {
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'_' | b'.' | b'-' | b'~' => {
                out.push(char::from(byte));
            }
            b' ' if blank == Blank::Plus => out.push('+'),
            _ => {
                out.push('%');
                out.push(digit(byte >> 4).to_ascii_uppercase());
                out.push(digit(byte & 15).to_ascii_uppercase());
            }
        }
    }
}

fn digit(four_bits: u8) -> char {
    char::from_digit(u32::from(four_bits), 16).unwrap_or('0')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_but_the_unreserved_bytes_are_escaped_and_a_forms_blank_is_a_plus() {
        let text = "aZ0_.-~ *!'()/:|+=\n\té";
        let expected = "aZ0_.-~%20%2A%21%27%28%29%2F%3A%7C%2B%3D%0A%09%C3%A9";
        assert_eq!(escaped(text), expected);
        let form = pairs(&[("a b", text), ("c", "")], Blank::Plus);
        assert_eq!(form, format!("a+b={}&c=", expected.replace("%20", "+")));
    }

    #[test]
    fn a_text_with_a_secret_never_grows_while_it_is_made() {
        let secret = "é \n".repeat(100);
        assert!(pairs(&[("n", &secret)], Blank::Plus).len() <= 2 + 3 * (1 + secret.len()));
        let made = pairs(&[("n", &secret), ("m", &secret)], Blank::Escaped);
        assert_eq!(made.capacity(), 2 * (2 + 3 * (1 + secret.len())));
    }

    #[test]
    fn hexadecimal_digits_are_lower_case() {
        assert_eq!(hex(&[0, 0x9f, 0xe3]), "009fe3");
    }
}
