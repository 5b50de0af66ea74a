//! What a client of IDaaS asks for: permissions of one audience.

/// One or more items `audience|permission`, all of one audience.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Scope(String);

/// A text that is no scope.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ScopeError<'s> {
    /// It has no item.
    Blank,
    /// An item is not `audience|permission`.
    Item(&'s str),
    /// The items have more than one audience.
    Audiences,
}

impl Scope {
    /// The scope of a text, whose items any white space parts; one blank parts them afterwards.
    ///
    /// # Errors
    /// [`ScopeError`] names the first thing that is wrong with it.
    pub fn parse(text: &str) -> Result<Self, ScopeError<'_>> {
        let mut audience = None;
        let mut items = Vec::new();
        for item in text.split_whitespace() {
            let (own, _) = split(item).ok_or(ScopeError::Item(item))?;
            if *audience.get_or_insert(own) != own {
                return Err(ScopeError::Audiences);
            }
            items.push(item);
        }
        if items.is_empty() { Err(ScopeError::Blank) } else { Ok(Self(items.join(" "))) }
    }

    /// The items, parted by one blank each, as the token endpoint is sent them.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The audience of all items.
    pub fn audience(&self) -> &str {
        self.items().next().map_or("", |(audience, _)| audience)
    }

    /// The permissions in their order; one may be there twice.
    pub fn permissions(&self) -> impl Iterator<Item = &str> {
        self.items().map(|(_, permission)| permission)
    }

    fn items(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.split(' ').filter_map(split)
    }
}

/// Audience and permission of an item: neither is empty, and one `|` stands between them.
fn split(item: &str) -> Option<(&str, &str)> {
    let (audience, permission) = item.split_once('|')?;
    let is_item = !audience.is_empty() && !permission.is_empty() && !permission.contains('|');
    (is_item && !item.chars().any(char::is_control)).then_some((audience, permission))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_of_one_audience_are_a_scope_with_single_blanks() {
        let rows = [
            ("api.example.com|read:file", "api.example.com|read:file", "api.example.com"),
            ("  a|b  ", "a|b", "a"),
            ("a|b\ta|c\n a|b", "a|b a|c a|b", "a"),
            ("a|b\u{a0}a|c", "a|b a|c", "a"),
            ("api://svc/v1|read:*~é", "api://svc/v1|read:*~é", "api://svc/v1"),
            ("urn:cloud:idaas:pam|.all", "urn:cloud:idaas:pam|.all", "urn:cloud:idaas:pam"),
        ];
        for (text, normal, audience) in rows {
            let scope = Scope::parse(text).unwrap();
            assert_eq!((scope.as_str(), scope.audience()), (normal, audience), "{text:?}");
        }
        let scope = Scope::parse("a|b a|c:d a|b").unwrap();
        assert_eq!(scope.permissions().collect::<Vec<_>>(), ["b", "c:d", "b"]);
    }

    #[test]
    fn anything_else_is_no_scope_and_its_first_fault_is_named() {
        let rows = [
            ("", ScopeError::Blank),
            (" \t\n", ScopeError::Blank),
            ("read", ScopeError::Item("read")),
            ("a|b c", ScopeError::Item("c")),
            ("a|b|c", ScopeError::Item("a|b|c")),
            ("|b", ScopeError::Item("|b")),
            ("a|", ScopeError::Item("a|")),
            ("a| b", ScopeError::Item("a|")),
            ("a|b\0", ScopeError::Item("a|b\0")),
            ("a|b c|d", ScopeError::Audiences),
            ("a|b A|d", ScopeError::Audiences),
        ];
        for (text, error) in rows {
            assert_eq!(Scope::parse(text), Err(error), "{text:?}");
        }
    }
}
