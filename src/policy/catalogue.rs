//! Which requests of callers with a subtenant lead to something that respects it: a gate, not routes.
//!
//! A platform grants its subtenant-aware services by roles. Each role that is on has rules, all roles
//! together form a union, and what no rule covers is refused. Callers without a subtenant never meet it.

mod index;
mod rule;
mod standing;
mod void_scopes;

use std::sync::Arc;

pub use rule::{CatalogueRule, RoleScopes, RulePath, RulePathError, RuleReach};
pub use standing::Standing;
pub use void_scopes::VoidScopes;

use super::method::Methods;
use super::pattern::PathPattern;
use crate::message::{LetterCase, PathSpelling, RequestTarget, TrailingSlash};
use crate::principal::Principal;
use index::Index;

/// The roles that are on, ready to be asked.
#[derive(Debug)]
pub struct Catalogue {
    roles: Box<[CatalogueRole]>,
    index: Index,
    trailing_slash: TrailingSlash,
}

/// A role, and what it opens to callers with a subtenant.
#[derive(Clone, Debug)]
pub struct CatalogueRole {
    /// Its name, for logs and errors.
    pub name: Arc<str>,
    /// What it covers; without rules it covers nothing.
    pub rules: Vec<CatalogueRule>,
}

/// A rule that covers a request, and the role that it belongs to.
#[derive(Clone, Debug)]
pub struct Grant {
    /// The name of the role.
    pub role: Arc<str>,
    /// What it demands.
    pub scopes: RoleScopes,
}

impl Catalogue {
    /// The union of `roles`, for paths that are spelled in this way.
    pub fn new(mut roles: Vec<CatalogueRole>, trailing_slash: TrailingSlash) -> Self {
        let mut index = Index::default();
        for CatalogueRole { name, rules } in &mut roles {
            *rules = rules.drain(..).map(|rule| rule.spelled(trailing_slash)).collect();
            for rule in rules {
                let grant = Grant { role: Arc::clone(name), scopes: rule.scopes().clone() };
                index.insert(rule, &grant);
            }
        }
        Self { roles: roles.into(), index, trailing_slash }
    }

    /// The roles that are on.
    pub fn roles(&self) -> &[CatalogueRole] {
        &self.roles
    }

    /// How `principal` stands with a request: the best that any covering rule says.
    ///
    /// The cost is that of the path's segments and of the rules that cover the request, however many
    /// others there are.
    pub fn standing(&self, target: &RequestTarget<'_>, principal: &Principal) -> Standing {
        let mut best = Standing::Uncovered;
        self.index.visit(target, &mut |grant| {
            best = best.max(grant.scopes.standing(principal));
        });
        best
    }

    /// The rules that cover a request, to explain a decision.
    pub fn covering(&self, target: &RequestTarget<'_>) -> Vec<&Grant> {
        let mut found = Vec::new();
        self.index.visit(target, &mut |grant| found.push(grant));
        found
    }

    /// Whether some request that a route of this path and these methods serves could be covered.
    pub fn meets(&self, path: &PathPattern, methods: &Methods) -> bool {
        let trailing_slash = self.trailing_slash;
        let spelling = PathSpelling { letter_case: LetterCase::Kept, trailing_slash };
        // Only letters can keep a pattern from being spelled.
        let Ok(path) = path.clone().spelled(spelling) else { return false };
        let mut rules = self.roles.iter().flat_map(|role| &role.rules);
        rules.any(|rule| rule.meets(&path, methods))
    }

    /// The roles whose scopes nobody has stated and that could cover a request of such a route, whose
    /// path is spelled as the rules are.
    pub(super) fn unknown<'c>(
        &'c self,
        path: &'c PathPattern,
        methods: &'c Methods,
    ) -> impl Iterator<Item = &'c Arc<str>> {
        let is_unknown = move |rule: &CatalogueRule| {
            *rule.scopes() == RoleScopes::Unknown && rule.meets(path, methods)
        };
        self.roles
            .iter()
            .filter(move |role| role.rules.iter().any(is_unknown))
            .map(|role| &role.name)
    }
}
