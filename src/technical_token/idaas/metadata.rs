//! The metadata service of an ECS machine, and the identity document that it signs.
//!
//! In its hardened mode every call carries a token that a `PUT` gave before. The document is never
//! asked for in another way.

use std::sync::Arc;
use std::time::Duration;

use super::encoding::escaped;
use super::readings::{Mark, at, bare_call, body_of, line, unusable};
use crate::message::{CallFailure, CallResponse, Endpoint, HttpCall};
use crate::secret::Secret;
use crate::technical_token::preparation::{Moment, Preparation, PreparationError, Reading};
use crate::time::Timestamp;

/// Where the metadata service is: `http://100.100.100.200` through a cluster. Its path is not used.
#[derive(Clone, Debug)]
pub struct MetadataService {
    /// The service.
    pub endpoint: Endpoint,
    /// How long a call may take.
    pub timeout: Duration,
}

/// Whether the metadata service may be asked without a token when it gives none.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum WithoutToken {
    /// Yes: the mode that is not hardened.
    Allowed,
    /// No (`ALIBABA_CLOUD_IMDSV1_DISABLED`).
    Refused,
}

/// The identity document of the machine, as `PKCS7` needs it.
#[derive(Clone, Debug)]
pub struct IdentityDocument {
    /// Where it is read.
    pub service: MetadataService,
    /// The instance of IDaaS that it is for (`idaasInstanceId`).
    pub instance_id: Arc<str>,
}

impl MetadataService {
    /// The call that asks for a token of some life.
    pub(super) fn token_call(&self, life: &'static str) -> HttpCall {
        let life = Secret::new(life.as_bytes().to_vec());
        let headers = vec![("x-aliyun-ecs-metadata-token-ttl-seconds", life)];
        bare_call("PUT", at(&self.endpoint, "/latest/api/token".to_owned()), headers, self.timeout)
    }

    /// The call that reads something, with a token or (empty) without one.
    pub(super) fn call(&self, path: String, token: &[u8]) -> HttpCall {
        let token = (!token.is_empty()).then(|| Secret::new(token.to_vec()));
        let headers = token.map(|token| ("x-aliyun-ecs-metadata-token", token));
        bare_call("GET", at(&self.endpoint, path), Vec::from_iter(headers), self.timeout)
    }

    /// The token in an answer.
    pub(super) fn token(
        answer: Result<&CallResponse, CallFailure>,
    ) -> Result<&str, PreparationError> {
        const WHAT: &str = "metadata_token";
        line(body_of(WHAT, answer)?).ok_or(unusable(WHAT))
    }
}

impl IdentityDocument {
    /// How long the document is good from the time that it is signed at, and the life of the token it
    /// is read with.
    const LIFE: Duration = Duration::from_secs(3600);

    /// How long before that it is no longer used. The time of signing is that of our call: its answer
    /// comes a few seconds later, which this covers.
    const MARGIN: Duration = Duration::from_secs(600);

    fn path(&self, now: Timestamp) -> String {
        // A text is always written.
        let instance = serde_json::to_string(&*self.instance_id).unwrap_or_default();
        let time = now.as_seconds();
        let audience = format!("{{\"aud\": {instance}, \"signingTime\": {time}}}");
        ["/latest/dynamic/instance-identity/pkcs7?audience=", &escaped(&audience)].concat()
    }
}

impl Preparation for IdentityDocument {
    fn next(&self, read: &[Reading], moment: &Moment<'_>) -> Option<HttpCall> {
        if Mark::Document.among(read).is_some() {
            return None;
        }
        Some(match Mark::DocumentToken.among(read) {
            None => self.service.token_call("3600"),
            Some(token) => self.service.call(self.path(moment.now), token),
        })
    }

    fn read(
        &self,
        read: &[Reading],
        answer: Result<&CallResponse, CallFailure>,
        now: Timestamp,
    ) -> Result<Reading, PreparationError> {
        if Mark::DocumentToken.among(read).is_none() {
            let token = MetadataService::token(answer)?;
            return Ok(Mark::DocumentToken.on(token.as_bytes(), Timestamp::default()));
        }
        const WHAT: &str = "identity_document";
        let mut document = body_of(WHAT, answer)?.to_vec();
        document.retain(|byte| !byte.is_ascii_whitespace());
        let is_base64 = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/=".contains(byte);
        if document.is_empty() || !document.iter().all(is_base64) {
            return Err(unusable(WHAT));
        }
        Ok(Mark::Document.on(&document, (now + Self::LIFE).before(Self::MARGIN)))
    }
}
