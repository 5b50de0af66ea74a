//! The tables of `docs/configuration.md`.

use std::collections::HashMap;

/// The rows of the page by their keys.
pub(super) struct Page<'p>(HashMap<&'p str, Row<'p>>);

/// What the page says of a key.
#[derive(Clone, Copy)]
pub(super) struct Row<'p> {
    value: &'p str,
    default: &'p str,
    meaning: &'p str,
}

impl<'p> Page<'p> {
    /// Reads the page: rows of four cells, the first of them the path of a key.
    pub(super) fn read(page: &'p str) -> Self {
        Self(page.lines().filter_map(row).collect())
    }

    /// What the page says of the key at `path`.
    pub(super) fn row(&self, path: &str) -> Option<Row<'p>> {
        self.0.get(path).copied()
    }
}

impl<'p> Row<'p> {
    /// Its meaning and what it may be, without markup but for backticks.
    pub(super) fn description(&self) -> String {
        let default = match (self.default, self.default.strip_prefix("required ")) {
            ("required" | "none", _) => String::new(),
            (_, Some(condition)) => format!(" Required {}.", without_links(condition)),
            (default, None) => format!(" Default: {}.", without_links(default)),
        };
        format!("{} Value: {}.{default}", without_links(self.meaning), self.value)
    }

    /// The default, if it is one value and nothing else.
    pub(super) fn default_text(&self) -> Option<&'p str> {
        let quoted = self.default.strip_prefix('`').and_then(|rest| rest.strip_suffix('`'));
        let text = quoted.unwrap_or(self.default);
        let is_number = text.bytes().all(|b| b.is_ascii_digit());
        (!text.contains('`') && (quoted.is_some() || is_number)).then_some(text)
    }
}

fn row(line: &str) -> Option<(&str, Row<'_>)> {
    let mut cells = line.strip_prefix("| `")?.strip_suffix(" |")?.splitn(4, " | ");
    let path = cells.next()?.strip_suffix('`')?;
    Some((path, Row { value: cells.next()?, default: cells.next()?, meaning: cells.next()? }))
}

/// `[words](address)` as its words.
pub(in crate::tool) fn without_links(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, words, after)) = link(rest) {
        out.push_str(before);
        out.push_str(words);
        rest = after;
    }
    out + rest
}

fn link(text: &str) -> Option<(&str, &str, &str)> {
    let (upto, behind) = text.split_once("](")?;
    let (before, words) = upto.rsplit_once('[')?;
    let (_, after) = behind.split_once(')')?;
    Some((before, words, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_read_with_and_without_a_default_that_is_a_value() {
        let page = "# Title\n\
            | Key | Value | Default | Meaning |\n\
            | --- | --- | --- | --- |\n\
            | `a.b` | a text | `x` | What, see [there](#there). |\n\
            | `a.c` | a whole number from 1 to 9 | 7 | How many. |\n\
            | `a.d` | a text | `x`, or `y` | Why. |\n\
            | `a.e` | a text | required | It. |\n\
            | `a.f` | a text | required without `a.b` | It. |\n\
            | Other | `table` |\n";
        let page = Page::read(page);
        let row = |path: &str| page.row(path).unwrap();
        assert_eq!(row("a.b").description(), "What, see there. Value: a text. Default: `x`.");
        assert_eq!(row("a.e").description(), "It. Value: a text.");
        assert_eq!(row("a.f").description(), "It. Value: a text. Required without `a.b`.");
        let defaults = ["a.b", "a.c", "a.d", "a.e"].map(|path| row(path).default_text());
        assert_eq!(defaults, [Some("x"), Some("7"), None, None]);
        assert!(page.row("table").is_none() && page.row("Key").is_none());
    }
}
