//! Token exchange (RFC 8693): a token for somebody, in exchange for one of theirs.
//!
//! `PLUGIN` has none. There is no `audience`: it is in the scope.

use super::Scope;
use crate::secret::Secret;

const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";

/// What is exchanged for what.
#[derive(Clone, Debug)]
pub struct Exchange {
    subject: SubjectToken,
    requested_type: Box<str>,
    scope: Scope,
    actor: Option<SubjectToken>,
}

/// A token with its type: of whom the new token is to speak, or of who acts.
#[derive(Clone, Debug)]
pub struct SubjectToken {
    token: Secret<String>,
    kind: Box<str>,
}

/// A part of a token to exchange is blank.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ExchangeError {
    /// The token.
    TokenBlank,
    /// Its type.
    TypeBlank,
}

impl SubjectToken {
    /// A token of a type, which is a URN of RFC 8693 §3 as a rule.
    ///
    /// # Errors
    /// [`ExchangeError`] when one of them is empty or white space alone.
    pub fn new(token: Secret<String>, kind: &str) -> Result<Self, ExchangeError> {
        if token.expose().trim().is_empty() {
            return Err(ExchangeError::TokenBlank);
        }
        if kind.trim().is_empty() {
            return Err(ExchangeError::TypeBlank);
        }
        Ok(Self { token, kind: Box::from(kind) })
    }

    /// An access token.
    ///
    /// # Errors
    /// [`ExchangeError::TokenBlank`].
    pub fn access_token(token: Secret<String>) -> Result<Self, ExchangeError> {
        Self::new(token, ACCESS_TOKEN)
    }
}

impl Exchange {
    /// An access token of this scope for the subject.
    pub fn new(subject: SubjectToken, scope: Scope) -> Self {
        Self { subject, requested_type: Box::from(ACCESS_TOKEN), scope, actor: None }
    }

    /// The same, of another type.
    pub fn requesting(self, requested_type: &str) -> Self {
        Self { requested_type: Box::from(requested_type), ..self }
    }

    /// The same, for somebody who acts for the subject.
    pub fn acting(self, actor: SubjectToken) -> Self {
        Self { actor: Some(actor), ..self }
    }

    /// The fields of the form behind those of the client.
    pub(super) fn fields(&self) -> Vec<(&'static str, &str)> {
        let mut fields = vec![
            ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
            ("subject_token", self.subject.token.expose()),
            ("subject_token_type", &*self.subject.kind),
            ("requested_token_type", &*self.requested_type),
            ("scope", self.scope.as_str()),
        ];
        if let Some(actor) = &self.actor {
            fields.push(("actor_token", actor.token.expose()));
            fields.push(("actor_token_type", &actor.kind));
        }
        fields
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> Secret<String> {
        Secret::new(text.to_owned())
    }

    #[test]
    fn an_actor_comes_last_and_the_requested_type_is_that_of_access_tokens() {
        let subject = SubjectToken::access_token(secret("s")).unwrap();
        let scope = Scope::parse("a|b").unwrap();
        let actor = SubjectToken::new(secret("t"), "urn:x").unwrap();
        let exchange = Exchange::new(subject, scope).requesting("urn:y").acting(actor);
        let expected = [
            ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
            ("subject_token", "s"),
            ("subject_token_type", ACCESS_TOKEN),
            ("requested_token_type", "urn:y"),
            ("scope", "a|b"),
            ("actor_token", "t"),
            ("actor_token_type", "urn:x"),
        ];
        assert_eq!(exchange.fields(), expected);
    }

    #[test]
    fn a_blank_token_or_type_is_refused() {
        for blank in ["", " \n"] {
            let token = SubjectToken::access_token(secret(blank));
            assert_eq!(token.err(), Some(ExchangeError::TokenBlank));
            let kind = SubjectToken::new(secret("t"), blank);
            assert_eq!(kind.err(), Some(ExchangeError::TypeBlank));
        }
    }
}
