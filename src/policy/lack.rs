//! What one route demands and another does not: a comparison of each requirement by itself.
//!
//! A requirement of one route is at least as strict as that of another if whoever meets it meets the
//! other as well. Of two that admit different callers neither is; then either lacks something.

use std::fmt;
use std::sync::Arc;

use super::claim_condition::{Condition, Test};
use super::mode::Mode;
use super::route::{Authentication, Route, ScopeRequirement, Subtenancy};
use crate::sorted::Sorted;
use crate::tenancy::TenantId;

/// What a laxer route does not demand, the gravest first.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Lack {
    /// A credential, or as much of one.
    Authentication,
    /// Anything at all: it only reports.
    Mode,
    /// The same of what the token says.
    Claims,
    /// The same scopes.
    Scopes,
    /// That callers have no subtenant, or one that the catalogue lets pass, or one at all.
    Subtenancy,
    /// That callers are of certain tenants.
    Tenants,
}

impl Lack {
    /// The gravest thing that `strict` demands and `lax` does not.
    pub(super) fn of(strict: &Route, lax: &Route) -> Option<Self> {
        if weight(lax.authentication) < weight(strict.authentication) {
            return Some(Self::Authentication);
        }
        if (strict.mode, lax.mode) == (Mode::Enforce, Mode::ReportOnly) {
            return Some(Self::Mode);
        }
        // Without a token that is looked at, nothing else is demanded.
        if strict.authentication == Authentication::NotLookedAt {
            return None;
        }
        let claims = strict.claims.iter().all(|demand| {
            lax.claims.iter().any(|other| condition_implies((other, lax), (demand, strict)))
        });
        let rest = [
            (Self::Claims, claims),
            (Self::Scopes, scopes_imply(&lax.scopes, &strict.scopes)),
            (Self::Subtenancy, subtenancy_implies(lax.subtenancy, strict.subtenancy)),
            (Self::Tenants, tenants_imply(lax.tenants.as_ref(), strict.tenants.as_ref())),
        ];
        rest.into_iter().find(|(_, is_implied)| !is_implied).map(|(lack, _)| lack)
    }
}

const fn weight(authentication: Authentication) -> u8 {
    match authentication {
        Authentication::NotLookedAt => 0,
        Authentication::Optional => 1,
        Authentication::Required => 2,
    }
}

/// Whether whoever meets `lax` under its route meets `strict` under its own.
fn condition_implies(
    (lax, lax_route): (&Condition, &Route),
    (strict, strict_route): (&Condition, &Route),
) -> bool {
    let is_implied = match (&lax.test, &strict.test) {
        (Test::Absent, Test::Absent)
        | (Test::EqualsCapture(_) | Test::OneOf(_) | Test::Present, Test::Present) => true,
        // The same segment of the path, whatever it is called.
        (Test::EqualsCapture(one), Test::EqualsCapture(other)) => {
            let one = lax_route.path.position(one);
            one.is_some() && one == strict_route.path.position(other)
        }
        (Test::OneOf(some), Test::OneOf(all)) => some.iter().all(|value| all.contains(value)),
        (Test::Absent, Test::EqualsCapture(_) | Test::OneOf(_) | Test::Present)
        | (Test::EqualsCapture(_), Test::Absent | Test::OneOf(_))
        | (Test::OneOf(_), Test::Absent | Test::EqualsCapture(_))
        | (Test::Present, Test::Absent | Test::EqualsCapture(_) | Test::OneOf(_)) => false,
    };
    lax.subject == strict.subject && is_implied
}

fn scopes_imply(lax: &ScopeRequirement, strict: &ScopeRequirement) -> bool {
    use ScopeRequirement::{All, Any, NotNeeded, Unstated};
    let is_alone = |scopes: &Sorted<Arc<str>>, scope| scopes.len() == 1 && scopes.contains(scope);
    match (lax, strict) {
        (All(_) | Any(_) | NotNeeded | Unstated, NotNeeded | Unstated) => true,
        (NotNeeded | Unstated, All(_) | Any(_)) => false,
        (All(held), All(needed)) => held.is_superset(needed),
        (All(held), Any(needed)) => held.iter().any(|scope| needed.contains(scope)),
        (Any(held), Any(needed)) => needed.is_superset(held),
        (Any(held), All(needed)) => needed.iter().all(|scope| is_alone(held, scope)),
    }
}

const fn subtenancy_implies(lax: Subtenancy, strict: Subtenancy) -> bool {
    use Subtenancy::{Aware, Catalogue, Only, Refused};
    match (lax, strict) {
        (Aware | Catalogue | Only | Refused, Aware)
        | (Catalogue | Refused, Catalogue)
        | (Only, Only)
        | (Refused, Refused) => true,
        (Aware | Only, Catalogue | Refused)
        | (Catalogue, Only | Refused)
        | (Aware | Refused, Only) => false,
    }
}

fn tenants_imply(lax: Option<&Sorted<TenantId>>, strict: Option<&Sorted<TenantId>>) -> bool {
    match (lax, strict) {
        (_, None) => true,
        (None, Some(_)) => false,
        (Some(lax), Some(strict)) => strict.is_superset(lax),
    }
}

impl fmt::Display for Lack {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Authentication => "lets callers pass who present no credential",
            Self::Claims => "does not demand the same of claims",
            Self::Mode => "only reports",
            Self::Scopes => "does not demand its scopes",
            Self::Subtenancy => {
                "lets callers pass whom that one refuses for their subtenant, or for having none"
            }
            Self::Tenants => "lets callers of other tenants pass",
        })
    }
}
