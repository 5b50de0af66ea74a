//! One thing that was found in a file.

use super::tree::Position;

/// One thing that was found in a file. It shows no secret.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// The name of its kind, which stays the same from version to version.
    pub rule: &'static str,
    /// Where it is in the document, as a path: `routes[2].upstream`.
    pub path: String,
    /// Where it is in the file.
    pub at: Position,
    /// What it is and what to do, in words that follow the path.
    pub message: String,
}

/// How bad something is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Severity {
    /// The filter refuses the configuration, or a proxy lets requests past the filter.
    Error,
    /// Worth a second thought.
    Warning,
}

impl Severity {
    /// Its name; SARIF has the same.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}
