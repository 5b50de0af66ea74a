//! Who is asking.

use std::sync::Arc;

use crate::application_key::{KeyHolder, KeyPlace, Texts};
use crate::jwt::{Claim, ClaimName, VerifiedToken};
use crate::message::Told;
use crate::tenancy::Tenancy;

/// Who is asking: a verified caller, or nobody. Nothing unproven can become one.
#[derive(Clone, Debug)]
pub struct Principal(Proof);

/// What a principal's identity rests on.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum PrincipalKind {
    /// Nothing was presented, or nothing was looked at. It is no caller "without a subtenant".
    Anonymous,
    /// An application key.
    ApplicationKey,
    /// A verified bearer token, perhaps with an application key that agrees with it.
    Bearer,
    /// A session that an application key opened.
    Session,
}

/// A token and an application key that do not belong to the same user, tenant and subtenant.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct IdentityMismatch;

impl PrincipalKind {
    /// The name that headers and filter state tell; none for nobody.
    pub const fn name(self) -> Option<&'static str> {
        match self {
            Self::Anonymous => None,
            Self::ApplicationKey => Some("application_key"),
            Self::Bearer => Some("bearer"),
            Self::Session => Some("session"),
        }
    }
}

#[derive(Clone, Debug)]
enum Proof {
    Nothing,
    Key(Arc<KeyHolder>),
    Token(Arc<VerifiedToken>),
    // INVARIANT: of the same user and tenancy.
    TokenAndKey(Arc<VerifiedToken>, Arc<KeyHolder>),
}

impl Principal {
    /// The principal of a request that presented nothing.
    pub const fn anonymous() -> Self {
        Self(Proof::Nothing)
    }

    /// The principal that a verified token speaks for.
    pub const fn of_token(token: Arc<VerifiedToken>) -> Self {
        Self(Proof::Token(token))
    }

    /// The principal that holds a key.
    pub const fn of_key(holder: Arc<KeyHolder>) -> Self {
        Self(Proof::Key(holder))
    }

    /// The principal that a verified token speaks for, and whose key says the same. It has the scopes that both have.
    ///
    /// # Errors
    /// [`IdentityMismatch`] if they are not of the same user, tenant and subtenant; what only one of them states differs.
    pub fn of_token_and_key(
        token: Arc<VerifiedToken>,
        holder: Arc<KeyHolder>,
    ) -> Result<Self, IdentityMismatch> {
        let is_same = token.user() == Some(holder.user()) && token.tenancy() == holder.tenancy();
        if is_same { Ok(Self(Proof::TokenAndKey(token, holder))) } else { Err(IdentityMismatch) }
    }

    /// What its identity rests on.
    pub fn kind(&self) -> PrincipalKind {
        match &self.0 {
            Proof::Nothing => PrincipalKind::Anonymous,
            Proof::Key(holder) => match holder.from() {
                KeyPlace::Header | KeyPlace::Query => PrincipalKind::ApplicationKey,
                KeyPlace::Session { .. } => PrincipalKind::Session,
            },
            Proof::Token(_) | Proof::TokenAndKey(..) => PrincipalKind::Bearer,
        }
    }

    /// The verified token, for what depends on the time: its expiry is asked again after a wait.
    pub fn token(&self) -> Option<&VerifiedToken> {
        match &self.0 {
            Proof::Nothing | Proof::Key(_) => None,
            Proof::Token(token) | Proof::TokenAndKey(token, _) => Some(token),
        }
    }

    /// What upstreams are told of it, where that is remembered.
    pub fn told(&self) -> Option<&Told> {
        match &self.0 {
            Proof::Nothing | Proof::TokenAndKey(..) => None,
            Proof::Key(holder) => Some(holder.told()),
            Proof::Token(token) => Some(token.told()),
        }
    }

    /// The holder of the key, if it holds one.
    pub fn key(&self) -> Option<&KeyHolder> {
        match &self.0 {
            Proof::Nothing | Proof::Token(_) => None,
            Proof::Key(holder) | Proof::TokenAndKey(_, holder) => Some(holder),
        }
    }

    /// The subject, if one is stated.
    pub fn subject(&self) -> Option<&str> {
        self.token().and_then(VerifiedToken::subject)
    }

    /// The OAuth client, if one is stated.
    pub fn client(&self) -> Option<&str> {
        self.token().and_then(VerifiedToken::client)
    }

    /// The user, if it is one.
    pub fn user(&self) -> Option<&str> {
        match &self.0 {
            Proof::Nothing => None,
            Proof::Key(holder) => Some(holder.user()),
            Proof::Token(token) | Proof::TokenAndKey(token, _) => token.user(),
        }
    }

    /// For whom it acts; unstated for nobody.
    pub fn tenancy(&self) -> &Tenancy {
        match &self.0 {
            Proof::Nothing => &Tenancy::Unstated,
            Proof::Key(holder) => holder.tenancy(),
            Proof::Token(token) | Proof::TokenAndKey(token, _) => token.tenancy(),
        }
    }

    /// What its token says under a name that the configuration asks about; absent without a token.
    pub fn claim(&self, name: &ClaimName) -> &Claim {
        self.token().map_or(&Claim::Absent, |token| token.claim(name))
    }

    /// Whether it holds this scope, compared exactly.
    pub fn has_scope(&self, scope: &str) -> bool {
        match &self.0 {
            Proof::Nothing => false,
            Proof::Key(holder) => has(holder.scopes(), scope),
            Proof::Token(token) => token.scopes().contains(scope),
            Proof::TokenAndKey(token, holder) => {
                token.scopes().contains(scope) && has(holder.scopes(), scope)
            }
        }
    }

    /// The scopes that it holds, in the order of its credential.
    pub fn scopes(&self) -> impl Iterator<Item = &str> {
        let of_token = self.token().map(|token| token.scopes().iter());
        let of_key = match &self.0 {
            Proof::Key(holder) => Some(holder.scopes().iter()),
            Proof::Nothing | Proof::Token(_) | Proof::TokenAndKey(..) => None,
        };
        let all = of_token.into_iter().flatten().chain(of_key.into_iter().flatten());
        all.filter(|scope| match &self.0 {
            Proof::Nothing | Proof::Key(_) | Proof::Token(_) => true,
            Proof::TokenAndKey(_, holder) => has(holder.scopes(), scope),
        })
    }
}

fn has(texts: Texts<'_>, text: &str) -> bool {
    texts.iter().any(|one| one == text)
}
#[cfg(test)]
impl Principal {
    /// A verified caller for tests of other modules.
    pub(crate) fn stand_in(tenancy: Tenancy, scopes: &[&str]) -> Self {
        use crate::jwt::{AccessTokenRules, ClaimName, ClaimNames, Expected, IssuerParts};
        use crate::jwt::{IssuerRules, KeptNames, KeySetId, OwnTokens, Tenants};
        let claim = |name| ClaimName::parse(name).unwrap();
        let parts = IssuerParts {
            name: Arc::from("issuer-1"),
            issuer: Arc::from("https://issuer.example"),
            algorithms: Arc::from([crate::crypto::Algorithm::Rs256]),
            keys: KeySetId(0),
            tenants: Tenants::Any,
            audiences: Some(Expected::Any),
            clients: None,
            claims: Arc::new(ClaimNames {
                client: claim("client_id"),
                scopes: claim("scope"),
                subtenant: Some(claim("subtenant")),
                tenant: Some(claim("ten")),
                user: None,
            }),
            kept: KeptNames::default(),
            leeway: crate::time::Leeway::DEFAULT,
            max_lifetime: None,
            token_types: None,
            access_tokens: AccessTokenRules::Plain,
            own_clients: Arc::default(),
            own_tokens: OwnTokens::Refused,
        };
        let issuer = Arc::new(IssuerRules::new(parts).unwrap());
        let expires_at = crate::time::Timestamp::from_seconds(1000);
        Self::of_token(VerifiedToken::stand_in(issuer, tenancy, scopes, expires_at))
    }

    /// Its token alone.
    pub(crate) fn into_token(self) -> Option<Arc<VerifiedToken>> {
        match self.0 {
            Proof::Nothing | Proof::Key(_) => None,
            Proof::Token(token) | Proof::TokenAndKey(token, _) => Some(token),
        }
    }

    /// The same caller with these claims kept under these names.
    pub(crate) fn saying(self, document: &str, names: &[&str]) -> Self {
        match self.0 {
            Proof::Nothing | Proof::Key(_) | Proof::TokenAndKey(..) => self,
            Proof::Token(token) => Self::of_token(token.saying(document, names)),
        }
    }
}
