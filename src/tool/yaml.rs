//! YAML 1.2 with positions.
//!
//! The parser gives events; the tree is made here, because what a configuration needs of YAML is
//! little and must be certain: duplicate keys are kept for the reader of the language to refuse, the
//! copies that aliases make are bounded, and what readers of YAML disagree on is refused. Those readers
//! are Envoy's, which was tried, and the one of Kubernetes.

use std::collections::HashMap;

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, ScanError, Span, StrInput, Tag};

use super::scalar;
use super::source::{SourceError, SourceProblem};
use super::tree::{Position, Tree, Value};

/// How deep values may be nested.
pub(super) const DEPTH_LIMIT: usize = 100;

/// For how many values the aliases of a file may stand.
pub(super) const COPIES_LIMIT: usize = 100_000;

/// The documents of a YAML stream, at least one.
pub(super) fn parse(text: &str) -> Result<Vec<Tree>, SourceError> {
    let mut reader = Reader {
        parser: Parser::new_from_str(text),
        anchors: HashMap::new(),
        copies: 0,
        ignored: None,
    };
    let mut documents = Vec::new();
    loop {
        match reader.next()? {
            (Event::DocumentStart(_), _) => {
                reader.anchors.clear();
                reader.ignored = None;
                let (event, span) = reader.next()?;
                let document = reader.tree(event, span, DEPTH_LIMIT)?;
                if let Some(at) = reader.ignored.filter(|_| document.get("apiVersion").is_some()) {
                    return Err(SourceError { at, problem: SourceProblem::Tag });
                }
                documents.push(document);
            }
            (Event::StreamEnd, _) => break,
            (
                Event::Alias(_)
                | Event::DocumentEnd
                | Event::MappingEnd
                | Event::MappingStart(..)
                | Event::Nothing
                | Event::Scalar(..)
                | Event::SequenceEnd
                | Event::SequenceStart(..)
                | Event::StreamStart,
                _,
            ) => {}
        }
    }
    // A separator with nothing behind it is no document.
    let is_something = |tree: &Tree| !matches!(tree.value, Value::Null);
    documents.retain(is_something);
    if documents.is_empty() {
        return Err(SourceError { at: Position::START, problem: SourceProblem::Nothing });
    }
    Ok(documents)
}

struct Reader<'t> {
    parser: Parser<'t, StrInput<'t>>,
    anchors: HashMap<usize, Tree>,
    copies: usize,
    /// The first member of the document that Envoy alone ignores.
    ignored: Option<Position>,
}

impl<'t> Reader<'t> {
    fn next(&mut self) -> Result<(Event<'t>, Span), SourceError> {
        match self.parser.next_event() {
            Some(Ok(event)) => Ok(event),
            Some(Err(error)) => Err(syntax(&error)),
            None => Ok((Event::StreamEnd, Span::default())),
        }
    }

    fn tree(&mut self, event: Event<'t>, span: Span, depth: usize) -> Result<Tree, SourceError> {
        let at = position(span.start);
        let error = |problem| SourceError { at, problem };
        let Some(depth) = depth.checked_sub(1) else { return Err(error(SourceProblem::TooDeep)) };
        let mut is_text_for_envoy = false;
        let (anchor, value) = match event {
            Event::Alias(anchor) => {
                let copy = self.anchors.get(&anchor).cloned();
                let copy = copy.ok_or_else(|| error(SourceProblem::AliasUnknown))?;
                self.count(&copy, at)?;
                is_text_for_envoy = copy.is_text_for_envoy;
                (0, copy.value)
            }
            Event::MappingStart(anchor, tag) => {
                allow(tag.as_deref(), "map").map_err(error)?;
                (anchor, Value::Object(self.members(depth)?))
            }
            Event::Scalar(text, style, anchor, tag) => {
                is_text_for_envoy = style == ScalarStyle::Plain && scalar::is_text_for_envoy(&text);
                (anchor, scalar_value(&text, style, tag.as_deref()).map_err(error)?)
            }
            Event::SequenceStart(anchor, tag) => {
                allow(tag.as_deref(), "seq").map_err(error)?;
                (anchor, Value::List(self.items(depth)?))
            }
            Event::DocumentEnd
            | Event::DocumentStart(_)
            | Event::MappingEnd
            | Event::Nothing
            | Event::SequenceEnd
            | Event::StreamEnd
            | Event::StreamStart => (0, Value::Null),
        };
        let tree = Tree { at, value, is_text_for_envoy };
        if anchor != 0 {
            self.count(&tree, at)?;
            self.anchors.insert(anchor, tree.clone());
        }
        Ok(tree)
    }

    fn members(&mut self, depth: usize) -> Result<Vec<(String, Tree)>, SourceError> {
        let mut members = Vec::new();
        loop {
            let (event, span) = self.next()?;
            let at = position(span.start);
            let (name, is_ignored) = match event {
                Event::MappingEnd | Event::StreamEnd => return Ok(members),
                Event::Scalar(text, style, _, tag) => {
                    let is_ignored = tag.as_deref().is_some_and(|tag| is_own(tag, "ignore"));
                    if is_ignored {
                        self.ignored.get_or_insert(at);
                    } else {
                        let tag = tag.as_deref();
                        allow_key(&text, style, tag)
                            .map_err(|problem| SourceError { at, problem })?;
                    }
                    (text.into_owned(), is_ignored)
                }
                Event::Alias(_)
                | Event::DocumentEnd
                | Event::DocumentStart(_)
                | Event::MappingStart(..)
                | Event::Nothing
                | Event::SequenceEnd
                | Event::SequenceStart(..)
                | Event::StreamStart => {
                    return Err(SourceError { at, problem: SourceProblem::KeyNotText });
                }
            };
            let (event, span) = self.next()?;
            let value = self.tree(event, span, depth)?;
            if !is_ignored {
                members.push((name, Tree { at, ..value }));
            }
        }
    }

    fn items(&mut self, depth: usize) -> Result<Vec<Tree>, SourceError> {
        let mut items = Vec::new();
        loop {
            match self.next()? {
                (Event::SequenceEnd | Event::StreamEnd, _) => return Ok(items),
                (event, span) => items.push(self.tree(event, span, depth)?),
            }
        }
    }

    fn count(&mut self, copy: &Tree, at: Position) -> Result<(), SourceError> {
        self.copies = self.copies.saturating_add(copy.count());
        if self.copies > COPIES_LIMIT {
            return Err(SourceError { at, problem: SourceProblem::AliasesTooMany });
        }
        Ok(())
    }
}

fn scalar_value(text: &str, style: ScalarStyle, tag: Option<&Tag>) -> Result<Value, SourceProblem> {
    match (tag, style) {
        (None, ScalarStyle::Plain) => scalar::plain(text),
        (None, _) => Ok(Value::Text(text.to_owned())),
        // Envoy does not look at `!!str`, nor Kubernetes at `!`, not even where there are quotes.
        (Some(tag), _) if is_core(tag, "str") || is_unspecific(tag) => match scalar::plain(text) {
            Ok(value @ Value::Text(_)) => Ok(value),
            Ok(
                Value::Boolean(_)
                | Value::List(_)
                | Value::Null
                | Value::Number(_)
                | Value::Object(_),
            )
            | Err(_) => Err(SourceProblem::TextTag),
        },
        (Some(_), _) => Err(SourceProblem::Tag),
    }
}

fn allow_key(text: &str, style: ScalarStyle, tag: Option<&Tag>) -> Result<(), SourceProblem> {
    match tag {
        None if style == ScalarStyle::Plain => scalar::plain_key(text),
        None => Ok(()),
        Some(tag) if is_core(tag, "str") => Ok(()),
        Some(_) => Err(SourceProblem::Tag),
    }
}

fn allow(tag: Option<&Tag>, kind: &str) -> Result<(), SourceProblem> {
    match tag {
        None => Ok(()),
        Some(tag) if is_core(tag, kind) || is_unspecific(tag) => Ok(()),
        Some(_) => Err(SourceProblem::Tag),
    }
}

fn is_core(tag: &Tag, kind: &str) -> bool {
    tag.is_yaml_core_schema() && tag.suffix == kind
}

/// `!` alone: whatever it would be without being resolved; a scalar is a text then.
fn is_unspecific(tag: &Tag) -> bool {
    is_own(tag, "")
}

/// `!name`. Envoy leaves out members whose key is tagged `!ignore`; what is anchored there remains.
fn is_own(tag: &Tag, name: &str) -> bool {
    format!("{}{}", tag.handle, tag.suffix).strip_prefix('!') == Some(name)
}

fn syntax(error: &ScanError) -> SourceError {
    let problem = SourceProblem::YamlSyntax(error.info().to_owned());
    SourceError { at: position(*error.marker()), problem }
}

fn position(marker: Marker) -> Position {
    Position { line: marker.line().max(1), column: marker.col() + 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str) -> String {
        let documents = parse(text).unwrap_or_else(|error| panic!("{text}: {error:?}"));
        documents.iter().map(|tree| tree.hand_over().json).collect::<Vec<_>>().join(" ")
    }

    fn refused(text: &str) -> (SourceProblem, usize, usize) {
        let error = parse(text).err().unwrap();
        (error.problem, error.at.line, error.at.column)
    }

    #[test]
    fn documents_become_what_the_filter_would_be_handed() {
        let rows = [
            ("a: 1\nb: [x, 'y', \"z\\n\"]\n", r#"{"a":1,"b":["x","y","z\n"]}"#),
            ("a: &x {b: 300s}\nc: *x\n", r#"{"a":{"b":"300s"},"c":{"b":"300s"}}"#),
            ("- |\n  one\n  two\n- >-\n  one\n  two\n", r#"["one\ntwo\n","one two"]"#),
            ("a: 'no'\nb: !!str x\nc: ! y7\n", r#"{"a":"no","b":"x","c":"y7"}"#),
            ("1: a\n'no': b\n!!str on: c\n", r#"{"1":"a","no":"b","on":"c"}"#),
            ("!ignore a: &x {b: 1}\nc: *x\n", r#"{"c":{"b":1}}"#),
            ("a: 300.0\nb: -0\nc: 1.5\nd: 1e300\n", r#"{"a":300,"b":0,"c":1.5,"d":1e+300}"#),
            ("a: 1\na: 2\n", r#"{"a":1,"a":2}"#),
            ("---\na: 1\n---\n---\nb: 2\n...\n", r#"{"a":1} {"b":2}"#),
            ("a:\nb: ~\n", r#"{"a":null,"b":null}"#),
            ("'<<': {a: 1}\n", r#"{"<<":{"a":1}}"#),
            ("{\"a\": [1, true]}", r#"{"a":[1,true]}"#),
        ];
        for (text, expected) in rows {
            assert_eq!(json(text), expected, "{text}");
        }
    }

    #[test]
    fn positions_are_those_of_keys_and_items() {
        let text = "a: 1\nroutes:\n- name: x\n  match:\n    path: /\n- &y\n  ü: {d: 1}\n- *y\n";
        let handed = parse(text).unwrap().remove(0).hand_over();
        let found: Vec<_> =
            (0..11).map(|order| handed.position(order)).map(|at| (at.line, at.column)).collect();
        let expected = [
            (1, 1),
            (1, 1),
            (2, 1),
            (3, 3),
            (3, 3),
            (4, 3),
            (5, 5),
            (6, 3),
            (7, 3),
            (7, 7),
            (8, 3),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn what_is_uncertain_or_unbounded_is_refused_where_it_stands() {
        let rows = [
            ("a: 1\nb: no\n", SourceProblem::Ambiguous("no".into()), 2, 4),
            ("a: 1\nb: 0600\n", SourceProblem::NumberAmbiguous, 2, 4),
            ("a: {on: 1}\n", SourceProblem::KeyAmbiguous("on".into()), 1, 5),
            ("a: 1\n~: 2\n", SourceProblem::KeyAmbiguous("~".into()), 2, 1),
            ("a: 1\n<<: {b: 1}\n", SourceProblem::Merge, 2, 1),
            ("a: !!str no\n", SourceProblem::TextTag, 1, 4),
            ("a: !!str '7'\n", SourceProblem::TextTag, 1, 4),
            ("a: ! 7\n", SourceProblem::TextTag, 1, 4),
            ("!x a: 1\n", SourceProblem::Tag, 1, 1),
            ("apiVersion: v1\n!ignore a: 1\n", SourceProblem::Tag, 2, 1),
            ("a: .inf\n", SourceProblem::NotFinite, 1, 4),
            (
                "a: *x\n",
                SourceProblem::YamlSyntax("while parsing node, found unknown anchor".into()),
                1,
                4,
            ),
            ("a: &x [*x]\n", SourceProblem::AliasUnknown, 1, 8),
            ("? [a]\n: 1\n", SourceProblem::KeyNotText, 1, 3),
            ("a: !!binary aGk=\n", SourceProblem::Tag, 1, 4),
            ("a: !x {b: 1}\n", SourceProblem::Tag, 1, 4),
            ("# nothing\n", SourceProblem::Nothing, 1, 1),
            ("", SourceProblem::Nothing, 1, 1),
        ];
        for (text, problem, line, column) in rows {
            assert_eq!(refused(text), (problem, line, column), "{text}");
        }
        assert!(matches!(refused("a: 1\n b: 2\n"), (SourceProblem::YamlSyntax(_), 2, _)));
    }

    #[test]
    fn a_few_lines_cannot_stand_for_a_billion_values() {
        let mut text = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for level in 1..12 {
            let inner = vec![format!("*a{}", level - 1); 10].join(", ");
            text.push_str(&format!("a{level}: &a{level} [{inner}]\n"));
        }
        assert_eq!(refused(&text).0, SourceProblem::AliasesTooMany);
    }

    #[test]
    fn nesting_is_bounded_at_exactly_the_limit() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(parse(&nested(DEPTH_LIMIT)).is_ok());
        assert_eq!(refused(&nested(DEPTH_LIMIT + 1)).0, SourceProblem::TooDeep);
        assert!(parse(&nested(20_000)).is_err());
    }
}
