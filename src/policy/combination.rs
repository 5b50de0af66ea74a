//! What the settings of a route mean together: the one table of authentication and upstream.

use std::fmt;

use super::route::{Authentication, CallerToken, Route, Upstream};
use super::source::When;

/// Which way the traffic of this filter goes; it decides what may be combined.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Deployment {
    /// A program calls out through its own proxy: without a token of its own, the program is whom
    /// the technical tokens belong to.
    Egress,
    /// Clients call in: whoever presents nothing is nobody.
    Ingress,
}

/// Settings of a route that contradict each other.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum CombinationError {
    /// `when: always` where the caller's token is forwarded.
    AlwaysWithForward,
    /// Egress, no authentication, technical token only for callers without one.
    NotLookedAtElseTechnical,
    /// Ingress, optional authentication, technical token only for callers without one.
    OptionalElseTechnical,
    /// Ingress, optional authentication, technical token for everybody.
    OptionalTechnical,
    /// `pass_unverified` where it has no meaning.
    PassUnverifiedMisplaced,
    /// Ingress, no authentication, technical token only for callers without one.
    PublicElseTechnical,
    /// Ingress, no authentication, the caller's token is forwarded unverified.
    PublicForward,
    /// Ingress, no authentication, technical token for everybody.
    PublicTechnical,
    /// `when: no_caller_token` where the caller's token is removed.
    WhenWithRemove,
}

/// What is done for each kind of caller that a route may meet.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Plan {
    /// For callers that presented nothing, or whose credential is not looked at.
    /// `None`: they are refused, since a credential is required.
    pub(super) anonymous: Option<Treatment>,
    /// For callers with a verified bearer token.
    pub(super) bearer: Treatment,
    /// For callers with an application key, or a session of one. `None`: they are refused, since what
    /// goes on is a bearer token, and they have none.
    pub(super) key: Option<Treatment>,
}

/// What the upstream sees of credentials.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Treatment {
    /// What the caller presented, as it is.
    Forward,
    /// Nothing.
    Nothing,
    /// Technical tokens, within the containment rule.
    Technical,
}

/// The plan of `route`: the table "Combinations" in `docs/configuration.md`.
pub(super) fn plan(deployment: Deployment, route: &Route) -> Result<Plan, CombinationError> {
    use Authentication::{NotLookedAt, Optional, Required};
    use Deployment::{Egress, Ingress};
    use Mode::{Nothing, Technical, User, UserElseTechnical};
    let mode = Mode::of(&route.upstream)?;
    let key = match mode {
        Nothing => Some(Treatment::Nothing),
        Technical | UserElseTechnical => Some(Treatment::Technical),
        User => None,
    };
    let all = |treatment| Ok(Plan { anonymous: Some(treatment), bearer: treatment, key });
    let refuse_or = |bearer| Ok(Plan { anonymous: None, bearer, key });
    let of = |anonymous, bearer| Ok(Plan { anonymous: Some(anonymous), bearer, key });
    let cell = (route.authentication, deployment, mode);
    if route.pass_unverified && cell != (NotLookedAt, Ingress, User) {
        return Err(CombinationError::PassUnverifiedMisplaced);
    }
    match cell {
        (Required, Egress | Ingress, User | UserElseTechnical) => refuse_or(Treatment::Forward),
        (Required, Egress | Ingress, Technical) => refuse_or(Treatment::Technical),
        (Required, Egress | Ingress, Nothing) => refuse_or(Treatment::Nothing),

        (Optional, Egress | Ingress, User) => of(Treatment::Nothing, Treatment::Forward),
        (Optional, Ingress, UserElseTechnical) => Err(CombinationError::OptionalElseTechnical),
        (Optional, Ingress, Technical) => Err(CombinationError::OptionalTechnical),
        (Optional, Egress, UserElseTechnical) => of(Treatment::Technical, Treatment::Forward),
        (Optional, Egress, Technical) => all(Treatment::Technical),
        (Optional, Egress | Ingress, Nothing) => all(Treatment::Nothing),

        (NotLookedAt, Ingress, User) if route.pass_unverified => all(Treatment::Forward),
        (NotLookedAt, Ingress, User) => Err(CombinationError::PublicForward),
        (NotLookedAt, Ingress, UserElseTechnical) => Err(CombinationError::PublicElseTechnical),
        (NotLookedAt, Ingress, Technical) => Err(CombinationError::PublicTechnical),
        (NotLookedAt, Egress, User) => all(Treatment::Forward),
        (NotLookedAt, Egress, UserElseTechnical) => Err(CombinationError::NotLookedAtElseTechnical),
        (NotLookedAt, Egress, Technical) => all(Treatment::Technical),
        (NotLookedAt, Egress | Ingress, Nothing) => all(Treatment::Nothing),
    }
}

/// The columns of the table.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Mode {
    Nothing,
    Technical,
    User,
    UserElseTechnical,
}

impl Mode {
    fn of(upstream: &Upstream) -> Result<Self, CombinationError> {
        let has = |when| upstream.inject.iter().any(|injection| injection.when == when);
        match upstream.caller_token {
            CallerToken::Forward if has(When::Always) => Err(CombinationError::AlwaysWithForward),
            CallerToken::Forward if has(When::NoCallerToken) => Ok(Self::UserElseTechnical),
            CallerToken::Forward => Ok(Self::User),
            CallerToken::Remove if has(When::NoCallerToken) => {
                Err(CombinationError::WhenWithRemove)
            }
            CallerToken::Remove if has(When::Always) => Ok(Self::Technical),
            CallerToken::Remove => Ok(Self::Nothing),
        }
    }
}

impl fmt::Display for CombinationError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::AlwaysWithForward => {
                "`caller_token: forward` with `when: always` would send two tokens, \
                 write `when: no_caller_token` or `caller_token: remove`"
            }
            Self::NotLookedAtElseTechnical => {
                "with `authentication: none` no token is looked at, so that `when: no_caller_token` \
                 cannot be known, write `authentication: optional`"
            }
            Self::OptionalElseTechnical => {
                "with `authentication: optional` on ingress, a caller would gain a technical token \
                 by presenting none, write `authentication: required`"
            }
            Self::OptionalTechnical => {
                "with `authentication: optional` on ingress, everybody could use the technical \
                 token, write `authentication: required`"
            }
            Self::PassUnverifiedMisplaced => {
                "`pass_unverified` is only for ingress with `authentication: none`, \
                 `caller_token: forward` and nothing injected"
            }
            Self::PublicElseTechnical => {
                "with `authentication: none` on ingress, no token is looked at and everybody could \
                 use the technical token, write `authentication: required`"
            }
            Self::PublicForward => {
                "with `authentication: none` on ingress, an unverified token would be forwarded, \
                 write `caller_token: remove`, or `pass_unverified: true` if that is meant"
            }
            Self::PublicTechnical => {
                "with `authentication: none` on ingress, everybody could use the technical token, \
                 write `authentication: required`"
            }
            Self::WhenWithRemove => {
                "`caller_token: remove` with `when: no_caller_token` would leave some requests \
                 without a token, write `when: always` or `caller_token: forward`"
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::pattern::PathPattern;
    use super::super::route::{ScopeRequirement, Subtenancy, SubtenantMode, Upstream401};
    use super::super::source::{Form, Injection, SourceId};
    use super::super::{HeaderConditions, HostPattern, Methods};
    use super::*;
    use crate::message::{HeaderName, Opaque};

    fn route(
        authentication: Authentication,
        caller_token: CallerToken,
        inject: &[When],
        pass_unverified: bool,
    ) -> Route {
        let inject = inject.iter().enumerate().map(|(index, &when)| Injection {
            source: SourceId(1),
            header: HeaderName::parse(&format!("x-token-{index}")).unwrap(),
            prefix: Arc::from(""),
            when,
            form: Form::Token,
        });
        Route {
            name: Arc::from("route"),
            hosts: vec![HostPattern::Any],
            path: PathPattern::parse("/**").unwrap(),
            methods: Methods::Any,
            headers: HeaderConditions::default(),
            opaque: Opaque::default(),
            authentication,
            subtenancy: Subtenancy::Refused,
            subtenant: SubtenantMode::Refuse,
            scopes: ScopeRequirement::NotNeeded,
            tenants: None,
            claims: Vec::new(),
            upstream: Upstream { caller_token, inject: inject.collect() },
            upstream_401: Upstream401::PassOn,
            passes_preflight: false,
            mode: super::super::mode::Mode::Enforce,
            pass_unverified,
        }
    }

    #[test]
    fn authentication_and_upstream_combine_as_the_design_says() {
        use Authentication::{NotLookedAt, Optional, Required};
        use CombinationError as E;
        use Deployment::{Egress, Ingress};
        use Treatment::{Forward, Nothing, Technical};
        let columns: [(CallerToken, &[When]); 4] = [
            (CallerToken::Forward, &[]),
            (CallerToken::Forward, &[When::NoCallerToken]),
            (CallerToken::Remove, &[When::Always]),
            (CallerToken::Remove, &[]),
        ];
        // Columns: user, user or technical, technical, none.
        let keys = [None, Some(Technical), Some(Technical), Some(Nothing)];
        let ok = |anonymous, bearer| Ok((anonymous, bearer));
        #[rustfmt::skip]
        let rows = [
            (Ingress, Required, [
                ok(None, Forward), ok(None, Forward), ok(None, Technical), ok(None, Nothing),
            ]),
            (Egress, Required, [
                ok(None, Forward), ok(None, Forward), ok(None, Technical), ok(None, Nothing),
            ]),
            (Ingress, Optional, [
                ok(Some(Nothing), Forward), Err(E::OptionalElseTechnical),
                Err(E::OptionalTechnical), ok(Some(Nothing), Nothing),
            ]),
            (Egress, Optional, [
                ok(Some(Nothing), Forward), ok(Some(Technical), Forward),
                ok(Some(Technical), Technical), ok(Some(Nothing), Nothing),
            ]),
            (Ingress, NotLookedAt, [
                Err(E::PublicForward), Err(E::PublicElseTechnical),
                Err(E::PublicTechnical), ok(Some(Nothing), Nothing),
            ]),
            (Egress, NotLookedAt, [
                ok(Some(Forward), Forward), Err(E::NotLookedAtElseTechnical),
                ok(Some(Technical), Technical), ok(Some(Nothing), Nothing),
            ]),
        ];
        for (deployment, authentication, expected) in rows {
            for (((caller_token, inject), expected), key) in
                columns.into_iter().zip(expected).zip(keys)
            {
                let with_key = |(anonymous, bearer)| Plan { anonymous, bearer, key };
                let case = format!("{deployment:?} {authentication:?} {caller_token:?} {inject:?}");
                let plain = route(authentication, caller_token, inject, false);
                assert_eq!(plan(deployment, &plain), expected.map(with_key), "{case}");
                let unverified = route(authentication, caller_token, inject, true);
                let expected = match expected {
                    Err(E::PublicForward) => ok(Some(Forward), Forward),
                    _ => Err(E::PassUnverifiedMisplaced),
                };
                assert_eq!(
                    plan(deployment, &unverified),
                    expected.map(with_key),
                    "{case}, unverified"
                );
            }
        }
    }

    #[test]
    fn when_and_caller_token_must_not_contradict_each_other() {
        use When::{Always, NoCallerToken};
        let forward = (CallerToken::Forward, CombinationError::AlwaysWithForward);
        let remove = (CallerToken::Remove, CombinationError::WhenWithRemove);
        let rows: [(_, &[When]); 4] = [
            (forward, &[Always]),
            (forward, &[NoCallerToken, Always]),
            (remove, &[NoCallerToken]),
            (remove, &[Always, NoCallerToken]),
        ];
        for ((caller_token, expected), inject) in rows {
            let route = route(Authentication::Required, caller_token, inject, false);
            assert_eq!(plan(Deployment::Ingress, &route), Err(expected), "{inject:?}");
        }
    }

    #[test]
    fn each_refused_combination_has_its_own_text() {
        let all = [
            CombinationError::AlwaysWithForward,
            CombinationError::NotLookedAtElseTechnical,
            CombinationError::OptionalElseTechnical,
            CombinationError::OptionalTechnical,
            CombinationError::PassUnverifiedMisplaced,
            CombinationError::PublicElseTechnical,
            CombinationError::PublicForward,
            CombinationError::PublicTechnical,
            CombinationError::WhenWithRemove,
        ];
        let texts: std::collections::BTreeSet<_> = all.iter().map(ToString::to_string).collect();
        assert_eq!(texts.len(), all.len());
    }
}
