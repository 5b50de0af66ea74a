//! What is wrong or unwise about the keys of a file.

use serde_json::{Value, json};

use super::usage::KeyUse;
use crate::application_key::Document;
use crate::application_key::lint::{LintRules, Warning, lint};
use crate::time::Timestamp;

/// What is wrong or unwise about the keys of a file.
pub struct Findings {
    /// Records that let nobody in: the name if there is one, and why.
    pub invalid: Vec<(Option<String>, String)>,
    /// What is unwise.
    pub warnings: Vec<Warning>,
    /// Whether all uses that were reported are of keys with a name: else W11 is uncertain.
    pub is_use_certain: bool,
}

impl Findings {
    /// What there is to find. Without a report of use, nothing is said about that.
    pub fn of(document: &Document, usage: Option<&KeyUse>, now: Timestamp) -> Self {
        let invalid = document.invalid();
        Self {
            invalid: invalid
                .map(|one| (one.name.as_deref().map(str::to_owned), one.error.to_string()))
                .collect(),
            warnings: lint(document, &LintRules::default(), usage.map(|usage| &usage.keys), now),
            is_use_certain: usage.is_none_or(|usage| usage.dropped == 0),
        }
    }

    /// One finding a line.
    pub fn text(&self) -> String {
        let invalid = self.invalid.iter().map(|(name, error)| {
            format!("{}: error: {error}\n", name.as_deref().unwrap_or("a record without a name"))
        });
        invalid.chain(self.warnings.iter().map(|one| format!("{}\n", warning_text(one)))).collect()
    }

    /// The same for programs.
    pub fn json(&self) -> String {
        let invalid = self.invalid.iter();
        let invalid: Vec<_> =
            invalid.map(|(name, error)| json!({ "key": name, "error": error })).collect();
        let warnings: Vec<_> = self.warnings.iter().map(warning_json).collect();
        let mut found = json!({ "invalid": invalid, "warnings": warnings });
        if let Some(members) = found.as_object_mut().filter(|_| !self.is_use_certain) {
            members.insert("is_use_certain".to_owned(), false.into());
        }
        format!("{found:#}\n")
    }
}

/// A warning in one line.
pub fn warning_text(warning: &Warning) -> String {
    let Warning { key, lint, severity } = warning;
    format!("{key}: {} ({severity}): {lint}", lint.id())
}

fn warning_json(warning: &Warning) -> Value {
    json!({
        "key": warning.key,
        "id": warning.lint.id(),
        "severity": warning.severity.to_string(),
        "message": warning.lint.to_string(),
    })
}
