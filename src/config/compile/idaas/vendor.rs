//! Objects of the vendor's document: keys in two spellings, unknown ones ignored.

use super::super::super::error::Place;
use super::super::super::nearest::nearest;
use super::super::super::raw::{Entry, Foreign, Section, ShapeProblem, TEXT_LIMIT};
use super::super::super::report::Report;
use super::super::super::warning::{Ignored, Notice};
use super::problem::IdaasProblem;

/// An object of the document.
pub(super) struct Vendor<'d> {
    section: Section<'d>,
}

/// What a key states.
pub(super) enum Found<'d> {
    /// Nothing, or `null`, which is the same for the vendor.
    Absent,
    /// A text.
    Text(&'d str),
    /// Something else, which has been reported.
    Wrong,
}

/// A value that cannot be used has been reported.
pub(super) struct Reported;

impl<'d> Vendor<'d> {
    /// An object that may have these keys, named in camelCase. What it has besides is warned about, and
    /// what it has twice is reported.
    pub(super) fn read(section: Section<'d>, known: &[&'static str], report: &mut Report) -> Self {
        let mut stated = Vec::new();
        for (name, entry) in section.entries() {
            let key = known.iter().find(|key| is_spelling(key, name));
            match key {
                Some(key) if stated.contains(key) => {
                    report.error(entry.place(), IdaasProblem::KeyTwice(key));
                }
                Some(key) => stated.push(*key),
                None => {
                    let unused = known.iter().copied().filter(|key| !section.states(key));
                    let ignored = Ignored::Key { meant: nearest(name, unused) };
                    report.warn(entry.place(), Notice::VendorIgnored(ignored));
                }
            }
        }
        Self { section }
    }

    /// The value of a key that is not `null`.
    pub(super) fn get(&self, key: &str) -> Option<Entry<'d>> {
        let entry = self.find(key)?;
        (!matches!(entry.foreign(), Foreign::Null)).then_some(entry)
    }

    /// Whether a key has a value that is not `null`.
    pub(super) fn states(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    /// The place of a key, be it stated or not.
    pub(super) fn place(&self, key: &str) -> Place {
        self.find(key).map_or_else(|| self.section.place_of(key), |entry| entry.place().clone())
    }

    /// An object.
    pub(super) fn object(
        &self,
        key: &str,
        report: &mut Report,
    ) -> Result<Option<Section<'d>>, Reported> {
        let Some(entry) = self.get(key) else { return Ok(None) };
        let section = entry.section();
        if section.is_none() {
            wrong_type(&entry, "an object", report);
            return Err(Reported);
        }
        Ok(section)
    }

    /// A text of whatever length and letters.
    pub(super) fn any_text(&self, key: &str, report: &mut Report) -> Found<'d> {
        let Some(entry) = self.get(key) else { return Found::Absent };
        match entry.foreign() {
            Foreign::Text(text) => Found::Text(text),
            Foreign::Boolean(_)
            | Foreign::List(_)
            | Foreign::Null
            | Foreign::Number(_)
            | Foreign::Object(_) => {
                wrong_type(&entry, "a text", report);
                Found::Wrong
            }
        }
    }

    /// A text on one line, of at most 4,096 bytes.
    pub(super) fn text(&self, key: &str, report: &mut Report) -> Found<'d> {
        let found = self.any_text(key, report);
        let Found::Text(text) = found else { return found };
        let problem = if text.len() > TEXT_LIMIT {
            ShapeProblem::TextTooLong
        } else if text.chars().any(char::is_control) {
            ShapeProblem::TextControl
        } else {
            return found;
        };
        report.error(&self.place(key), problem);
        Found::Wrong
    }

    /// A text on one line that is not blank. Without it, the vendor's code is reported.
    pub(super) fn required(
        &self,
        key: &str,
        code: &'static str,
        report: &mut Report,
    ) -> Option<&'d str> {
        match self.text(key, report) {
            Found::Text(text) if !text.trim().is_empty() => Some(text),
            Found::Absent | Found::Text(_) => {
                report.error(&self.place(key), IdaasProblem::NotFound(code));
                None
            }
            Found::Wrong => None,
        }
    }

    /// A member in either spelling.
    fn find(&self, key: &str) -> Option<Entry<'d>> {
        self.section.entries().find(|(name, _)| is_spelling(key, name)).map(|(_, entry)| entry)
    }
}

/// Reports a value of a wrong type.
pub(super) fn wrong_type(entry: &Entry<'_>, expected: &'static str, report: &mut Report) {
    let found = entry.type_name();
    report.error(entry.place(), IdaasProblem::Type { found, expected });
}

/// Whether `name` is `camel`, or the same in snake_case.
fn is_spelling(camel: &str, name: &str) -> bool {
    let mut rest = name.chars();
    let is_snake = camel.chars().all(|letter| {
        let fits = !letter.is_ascii_uppercase() || rest.next() == Some('_');
        fits && rest.next() == Some(letter.to_ascii_lowercase())
    });
    name == camel || is_snake && rest.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_two_spellings_and_no_third() {
        for (camel, snake) in [
            ("clientId", "client_id"),
            ("clientX509Certificate", "client_x509_certificate"),
            ("x509CertChains", "x509_cert_chains"),
            ("scope", "scope"),
        ] {
            assert!(is_spelling(camel, camel) && is_spelling(camel, snake), "{camel}");
        }
        for name in
            ["clientid", "ClientId", "client_Id", "client_i", "client_id_", "client__id", ""]
        {
            assert!(!is_spelling("clientId", name), "{name}");
        }
    }
}
