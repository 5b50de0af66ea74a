//! `oauth2` and `idaas` with `exchange`: a token for the caller's own (RFC 8693).
//!
//! What comes back acts for the caller, so it must say so: a JWT of the issuer that is expected, for the
//! caller's tenant and subtenant. It is used until the caller's own token expires, at most.

#[cfg(not(target_arch = "wasm32"))]
use super::Destination;
use super::idaas::Idaas;
use super::oauth2::OAuth2;
use super::response::AnswerError;
use super::{
    CallError, Kind, Moment, Preparation, Reading, TechnicalToken, TokenRejected, Validity,
};
use crate::crypto::{Algorithm, Digest};
use crate::json;
use crate::jwt::{self, AccessTokenRules, ClaimNames, TokenError};
#[cfg(not(target_arch = "wasm32"))]
use crate::message::Endpoint;
use crate::message::{CallResponse, HttpCall};
use crate::secret::Secret;
use crate::shared::RecordKind;
use crate::tenancy::{SubtenantId, Tenancy};
use crate::time::{Leeway, Timestamp, is_in_future};

/// A configured credential that exchanges callers' tokens.
#[derive(Clone, Debug)]
pub struct TokenExchange {
    /// Who exchanges.
    pub client: Exchanger,
    /// The only `iss` that its tokens may have, byte by byte.
    pub issuer: String,
    /// The names of the claims of its tokens.
    pub claims: ClaimNames,
}

/// A client of a token endpoint, and what it asks for.
#[derive(Clone, Debug)]
pub enum Exchanger {
    /// Of IDaaS, by a method that posts a form.
    Idaas(Idaas),
    /// Of any provider.
    OAuth2(OAuth2),
}

/// A caller's verified token, to be exchanged.
#[derive(Debug)]
pub struct Subject {
    /// The token itself.
    pub token: Secret<Vec<u8>>,
    /// For whom it acts.
    pub tenancy: Tenancy,
    /// Its `exp`.
    pub expires_at: Timestamp,
}

impl TokenExchange {
    /// What is read before a call; `None` where nothing has to be.
    pub fn preparation(&self) -> Option<&dyn Preparation> {
        self.kind().preparation()
    }

    /// The token endpoint.
    #[cfg(not(target_arch = "wasm32"))]
    pub const fn endpoint(&self) -> &Endpoint {
        match &self.client {
            Exchanger::Idaas(idaas) => idaas.endpoint(),
            Exchanger::OAuth2(oauth2) => &oauth2.endpoint,
        }
    }

    /// The algorithm of the private key that signs each call, if one does: it may take long.
    pub fn signs_by(&self) -> Option<Algorithm> {
        match &self.client {
            Exchanger::Idaas(idaas) => idaas.signs_by(),
            Exchanger::OAuth2(oauth2) => oauth2.client.signs_by(),
        }
    }

    /// The credential that the client would be without exchange.
    fn kind(&self) -> &dyn Kind {
        match &self.client {
            Exchanger::Idaas(idaas) => idaas,
            Exchanger::OAuth2(oauth2) => oauth2,
        }
    }

    /// The call that exchanges a token (RFC 8693 §2.1), with all that was read.
    ///
    /// # Errors
    /// [`CallError`] without what the client proves itself by, and for a token that is no text.
    pub fn call(
        &self,
        subject: &Subject,
        read: &[Reading],
        moment: &Moment<'_>,
    ) -> Result<HttpCall, CallError> {
        let token = std::str::from_utf8(subject.token.expose());
        let token = token.map_err(|_| CallError::SubjectUnusable)?;
        match &self.client {
            Exchanger::Idaas(idaas) => idaas.exchange(token, read, moment),
            Exchanger::OAuth2(oauth2) => {
                let own = [
                    ("subject_token", token),
                    ("subject_token_type", ACCESS_TOKEN),
                    ("requested_token_type", ACCESS_TOKEN),
                ];
                oauth2.post(GRANT_TYPE, &own, read, moment)
            }
        }
    }

    /// The token in the answer to such a call, if it acts for exactly whom the caller's does.
    ///
    /// # Errors
    /// [`AnswerError`] when the endpoint refused, or its token is not one for this caller.
    pub fn accept(
        &self,
        response: &CallResponse,
        subject: &Subject,
        now: Timestamp,
    ) -> Result<TechnicalToken, AnswerError> {
        let grant = self.kind().grant(response)?;
        let answer = json::parse(response.body.expose()).map_err(|_| AnswerError::NotJson)?;
        // RFC 8693 §2.2.1 requires it; a JWT that is an access token may be called either.
        let issued = answer.get("issued_token_type").and_then(json::Value::as_str);
        if !issued.is_some_and(|issued| [ACCESS_TOKEN, JWT].contains(&issued)) {
            return Err(AnswerError::NotAGrant);
        }
        let own = self.check_subject(grant.token.expose(), subject, now);
        let own = own.map_err(AnswerError::Rejected)?;
        let stated = grant.end(now).map(|until| Validity { from: now, until });
        let validity = stated.map_or(own, |stated| Some(stated.within(own)));
        let validity = validity
            .map(|validity| Validity { until: validity.until.min(subject.expires_at), ..validity });
        TechnicalToken::new(RecordKind::Jwt, grant.token, now, validity, now)
            .map_err(AnswerError::Rejected)
    }

    /// Checks issuer, times, tenant and subtenant; the token's own times, if it states them.
    fn check_subject(
        &self,
        token: &[u8],
        subject: &Subject,
        now: Timestamp,
    ) -> Result<Option<Validity>, TokenRejected> {
        let claims = jwt::inspect(token, &self.claims, AccessTokenRules::Plain)
            .map_err(TokenRejected::Form)?;
        if claims.issuer.as_deref() != Some(self.issuer.as_str()) {
            return Err(TokenRejected::IssuerMismatch);
        }
        // A caller without a tenant has nothing that a token could be compared with.
        if subject.tenancy.tenant().is_none() || claims.tenancy.tenant() != subject.tenancy.tenant()
        {
            return Err(TokenRejected::TenantMismatch);
        }
        if claims.tenancy.subtenant() != subject.tenancy.subtenant() {
            return Err(TokenRejected::SubtenantMismatch);
        }
        let from = claims.issued_at.unwrap_or(now);
        let starts = claims.not_before.map_or(from, |start| start.max(from));
        if is_in_future(starts, Leeway::DEFAULT, now) {
            return Err(TokenRejected::Form(TokenError::IssuedInFuture));
        }
        Ok(claims.expires_at.map(|until| Validity { from, until }))
    }
}

/// It has no token without a caller's.
impl Kind for TokenExchange {
    fn record_kind(&self) -> RecordKind {
        RecordKind::Jwt
    }

    fn meaning(&self, subtenant: Option<&SubtenantId>) -> [u8; 32] {
        let client = self.kind().meaning(subtenant);
        *Digest::of(&[b"token exchange", &client, self.issuer.as_bytes()]).as_bytes()
    }

    fn preparation(&self) -> Option<&dyn Preparation> {
        Self::preparation(self)
    }

    fn call(
        &self,
        _: Option<&SubtenantId>,
        _: &[Reading],
        _: &Moment<'_>,
    ) -> Result<HttpCall, CallError> {
        Err(CallError::NotFetched)
    }

    fn check(
        &self,
        _: &[u8],
        _: Option<&SubtenantId>,
        _: Timestamp,
    ) -> Result<Option<Validity>, TokenRejected> {
        Err(TokenRejected::RecordMismatch)
    }

    fn exchange(&self) -> Option<&TokenExchange> {
        Some(self)
    }

    #[cfg(not(target_arch = "wasm32"))]
    fn destinations(&self) -> Vec<Destination> {
        self.kind().destinations()
    }
}

const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";
const JWT: &str = "urn:ietf:params:oauth:token-type:jwt";

#[cfg(test)]
mod tests;
