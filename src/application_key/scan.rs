//! Where the values of a JSON text begin and end, without reading them: a long document is read piece by piece.

use std::ops::Range;

/// A place in a JSON text. What it walks over is not checked to be JSON; whoever reads the pieces does that.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scan {
    at: usize,
}

impl Scan {
    /// The place after `at` bytes.
    pub(super) const fn from(at: usize) -> Self {
        Self { at }
    }

    /// The next byte that is no white space, which stays where it is.
    pub(super) fn peek(&mut self, text: &[u8]) -> Option<u8> {
        while let Some(byte) = text.get(self.at) {
            if !is_blank(*byte) {
                return Some(*byte);
            }
            self.at += 1;
        }
        None
    }

    /// Goes past `byte` if it is the next one after white space.
    pub(super) fn skip(&mut self, text: &[u8], byte: u8) -> bool {
        let is_next = self.peek(text) == Some(byte);
        self.at += usize::from(is_next);
        is_next
    }

    /// Goes past the next value, and says where it stands; `None` if the text ends within it, or there is none.
    pub(super) fn value(&mut self, text: &[u8]) -> Option<Range<usize>> {
        self.peek(text)?;
        let start = self.at;
        let mut depth = 0_usize;
        loop {
            let byte = *text.get(self.at)?;
            match byte {
                b'"' => self.text(text)?,
                b'{' | b'[' => {
                    depth += 1;
                    self.at += 1;
                }
                b'}' | b']' => {
                    depth = depth.checked_sub(1)?;
                    self.at += 1;
                }
                _ if depth > 0 => self.at += 1,
                _ => {
                    self.word(text);
                    break;
                }
            }
            if depth == 0 {
                break;
            }
        }
        (self.at > start).then_some(start..self.at)
    }

    /// Goes past a text in quotes.
    fn text(&mut self, text: &[u8]) -> Option<()> {
        self.at += 1;
        loop {
            match text.get(self.at)? {
                b'"' => {
                    self.at += 1;
                    return Some(());
                }
                b'\\' => self.at += 2,
                _ => self.at += 1,
            }
        }
    }

    /// Goes past a number, `true`, `false` or `null`.
    fn word(&mut self, text: &[u8]) {
        let ends = |byte: &u8| is_blank(*byte) || matches!(byte, b',' | b':' | b'}' | b']');
        while text.get(self.at).is_some_and(|byte| !ends(byte)) {
            self.at += 1;
        }
    }
}

const fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_end_where_they_end() {
        let rows: [(&[u8], Option<&[u8]>); 13] = [
            (b" {\"a\":[1,\"}\"]} ,", Some(b"{\"a\":[1,\"}\"]}")),
            (b"\"a\\\"b\",1", Some(b"\"a\\\"b\"")),
            (b"\"a\\\\\",1", Some(b"\"a\\\\\"")),
            (b"12.5e3]", Some(b"12.5e3")),
            (b"true}", Some(b"true")),
            (b"null", Some(b"null")),
            (b"[]", Some(b"[]")),
            (b"", None),
            (b" ", None),
            (b",", None),
            (b"]", None),
            (b"{\"a\":1", None),
            (b"\"a\\", None),
        ];
        for (text, expected) in rows {
            let found = Scan::from(0).value(text).and_then(|range| text.get(range));
            assert_eq!(found, expected, "{}", text.escape_ascii());
        }
    }
}
