//! Everything that is wrong with a configuration, each with its place and what to do.

use std::fmt;

use super::compile::{
    AddressProblem, ApplicationKeyProblem, CatalogueProblem, ConditionProblem, CredentialProblem,
    HeaderProblem, IdaasProblem, IssuerProblem, ListProblem, NameProblem, PlaceProblem,
    RouteProblem,
};
use super::raw::{DocumentError, ShapeProblem};
use super::report::in_order;

/// All errors of a document, in its own order; at least one.
#[derive(Clone, Debug)]
pub struct ConfigErrors(Vec<ConfigError>);

/// One thing that makes a document unusable.
#[derive(Clone, Debug)]
pub struct ConfigError {
    place: Place,
    problem: Problem,
}

/// What is wrong. Each kind stands beside the code that finds it; none shows a secret.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Problem {
    /// The address of a call.
    Address(AddressProblem),
    /// Application keys.
    ApplicationKey(ApplicationKeyProblem),
    /// The catalogue of subtenancy-aware services.
    Catalogue(CatalogueProblem),
    /// A condition on what a token says.
    Condition(ConditionProblem),
    /// A credential.
    Credential(CredentialProblem),
    /// The document as a whole.
    Document(DocumentError),
    /// The name of a header.
    Header(HeaderProblem),
    /// An issuer or its keys.
    Issuer(IssuerProblem),
    /// An item of a list.
    List(ListProblem),
    /// A name, or a reference to one.
    Name(NameProblem),
    /// A place for tokens.
    Place(PlaceProblem),
    /// A route, alone or together with what it names.
    Route(RouteProblem),
    /// The shape: an unknown key, a wrong type, a missing value.
    Shape(ShapeProblem),
}

/// A place in a document: `routes[2].upstream.inject[0].credential`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Place {
    path: String,
    order: u32,
}

/// A text of the document that an error shows: in backticks, without controls, shortened.
///
/// Only names, words and addresses are shown, never a value that could be a secret.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Quoted(String);

impl ConfigErrors {
    /// The most errors that [`fmt::Display`] writes out; the rest is counted.
    pub const SHOWN: usize = 100;

    /// The errors in the order of the document.
    pub(super) fn sorted(errors: Vec<ConfigError>) -> Self {
        Self(in_order(errors, ConfigError::order))
    }

    pub(super) fn into_vec(self) -> Vec<ConfigError> {
        self.0
    }

    /// The errors in the order of the document.
    pub fn iter(&self) -> impl Iterator<Item = &ConfigError> {
        self.0.iter()
    }
}

impl ConfigError {
    pub(super) const fn new(place: Place, problem: Problem) -> Self {
        Self { place, problem }
    }

    /// Where it is.
    pub fn path(&self) -> &str {
        self.place.path()
    }

    /// How many values begin in the document before the one that it is about.
    pub const fn order(&self) -> u32 {
        self.place.order()
    }

    /// What it is.
    pub const fn problem(&self) -> &Problem {
        &self.problem
    }
}

impl Problem {
    /// The name of its kind, which stays the same from version to version.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Address(_) => "address",
            Self::ApplicationKey(_) => "application-key",
            Self::Catalogue(_) => "catalogue",
            Self::Condition(_) => "condition",
            Self::Credential(_) => "credential",
            Self::Document(_) => "document",
            Self::Header(_) => "header",
            Self::Issuer(_) => "issuer",
            Self::List(_) => "list",
            Self::Name(_) => "name",
            Self::Place(_) => "place",
            Self::Route(_) => "route",
            Self::Shape(_) => "shape",
        }
    }
}

impl Place {
    /// The document itself.
    pub(super) const fn root() -> Self {
        Self { path: String::new(), order: 0 }
    }

    /// A key of the object at this place; `order` is the position of its value, or of the object
    /// when the key is missing.
    pub(super) fn member(&self, key: &str, order: u32) -> Self {
        let is_plain = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
        let path = if key.is_empty() || !key.bytes().all(is_plain) {
            format!("{}[{}]", self.path, Quoted::from(key))
        } else if self.path.is_empty() {
            key.to_owned()
        } else {
            // Not `format!`: a large configuration makes some hundred thousand of these.
            [&self.path, ".", key].concat()
        };
        Self { path, order }
    }

    /// An item of the list at this place, counted from 0.
    pub(super) fn item(&self, index: usize, order: u32) -> Self {
        Self { path: format!("{}[{index}]", self.path), order }
    }

    /// The path as text; the document itself is `document`.
    pub fn path(&self) -> &str {
        if self.path.is_empty() { "document" } else { &self.path }
    }

    /// The position in the document.
    pub(super) const fn order(&self) -> u32 {
        self.order
    }
}

impl From<&str> for Quoted {
    fn from(text: &str) -> Self {
        const SHOWN: usize = 120;
        let mut shown: String = text.chars().take(SHOWN).flat_map(char::escape_debug).collect();
        if text.chars().nth(SHOWN).is_some() {
            shown.push('…');
        }
        Self(shown)
    }
}

impl From<AddressProblem> for Problem {
    fn from(problem: AddressProblem) -> Self {
        Self::Address(problem)
    }
}

impl From<ApplicationKeyProblem> for Problem {
    fn from(problem: ApplicationKeyProblem) -> Self {
        Self::ApplicationKey(problem)
    }
}

impl From<CatalogueProblem> for Problem {
    fn from(problem: CatalogueProblem) -> Self {
        Self::Catalogue(problem)
    }
}

impl From<ConditionProblem> for Problem {
    fn from(problem: ConditionProblem) -> Self {
        Self::Condition(problem)
    }
}

impl From<CredentialProblem> for Problem {
    fn from(problem: CredentialProblem) -> Self {
        Self::Credential(problem)
    }
}

impl From<HeaderProblem> for Problem {
    fn from(problem: HeaderProblem) -> Self {
        Self::Header(problem)
    }
}

impl From<IdaasProblem> for Problem {
    fn from(problem: IdaasProblem) -> Self {
        Self::Credential(CredentialProblem::Idaas(problem))
    }
}

impl From<IssuerProblem> for Problem {
    fn from(problem: IssuerProblem) -> Self {
        Self::Issuer(problem)
    }
}

impl From<ListProblem> for Problem {
    fn from(problem: ListProblem) -> Self {
        Self::List(problem)
    }
}

impl From<NameProblem> for Problem {
    fn from(problem: NameProblem) -> Self {
        Self::Name(problem)
    }
}

impl From<PlaceProblem> for Problem {
    fn from(problem: PlaceProblem) -> Self {
        Self::Place(problem)
    }
}

impl From<RouteProblem> for Problem {
    fn from(problem: RouteProblem) -> Self {
        Self::Route(problem)
    }
}

impl From<ShapeProblem> for Problem {
    fn from(problem: ShapeProblem) -> Self {
        Self::Shape(problem)
    }
}

impl fmt::Display for Quoted {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "`{}`", self.0)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(problem) => problem.fmt(formatter),
            Self::ApplicationKey(problem) => problem.fmt(formatter),
            Self::Catalogue(problem) => problem.fmt(formatter),
            Self::Condition(problem) => problem.fmt(formatter),
            Self::Credential(problem) => problem.fmt(formatter),
            Self::Document(problem) => problem.fmt(formatter),
            Self::Header(problem) => problem.fmt(formatter),
            Self::Issuer(problem) => problem.fmt(formatter),
            Self::List(problem) => problem.fmt(formatter),
            Self::Name(problem) => problem.fmt(formatter),
            Self::Place(problem) => problem.fmt(formatter),
            Self::Route(problem) => problem.fmt(formatter),
            Self::Shape(problem) => problem.fmt(formatter),
        }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.path(), self.problem)
    }
}

/// One error a line.
impl fmt::Display for ConfigErrors {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.0.iter().take(Self::SHOWN).enumerate() {
            let before = if index == 0 { "" } else { "\n" };
            write!(formatter, "{before}{error}")?;
        }
        match self.0.len().saturating_sub(Self::SHOWN) {
            0 => Ok(()),
            more => write!(formatter, "\n… and {more} more"),
        }
    }
}

impl std::error::Error for ConfigError {}

impl std::error::Error for ConfigErrors {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_name_members_items_and_odd_keys() {
        let route = Place::root().member("routes", 1).item(2, 7);
        assert_eq!(route.member("upstream", 8).path(), "routes[2].upstream");
        assert_eq!(route.member("a b\n", 8).path(), "routes[2][`a b\\n`]");
        assert_eq!(Place::root().path(), "document");
    }

    #[test]
    fn quoted_texts_are_shortened_and_have_no_controls() {
        assert_eq!(Quoted::from("a\u{1b}[31m").to_string(), "`a\\u{1b}[31m`");
        assert_eq!(Quoted::from("x".repeat(120).as_str()).to_string().chars().count(), 122);
        assert_eq!(Quoted::from("x".repeat(121).as_str()).to_string().chars().count(), 123);
    }

    #[test]
    fn many_errors_are_counted_in_the_end() {
        let error = || {
            let problem = Problem::Document(DocumentError::TooLarge);
            ConfigError::new(Place::root(), problem)
        };
        let errors = |count: usize| {
            let list = std::iter::repeat_with(error).take(count).collect();
            ConfigErrors::sorted(list).to_string()
        };
        assert_eq!(errors(100).lines().count(), 100);
        assert!(errors(101).ends_with("\n… and 1 more"));
    }
}
