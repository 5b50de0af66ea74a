//! JSON with positions.

use super::scalar;
use super::source::{SourceError, SourceProblem};
use super::tree::{Position, Tree, Value};

/// The tree of a JSON document.
pub(super) fn parse(text: &str) -> Result<Tree, SourceError> {
    // Grammar and depth are the library's; what it accepts only has to be walked.
    if let Err(error) = serde_json::from_str::<serde_json::Value>(text) {
        let at = Position { line: error.line().max(1), column: error.column().max(1) };
        return Err(SourceError { at, problem: SourceProblem::JsonSyntax });
    }
    let mut walk = Walk { rest: text, at: Position::START };
    walk.skip_blanks();
    let at = walk.at;
    let tree = walk.tree(at);
    tree.ok_or(SourceError { at: walk.at, problem: SourceProblem::JsonSyntax })
}

/// The way through a text that is known to be JSON.
struct Walk<'t> {
    rest: &'t str,
    at: Position,
}

impl<'t> Walk<'t> {
    /// The next value, which begins there or at its key.
    fn tree(&mut self, at: Position) -> Option<Tree> {
        self.skip_blanks();
        let start = self.rest;
        let value = self.value()?;
        let written = start.split_at_checked(start.len() - self.rest.len()).map(|(text, _)| text);
        // Text counts as YAML for Envoy unless the file is called otherwise.
        let is_text_for_envoy =
            matches!(value, Value::Number(_)) && written.is_some_and(scalar::is_text_for_envoy);
        Some(Tree { at, value, is_text_for_envoy })
    }

    fn value(&mut self) -> Option<Value> {
        self.skip_blanks();
        match self.rest.chars().next()? {
            '{' => self.members().map(Value::Object),
            '[' => self.items().map(Value::List),
            '"' => self.text().map(Value::Text),
            _ => {
                let end = self.rest.find([',', ']', '}', ' ', '\t', '\r', '\n']);
                let word = self.take(end.unwrap_or(self.rest.len()))?;
                match word {
                    "null" => Some(Value::Null),
                    "true" => Some(Value::Boolean(true)),
                    "false" => Some(Value::Boolean(false)),
                    _ => word.parse().ok().map(Value::Number),
                }
            }
        }
    }

    fn members(&mut self) -> Option<Vec<(String, Tree)>> {
        let mut members = Vec::new();
        self.take(1)?;
        while self.skip_to_inner()? {
            let at = self.at;
            let name = self.text()?;
            self.skip_blanks();
            self.take(1)?;
            members.push((name, self.tree(at)?));
        }
        Some(members)
    }

    fn items(&mut self) -> Option<Vec<Tree>> {
        let mut items = Vec::new();
        self.take(1)?;
        while self.skip_to_inner()? {
            let at = self.at;
            items.push(self.tree(at)?);
        }
        Some(items)
    }

    /// Skips blanks and a comma; `false` behind the closing bracket.
    fn skip_to_inner(&mut self) -> Option<bool> {
        self.skip_blanks();
        if self.rest.starts_with(',') {
            self.take(1)?;
            self.skip_blanks();
        }
        if self.rest.starts_with(['}', ']']) {
            self.take(1)?;
            return Some(false);
        }
        Some(true)
    }

    fn text(&mut self) -> Option<String> {
        let mut is_escaped = false;
        let end = self.rest.bytes().skip(1).position(|byte| {
            let is_end = byte == b'"' && !is_escaped;
            is_escaped = byte == b'\\' && !is_escaped;
            is_end
        })?;
        serde_json::from_str(self.take(end + 2)?).ok()
    }

    fn skip_blanks(&mut self) {
        let blanks = self.rest.len() - self.rest.trim_start_matches([' ', '\t', '\r', '\n']).len();
        let _ = self.take(blanks);
    }

    fn take(&mut self, bytes: usize) -> Option<&'t str> {
        let (taken, rest) = self.rest.split_at_checked(bytes)?;
        for letter in taken.chars() {
            self.at = if letter == '\n' {
                Position { line: self.at.line + 1, column: 1 }
            } else {
                Position { column: self.at.column + 1, ..self.at }
            };
        }
        self.rest = rest;
        Some(taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_is_kept_with_its_position() {
        let text = "{\n  \"ä\": [ 1, -2.5e1, \"\\ud83d\\ude00\\\"\" ],\n  \"b\" : {\"b\":null,\"b\":true}, \"c\": [] }";
        let tree = parse(text).ok().unwrap();
        let handed = tree.hand_over();
        assert_eq!(
            handed.json,
            "{\"ä\":[1,-25,\"😀\\\"\"],\"b\":{\"b\":null,\"b\":true},\"c\":[]}"
        );
        let found: Vec<_> =
            (0..8).map(|order| handed.position(order)).map(|at| (at.line, at.column)).collect();
        assert_eq!(found, [(1, 1), (2, 3), (2, 10), (2, 13), (2, 21), (3, 3), (3, 10), (3, 19)]);
    }

    #[test]
    fn what_is_no_json_is_refused_where_it_shows() {
        for (text, line, column) in
            [("", 1, 1), ("{\n\"a\": x}", 2, 6), ("{} {}", 1, 4), ("[1,]", 1, 4)]
        {
            let error =
                SourceError { at: Position { line, column }, problem: SourceProblem::JsonSyntax };
            assert_eq!(parse(text).err(), Some(error), "{text}");
        }
        let deep = "[".repeat(100_000);
        assert!(matches!(
            parse(&deep).err(),
            Some(SourceError { problem: SourceProblem::JsonSyntax, .. })
        ));
    }
}
