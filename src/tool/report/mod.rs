//! What was found, as people and programs read it.

mod json;
mod rules;
mod sarif;
mod text;

use super::finding::{Finding, Severity};

pub use self::json::json;
pub use self::sarif::sarif;
pub use self::text::text;

/// What was found in the files that were checked, in the order in which they were named.
pub type Checked = Vec<(String, Vec<Finding>)>;

/// How many findings are of that severity.
pub fn count(checked: &[(String, Vec<Finding>)], severity: Severity) -> usize {
    let findings = checked.iter().flat_map(|(_, findings)| findings);
    findings.filter(|finding| finding.severity == severity).count()
}
