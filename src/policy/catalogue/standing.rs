//! How a caller with a subtenant stands with a request.

use std::sync::Arc;

use super::rule::RoleScopes;
use crate::principal::Principal;

/// How a caller stands with a request, from worst to best: of several rules the best one counts.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Standing {
    /// No role that is on covers it.
    Uncovered,
    /// It is covered, and the caller lacks the scopes of each role that does.
    ScopesMissing,
    /// It is covered by a role whose scopes nobody has stated: the service itself must judge the
    /// caller's own token.
    ScopesUnknown,
    /// The caller holds the scopes of a role that covers it.
    Met,
}

impl RoleScopes {
    /// How `principal` stands with a rule that covers its request.
    pub(super) fn standing(&self, principal: &Principal) -> Standing {
        let has = |scope: &Arc<str>| principal.has_scope(scope);
        let is_met = match self {
            Self::All(scopes) => !scopes.is_empty() && scopes.iter().all(has),
            Self::Any(scopes) => scopes.iter().any(has),
            Self::NotNeeded => true,
            Self::Unknown => return Standing::ScopesUnknown,
        };
        if is_met { Standing::Met } else { Standing::ScopesMissing }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tenancy::{SubtenantId, Tenancy, TenantId};

    #[test]
    fn an_empty_list_of_scopes_is_met_by_nobody() {
        let tenancy =
            Tenancy::Subtenant(TenantId::parse("A").unwrap(), SubtenantId::parse("s").unwrap());
        let caller = Principal::stand_in(tenancy, &["r", "w"]);
        let set = |scopes: &[&str]| scopes.iter().map(|&scope| Arc::from(scope)).collect();
        let rows = [
            (RoleScopes::All(set(&[])), Standing::ScopesMissing),
            (RoleScopes::Any(set(&[])), Standing::ScopesMissing),
            (RoleScopes::All(set(&["r", "w"])), Standing::Met),
            (RoleScopes::All(set(&["r", "d"])), Standing::ScopesMissing),
            (RoleScopes::Any(set(&["r", "d"])), Standing::Met),
            (RoleScopes::Any(set(&["R"])), Standing::ScopesMissing),
            (RoleScopes::NotNeeded, Standing::Met),
            (RoleScopes::Unknown, Standing::ScopesUnknown),
        ];
        for (scopes, expected) in rows {
            assert_eq!(scopes.standing(&caller), expected, "{scopes:?}");
        }
    }

    #[test]
    fn of_two_standings_the_better_one_counts() {
        use Standing::{Met, ScopesMissing, ScopesUnknown, Uncovered};
        assert!(Uncovered < ScopesMissing && ScopesMissing < ScopesUnknown && ScopesUnknown < Met);
    }
}
