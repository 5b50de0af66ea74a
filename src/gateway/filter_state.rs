//! What a request leaves in filter state, for the access log and the filters that come after.

use std::ops::Deref;
use std::sync::Arc;

use super::exchange::Case;
use super::key_holding::KeySeen;
use crate::config::Noting;
use crate::message::percent_encode;
use crate::principal::Principal;

/// One value of the filter state.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum StateKey {
    /// The OAuth client.
    Client,
    /// The public code of a refusal.
    Code,
    /// What kind of credential proved who the caller is.
    CredentialKind,
    /// What was decided: see [`Decision`].
    Decision,
    /// The first 8 hexadecimal digits of the digest of the application key.
    KeyDigest,
    /// Where the application key stood: `header`, `query` or `session`.
    KeyFrom,
    /// The name of the application key.
    KeyName,
    /// The exact reason of a refusal.
    Reason,
    /// The name of the route.
    Route,
    /// The verified subtenant.
    Subtenant,
    /// The verified tenant.
    Tenant,
    /// The user.
    User,
}

/// The values to set, in order. A key is left out where there is nothing to say.
pub type FilterState = Vec<(StateKey, StateText)>;

/// A text of the filter state.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum StateText {
    /// A word of ours.
    Fixed(&'static str),
    /// What is made for the request.
    Made(String),
    /// A name of the configuration.
    Named(Arc<str>),
}

impl Deref for StateText {
    type Target = str;

    fn deref(&self) -> &str {
        match self {
            Self::Fixed(text) => text,
            Self::Made(text) => text,
            Self::Named(text) => text,
        }
    }
}

/// What was decided about a request.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Decision {
    /// It goes on.
    Allow,
    /// It is answered by us, as it asks for nothing else: a session is opened or ended.
    Answer,
    /// It is answered by us.
    Deny,
    /// It would be answered by us, and goes on: report-only.
    WouldDeny,
    /// It would wait, for what decides about it or what it needs, and goes on: report-only.
    WouldWait,
}

impl StateKey {
    /// The name. Envoy puts `wasm.` before it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Client => "tenantgate.client",
            Self::Code => "tenantgate.code",
            Self::CredentialKind => "tenantgate.credential_kind",
            Self::Decision => "tenantgate.decision",
            Self::KeyDigest => "tenantgate.key_digest",
            Self::KeyFrom => "tenantgate.key_from",
            Self::KeyName => "tenantgate.key_name",
            Self::Reason => "tenantgate.reason",
            Self::Route => "tenantgate.route",
            Self::Subtenant => "tenantgate.subtenant",
            Self::Tenant => "tenantgate.tenant",
            Self::User => "tenantgate.user",
        }
    }
}

impl Decision {
    /// The word that filter state holds.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Answer => "answer",
            Self::Deny => "deny",
            Self::WouldDeny => "would_deny",
            Self::WouldWait => "would_wait",
        }
    }
}

/// Where a request goes, and who asks, as far as it is known.
#[derive(Clone, Copy)]
pub(super) struct Known<'k> {
    pub(super) route: Option<&'k Arc<str>>,
    pub(super) principal: &'k Principal,
    pub(super) key: Option<&'k KeySeen>,
}

impl<'k> From<&'k Case> for Known<'k> {
    fn from(case: &'k Case) -> Self {
        Self { route: case.route_name(), principal: &case.principal, key: case.key.as_ref() }
    }
}

/// The filter state of a decision; `refused` is the code and the exact reason of a refusal.
pub(super) fn filter_state(
    noting: Noting,
    decision: Decision,
    refused: Option<(&'static str, &'static str)>,
    known: Known<'_>,
) -> FilterState {
    let is_whole = match (noting, decision) {
        (Noting::Never, _) | (Noting::Refusals, Decision::Allow) => return FilterState::new(),
        (Noting::Refusals, Decision::Deny) => false,
        (Noting::Always, _)
        | (Noting::Refusals, Decision::Answer | Decision::WouldDeny | Decision::WouldWait) => true,
    };
    let mut state = FilterState::with_capacity(USUAL);
    if is_whole {
        state.push((StateKey::Decision, StateText::Fixed(decision.word())));
    }
    if let Some((code, reason)) = refused {
        // A reason is said of what was refused alone, and its code was told to the client.
        state.extend(is_whole.then_some((StateKey::Code, StateText::Fixed(code))));
        state.push((StateKey::Reason, StateText::Fixed(reason)));
    }
    state.extend(known.route.map(|name| (StateKey::Route, StateText::Named(Arc::clone(name)))));
    let tenancy = known.principal.tenancy();
    let facts = [
        (StateKey::Tenant, tenancy.tenant().map(|tenant| tenant.as_str())),
        (StateKey::Subtenant, tenancy.subtenant().map(|subtenant| subtenant.as_str())),
        (StateKey::User, known.principal.user()),
        (StateKey::Client, known.principal.client()),
    ];
    // A text of the token must not look like more than one field of a log line.
    state.extend(facts.into_iter().filter_map(|(key, fact)| {
        let mut text = String::new();
        percent_encode(fact?, &mut text);
        Some((key, StateText::Made(text)))
    }));
    let kind = known.principal.kind().name().filter(|_| is_whole);
    state.extend(kind.map(|kind| (StateKey::CredentialKind, StateText::Fixed(kind))));
    if let Some(key) = known.key {
        // The name of a key has letters, digits, `.`, `_` and `-` alone.
        let name = key.name.as_deref().map(|name| StateText::Made(name.to_owned()));
        state.extend(name.map(|name| (StateKey::KeyName, name)));
        let digest = key.mark.map(|mark| StateText::Made(mark.short()));
        state.extend(digest.map(|digest| (StateKey::KeyDigest, digest)));
        state.extend(is_whole.then_some((StateKey::KeyFrom, StateText::Fixed(key.from.word()))));
    }
    state
}

/// How many values there is room for at first: those of a refused caller with a token.
const USUAL: usize = 6;
