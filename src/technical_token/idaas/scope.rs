//! What is asked for: permissions of one audience.

use std::fmt;

/// One or more `audience|permission`, all of one audience, joined by single blanks.
///
/// The vendor's client sends the text as it is configured, odd white space included; ours brings it to
/// single blanks, so that one wish has one spelling.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Scope(Box<str>);

/// A text that is no [`Scope`].
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ScopeError {
    /// It is empty, or white space alone.
    Blank,
    /// This item is not `audience|permission` (`InvalidScope` in the vendor's client).
    Invalid(Box<str>),
    /// Its items have two audiences: the first, and this one (`MultipleAudienceNotSupported`).
    MultipleAudiences(Box<str>, Box<str>),
}

impl Scope {
    /// What the vendor's client asks for where the configuration has no scope.
    pub const DEFAULT: &str = "urn:cloud:idaas:pam|cloud_account:obtain_access_credential";

    /// What `text` asks for.
    ///
    /// # Errors
    /// [`ScopeError`]; the form of all items is looked at before their audiences, as the vendor does.
    pub fn parse(text: &str) -> Result<Self, ScopeError> {
        let items: Vec<&str> = text.split_whitespace().collect();
        if let Some(invalid) = items.iter().find(|item| split(item).is_none()) {
            return Err(ScopeError::Invalid(Box::from(*invalid)));
        }
        let mut audiences = items.iter().filter_map(|item| split(item)).map(|(first, _)| first);
        let first = audiences.next().ok_or(ScopeError::Blank)?;
        match audiences.find(|audience| *audience != first) {
            Some(other) => Err(ScopeError::MultipleAudiences(Box::from(first), Box::from(other))),
            None => Ok(Self(items.join(" ").into_boxed_str())),
        }
    }

    /// The items, joined by single blanks.
    pub const fn as_str(&self) -> &str {
        &self.0
    }

    /// The audience of all items.
    pub fn audience(&self) -> &str {
        self.items().next().map_or("", |(audience, _)| audience)
    }

    /// The permissions without their audience, each once, in the order of the configuration.
    pub fn permissions(&self) -> Vec<&str> {
        let mut permissions = Vec::new();
        for (_, permission) in self.items() {
            if !permissions.contains(&permission) {
                permissions.push(permission);
            }
        }
        permissions
    }

    fn items(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.split(' ').filter_map(split)
    }
}

/// Audience and permission of an item.
fn split(item: &str) -> Option<(&str, &str)> {
    let (audience, permission) = item.split_once('|')?;
    let is_whole = !audience.is_empty() && !permission.is_empty() && !permission.contains('|');
    is_whole.then_some((audience, permission))
}

impl fmt::Display for ScopeError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Blank => formatter.write_str("is blank"),
            Self::Invalid(item) => {
                write!(formatter, "InvalidScope: `{item}` is not of the form `audience|permission`")
            }
            Self::MultipleAudiences(first, other) => write!(
                formatter,
                "MultipleAudienceNotSupported: `{first}` and `{other}` are two audiences; make a credential for each"
            ),
        }
    }
}

impl std::error::Error for ScopeError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_is_permissions_of_one_audience_joined_by_single_blanks() {
        let rows = [
            ("api.example.com|read:file", "api.example.com|read:file", &["read:file"][..]),
            ("a|b a|c", "a|b a|c", &["b", "c"]),
            ("  a|b\t\n a|c  ", "a|b a|c", &["b", "c"]),
            ("a|b a|b a|c", "a|b a|b a|c", &["b", "c"]),
            (Scope::DEFAULT, Scope::DEFAULT, &["cloud_account:obtain_access_credential"]),
        ];
        for (text, normal, permissions) in rows {
            let scope = Scope::parse(text).unwrap();
            assert_eq!(scope.as_str(), normal);
            assert_eq!(scope.permissions(), permissions);
            assert_eq!(scope.audience(), normal.split('|').next().unwrap());
        }
    }

    #[test]
    fn whatever_else_is_refused_by_the_vendors_name_for_it() {
        let invalid = |item: &str| ScopeError::Invalid(Box::from(item));
        let rows = [
            ("", ScopeError::Blank),
            (" \t ", ScopeError::Blank),
            ("read", invalid("read")),
            ("a|b c", invalid("c")),
            ("a|b|c", invalid("a|b|c")),
            ("|b", invalid("|b")),
            ("a|", invalid("a|")),
            ("a| b", invalid("a|")),
            ("a|b c|d e", invalid("e")),
            ("a|b c|d", ScopeError::MultipleAudiences(Box::from("a"), Box::from("c"))),
        ];
        for (text, error) in rows {
            assert_eq!(Scope::parse(text), Err(error), "{text}");
        }
    }
}
