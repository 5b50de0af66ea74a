//! Who is asking.

use std::sync::Arc;

use crate::jwt::{Claim, ClaimName, VerifiedToken};
use crate::tenancy::Tenancy;

/// Who is asking: a verified caller, or nobody. Nothing unproven can become one.
#[derive(Clone, Debug)]
pub struct Principal(Proof);

/// What a principal's identity rests on.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum PrincipalKind {
    /// Nothing was presented, or nothing was looked at. It is no caller "without a subtenant".
    Anonymous,
    /// A verified bearer token.
    Bearer,
}

impl PrincipalKind {
    /// The name that headers and filter state tell; none for nobody.
    pub const fn name(self) -> Option<&'static str> {
        match self {
            Self::Anonymous => None,
            Self::Bearer => Some("bearer"),
        }
    }
}

#[derive(Clone, Debug)]
enum Proof {
    Nothing,
    Token(Arc<VerifiedToken>),
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

    /// What its identity rests on.
    pub const fn kind(&self) -> PrincipalKind {
        match self.0 {
            Proof::Nothing => PrincipalKind::Anonymous,
            Proof::Token(_) => PrincipalKind::Bearer,
        }
    }

    /// The verified token, for what depends on the time: its expiry is asked again after a wait.
    pub fn token(&self) -> Option<&VerifiedToken> {
        match &self.0 {
            Proof::Nothing => None,
            Proof::Token(token) => Some(token),
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
        self.token().and_then(VerifiedToken::user)
    }

    /// For whom it acts; unstated for nobody.
    pub fn tenancy(&self) -> &Tenancy {
        self.token().map_or(&Tenancy::Unstated, VerifiedToken::tenancy)
    }

    /// What its token says under a name that the configuration asks about; absent for nobody.
    pub fn claim(&self, name: &ClaimName) -> &Claim {
        self.token().map_or(&Claim::Absent, |token| token.claim(name))
    }

    /// Whether it holds this scope, compared exactly.
    pub fn has_scope(&self, scope: &str) -> bool {
        self.token().is_some_and(|token| token.scopes().contains(scope))
    }
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

    /// The same caller with these claims kept under these names.
    pub(crate) fn saying(self, document: &str, names: &[&str]) -> Self {
        match self.0 {
            Proof::Nothing => self,
            Proof::Token(token) => Self::of_token(token.saying(document, names)),
        }
    }
}
