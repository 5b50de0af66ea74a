//! Scopes that bind nobody: another rule lets the same requests pass without them.

use std::fmt;
use std::sync::Arc;

use super::Catalogue;
use super::rule::{CatalogueRule, RoleScopes, RulePath};

/// A rule that demands scopes, and one for some of its requests that demands none.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct VoidScopes {
    /// The role of the rule that demands scopes.
    pub role: Arc<str>,
    /// Its path.
    pub path: RulePath,
    /// A method of both.
    pub method: Arc<str>,
    /// The role of the other rule; it may be the same one.
    pub by_role: Arc<str>,
    /// The path of the other rule.
    pub by_path: RulePath,
    /// Whether the operator wrote that the other rule needs none; otherwise they are unknown.
    pub is_not_needed: bool,
}

/// The most pairs of rules that are compared.
const COMPARISON_LIMIT: usize = 1_000_000;

impl Catalogue {
    /// For each role, the first of its rules whose scopes are not needed for some of its requests, since
    /// another rule covers them. Roles form a union, so this is what they say together; but whoever
    /// states scopes means them to be demanded. Of very large catalogues only the first part is looked
    /// at.
    pub fn void_scopes(&self) -> Vec<VoidScopes> {
        let rules: Vec<(&Arc<str>, &CatalogueRule)> = self
            .roles
            .iter()
            .flat_map(|role| role.rules.iter().map(|rule| (&role.name, rule)))
            .collect();
        let (open, scoped): (Vec<_>, Vec<_>) =
            rules.into_iter().partition(|(_, rule)| match rule.scopes() {
                RoleScopes::NotNeeded | RoleScopes::Unknown => true,
                RoleScopes::All(_) | RoleScopes::Any(_) => false,
            });
        let limit = COMPARISON_LIMIT.checked_div(open.len()).unwrap_or(0);
        let mut found: Vec<VoidScopes> = Vec::new();
        for (role, rule) in scoped.into_iter().take(limit) {
            if found.last().is_none_or(|last| last.role != *role) {
                found.extend(open.iter().find_map(|(by, other)| void(role, rule, by, other)));
            }
        }
        found
    }
}

fn void(
    role: &Arc<str>,
    rule: &CatalogueRule,
    by: &Arc<str>,
    other: &CatalogueRule,
) -> Option<VoidScopes> {
    let method = rule.methods().iter().find(|method| other.methods().contains(method))?;
    rule.path().overlaps(other.path()).then(|| VoidScopes {
        role: Arc::clone(role),
        path: rule.path().clone(),
        method: Arc::from(method),
        by_role: Arc::clone(by),
        by_path: other.path().clone(),
        is_not_needed: *other.scopes() == RoleScopes::NotNeeded,
    })
}

impl fmt::Display for VoidScopes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { role, path, method, by_role, by_path, is_not_needed } = self;
        write!(
            formatter,
            "demands scopes of role `{role}` for `{method} {path}` in vain: role `{by_role}` covers such \
             requests by `{by_path}`, "
        )?;
        formatter.write_str(match is_not_needed {
            true => "where scopes are `not_needed`; roles form a union, so state scopes there, or part the two",
            false => {
                "whose scopes are `unknown`, so that a caller's own token passes without any; roles \
                 form a union, so state the scopes there, or disable that role"
            }
        })
    }
}
