//! The story of one request, told by what the core says when it is asked.

use std::sync::Arc;

use super::application_keys::AskedOfKeys;
use super::keys::{Offline, Supply, read};
use super::trace::Trace;
use super::upstream;
use super::words::{self, list, quoted};
use crate::application_key::KeyHolder;
use crate::config::Config;
use crate::credential::{self, KeyPlaces, Presented};
use crate::gateway::{Gateway, Heard, SessionFate};
use crate::jwt::{
    self, IssuerRules, Issuers, KeyRing, Keys, TokenError, Unverified, VerifiedToken,
};
use crate::message::{RequestHead, cookie_values, parameter_values};
use crate::policy::{Authentication, Demand, GuardedRoute, Mode, Policy};
use crate::principal::{Principal, PrincipalKind};
use crate::technical_token::SourceId;
use crate::tenancy::SubtenantId;
use crate::time::Timestamp;
use crate::tool::made_up::MadeUp;

/// Where a story is found.
pub(super) struct Found<'g> {
    pub(super) config: &'g Config,
    pub(super) keys: &'g KeyRing,
    pub(super) signatures: &'g Offline,
    pub(super) made_up: &'g MadeUp,
    pub(super) now: Timestamp,
}

/// What was found.
#[derive(Default)]
pub(super) struct Story {
    pub(super) trace: Trace,
    /// The technical tokens that the filter would need.
    pub(super) tokens: Vec<(SourceId, Option<SubtenantId>)>,
    /// Whether the decision depends on keys or variables that are not there.
    pub(super) is_undecided: bool,
    /// Whether a token was verified.
    pub(super) is_verified: bool,
    /// Whether it may be one of our own, for we do not know here who we are.
    may_be_own: bool,
}

impl Found<'_> {
    /// Tells the story of a request. What `gateway` says to it is not what it would say first.
    pub(super) fn narrate(
        &self,
        head: &RequestHead<'_>,
        supply: &Supply,
        gateway: &mut Gateway,
    ) -> Story {
        let mut story = Story::default();
        self.made_up.tell(&mut story.trace);
        self.tell(head, (supply, gateway), &mut story);
        story
    }

    /// Ends where the filter would end.
    fn tell(
        &self,
        head: &RequestHead<'_>,
        (supply, gateway): (&Supply, &mut Gateway),
        story: &mut Story,
    ) -> Option<()> {
        let policy = self.config.policy();
        let target = policy
            .target(head)
            .map_err(|error| {
                story.trace.not_met("request", format!("is refused: {}", error.reason()));
                Self::tell_mode(policy.mode_without_route(None), story);
            })
            .ok()?;
        let path: Vec<_> = target.path().segments().collect();
        story.trace.met(
            "request",
            format!(
                "{} on host {}, path {}",
                target.method(),
                quoted(target.host()),
                quoted(&format!("/{}", path.join("/")))
            ),
        );
        if let Some(logged_out) = gateway.logs_out(&target, head) {
            match logged_out {
                Ok(()) => story.trace.met("session", "ends here, if there is one"),
                Err(reason) => {
                    story.trace.not_met("session", format!("is not ended: {reason}"));
                }
            }
            return None;
        }
        if let Some(preflight) = policy.preflight(&target, head) {
            let route = preflight.route();
            story.trace.fact("route", words::route(route.route()));
            Self::tell_mode(policy.mode_of(route), story);
            story.trace.fact(
                "preflight",
                "the request asks whether a page may send another one; it passes without credentials and cookies if it has no body",
            );
            return None;
        }
        let route = policy.locate(&target, head).map_err(|denial| {
            story.trace.not_met("route", format!("none is for this request: {}", denial.reason()));
            Self::tell_mode(policy.mode_without_route(Some((&target, &denial))), story);
        });
        let route = route.ok()?;
        story.trace.met("route", words::route(route.route()));
        Self::tell_mode(policy.mode_of(route), story);
        let heard = gateway.hear(route, (&target, head), self.now, self.signatures);
        let caller = self.authenticate(route, (head, heard.as_ref()), supply, story)?;
        self.tell_caller(&caller, story);
        let answers = route.explain(&target, head, &caller);
        let is_open = |demand: &Demand<'_>| match demand {
            Demand::Contained(source) => self.made_up.has_tenant_of(&source.name),
            Demand::Claim(_)
            | Demand::Credential(_)
            | Demand::Acting(_)
            | Demand::OwnToken
            | Demand::Scopes(_)
            | Demand::Subtenancy(_)
            | Demand::Tenants(_) => false,
        };
        let is_denied =
            answers.iter().any(|answer| answer.outcome.is_err() && !is_open(&answer.demand));
        story.is_undecided |= story.may_be_own && !is_denied;
        for answered in answers {
            if let Demand::Contained(source) = &answered.demand
                && is_open(&answered.demand)
            {
                story.is_undecided |= !is_denied;
                let name = quoted(&source.name);
                let text = format!("of credential {name} the tenant is not known here");
                story.trace.unknown("containment", text);
                continue;
            }
            let (topic, text) = words::demand(&answered.demand, &caller);
            match answered.outcome {
                Ok(()) => story.trace.met(topic, text),
                Err(denial) => {
                    let reason = gateway.reason_of(denial);
                    story.trace.not_met(topic, format!("{text}: {reason}"));
                }
            }
        }
        if let (Some(catalogue), Some(_)) = (route.catalogue(), caller.tenancy().subtenant()) {
            let covering = catalogue.covering(&target);
            for grant in &covering {
                story.trace.fact("catalogue", words::grant(grant));
            }
            if covering.is_empty() {
                story.trace.fact("catalogue", "no role covers the request");
            }
        }
        let permit = Policy::decide(route, &target, head, caller).ok()?;
        if let Some(heard) = heard.filter(|heard| heard.fate == SessionFate::Opened) {
            if gateway.redirects(&heard, head, self.now) {
                story.trace.fact(
                    "session",
                    "is opened; the answer is a redirection to the same page without the key",
                );
                return Some(());
            }
            story.trace.fact("session", "is opened, unless the upstream answers with an error");
        }
        upstream::tell((self.config, head), &permit, self.made_up, story);
        Some(())
    }

    fn tell_mode(mode: Mode, story: &mut Story) {
        match mode {
            Mode::Enforce => {}
            Mode::ReportOnly => story.trace.fact(
                "mode",
                "report_only: the decision is counted and logged, and the request passes all the same",
            ),
        }
    }

    /// Who asks; `None` where the filter ends, or where that depends on keys that are missing.
    fn authenticate(
        &self,
        route: &GuardedRoute,
        (head, heard): (&RequestHead<'_>, Option<&Heard>),
        supply: &Supply,
        story: &mut Story,
    ) -> Option<Principal> {
        if route.authentication() == Authentication::NotLookedAt {
            story.trace.fact("presented", "credentials are not looked at on this route");
            return Some(Principal::anonymous());
        }
        let tokens = self.config.places();
        let refused = |reason| format!("is refused: {reason}");
        let known = self.config.application_keys().zip(self.config.owned_headers().keys());
        let Some(((keys, places), heard)) = known.zip(heard) else {
            let presented = credential::extract(head, tokens)
                .map_err(|error| story.trace.not_met("presented", refused(error.reason())))
                .ok()?;
            if presented.bearer.is_none() {
                story.trace.fact("presented", "nothing");
            }
            let token = self.verify(&presented, head, supply, story)?;
            return Some(token.map_or(Principal::anonymous(), Principal::of_token));
        };
        let presented = credential::extract_with_keys(head, tokens, places)
            .map_err(|error| story.trace.not_met("presented", refused(error.reason())))
            .ok()?;
        let trusts_address = self.config.trusts_client_address();
        let presented = &presented;
        let asked = AskedOfKeys { keys, head, presented, heard, supply, trusts_address };
        asked.tell_key(story)?;
        self.verify(presented, head, supply, story)?;
        asked.tell_caller(story)
    }

    /// The token that is presented, if one is; `None` where the filter ends, or where that depends on keys that
    /// are missing.
    fn verify(
        &self,
        presented: &Presented<'_>,
        head: &RequestHead<'_>,
        supply: &Supply,
        story: &mut Story,
    ) -> Option<Option<Arc<VerifiedToken>>> {
        let Some(bearer) = presented.bearer else { return Some(None) };
        let places = self.places(head);
        story.trace.fact("presented", format!("a bearer token in {}", places.join(" and ")));
        let issuer = self.tell_token(bearer.expose(), story);
        let verified = jwt::verify(
            bearer.expose(),
            self.config.issuers(),
            self.keys,
            self.signatures,
            self.now,
        );
        // Whoever knows how values are made up can sign with one.
        let is_secret_unset = issuer.is_some_and(|issuer| {
            matches!(self.keys.get(issuer.keys()), Some(Keys::Secret(_)))
                && supply.lacks_secret(issuer)
        });
        match verified {
            Ok(_) | Err(Unverified::Refused(TokenError::SignatureInvalid)) if is_secret_unset => {
                story.is_undecided = true;
                story
                    .trace
                    .unknown("signature", "was not checked: the issuer's secret is not set here");
                None
            }
            Ok(token) => {
                if self.may_be_own(&token, bearer.expose()) {
                    story.may_be_own = true;
                    story.trace.unknown("token", "may be one of our own credentials', which are refused: the id of a client is not set here");
                }
                self.tell_verified(token, presented, head, supply, story).map(Some)
            }
            Err(Unverified::Refused(TokenError::Expired { .. })) if presented.is_ambient() => {
                story.trace.fact("token", "has expired; in a cookie that counts as none");
                Some(None)
            }
            Err(Unverified::Refused(error)) => {
                story.trace.not_met("token", format!("is refused: {}", error.reason()));
                None
            }
            Err(Unverified::KeyUnknown(_)) => {
                story.trace.not_met("signature", "the key is not in the set: key_unknown; the filter would fetch the set once more, in case that the issuer has another one by now");
                None
            }
            Err(Unverified::KeysMissing(_)) => {
                story.is_undecided = true;
                story.trace.unknown(
                    "signature",
                    "was not checked: the issuer's keys are missing; hand them in with `--jwks`",
                );
                None
            }
        }
    }

    /// Whether a token would be refused if its client were one of ours, where it was made up who that is.
    fn may_be_own(&self, token: &VerifiedToken, bytes: &[u8]) -> bool {
        let client = token.client().or(token.subject());
        let (true, Some(client)) = (self.made_up.has_client(), client) else { return false };
        let mut parts = token.issuer().parts().clone();
        parts.own_clients = Arc::new([client.into()].into());
        let issuers =
            IssuerRules::new(parts).ok().and_then(|rules| Issuers::new([Arc::new(rules)]).ok());
        issuers.is_some_and(|issuers| {
            let verified = jwt::verify(bytes, &issuers, self.keys, self.signatures, self.now);
            matches!(verified, Err(Unverified::Refused(TokenError::OwnToken)))
        })
    }

    /// Where a token stands.
    fn places(&self, head: &RequestHead<'_>) -> Vec<String> {
        let mut found = Vec::new();
        let is_basic = |keys: &KeyPlaces| keys.has_basic(head);
        if head.values(b"authorization").next().is_some()
            && !self.config.owned_headers().keys().is_some_and(is_basic)
        {
            found.push("`authorization`".to_owned());
        }
        let places = self.config.places();
        for (name, _) in places.headers() {
            if head.values(name.as_str().as_bytes()).next().is_some() {
                found.push(format!("header {}", quoted(name.as_str())));
            }
        }
        for name in places.parameters() {
            let has = |target| parameter_values(target, name).next().is_some();
            if head.path().is_some_and(has) {
                found.push(format!("parameter {}", quoted(name.as_str())));
            }
        }
        for name in places.cookies() {
            if cookie_values(head, name).next().is_some() {
                found.push(format!("cookie {}", quoted(name.as_str())));
            }
        }
        found
    }

    /// What a token says of itself, before anything is proven.
    fn tell_token(&self, token: &[u8], story: &mut Story) -> Option<&Arc<IssuerRules>> {
        let (claims, issuer) = read(self.config, token)?;
        let expiry = claims.expires_at.map(|at| at.as_seconds());
        let facts = [
            words::fact("algorithm", Some(&claims.algorithm)),
            words::fact("key", claims.key_id.as_ref()),
            words::fact("issuer", claims.issuer.as_ref()),
            words::fact("expiry", expiry),
        ];
        let facts: Vec<_> = facts.into_iter().flatten().collect();
        story.trace.fact("token", format!("says of itself: {}", facts.join(", ")));
        match issuer {
            Some(issuer) => story.trace.met("issuer", quoted(issuer.name())),
            None => story.trace.fact("issuer", "is none that the configuration knows"),
        }
        issuer
    }

    fn tell_verified(
        &self,
        token: VerifiedToken,
        presented: &Presented<'_>,
        head: &RequestHead<'_>,
        supply: &Supply,
        story: &mut Story,
    ) -> Option<Arc<VerifiedToken>> {
        story.is_verified = true;
        if supply.is_assumed() {
            story.trace.unknown("signature", "was not checked, and is taken for good");
        } else if self.signatures.has_needed_host() {
            story.trace.met("signature", "is good; Envoy computes it, by a key of over 4,096 bits, and where it cannot the filter refuses it: signature_unsupported");
        } else {
            story.trace.met("signature", "is good");
        }
        if let Err(error) = presented.check_origin(head) {
            story.trace.not_met("presented", format!("is refused: {}", error.reason()));
            return None;
        }
        if let Err(error) = token.confirm(|| head.certificate_digest()) {
            let reason = error.reason();
            story.trace.not_met(
                "token",
                format!("is bound to a certificate, and there is none here: {reason}"),
            );
            return None;
        }
        Some(Arc::new(token))
    }

    fn tell_caller(&self, caller: &Principal, story: &mut Story) {
        if caller.kind() == PrincipalKind::Anonymous {
            story.trace.fact("caller", "nobody");
            return;
        }
        let tenancy = caller.tenancy();
        let facts = [
            words::fact("tenant", tenancy.tenant().map(|tenant| tenant.as_str())),
            words::fact("subtenant", tenancy.subtenant().map(|subtenant| subtenant.as_str())),
            words::fact("user", caller.user()),
            words::fact("client", caller.client()),
            words::fact("key", caller.key().map(KeyHolder::name)),
        ];
        let mut facts: Vec<_> = facts.into_iter().flatten().collect();
        facts.push(format!("scopes {}", list(caller.scopes())));
        story.trace.fact("caller", facts.join(", "));
    }
}
