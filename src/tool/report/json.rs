//! For programs.

use serde_json::json;

use super::count;
use crate::tool::finding::{Finding, Severity};

/// One JSON object: `findings`, and how many are errors and warnings.
pub fn json(checked: &[(String, Vec<Finding>)]) -> String {
    let findings = checked.iter().flat_map(|(file, findings)| {
        findings.iter().map(move |finding| {
            json!({
                "file": file,
                "line": finding.at.line,
                "column": finding.at.column,
                "severity": finding.severity.name(),
                "rule": finding.rule,
                "path": finding.path,
                "message": finding.message,
            })
        })
    });
    let document = json!({
        "findings": findings.collect::<Vec<_>>(),
        "errors": count(checked, Severity::Error),
        "warnings": count(checked, Severity::Warning),
    });
    format!("{document:#}\n")
}
