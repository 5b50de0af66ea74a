//! What the filter would say to an application key, or to the session of one.

use std::sync::Arc;

use super::narrate::Story;
use super::words::quoted;
use crate::application_key::{
    Asked, Client, KeyHolder, KeyPlace, KeyRefused, KeySet, SessionRefused, Use,
};
use crate::config::{ApplicationKeys, KeyStore};
use crate::credential::Presented;
use crate::jwt::VerifiedToken;
use crate::message::{RequestHead, RequestTarget};
use crate::policy::{BasicWithKey, WhenBoth};
use crate::principal::{IdentityMismatch, Principal};
use crate::time::Timestamp;

/// A request where application keys are known.
pub(super) struct AskedOfKeys<'r> {
    pub(super) keys: &'r ApplicationKeys,
    pub(super) target: &'r RequestTarget<'r>,
    pub(super) head: &'r RequestHead<'r>,
    pub(super) now: Timestamp,
    pub(super) trusts_address: bool,
}

impl AskedOfKeys<'_> {
    /// Who holds the key that is presented, if one is; `None` where the filter ends, or where that depends on
    /// keys that are not here.
    pub(super) fn tell(
        &self,
        presented: &Presented<'_>,
        story: &mut Story,
    ) -> Option<Option<Arc<KeyHolder>>> {
        let combination = self.keys.combination;
        let Some(key) = &presented.application_key else {
            if presented.bearer.is_none() {
                let what = if presented.session.is_some() { "a session" } else { "nothing" };
                story.trace.fact("presented", what);
            }
            return Some(None);
        };
        let from = if key.from().is_query() { KeyPlace::Query } else { KeyPlace::Header };
        story.trace.fact("presented", format!("an application key in its {}", from.word()));
        if presented.has_basic && combination.basic == BasicWithKey::Reject {
            story.trace.not_met(
                "presented",
                "is refused: multi_credentials, a user and a password stand beside",
            );
            return None;
        }
        if presented.bearer.is_some() && combination.when_both == WhenBoth::Reject {
            story.trace.not_met(
                "presented",
                "is refused: multi_credentials, a bearer token stands beside",
            );
            return None;
        }
        let keys = self.key_set(story)?;
        let ask = || self.address();
        match self.keys.rules.judge(&keys, key.expose(), &self.wanted(from, &ask)) {
            Ok(grant) => {
                story.trace.met("application key", format!("{} is good", quoted(grant.name)));
                Some(Some(Arc::new(KeyHolder::new(grant, from))))
            }
            Err(refusal) => {
                let name = refusal.name.map_or("it".to_owned(), quoted);
                let reason = self.reason(refusal.refused);
                story.trace.not_met("application key", format!("{name} is refused: {reason}"));
                None
            }
        }
    }

    /// Who asks; `None` where the filter ends.
    pub(super) fn combine(
        &self,
        token: Option<Arc<VerifiedToken>>,
        holder: Option<Arc<KeyHolder>>,
        presented: &Presented<'_>,
        story: &mut Story,
    ) -> Option<Principal> {
        match (token, holder) {
            (Some(token), Some(holder)) => Principal::of_token_and_key(token, holder)
                .map_err(|IdentityMismatch| {
                    story.trace.not_met("identity", "the token and the key are of different users, tenants or subtenants: identity_mismatch");
                })
                .ok(),
            (Some(token), None) => Some(Principal::of_token(token)),
            (None, Some(holder)) => Some(Principal::of_key(holder)),
            (None, None) => self.session(presented, story),
        }
    }

    fn session(&self, presented: &Presented<'_>, story: &mut Story) -> Option<Principal> {
        let Some((settings, cookie)) = self.keys.session.as_ref().zip(presented.session) else {
            return Some(Principal::anonymous());
        };
        let keys = self.key_set(story)?;
        let ask = || self.address();
        let checked = settings.keys.verify(cookie.expose(), self.now).and_then(|session| {
            let from = KeyPlace::Session { epoch: session.epoch };
            let grant = session.check(&keys, &self.wanted(from, &ask))?;
            Ok::<_, SessionRefused>(KeyHolder::new(grant, from))
        });
        match checked {
            Ok(holder) => {
                if let Err(error) = presented.check_origin(self.head) {
                    story.trace.not_met("session", format!("is refused: {}", error.reason()));
                    return None;
                }
                story.trace.met("session", format!("of key {} is good", quoted(holder.name())));
                Some(Principal::of_key(Arc::new(holder)))
            }
            Err(refused) => {
                let reason = refused.reason();
                story.trace.fact("session", format!("is none any more: {reason}"));
                Some(Principal::anonymous())
            }
        }
    }

    /// The keys that are here.
    fn key_set(&self, story: &mut Story) -> Option<Arc<KeySet>> {
        match &self.keys.store {
            KeyStore::Inline(keys) => Some(Arc::clone(keys)),
            KeyStore::Remote(store) => {
                if store.initial.is_none() {
                    story.is_undecided = true;
                    story.trace.unknown(
                        "application key",
                        "was not looked up: the keys of the store are not here",
                    );
                } else {
                    story.trace.fact("application key", "is looked up in the keys of the configuration; those of the store are not here");
                }
                store.initial.clone()
            }
        }
    }

    fn reason(&self, refused: KeyRefused) -> String {
        match refused {
            KeyRefused::Address if !self.trusts_address => {
                "appkey_ip; no address is trusted without `client_address`".to_owned()
            }
            KeyRefused::Address if self.head.source().is_none() => {
                "appkey_ip; no address was stated here".to_owned()
            }
            refused => refused.reason().to_owned(),
        }
    }

    fn address(&self) -> Option<std::net::IpAddr> {
        self.trusts_address.then(|| self.head.source()).flatten()
    }

    fn wanted<'u>(
        &'u self,
        from: KeyPlace,
        ask: &'u dyn Fn() -> Option<std::net::IpAddr>,
    ) -> Use<'u> {
        let asked = Asked {
            method: self.target.method(),
            host: self.target.host(),
            path: self.target.path().as_str(),
        };
        Use { now: self.now, leeway: self.keys.leeway, client: Client::Unasked(ask), from, asked }
    }
}
