//! The containment rule: a technical token never widens a caller.

use super::decision::Denial;
use super::route::SubtenantMode;
use super::source::{Callers, Source, Subtenants};
use crate::principal::{Principal, PrincipalKind};
use crate::tenancy::{SubtenantId, Tenancy};

/// For which subtenant of its tenant `source` must obtain the token that `principal` may have:
/// `None` for the whole tenant.
///
/// A verified caller is served by the credential of its own tenant, or by one that lists it. A
/// caller with a subtenant gets a token for the same tenant *and* subtenant; only
/// [`SubtenantMode::TenantWide`] may use a tenant's token for it. A credential whose tokens act for one
/// subtenant alone serves callers of that pair and no other subtenant; a caller of the whole
/// tenant would act in a subtenant without knowing, so it must be listed. An anonymous caller is the
/// program behind an egress proxy, the owner of the credential; its token acts for the subtenant
/// `acting`, if its request or route names one. On ingress the table of `combination` never leads here
/// without a verified caller.
///
/// # Errors
/// [`Denial::TenantMismatch`] and [`Denial::SubtenantNotCarried`], before any call is made.
pub(super) fn token_subtenant(
    principal: &Principal,
    source: &Source,
    mode: &SubtenantMode,
    acting: Option<&SubtenantId>,
) -> Result<Option<SubtenantId>, Denial> {
    let is_exchange = source.subtenants == Subtenants::Own;
    let tenancy = match principal.kind() {
        PrincipalKind::Anonymous if is_exchange => return Err(Denial::CredentialMissing),
        PrincipalKind::Anonymous => return program_subtenant(source, acting),
        // A key cannot be exchanged for a token.
        PrincipalKind::ApplicationKey | PrincipalKind::Session if is_exchange => {
            return Err(Denial::KeyNotForwarded);
        }
        PrincipalKind::ApplicationKey | PrincipalKind::Bearer | PrincipalKind::Session => {
            principal.tenancy()
        }
    };
    let mismatch = || Denial::TenantMismatch { credential: source.name.clone() };
    let is_own_tenant = tenancy.tenant().is_some() && tenancy.tenant() == source.tenant.as_ref();
    if !is_own_tenant && !lists(source.callers.as_ref(), tenancy) {
        return Err(mismatch());
    }
    // What is exchanged must be for the caller's tenant, so there must be one.
    if is_exchange && tenancy.tenant().is_none() {
        return Err(mismatch());
    }
    if let Subtenants::One(only) = &source.subtenants {
        let is_pair = is_own_tenant && tenancy.subtenant() == Some(only);
        let is_listed = tenancy.subtenant().is_none() && lists(source.callers.as_ref(), tenancy);
        if !is_pair && !is_listed {
            return Err(mismatch());
        }
    }
    match (tenancy.subtenant(), mode) {
        (Some(_), SubtenantMode::TenantWide) if is_exchange => Err(Denial::SubtenantNotCarried),
        (None, SubtenantMode::Impersonate | SubtenantMode::Refuse | SubtenantMode::TenantWide)
        | (Some(_), SubtenantMode::TenantWide) => Ok(None),
        // Refused already: these are for requests without a caller's token.
        (None | Some(_), SubtenantMode::Header(_) | SubtenantMode::One(_)) => {
            Err(Denial::SubtenantNotCarried)
        }
        (Some(_), SubtenantMode::Refuse) => Err(Denial::SubtenantNotCarried),
        (Some(_), SubtenantMode::Impersonate) if !is_own_tenant && !is_exchange => Err(mismatch()),
        (Some(_), SubtenantMode::Impersonate) if source.subtenants == Subtenants::None => {
            Err(Denial::SubtenantNotCarried)
        }
        (Some(subtenant), SubtenantMode::Impersonate) => Ok(Some(subtenant.clone())),
    }
}

/// The subtenant for the program itself: the one that it acts for, if its credential has such tokens.
fn program_subtenant(
    source: &Source,
    acting: Option<&SubtenantId>,
) -> Result<Option<SubtenantId>, Denial> {
    match (acting, &source.subtenants) {
        (None, Subtenants::Any | Subtenants::None | Subtenants::One(_)) => Ok(None),
        (Some(acting), Subtenants::Any) => Ok(Some(acting.clone())),
        (Some(acting), Subtenants::One(only)) if acting == only => Ok(Some(acting.clone())),
        (Some(_), Subtenants::None | Subtenants::One(_)) => Err(Denial::SubtenantNotCarried),
        // It has no tokens but callers' own.
        (None | Some(_), Subtenants::Own) => Err(Denial::SubtenantNotCarried),
    }
}

fn lists(callers: Option<&Callers>, tenancy: &Tenancy) -> bool {
    match callers {
        None | Some(Callers::Nobody) => false,
        Some(Callers::Any) => true,
        Some(Callers::Only(tenants)) => tenancy.tenant().is_some_and(|id| tenants.contains(id)),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::source::SourceId;
    use super::*;
    use crate::tenancy::TenantId;

    fn tenant(name: &str) -> TenantId {
        TenantId::parse(name).unwrap()
    }

    /// Nobody; tenant A; its subtenant s; tenant B's subtenant of the same name; no tenant.
    fn principals() -> [Principal; 5] {
        let s = SubtenantId::parse("s").unwrap();
        let of = |tenancy| Principal::stand_in(tenancy, &[]);
        [
            Principal::anonymous(),
            of(Tenancy::Tenant(tenant("A"))),
            of(Tenancy::Subtenant(tenant("A"), s.clone())),
            of(Tenancy::Subtenant(tenant("B"), s)),
            of(Tenancy::Unstated),
        ]
    }

    fn outcome(principal: &Principal, source: &Source, mode: SubtenantMode) -> &'static str {
        match token_subtenant(principal, source, &mode, None) {
            Ok(None) => "tenant",
            Ok(Some(subtenant)) => {
                assert_eq!(Some(&subtenant), principal.tenancy().subtenant());
                "same"
            }
            Err(Denial::TenantMismatch { credential }) => {
                assert_eq!(credential, source.name);
                "mismatch"
            }
            Err(Denial::SubtenantNotCarried) => "refused",
            Err(other) => panic!("{other:?} is no matter of containment"),
        }
    }

    #[test]
    fn a_token_acts_for_the_callers_own_tenant_and_subtenant_or_there_is_none() {
        use SubtenantMode::{Impersonate, Refuse, TenantWide};
        let only = |name| Some(Callers::Only([tenant(name)].into()));
        // Columns: nobody, A, A and s, B and s, no tenant.
        #[rustfmt::skip]
        let rows = [
            (Some("A"), None,               Impersonate, ["tenant", "tenant",   "same",     "mismatch", "mismatch"]),
            (Some("A"), None,               Refuse,      ["tenant", "tenant",   "refused",  "mismatch", "mismatch"]),
            (Some("A"), None,               TenantWide,  ["tenant", "tenant",   "tenant",   "mismatch", "mismatch"]),
            (Some("A"), only("A"),          Impersonate, ["tenant", "tenant",   "same",     "mismatch", "mismatch"]),
            (Some("A"), only("A"),          Refuse,      ["tenant", "tenant",   "refused",  "mismatch", "mismatch"]),
            (Some("A"), only("A"),          TenantWide,  ["tenant", "tenant",   "tenant",   "mismatch", "mismatch"]),
            (Some("A"), only("B"),          Impersonate, ["tenant", "tenant",   "same",     "mismatch", "mismatch"]),
            (Some("A"), only("B"),          Refuse,      ["tenant", "tenant",   "refused",  "refused",  "mismatch"]),
            (Some("A"), only("B"),          TenantWide,  ["tenant", "tenant",   "tenant",   "tenant",   "mismatch"]),
            (Some("A"), Some(Callers::Any), Impersonate, ["tenant", "tenant",   "same",     "mismatch", "tenant"]),
            (Some("A"), Some(Callers::Any), Refuse,      ["tenant", "tenant",   "refused",  "refused",  "tenant"]),
            (Some("A"), Some(Callers::Any), TenantWide,  ["tenant", "tenant",   "tenant",   "tenant",   "tenant"]),
            (None,      only("A"),          Impersonate, ["tenant", "tenant",   "mismatch", "mismatch", "mismatch"]),
            (None,      only("A"),          Refuse,      ["tenant", "tenant",   "refused",  "mismatch", "mismatch"]),
            (None,      only("A"),          TenantWide,  ["tenant", "tenant",   "tenant",   "mismatch", "mismatch"]),
            (None,      Some(Callers::Any), Impersonate, ["tenant", "tenant",   "mismatch", "mismatch", "tenant"]),
            (None,      Some(Callers::Any), Refuse,      ["tenant", "tenant",   "refused",  "refused",  "tenant"]),
            (None,      Some(Callers::Any), TenantWide,  ["tenant", "tenant",   "tenant",   "tenant",   "tenant"]),
            (None,      None,               TenantWide,  ["tenant", "mismatch", "mismatch", "mismatch", "mismatch"]),
            (None,      Some(Callers::Nobody), Refuse,   ["tenant", "mismatch", "mismatch", "mismatch", "mismatch"]),
            (None,      Some(Callers::Nobody), TenantWide, ["tenant", "mismatch", "mismatch", "mismatch", "mismatch"]),
        ];
        for (owner, callers, mode, expected) in rows {
            let case = format!("{owner:?} {callers:?} {mode:?}");
            let source = Source {
                id: SourceId(1),
                name: Arc::from("svc"),
                tenant: owner.map(tenant),
                callers,
                subtenants: Subtenants::Any,
            };
            let found = principals().map(|principal| outcome(&principal, &source, mode.clone()));
            assert_eq!(found, expected, "{case}");
        }
    }

    #[test]
    fn a_credential_for_one_subtenant_serves_that_pair_and_those_it_lists_who_have_none() {
        use SubtenantMode::{Impersonate, Refuse, TenantWide};
        let only = |name| Some(Callers::Only([tenant(name)].into()));
        // Its own token is what `tenant` means here. Columns: nobody, A, A and s, B and s, no tenant.
        #[rustfmt::skip]
        let rows = [
            ("s", None,               Impersonate, ["tenant", "mismatch", "same",     "mismatch", "mismatch"]),
            ("s", None,               Refuse,      ["tenant", "mismatch", "refused",  "mismatch", "mismatch"]),
            ("s", None,               TenantWide,  ["tenant", "mismatch", "tenant",   "mismatch", "mismatch"]),
            ("s", only("A"),          TenantWide,  ["tenant", "tenant",   "tenant",   "mismatch", "mismatch"]),
            ("s", only("B"),          TenantWide,  ["tenant", "mismatch", "tenant",   "mismatch", "mismatch"]),
            ("s", Some(Callers::Any), TenantWide,  ["tenant", "tenant",   "tenant",   "mismatch", "tenant"]),
            ("t", None,               Impersonate, ["tenant", "mismatch", "mismatch", "mismatch", "mismatch"]),
            ("t", None,               TenantWide,  ["tenant", "mismatch", "mismatch", "mismatch", "mismatch"]),
            ("t", Some(Callers::Any), TenantWide,  ["tenant", "tenant",   "mismatch", "mismatch", "tenant"]),
        ];
        for (subtenant, callers, mode, expected) in rows {
            let case = format!("{subtenant} {callers:?} {mode:?}");
            let source = Source {
                id: SourceId(1),
                name: Arc::from("svc"),
                tenant: Some(tenant("A")),
                callers,
                subtenants: Subtenants::One(SubtenantId::parse(subtenant).unwrap()),
            };
            let found = principals().map(|principal| outcome(&principal, &source, mode.clone()));
            assert_eq!(found, expected, "{case}");
        }
    }

    #[test]
    fn an_exchange_serves_listed_callers_with_a_tenant_for_exactly_whom_they_are() {
        use SubtenantMode::{Impersonate, Refuse, TenantWide};
        let only = |name| Some(Callers::Only([tenant(name)].into()));
        // Columns: A, A and s, B and s, no tenant.
        #[rustfmt::skip]
        let rows = [
            (only("A"),          Impersonate, ["tenant",   "same",     "mismatch", "mismatch"]),
            (only("A"),          Refuse,      ["tenant",   "refused",  "mismatch", "mismatch"]),
            (only("A"),          TenantWide,  ["tenant",   "refused",  "mismatch", "mismatch"]),
            (Some(Callers::Any), Impersonate, ["tenant",   "same",     "same",     "mismatch"]),
            (Some(Callers::Any), Refuse,      ["tenant",   "refused",  "refused",  "mismatch"]),
            (None,               Impersonate, ["mismatch", "mismatch", "mismatch", "mismatch"]),
        ];
        for (callers, mode, expected) in rows {
            let case = format!("{callers:?} {mode:?}");
            let source = Source {
                id: SourceId(1),
                name: Arc::from("exchange"),
                tenant: None,
                callers,
                subtenants: Subtenants::Own,
            };
            let [nobody, callers @ ..] = principals();
            let found = callers.map(|principal| outcome(&principal, &source, mode.clone()));
            assert_eq!(found, expected, "{case}");
            let refused = token_subtenant(&nobody, &source, &mode, None);
            assert_eq!(refused, Err(Denial::CredentialMissing), "{case}");
        }
    }

    #[test]
    fn a_credential_that_cannot_impersonate_serves_no_subtenant() {
        let source = Source {
            id: SourceId(1),
            name: Arc::from("svc"),
            tenant: Some(tenant("A")),
            callers: None,
            subtenants: Subtenants::None,
        };
        let found = principals().map(|p| outcome(&p, &source, SubtenantMode::Impersonate));
        assert_eq!(found, ["tenant", "tenant", "refused", "mismatch", "mismatch"]);
    }

    #[test]
    fn a_program_acts_for_the_subtenants_that_its_credential_has_tokens_for() {
        let [s, t] = ["s", "t"].map(|id| SubtenantId::parse(id).unwrap());
        let refused = Err(Denial::SubtenantNotCarried);
        let rows = [
            (Subtenants::Any, Some(&s), Ok(Some(s.clone()))),
            (Subtenants::Any, None, Ok(None)),
            (Subtenants::One(s.clone()), Some(&s), Ok(Some(s.clone()))),
            (Subtenants::One(s.clone()), Some(&t), refused.clone()),
            (Subtenants::None, Some(&s), refused.clone()),
        ];
        for (subtenants, acting, expected) in rows {
            let case = format!("{subtenants:?} {acting:?}");
            let (id, name) = (SourceId(1), Arc::from("svc"));
            let source = Source {
                id,
                name,
                tenant: Some(tenant("A")),
                callers: Some(Callers::Any),
                subtenants,
            };
            let mode = SubtenantMode::One(s.clone());
            let [nobody, whole, same, ..] = principals();
            assert_eq!(token_subtenant(&nobody, &source, &mode, acting), expected, "{case}");
            for caller in [whole, same] {
                assert_eq!(token_subtenant(&caller, &source, &mode, acting), refused, "{case}");
            }
        }
    }
}
