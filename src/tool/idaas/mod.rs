//! `tenantgate idaas import`: from the vendor's `client-config.json` to a credential and what its proxy
//! needs.
//!
//! The document is judged by the filter's own code, with values made up for the variables that it names; so
//! nothing that a variable holds is read, but for those of the vendor's credential chain, which decide
//! which servers are called.

mod named;
mod output;
mod probe;
mod relaxed;

use std::fmt;

pub(super) use self::named::{Named, named};

use self::output::Output;
use super::json;
use super::source::{SIZE_LIMIT, SourceError, SourceProblem};
use super::tree::Position;
use crate::config::{ConfigErrors, Environment};

/// What is to be imported.
pub struct Order<'a> {
    /// What the file holds.
    pub document: &'a [u8],
    /// The environment in which the vendor's client would run.
    pub environment: Environment<'a>,
    /// What the credential is called; its clusters are called after it.
    pub name: &'a str,
    /// The tenants whose callers it may serve, or `any`; none where that is left to the reader.
    pub callers: Vec<String>,
}

/// Why a document cannot be imported.
#[derive(Debug)]
pub enum ImportError {
    /// `any` stands among tenants.
    AnyAmongTenants,
    /// The filter cannot use it.
    Document(ConfigErrors),
    /// The name is none that a credential can have.
    Name,
    /// It is not JSON, not even with comments.
    Source(SourceError),
}

/// The credential, its clusters, and the names of its variables, as YAML.
///
/// # Errors
/// [`ImportError`].
pub fn import(order: &Order<'_>) -> Result<String, ImportError> {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"._-".contains(&b);
    if !(1..=48).contains(&order.name.len()) || !order.name.bytes().all(is_plain) {
        return Err(ImportError::Name);
    }
    if order.callers.len() > 1 && order.callers.iter().any(|tenant| tenant == "any") {
        return Err(ImportError::AnyAmongTenants);
    }
    let source = |problem| ImportError::Source(SourceError { at: Position::START, problem });
    if u64::try_from(order.document.len()).is_ok_and(|length| length > SIZE_LIMIT) {
        return Err(source(SourceProblem::TooLarge));
    }
    let text = std::str::from_utf8(order.document).map_err(|_| source(SourceProblem::Encoding))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let document = json::parse(&relaxed::strict(text)).map_err(ImportError::Source)?;
    let found = probe::probe(&document, order).map_err(ImportError::Document)?;
    Ok(Output { order, document: &document, found: &found }.to_string())
}

/// The file that the vendor's client would read: that of `CLOUD_IDAAS_CONFIG_PATH`, or one in the home
/// folder. `None` when not even that is known.
pub fn default_file(environment: Environment<'_>) -> Option<String> {
    let value = |name: &str| environment(name).filter(|value| !value.trim().is_empty());
    let home = value("HOME");
    let in_home = |rest: &str| home.as_ref().map(|home| format!("{home}/{rest}"));
    match value("CLOUD_IDAAS_CONFIG_PATH") {
        Some(path) => match path.strip_prefix("~/") {
            Some(rest) => in_home(rest),
            None => Some(path),
        },
        None => in_home(".cloud_idaas/client-config.json"),
    }
}

impl fmt::Display for ImportError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AnyAmongTenants => formatter.write_str("`any` stands alone or not at all"),
            Self::Document(errors) => errors.fmt(formatter),
            Self::Name => formatter.write_str(
                "the name of a credential has letters, digits, `.`, `_` and `-` only, here at most 48",
            ),
            Self::Source(error) => write!(
                formatter,
                "line {} column {}: {}",
                error.at.line, error.at.column, error.problem
            ),
        }
    }
}

impl std::error::Error for ImportError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_file_is_the_vendors() {
        type Row = (Option<&'static str>, Option<&'static str>, Option<&'static str>);
        let rows: [Row; 7] = [
            (None, Some("/h"), Some("/h/.cloud_idaas/client-config.json")),
            (Some("  "), Some("/h"), Some("/h/.cloud_idaas/client-config.json")),
            (Some("/etc/c.json"), None, Some("/etc/c.json")),
            (Some("~/c.json"), Some("/h"), Some("/h/c.json")),
            (Some("c.json"), Some("/h"), Some("c.json")),
            (Some("~/c.json"), None, None),
            (None, None, None),
        ];
        for (path, home, expected) in rows {
            let environment = |name: &str| match name {
                "CLOUD_IDAAS_CONFIG_PATH" => path.map(str::to_owned),
                "HOME" => home.map(str::to_owned),
                _ => None,
            };
            assert_eq!(default_file(&environment).as_deref(), expected);
        }
    }
}
