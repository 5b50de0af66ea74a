//! JSON as people write it into a `client-config.json`, and as the vendor's examples have it.

/// The same document as JSON: without comments (`// …`, `/* … */`), with line breaks and tabs in texts
/// escaped. A position keeps its line unless it stands in a text. What else is no JSON stays none.
pub(super) fn strict(document: &str) -> String {
    let mut out = String::with_capacity(document.len());
    let mut letters = document.chars().peekable();
    let mut place = Place::Between;
    // Line breaks that a text had: they follow it, where they mean nothing.
    let mut lines = 0;
    while let Some(letter) = letters.next() {
        place = match (place, letter) {
            (Place::Between, '/') if letters.next_if_eq(&'/').is_some() => {
                out.push_str("  ");
                Place::LineComment
            }
            (Place::Between, '/') if letters.next_if_eq(&'*').is_some() => {
                out.push_str("  ");
                Place::BlockComment
            }
            (Place::Between, _) => {
                out.push(letter);
                if letter == '"' { Place::Text } else { Place::Between }
            }
            (Place::LineComment, '\n') => {
                out.push('\n');
                Place::Between
            }
            (Place::BlockComment, '*') if letters.next_if_eq(&'/').is_some() => {
                out.push_str("  ");
                Place::Between
            }
            (Place::BlockComment | Place::LineComment, _) => {
                out.push(if letter == '\n' { '\n' } else { ' ' });
                place
            }
            (Place::Text, '"') => {
                out.push('"');
                (0..std::mem::take(&mut lines)).for_each(|_| out.push('\n'));
                Place::Between
            }
            (Place::Text, '\\') => {
                out.push('\\');
                out.extend(letters.next());
                Place::Text
            }
            (Place::Text, '\n') => {
                lines += 1;
                out.push_str("\\n");
                Place::Text
            }
            (Place::Text, '\r') => {
                out.push_str("\\r");
                Place::Text
            }
            (Place::Text, '\t') => {
                out.push_str("\\t");
                Place::Text
            }
            (Place::Text, _) => {
                out.push(letter);
                Place::Text
            }
        };
    }
    out
}

/// Where a letter stands.
#[derive(Clone, Copy)]
enum Place {
    Between,
    BlockComment,
    LineComment,
    Text,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(document: &str) -> Option<serde_json::Value> {
        serde_json::from_str(&strict(document)).ok()
    }

    #[test]
    fn comments_are_blanks_and_line_breaks_in_texts_are_kept() {
        let document = "{ // who\n  \"a\": \"x // y /* z */ \\\" // q\", /* more\n lines */ \"b\": \"one\ntwo\r\n\tthree\" }// end";
        let expected =
            serde_json::json!({ "a": "x // y /* z */ \" // q", "b": "one\ntwo\r\n\tthree" });
        assert_eq!(read(document), Some(expected));
    }

    #[test]
    fn json_stays_as_it_is_and_what_is_none_stays_none() {
        for json in ["{}", "{\"a\":\"\\\\\",\"b\":[1,null]}", "\"\\u00e9\""] {
            assert_eq!(strict(json), json);
        }
        for text in
            ["{\"a\": 1,}", "{\"a\": \"x}", "{a: 1}", "/* {}", "{} # x", "{\"a\": \"\u{1}\"}"]
        {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn what_follows_a_text_of_several_lines_keeps_its_line() {
        let error = serde_json::from_str::<serde_json::Value>(&strict("{\"a\": \"1\n2\n3\",\nx}"));
        assert_eq!(error.unwrap_err().line(), 4);
    }
}
