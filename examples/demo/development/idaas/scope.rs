//! Scopes in IDaaS's form: items `audience|permission` with one audience for all.

/// A scope.
#[derive(Debug, Eq, PartialEq)]
pub struct Scope {
    audience: String,
    permissions: Vec<String>,
}

impl Scope {
    /// Reads items that white space parts; `None` for a scope that the vendor's client refuses as well.
    pub fn parse(text: &str) -> Option<Self> {
        let mut scope: Option<Self> = None;
        for item in text.split_whitespace() {
            let (audience, permission) = item.split_once('|')?;
            if audience.is_empty() || permission.is_empty() || permission.contains('|') {
                return None;
            }
            let scope = scope.get_or_insert_with(|| Self {
                audience: audience.to_owned(),
                permissions: Vec::new(),
            });
            if scope.audience != audience {
                return None;
            }
            scope.permissions.push(permission.to_owned());
        }
        scope
    }

    /// The scope of parameters that name audience and permissions apart.
    pub fn of(audience: &str, permissions: Vec<String>) -> Option<Self> {
        let is_part = |text: &str| {
            !text.is_empty() && !text.contains(|c: char| c == '|' || c.is_whitespace())
        };
        let parts =
            !permissions.is_empty() && permissions.iter().all(|permission| is_part(permission));
        (parts && is_part(audience)).then(|| Self { audience: audience.to_owned(), permissions })
    }

    pub fn audience(&self) -> &str {
        &self.audience
    }

    /// All items with single blanks.
    pub fn text(&self) -> String {
        let items: Vec<_> = self
            .permissions
            .iter()
            .map(|permission| format!("{}|{permission}", self.audience))
            .collect();
        items.join(" ")
    }
}
