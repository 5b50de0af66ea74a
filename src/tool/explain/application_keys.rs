//! What the filter makes of an application key, and of the session of one: what it said itself, in words.

use super::keys::Supply;
use super::narrate::Story;
use super::words::quoted;
use crate::application_key::{KeyPlace, KeyRefused};
use crate::config::{ApplicationKeys, KeyStore};
use crate::credential::Presented;
use crate::gateway::{Beside, Heard, SessionFate, Unheard};
use crate::message::RequestHead;
use crate::policy::BasicWithKey;
use crate::principal::{Principal, PrincipalKind};

/// A request where application keys are known, and what the filter makes of what it presents.
pub(super) struct AskedOfKeys<'r> {
    pub(super) keys: &'r ApplicationKeys,
    pub(super) head: &'r RequestHead<'r>,
    pub(super) presented: &'r Presented<'r>,
    pub(super) heard: &'r Heard,
    pub(super) supply: &'r Supply,
    pub(super) trusts_address: bool,
}

impl AskedOfKeys<'_> {
    /// Tells what is presented, and what becomes of the key; `None` where the filter ends, or where that depends on
    /// keys that are not here.
    pub(super) fn tell_key(&self, story: &mut Story) -> Option<()> {
        let Some(place) = self.place() else {
            let session = self.presented.session;
            if self.presented.bearer.is_none() {
                let what = session.map_or("nothing", |_| "a session");
                story.trace.fact("presented", what);
            }
            return self.tell_problem(story);
        };
        story.trace.fact("presented", format!("an application key in its {}", place.word()));
        self.tell_problem(story)?;
        self.tell_store("application key", story)?;
        match &self.heard.caller {
            Err(Unheard::Key(refused)) => {
                self.tell_refused(*refused, story);
                None
            }
            Ok(_) | Err(_) => {
                if let Some(name) = self.name() {
                    story.trace.met("application key", format!("{} is good", quoted(name)));
                }
                Some(())
            }
        }
    }

    /// Tells what is left to tell, and who asks; `None` where the filter ends, or where that depends on what is not
    /// here. The token has been told.
    pub(super) fn tell_caller(&self, story: &mut Story) -> Option<Principal> {
        if self.lacks_session() {
            story.is_undecided = true;
            let words = "was not checked: the key that signs it is not set here";
            story.trace.unknown("session", words);
            return None;
        }
        if matches!(self.heard.key, Some((KeyPlace::Session { .. }, _))) {
            self.tell_store("session", story)?;
        }
        let caller = match &self.heard.caller {
            Ok(caller) => caller,
            Err(unheard) => {
                self.tell_end(*unheard, story);
                return None;
            }
        };
        let (lasts, is_cleared) = match self.heard.fate {
            SessionFate::Ended => ("", "; its cookie is cleared"),
            SessionFate::Renewed => (", and lasts longer once the upstream has answered", ""),
            SessionFate::Opened | SessionFate::Stays => ("", ""),
        };
        if let Some((KeyPlace::Session { .. }, Some(name))) = &self.heard.key {
            story.trace.met("session", format!("of key {} is good{lasts}", quoted(name)));
        }
        if let Some(refused) = self.heard.session_refused {
            let reason = refused.reason();
            story.trace.fact("session", format!("is none any more: {reason}{is_cleared}"));
        }
        Some(caller.clone())
    }

    /// Where the key stands that counts.
    fn place(&self) -> Option<KeyPlace> {
        match self.heard.key {
            Some((place @ (KeyPlace::Header | KeyPlace::Query), _)) => Some(place),
            Some((KeyPlace::Session { .. }, _)) => None,
            None => {
                self.presented.application_key.as_ref().map(|key| match key.from().is_query() {
                    true => KeyPlace::Query,
                    false => KeyPlace::Header,
                })
            }
        }
    }

    fn name(&self) -> Option<&str> {
        self.heard.key.as_ref().and_then(|(_, name)| name.as_deref())
    }

    /// Tells what is wrong before a key is looked up; `None` if something is.
    fn tell_problem(&self, story: &mut Story) -> Option<()> {
        let reason = match &self.heard.caller {
            Err(Unheard::Presented(Beside::Basic)) => {
                "multi_credentials, a user and a password stand beside"
            }
            Err(Unheard::Presented(Beside::Token)) => {
                "multi_credentials, a bearer token stands beside"
            }
            Err(Unheard::Presented(Beside::Malformed(reason))) => reason,
            Err(Unheard::Key(refused @ (KeyRefused::Checksum | KeyRefused::Format))) => {
                self.tell_refused(*refused, story);
                return None;
            }
            Ok(_)
            | Err(
                Unheard::Different | Unheard::Key(_) | Unheard::KeysMissing | Unheard::Other(_),
            ) => {
                if self.presented.has_basic && self.keys.combination.basic == BasicWithKey::Drop {
                    let words = "a user and a password beside it, which do not count";
                    story.trace.fact("presented", words);
                }
                return Some(());
            }
        };
        story.trace.not_met("presented", format!("is refused: {reason}"));
        None
    }

    /// Tells why the request ends after all keys and tokens.
    fn tell_end(&self, unheard: Unheard, story: &mut Story) {
        let (topic, words, reason) = match unheard {
            Unheard::KeysMissing => {
                self.tell_store("session", story);
                return;
            }
            Unheard::Different => (
                "identity",
                "the token and the key are of different users, tenants or subtenants",
                "identity_mismatch",
            ),
            Unheard::Other(reason) if self.place().is_some() => {
                ("session", "none is opened", reason)
            }
            Unheard::Other(reason) => ("session", "is refused", reason),
            // These were told before the token.
            Unheard::Key(_) | Unheard::Presented(_) => return,
        };
        story.trace.not_met(topic, format!("{words}: {reason}"));
    }

    fn tell_refused(&self, refused: KeyRefused, story: &mut Story) {
        if refused == KeyRefused::Unknown && self.supply.lacks_pepper() {
            story.is_undecided = true;
            let words = "is not known without its pepper, and one is not set here";
            story.trace.unknown("application key", words);
            return;
        }
        let name = self.name().map_or("it".to_owned(), quoted);
        let reason = match refused {
            KeyRefused::Address if !self.trusts_address => {
                "appkey_ip; no address is trusted without `client_address`"
            }
            KeyRefused::Address if self.head.source().is_none() => {
                "appkey_ip; no address was stated here"
            }
            refused => refused.reason(),
        };
        story.trace.not_met("application key", format!("{name} is refused: {reason}"));
    }

    /// Tells which keys are here; `None` if none are.
    fn tell_store(&self, topic: &'static str, story: &mut Story) -> Option<()> {
        let KeyStore::Remote(store) = &self.keys.store else { return Some(()) };
        if store.initial.is_none() {
            story.trace.unknown(topic, "was not looked up: the keys of the store are not here");
            return None;
        }
        let words =
            "is looked up in the keys of the configuration; those of the store are not here";
        story.trace.fact(topic, words);
        Some(())
    }

    /// Whether what becomes of the request depends on a session whose signing key is not set here.
    fn lacks_session(&self) -> bool {
        let Some(session) = self.presented.session else { return false };
        let is_by_token =
            matches!(&self.heard.caller, Ok(caller) if caller.kind() == PrincipalKind::Bearer);
        // A key takes the place of a session, one in a query of none of another user.
        let counts = match self.place() {
            None => !is_by_token,
            Some(KeyPlace::Query) => self.presented.asks_for_session && self.keys.session.is_some(),
            Some(KeyPlace::Header | KeyPlace::Session { .. }) => false,
        };
        counts && self.supply.lacks_key_of(session)
    }
}
