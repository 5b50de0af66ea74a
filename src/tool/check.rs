//! `tenantgate check`: everything that the filter would say of a file, and what it could not know.

use std::fmt;

use super::embedded;
use super::finding::{Finding, Severity};
use super::made_up::Supposed;
use super::source::{self, SourceError};
use super::tree::{Position, Tree};
use crate::config::{
    self, ConfigError, CredentialProblem, Environment, IdaasProblem, Notice, Problem, Warning,
};

/// The kind of finding that a file holds no configuration.
pub(super) const NO_CONFIGURATION: &str = "no-configuration";

/// That a file holds no configuration.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Missing {
    /// How many documents it holds.
    pub documents: usize,
}

/// How files are checked.
pub struct Check<'e> {
    /// The environment that the filter would see.
    pub environment: Environment<'e>,
    /// Whether a variable that is not set is an error, as it is for the filter. On the machine of an
    /// author it rarely is set.
    pub requires_environment: bool,
}

/// Everything that is to say of a file, in its order. It holds the filter's configuration, or is a
/// file of Envoy or Kubernetes in which there is one.
pub fn check(name: &str, bytes: &[u8], how: &Check<'_>) -> Vec<Finding> {
    let documents = match source::read(name, bytes) {
        Ok(documents) => documents,
        Err(error) => return vec![unreadable(error)],
    };
    let mut findings = match embedded::configurations(&documents) {
        Ok(found) if found.is_empty() => vec![Finding {
            severity: Severity::Error,
            rule: NO_CONFIGURATION,
            path: "document".into(),
            at: documents.get(1).map_or(Position::START, |second| second.at),
            message: Missing { documents: documents.len() }.to_string(),
        }],
        Ok(found) => found.iter().flat_map(|tree| configuration(tree, how)).collect(),
        Err(error) => vec![unreadable(error)],
    };
    findings.extend(embedded::repeated(&documents).into_iter().map(|(key, at)| Finding {
        severity: Severity::Error,
        rule: "key-repeated",
        path: key.to_owned(),
        at,
        message: "is stated twice in one object, perhaps in two spellings; a proxy may take another one than is checked here".into(),
    }));
    // Envoy goes by the name, too.
    let is_json = name.ends_with(".json");
    let numbers = if is_json { Vec::new() } else { embedded::texts_for_envoy(&documents) };
    findings.extend(numbers.into_iter().map(|(path, at)| Finding {
        severity: Severity::Error,
        rule: "number-as-text",
        path,
        at,
        message: "is handed to the filter as a text, for Envoy takes only whole numbers of 32 bits, written without a fraction or an exponent, for numbers in YAML; a file whose name ends in `.json` has no such bounds".into(),
    }));
    findings
}

impl fmt::Display for Missing {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.documents {
            0 | 1 => formatter.write_str("holds no configuration of tenantgate"),
            count => write!(
                formatter,
                "holds {count} YAML documents, and no resource among them that holds a configuration of tenantgate; a configuration alone has a file of its own"
            ),
        }
    }
}

fn unreadable(error: SourceError) -> Finding {
    let SourceError { at, problem } = error;
    let message = problem.to_string();
    Finding { severity: Severity::Error, rule: "source", path: "document".into(), at, message }
}

/// The configurations in a file, as the JSON that the filter is handed; none if it holds none.
///
/// # Errors
/// [`SourceError`] if it cannot be read.
pub fn configurations(name: &str, bytes: &[u8]) -> Result<Vec<String>, SourceError> {
    let found = embedded::configurations(&source::read(name, bytes)?)?;
    Ok(found.iter().map(|tree| tree.hand_over().json).collect())
}

fn configuration(tree: &Tree, how: &Check<'_>) -> Vec<Finding> {
    let document = tree.hand_over();
    let mut findings = Vec::new();
    let mut note = |order: u32, severity, rule, path: &str, message: String| {
        let at = document.position(order);
        findings.push((order, Finding { severity, rule, path: path.to_owned(), at, message }));
    };
    let mut found = config::inspect(document.json.as_bytes(), how.environment);
    let unset: Vec<_> = found.errors.iter().filter(|error| is_unset(error)).cloned().collect();
    if !unset.is_empty() && !how.requires_environment {
        for error in unset {
            let message = error.problem().to_string();
            note(error.order(), Severity::Warning, "variable-unset", error.path(), message);
        }
        // What else is wrong shows only when they are set.
        let supposed = Supposed::new(tree, how.environment);
        let environment = |name: &str| supposed.value(name);
        let known = found.warnings;
        found = config::inspect(document.json.as_bytes(), &environment);
        found.errors.retain(|error| !is_unset(error));
        // Which variables lack others is no matter of values that were made up.
        found.warnings.retain(|warning| !is_of_variables(warning));
        found.warnings.extend(known.into_iter().filter(is_of_variables));
    }
    for error in &found.errors {
        let (kind, message) = (error.problem().kind(), error.problem().to_string());
        note(error.order(), Severity::Error, kind, error.path(), message);
    }
    for warning in &found.warnings {
        let (kind, message) = (warning.notice().kind(), warning.notice().to_string());
        note(Warning::order(warning), Severity::Warning, kind, warning.path(), message);
    }
    findings.sort_by_key(|(order, _)| *order);
    findings.into_iter().map(|(_, finding)| finding).collect()
}

/// Whether a variable that is not set here is all that is wrong.
pub(super) fn is_unset(error: &ConfigError) -> bool {
    matches!(
        error.problem(),
        Problem::Credential(
            CredentialProblem::Idaas(IdaasProblem::AccessKey)
                | CredentialProblem::SubtenantUnset(_)
                | CredentialProblem::VariableUnset(_)
                | CredentialProblem::VariablesMissing { .. }
        )
    )
}

fn is_of_variables(warning: &Warning) -> bool {
    matches!(
        warning.notice(),
        Notice::VariablesIncomplete(_)
            | Notice::SubtenantVariableUnused
            | Notice::UserTokenUnusable(_)
    )
}
