//! Every combination of deployment, authentication, upstream, subtenancy, subtenant mode, callers
//! and principal, against the rules restated in the plainest way.

use super::support::{caller, parts, request, route, source, tenant};
use crate::policy::{
    ActingError, Authentication, CallerToken, Callers, Denial, Deployment, Form, Injection, Permit,
    Policy, Route, Subtenancy, SubtenantMode, Upstream, When,
};
use crate::principal::{Principal, PrincipalKind};
use crate::tenancy::{SubtenantId, Tenancy};

#[derive(Clone, Debug)]
struct Case {
    deployment: Deployment,
    authentication: Authentication,
    caller_token: CallerToken,
    inject: Option<When>,
    subtenancy: Subtenancy,
    mode: SubtenantMode,
    callers: Option<Callers>,
}

impl Case {
    fn all() -> Vec<Self> {
        let mut all = Vec::new();
        for deployment in [Deployment::Ingress, Deployment::Egress] {
            for authentication in AUTHENTICATIONS {
                for (caller_token, inject) in UPSTREAMS {
                    for subtenancy in SUBTENANCIES {
                        for mode in modes() {
                            for callers in callers() {
                                all.push(Self {
                                    deployment,
                                    authentication,
                                    caller_token,
                                    inject,
                                    subtenancy,
                                    mode: mode.clone(),
                                    callers,
                                });
                            }
                        }
                    }
                }
            }
        }
        all
    }

    fn policy(&self) -> Option<Policy> {
        let inject = self.inject.map(|when| Injection {
            when,
            form: Form::Token,
            ..super::support::injection("x-technical", When::Always)
        });
        let route = Route {
            authentication: self.authentication,
            subtenancy: self.subtenancy,
            subtenant: self.mode.clone(),
            upstream: Upstream {
                caller_token: self.caller_token,
                inject: inject.into_iter().collect(),
            },
            ..route("route", "/**")
        };
        let mut parts = parts(vec![route]);
        parts.deployment = self.deployment;
        parts.sources = vec![crate::policy::Source { callers: self.callers.clone(), ..source() }];
        Policy::new(parts).ok()
    }

    fn decide(&self, policy: &Policy, principal: Principal) -> Result<Permit, Denial> {
        let head = request("GET", "api.acme.example", "/x");
        let target = policy.target(&head).unwrap();
        Policy::decide(policy.locate(&target, &head).unwrap(), &target, &head, principal)
    }

    /// The first failure that an explanation tells.
    fn told(&self, policy: &Policy, principal: &Principal) -> Option<Denial> {
        let head = request("GET", "api.acme.example", "/x");
        let target = policy.target(&head).unwrap();
        let answers = policy.locate(&target, &head).unwrap().explain(&target, &head, principal);
        answers.into_iter().find_map(|answered| answered.outcome.err())
    }

    /// Whether the configuration may say this at all.
    fn is_allowed(&self) -> bool {
        let is_injecting = self.inject.is_some();
        let binds_nobody = match (self.deployment, self.authentication) {
            (_, Authentication::Required) => false,
            (_, Authentication::NotLookedAt) => true,
            (deployment, Authentication::Optional) => deployment == Deployment::Ingress,
        };
        let ingress = self.deployment == Deployment::Ingress;
        let contradicts = match self.authentication {
            Authentication::Required => false,
            Authentication::Optional => ingress && is_injecting,
            Authentication::NotLookedAt => {
                let is_else = self.inject == Some(When::NoCallerToken);
                let is_public_forward = ingress && self.caller_token == CallerToken::Forward;
                is_public_forward || is_else || (ingress && is_injecting)
            }
        };
        let only_for_nobody = binds_nobody && self.subtenancy == Subtenancy::Only;
        let impersonates_for_others =
            is_injecting && self.mode == SubtenantMode::Impersonate && self.callers.is_some();
        let is_wide_unaware =
            self.mode == SubtenantMode::TenantWide && self.subtenancy == Subtenancy::Refused;
        let acts_for_nobody = matches!(self.mode, SubtenantMode::One(_))
            && (ingress || (is_injecting && self.authentication == Authentication::Required));
        !(acts_for_nobody
            || contradicts
            || only_for_nobody
            || impersonates_for_others
            || is_wide_unaware)
    }
}

fn principals() -> [(&'static str, Principal); 5] {
    [
        ("nobody", Principal::anonymous()),
        ("A", caller("A", None)),
        ("A/s", caller("A", Some("s"))),
        ("B/s", caller("B", Some("s"))),
        ("no tenant", Principal::stand_in(Tenancy::Unstated, &["read"])),
    ]
}

/// The rules in one piece, as a reader of the design would apply them by hand.
fn expected(case: &Case, who: &str) -> &'static str {
    let who = if case.authentication == Authentication::NotLookedAt { "nobody" } else { who };
    let has_subtenant = who.ends_with("/s");
    if who == "nobody" && case.authentication == Authentication::Required {
        return "credential missing";
    }
    match case.subtenancy {
        Subtenancy::Refused if has_subtenant => return "subtenancy refused",
        Subtenancy::Only if !has_subtenant => return "subtenant required",
        Subtenancy::Aware | Subtenancy::Catalogue | Subtenancy::Only | Subtenancy::Refused => {}
    }
    let is_technical = match case.inject {
        None => false,
        Some(When::Always) => true,
        Some(When::NoCallerToken) => who == "nobody",
    };
    if !is_technical {
        return "no technical token";
    }
    let is_served = match (who, &case.callers) {
        ("nobody" | "A" | "A/s", _) | (_, Some(Callers::Any)) => true,
        ("B/s", Some(Callers::Only(tenants))) => tenants.contains(&tenant("B")),
        (_, None | Some(Callers::Nobody | Callers::Only(_))) => false,
    };
    if matches!(case.mode, SubtenantMode::One(_)) {
        return if who == "nobody" { "token of s" } else { "named beside token" };
    }
    match (is_served, has_subtenant, &case.mode) {
        (false, _, _) => "tenant mismatch",
        (true, false, _) | (true, true, SubtenantMode::TenantWide) => "tenant token",
        (true, true, SubtenantMode::Refuse) => "subtenant not carried",
        (true, true, SubtenantMode::Impersonate) => "token of s",
        (true, true, SubtenantMode::Header(_) | SubtenantMode::One(_)) => "no such case",
    }
}

fn found(decision: &Result<Permit, Denial>) -> &'static str {
    match decision {
        Ok(permit) if permit.injections().is_empty() => "no technical token",
        Ok(permit) => match permit.subtenant() {
            None => "tenant token",
            Some(subtenant) if subtenant.as_str() == "s" => "token of s",
            Some(other) => panic!("a token for {other:?}, which nobody has"),
        },
        Err(Denial::Acting(ActingError::BesideToken)) => "named beside token",
        Err(Denial::CredentialMissing) => "credential missing",
        Err(Denial::SubtenancyRefused) => "subtenancy refused",
        Err(Denial::SubtenantNotCarried) => "subtenant not carried",
        Err(Denial::SubtenantRequired) => "subtenant required",
        Err(Denial::TenantMismatch { .. }) => "tenant mismatch",
        Err(other) => panic!("{other:?} is no matter of this grid"),
    }
}

#[test]
fn every_combination_of_settings_is_decided_as_the_design_says() {
    let (mut refused, mut decided) = (0, 0);
    for case in Case::all() {
        let policy = case.policy();
        assert_eq!(policy.is_some(), case.is_allowed(), "{case:?}");
        let Some(policy) = policy else {
            refused += 1;
            continue;
        };
        for (who, principal) in principals() {
            let told = case.told(&policy, &principal);
            let decision = case.decide(&policy, principal);
            assert_eq!(told, decision.as_ref().err().cloned(), "{who}: {case:?}");
            assert_eq!(found(&decision), expected(&case, who), "{who}: {case:?}");
            decided += 1;
        }
    }
    assert_eq!((refused + decided / 5, decided % 5), (1152, 0));
    assert!(refused > 100 && decided > 1000, "{refused} refused, {decided} decided");
}

#[test]
fn a_technical_token_never_widens_a_caller() {
    let mut subtenants_served = 0;
    for case in Case::all() {
        let Some(policy) = case.policy() else { continue };
        for (who, principal) in principals() {
            let tenancy = principal.tenancy().clone();
            let Ok(permit) = case.decide(&policy, principal) else { continue };
            if permit.injections().is_empty() {
                assert_eq!(permit.subtenant(), None, "{who}: {case:?}");
                continue;
            }
            if permit.principal().kind() == PrincipalKind::Anonymous {
                assert_eq!(case.deployment, Deployment::Egress, "{who}: {case:?}");
                continue;
            }
            let source_tenant = Some(tenant("A"));
            let is_own = tenancy.tenant() == source_tenant.as_ref();
            assert!(is_own || case.callers.is_some(), "{who}: {case:?}");
            if let Some(subtenant) = tenancy.subtenant() {
                subtenants_served += 1;
                let is_same = is_own && permit.subtenant() == Some(subtenant);
                assert!(is_same || case.mode == SubtenantMode::TenantWide, "{who}: {case:?}");
            } else {
                assert_eq!(permit.subtenant(), None, "{who}: {case:?}");
            }
        }
    }
    assert!(subtenants_served > 0);
}

#[test]
fn dropping_the_token_never_gains_anything_on_ingress() {
    let mut anonymous_permits = 0;
    for case in Case::all() {
        let Some(policy) = case.policy() else { continue };
        if case.deployment == Deployment::Egress {
            continue;
        }
        if let Ok(permit) = case.decide(&policy, Principal::anonymous()) {
            anonymous_permits += 1;
            assert!(permit.injections().is_empty(), "{case:?}");
        }
    }
    assert!(anonymous_permits > 0);
}

const AUTHENTICATIONS: [Authentication; 3] =
    [Authentication::Required, Authentication::Optional, Authentication::NotLookedAt];
const UPSTREAMS: [(CallerToken, Option<When>); 4] = [
    (CallerToken::Forward, None),
    (CallerToken::Forward, Some(When::NoCallerToken)),
    (CallerToken::Remove, Some(When::Always)),
    (CallerToken::Remove, None),
];
const SUBTENANCIES: [Subtenancy; 3] = [Subtenancy::Refused, Subtenancy::Aware, Subtenancy::Only];

fn modes() -> [SubtenantMode; 4] {
    let one = SubtenantMode::One(SubtenantId::parse("s").unwrap());
    [SubtenantMode::Refuse, SubtenantMode::Impersonate, SubtenantMode::TenantWide, one]
}

fn callers() -> [Option<Callers>; 4] {
    let only = |name| Some(Callers::Only([tenant(name)].into()));
    [None, only("A"), only("B"), Some(Callers::Any)]
}
