//! `mindsphere_app`: credentials of one version of an application.
//!
//! The request is the documented one of the Token Management Service: `POST https://gateway.{region}
//! .{domain}/api/technicaltokenmanager/v3/oauth/token`, id and secret as they stand in
//! `x-space-auth-key`, and a JSON body. Its tokens act for a whole tenant, never for a subtenant.

use std::time::Duration;

use serde::Serialize;

use super::asked::Asked;
use crate::crypto::Digest;
use crate::jwt::ClaimNames;
use crate::message::{Endpoint, HttpCall, MediaType};
use crate::shared::RecordKind;
use crate::technical_token::client_authentication::{BasicEncoding, ClientCredentials};
use crate::technical_token::{
    CallError, Kind, Moment, Preparation, Reading, TokenRejected, Validity,
};
use crate::tenancy::{SubtenantId, TenantId};
use crate::time::Timestamp;

/// What a `mindsphere_app` credential is made of.
#[derive(Clone, Debug)]
pub struct MindsphereAppParts {
    /// Where tokens come from.
    pub endpoint: Endpoint,
    /// The only `iss` that its tokens may have, byte by byte: by the platform's rule the issuer of
    /// the host tenant, of the user tenant, or of the platform's own tenant.
    pub issuers: Vec<String>,
    /// The application's name, as it is registered.
    pub app_name: String,
    /// The application's version, as it is registered.
    pub app_version: String,
    /// The tenant that hosts the application.
    pub host_tenant: TenantId,
    /// The tenant whose data is wanted, and that its tokens must be for.
    pub user_tenant: TenantId,
    /// The credentials of this version of the application.
    pub client: ClientCredentials,
    /// The names of the platform's claims.
    pub claims: ClaimNames,
    /// How long a call may take.
    pub timeout: Duration,
}

/// A configured `mindsphere_app` credential.
#[derive(Clone, Debug)]
pub struct MindsphereApp {
    parts: MindsphereAppParts,
}

/// The body of the request, its members in the order of the documentation.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    app_name: &'a str,
    app_version: &'a str,
    host_tenant: &'a str,
    user_tenant: &'a str,
}

impl MindsphereApp {
    /// A credential of these parts.
    pub const fn new(parts: MindsphereAppParts) -> Self {
        Self { parts }
    }
}

impl Kind for MindsphereApp {
    fn record_kind(&self) -> RecordKind {
        RecordKind::Jwt
    }

    fn meaning(&self, subtenant: Option<&SubtenantId>) -> [u8; 32] {
        let parts = &self.parts;
        let issuers: Vec<&[u8]> = parts.issuers.iter().map(String::as_bytes).collect();
        let digest = Digest::of(&[
            b"mindsphere_app",
            parts.endpoint.cluster.as_bytes(),
            parts.endpoint.scheme.as_bytes(),
            parts.endpoint.authority.as_bytes(),
            parts.endpoint.path.as_bytes(),
            Digest::of(&issuers).as_bytes(),
            parts.app_name.as_bytes(),
            parts.app_version.as_bytes(),
            parts.host_tenant.as_str().as_bytes(),
            parts.user_tenant.as_str().as_bytes(),
            parts.client.id().as_bytes(),
            &parts.client.secret_digest(),
            subtenant.map_or("", |id| id.as_str()).as_bytes(),
        ]);
        *digest.as_bytes()
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
        if subtenant.is_some() {
            return Err(CallError::SubtenantUnserved);
        }
        let parts = &self.parts;
        let body = Body {
            app_name: &parts.app_name,
            app_version: &parts.app_version,
            host_tenant: parts.host_tenant.as_str(),
            user_tenant: parts.user_tenant.as_str(),
        };
        let key = ("x-space-auth-key", parts.client.proof(read)?.basic(BasicEncoding::Raw));
        let body = serde_json::to_vec(&body).map_err(|_| CallError::Unprepared)?;
        Ok(HttpCall::post(&parts.endpoint, Some(key), (MediaType::Json, body), parts.timeout))
    }

    fn check(
        &self,
        token: &[u8],
        subtenant: Option<&SubtenantId>,
        now: Timestamp,
    ) -> Result<Option<Validity>, TokenRejected> {
        if subtenant.is_some() {
            return Err(TokenRejected::SubtenantMismatch);
        }
        let asked = Asked {
            issuers: &self.parts.issuers,
            tenant: &self.parts.user_tenant,
            subtenant: None,
            claims: &self.parts.claims,
        };
        asked.check(token, now).map(Some)
    }
}

#[cfg(test)]
mod tests;
