//! Exports of entities in XML, as far as they can be guessed: each `ApplicationKey` is a key, by its attributes, and by the
//! attributes and texts of the elements in it.
//!
//! By quick-xml: it reads piece by piece, and expands no entities but XML's own five and numbers.

use std::borrow::Cow;

use quick_xml::escape::resolve_xml_entity;
use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

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
        let name = element.local_name().as_ref().to_owned();
        if self.key.is_none() && name.eq_ignore_ascii_case("ApplicationKey") {
            self.key = Some(self.open.len());
            self.rows.push(attributes(element)?);
        } else if self.is_in_key()
            && let Some(row) = self.rows.last_mut()
        {
            // An element in it has a name of its own, such as that of an owner.
            let attributes = attributes(element)?.into_iter();
            row.extend(attributes.filter(|(name, _)| !name.eq_ignore_ascii_case("name")));
        }
        self.open.push(name);
        self.text.clear();
        Ok(())
    }

    fn end(&mut self) {
        let name = self.open.pop().unwrap_or_default();
        let text = std::mem::take(&mut self.text);
        if self.key == Some(self.open.len()) {
            self.key = None;
        } else if self.is_in_key()
            && !text.trim().is_empty()
            && let Some(row) = self.rows.last_mut()
        {
            row.push((name, Value::String(Cow::Owned(text.trim().to_owned()))));
        }
    }

    /// Whether the place is in the element of a key, and in none within that.
    fn is_in_key(&self) -> bool {
        self.key.is_some_and(|key| key + 1 == self.open.len())
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

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> Result<Vec<String>, ImportError> {
        let rows = read(text.as_bytes())?.into_iter();
        let cell =
            |(name, value): (String, Value<'_>)| format!("{name}={}", value.as_str().unwrap());
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
                vec!["name=a type=User userName=u&<v x=1"],
            ),
        ] {
            assert_eq!(rows(text).unwrap(), expected, "{text}");
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
