//! `mindsphere_tenant`: service credentials of one tenant, with subtenant impersonation.
//!
//! The request is the platform's documented one: `POST https://{tenant}.piam.{region}.{domain}
//! /oauth/token`, client_secret_basic with id and secret as they stand, and a form body. For a
//! subtenant the form has two more fields; whether the token that comes back is for that subtenant
//! is checked, since a client without the permission may be given the whole tenant's token.

use std::slice;
use std::time::Duration;

use super::asked::Asked;
use crate::crypto::Digest;
use crate::jwt::ClaimNames;
use crate::message::{Endpoint, HttpCall, MediaType};
use crate::shared::RecordKind;
use crate::technical_token::client_authentication::{BasicEncoding, ClientCredentials};
use crate::technical_token::{
    CallError, Kind, Moment, Preparation, Reading, TokenRejected, Validity, form,
};
use crate::tenancy::{SubtenantId, TenantId};
use crate::time::Timestamp;

/// What a `mindsphere_tenant` credential is made of.
#[derive(Clone, Debug)]
pub struct MindsphereTenantParts {
    /// Where tokens come from.
    pub endpoint: Endpoint,
    /// The `iss` that its tokens must have, byte by byte: by the platform's rule the token URL.
    pub issuer: String,
    /// The tenant that its tokens must be for.
    pub tenant: TenantId,
    /// The only subtenant that its tokens act for; `None`: whichever is asked for, or none.
    pub only: Option<SubtenantId>,
    /// The service credentials.
    pub client: ClientCredentials,
    /// The names of the platform's claims.
    pub claims: ClaimNames,
    /// How long a call may take.
    pub timeout: Duration,
}

/// A configured `mindsphere_tenant` credential.
#[derive(Clone, Debug)]
pub struct MindsphereTenant {
    parts: MindsphereTenantParts,
}

impl MindsphereTenant {
    /// A credential of these parts.
    pub const fn new(parts: MindsphereTenantParts) -> Self {
        Self { parts }
    }
}

impl MindsphereTenant {
    /// The subtenant that a token is for, by what is asked for.
    ///
    /// # Errors
    /// [`TokenRejected::SubtenantMismatch`] when there are tokens for another one alone.
    fn subtenant<'a>(
        &'a self,
        asked: Option<&'a SubtenantId>,
    ) -> Result<Option<&'a SubtenantId>, TokenRejected> {
        match (&self.parts.only, asked) {
            (None, asked) => Ok(asked),
            (Some(only), None) => Ok(Some(only)),
            (Some(only), Some(asked)) if only == asked => Ok(Some(only)),
            (Some(_), Some(_)) => Err(TokenRejected::SubtenantMismatch),
        }
    }
}

impl Kind for MindsphereTenant {
    fn record_kind(&self) -> RecordKind {
        RecordKind::Jwt
    }

    fn meaning(&self, subtenant: Option<&SubtenantId>) -> [u8; 32] {
        let parts = &self.parts;
        // What cannot be asked for has a meaning of its own, which nothing is ever stored under.
        let subtenant: &[&[u8]] = match self.subtenant(subtenant).unwrap_or(subtenant) {
            None => &[b"tenant"],
            Some(id) => &[b"subtenant", id.as_str().as_bytes()],
        };
        let fixed: [&[u8]; 9] = [
            b"mindsphere_tenant",
            parts.endpoint.cluster.as_bytes(),
            parts.issuer.as_bytes(),
            parts.endpoint.scheme.as_bytes(),
            parts.endpoint.authority.as_bytes(),
            parts.endpoint.path.as_bytes(),
            parts.client.id().as_bytes(),
            &parts.client.secret_digest(),
            parts.tenant.as_str().as_bytes(),
        ];
        *Digest::of(&[&fixed, subtenant].concat()).as_bytes()
    }

    fn preparation(&self) -> Option<&dyn Preparation> {
        self.parts.client.preparation()
    }

    fn call(
        &self,
        subtenant: Option<&SubtenantId>,
        read: &[Reading],
        _: &Moment<'_>,
    ) -> Result<HttpCall, CallError> {
        let subtenant = self.subtenant(subtenant).map_err(|_| CallError::SubtenantUnserved)?;
        let mut body = Vec::new();
        form::push(&mut body, "grant_type", "client_credentials");
        if let Some(id) = subtenant {
            form::push(&mut body, "iam-action", "client_credentials.subtenant-impersonation");
            form::push(&mut body, "subtenant", id.as_str());
        }
        let parts = &self.parts;
        let proof = ("authorization", parts.client.proof(read)?.basic(BasicEncoding::Raw));
        Ok(HttpCall::post(&parts.endpoint, Some(proof), (MediaType::Form, body), parts.timeout))
    }

    fn check(
        &self,
        token: &[u8],
        subtenant: Option<&SubtenantId>,
        now: Timestamp,
    ) -> Result<Option<Validity>, TokenRejected> {
        let asked = Asked {
            issuers: slice::from_ref(&self.parts.issuer),
            tenant: &self.parts.tenant,
            subtenant: self.subtenant(subtenant)?,
            claims: &self.parts.claims,
        };
        asked.check(token, now).map(Some)
    }
}

#[cfg(test)]
mod tests;
