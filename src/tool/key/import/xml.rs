//! Exports of entities in XML, as far as they can be guessed: each `ApplicationKey` is a key, by its attributes, and by the
//! attributes and texts of the elements in it. What stands deeper is not understood, and never passed over.
//!
//! By quick-xml: it reads piece by piece, and expands no entities but XML's own five and numbers.

use std::borrow::Cow;

use quick_xml::escape::resolve_xml_entity;
use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::{Reader, XmlVersion};
use zeroize::Zeroize as _;

use super::row::Column;
use super::table::{Cells, ImportError};
use crate::json::Value;

pub(super) fn read(content: &[u8]) -> Result<Vec<Cells<'static>>, ImportError> {
    let text = std::str::from_utf8(content).map_err(|_| ImportError::NotXml)?;
    let mut reader = Reader::from_str(text);
    let mut export = Export::default();
    loop {
        match reader.read_event().map_err(|_| ImportError::NotXml)? {
            Event::Start(element) => export.start(&element)?,
            Event::Empty(element) => {
                export.start(&element)?;
                export.end();
            }
            Event::End(_) => export.end(),
            Event::Text(piece) => export.text.push_str(&piece.xml10_content()),
            Event::CData(piece) => export.text.push_str(&piece.xml10_content()),
            Event::GeneralRef(entity) => export.refer(&entity)?,
            Event::Eof if export.open.is_empty() => return Ok(export.rows),
            Event::Eof | Event::DocType(_) => return Err(ImportError::NotXml),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
        }
    }
}

/// The keys that were found so far.
#[derive(Default)]
struct Export {
    rows: Vec<Cells<'static>>,
    /// The names of the elements around the place.
    open: Vec<String>,
    /// Which of them is the key.
    key: Option<usize>,
    /// What stands between the last tag and the place.
    text: String,
}

impl Export {
    fn start(&mut self, element: &BytesStart<'_>) -> Result<(), ImportError> {
        // What stands so deep becomes a value as deep, which is dropped level by level on the stack.
        if self.open.len() >= DEPTH_LIMIT {
            return Err(ImportError::TooDeep);
        }
        // Text before an element in the same one is no value alone.
        if self.key.is_some() {
            self.take_unread_text();
        }
        self.text.zeroize();
        let name = element.local_name().as_ref().to_owned();
        let attributes = attributes(element)?;
        if self.key.is_some() {
            self.open.push(name);
            for (name, value) in attributes {
                self.attribute(name, value);
            }
            return Ok(());
        }
        if name.eq_ignore_ascii_case("ApplicationKey") {
            self.key = Some(self.open.len());
            self.rows.push(attributes);
        }
        self.open.push(name);
        Ok(())
    }

    /// An attribute of an element in that of the key.
    fn attribute(&mut self, name: String, value: Value<'static>) {
        let [child] = self.inside() else { return self.unread(&name, value) };
        match (Column::named(child), Column::named(&name)) {
            // It refers to something that has a name of its own, such as an owner.
            (Some(Column::Text(_)), Some(Column::Name)) => {
                let child = child.clone();
                self.cell(child, value);
            }
            (Some(Column::Text(_)), None) if name.eq_ignore_ascii_case("type") => {}
            (Some(_), _) | (None, Some(Column::Name) | None) => self.unread(&name, value),
            (None, Some(_)) => self.cell(name, value),
        }
    }

    fn end(&mut self) {
        if self.key.is_some() {
            match self.inside() {
                [child] if !self.text.trim().is_empty() => {
                    let (child, text) = (child.clone(), self.text.trim().to_owned());
                    self.cell(child, Value::String(Cow::Owned(text)));
                }
                _ => self.take_unread_text(),
            }
        }
        self.text.zeroize();
        self.open.pop();
        if self.key == Some(self.open.len()) {
            self.key = None;
        }
    }

    /// The names of the elements around the place that are in the element of the key.
    fn inside(&self) -> &[String] {
        self.key.and_then(|key| self.open.get(key + 1..)).unwrap_or_default()
    }

    fn take_unread_text(&mut self) {
        let text = self.text.trim().to_owned();
        if !text.is_empty() {
            self.unread("text", Value::String(Cow::Owned(text)));
        }
    }

    /// Something that stands deeper, or beside something else: it becomes an object in the place of a value, so that no column is
    /// taken for empty.
    fn unread(&mut self, name: &str, value: Value<'static>) {
        let (child, deeper) = match self.inside() {
            [child, deeper @ ..] => (child.clone(), deeper),
            [] => ("ApplicationKey".to_owned(), Default::default()),
        };
        let within = |value, name: String| Value::Object(vec![(Cow::Owned(name), value)]);
        let names = deeper.iter().cloned().rev();
        let value = names.fold(within(value, name.to_owned()), within);
        self.cell(child, value);
    }

    fn cell(&mut self, name: String, value: Value<'static>) {
        if let Some(row) = self.rows.last_mut() {
            row.push((name, value));
        }
    }

    fn refer(&mut self, entity: &BytesRef<'_>) -> Result<(), ImportError> {
        match entity.resolve_char_ref().map_err(|_| ImportError::NotXml)? {
            Some(character) => self.text.push(character),
            None => {
                let text = resolve_xml_entity(&entity.xml10_content());
                self.text.push_str(text.ok_or(ImportError::NotXml)?);
            }
        }
        Ok(())
    }
}

fn attributes(element: &BytesStart<'_>) -> Result<Cells<'static>, ImportError> {
    let attributes = element.attributes().map(|attribute| {
        let attribute = attribute.map_err(|_| ImportError::NotXml)?;
        let value = attribute.normalized_value(XmlVersion::Implicit1_0);
        let value = value.map_err(|_| ImportError::NotXml)?.into_owned();
        let name = attribute.key.local_name().as_ref().to_owned();
        Ok((name, Value::String(Cow::Owned(value))))
    });
    attributes.collect()
}

/// How many elements may be open.
const DEPTH_LIMIT: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> Result<Vec<String>, ImportError> {
        let rows = read(text.as_bytes())?.into_iter();
        let cell = |(name, value): (String, Value<'_>)| match value.as_str() {
            Some(text) => format!("{name}={text}"),
            None => name,
        };
        Ok(rows.map(|cells| cells.into_iter().map(cell).collect::<Vec<_>>().join(" ")).collect())
    }

    #[test]
    fn keys_are_found_wherever_they_stand() {
        for (text, expected) in [
            ("<Entities/>", vec![]),
            (
                r#"<?xml version="1.0"?><E><ApplicationKeys><ApplicationKey name="a" keyId="&lt;&#x41;"/>
                   <applicationkey name='b'/></ApplicationKeys></E>"#,
                vec!["name=a keyId=<A", "name=b"],
            ),
            (
                r#"<ApplicationKey name="a"><Owner name="o" type="User"/><userName> u&amp;<![CDATA[<v]]></userName>
                   <deep><description>x</description></deep><!-- c --><ip x="1"></ip></ApplicationKey>"#,
                vec!["name=a Owner=o userName=u&<v deep ip"],
            ),
            (
                r#"<ApplicationKey name="a">t<ip>1<br/>2</ip><ip><item>3</item></ip><ip> <x/> </ip>
                   <set ip="4" name="5" x="6"/></ApplicationKey>"#,
                vec!["name=a ApplicationKey ip ip=2 ip ip=4 set set"],
            ),
        ] {
            assert_eq!(rows(text).unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn elements_nest_only_so_deep() {
        let nested = |depth: usize| {
            let (open, close) = ("<d>".repeat(depth), "</d>".repeat(depth));
            (
                format!("<ApplicationKey name='a'>{open}x{close}</ApplicationKey>"),
                format!("{open}<ApplicationKey name='a'/>{close}"),
                format!("<ApplicationKey name='a'>{open}<d x='1'/>{close}</ApplicationKey>"),
            )
        };
        let (within, around, empty) = nested(DEPTH_LIMIT - 1);
        assert_eq!(rows(&within).unwrap(), ["name=a d"]);
        assert_eq!(rows(&around).unwrap(), ["name=a"]);
        assert_eq!(rows(&empty), Err(ImportError::TooDeep));
        for text in [nested(DEPTH_LIMIT).0, nested(DEPTH_LIMIT).1, nested(200_000).0] {
            assert_eq!(rows(&text), Err(ImportError::TooDeep));
        }
    }

    #[test]
    fn broken_xml_and_entities_of_its_own_are_refused() {
        for text in [
            "<a>",
            "<a></b>",
            "<ApplicationKey b></ApplicationKey>",
            "<ApplicationKey b='&x;'/>",
            "<a>&x;</a>",
            "<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>",
            "<ApplicationKey name='a' name='b'/>",
        ] {
            assert_eq!(rows(text), Err(ImportError::NotXml), "{text}");
        }
        assert_eq!(read(b"<a>\xff</a>"), Err(ImportError::NotXml));
    }
}
