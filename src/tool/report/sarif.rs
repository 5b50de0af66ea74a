//! For code scanners: SARIF 2.1.0 (OASIS).

use std::collections::BTreeSet;

use serde_json::json;

use super::rules;
use crate::tool::finding::Finding;

/// One SARIF log with one run.
pub fn sarif(checked: &[(String, Vec<Finding>)]) -> String {
    let all = || checked.iter().flat_map(|(file, all)| all.iter().map(move |one| (file, one)));
    let rules: BTreeSet<_> = all().map(|(_, finding)| finding.rule).collect();
    let results = all().map(|(file, finding)| {
        json!({
            "ruleId": finding.rule,
            "ruleIndex": rules.iter().position(|rule| *rule == finding.rule),
            "level": finding.severity.name(),
            "message": { "text": format!("{}: {}", finding.path, finding.message) },
            "locations": [{
                "physicalLocation": {
                    "artifactLocation": { "uri": uri(file) },
                    "region": { "startLine": finding.at.line, "startColumn": finding.at.column },
                },
                "logicalLocations": [{ "fullyQualifiedName": finding.path }],
            }],
        })
    });
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "tenantgate",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules.iter().map(|rule| self::rule(rule)).collect::<Vec<_>>(),
            }},
            "columnKind": "unicodeCodePoints",
            "results": results.collect::<Vec<_>>(),
        }],
    });
    format!("{log:#}\n")
}

fn rule(name: &str) -> serde_json::Value {
    match rules::description(name) {
        Some(text) => json!({ "id": name, "shortDescription": { "text": text } }),
        None => json!({ "id": name }),
    }
}

/// A file name as a reference (RFC 3986 §4.1): what cannot stand in a path is percent-encoded.
fn uri(file: &str) -> String {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~/!$&'()*+,;=@".contains(&b);
    // A colon in the first segment would make a scheme of it; it is encoded everywhere.
    let encoded = |b: u8| if is_plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") };
    file.bytes().map(encoded).collect()
}
