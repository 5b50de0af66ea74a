//! The client of an `oauth2` credential, and how it proves to the token endpoint who it is.

use std::sync::Arc;
use std::time::Duration;

use super::assertion::{Assertion, AssertionKey, JWT_BEARER};
use super::client_authentication::{BasicEncoding, ClientCredentials, last, place_digest};
use super::form;
use super::preparation::{Moment, Preparation, Reading};
use super::secret_source::{SecretForm, SecretSource};
use super::signing_key::SigningKey;
use super::source::CallError;
#[cfg(not(target_arch = "wasm32"))]
use super::source::Destination;
use crate::crypto::{Algorithm, Digest, SharedSecret, SignError};
#[cfg(not(target_arch = "wasm32"))]
use crate::message::Endpoint;
use crate::secret::Secret;

/// A client and what proves it.
#[derive(Clone, Debug)]
pub enum Client {
    /// The certificate of the connection, which is the proxy's matter (RFC 8705 §2). The client's id.
    Certificate(Arc<str>),
    /// An assertion that somebody else made, whom the authorization server trusts (RFC 7523 §2.2): a
    /// service account token of Kubernetes, for one.
    Federated {
        /// The client's id.
        id: Arc<str>,
        /// Where the assertion is read.
        assertion: SecretSource,
    },
    /// A secret that is sent (RFC 6749 §2.3.1).
    Secret(ClientCredentials, SecretPlace),
    /// An assertion that is signed for each call (RFC 7523 §2.2).
    Signing {
        /// The client's id.
        id: Arc<str>,
        /// What its assertions say, and what signs them.
        assertion: SignedAssertion,
    },
}

/// Where a secret is sent.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SecretPlace {
    /// In `authorization: Basic`.
    Basic(BasicEncoding),
    /// In the form, as `client_secret`.
    Post,
}

/// What the assertions of a client have in common.
#[derive(Clone, Debug)]
pub struct SignedAssertion {
    /// `aud`: the URL of the token endpoint, or what its operator asks for instead.
    pub audience: Box<str>,
    /// From `iat` to `exp`.
    pub life: Duration,
    /// The `kid` of the header, if there shall be one.
    pub kid: Option<Box<str>>,
    /// `x5t#S256` of the header, if there shall be one.
    pub x5t_s256: Option<[u8; 32]>,
    /// What signs.
    pub key: KeyPlace,
}

/// Where the key is that signs.
#[derive(Clone, Debug)]
pub enum KeyPlace {
    /// It was given with the configuration, and stays.
    Known(AssertionKey),
    /// It is read when a token is needed, because it changes: a private key, or a secret. With the
    /// algorithm, if it is not the key's own one.
    Read(SecretSource, Option<Algorithm>),
}

impl Client {
    /// The client id. It is no secret.
    pub fn id(&self) -> &str {
        match self {
            Self::Certificate(id) | Self::Federated { id, .. } | Self::Signing { id, .. } => id,
            Self::Secret(credentials, _) => credentials.id(),
        }
    }

    /// The reading of what proves it, if that is not known.
    pub fn preparation(&self) -> Option<&dyn Preparation> {
        self.read().map(|source| source as &dyn Preparation)
    }

    /// Where that is read.
    pub(super) const fn read(&self) -> Option<&SecretSource> {
        match self {
            Self::Certificate(_) => None,
            Self::Federated { assertion, .. } => Some(assertion),
            Self::Secret(credentials, _) => credentials.source(),
            Self::Signing { assertion, .. } => match &assertion.key {
                KeyPlace::Known(_) => None,
                KeyPlace::Read(source, _) => Some(source),
            },
        }
    }

    /// The servers that it may call, if not each call can be told without what has to be read.
    #[cfg(not(target_arch = "wasm32"))]
    pub(super) fn destinations(&self, token_endpoint: &Endpoint) -> Vec<Destination> {
        let Some(SecretSource { endpoint, form, .. }) = self.read() else { return Vec::new() };
        let purpose = match form {
            SecretForm::Assertion => "reads the assertion",
            SecretForm::PrivateKey => "reads the private key",
            SecretForm::Text => return Vec::new(),
        };
        let to = |purpose, endpoint: &Endpoint| Destination { purpose, endpoint: endpoint.clone() };
        vec![to(purpose, endpoint), to("asks for the token", token_endpoint)]
    }

    /// A digest that changes with what proves it and does not reveal that to a reader of shared data; with
    /// its place, if it is read.
    pub(super) fn digest(&self) -> [u8; 32] {
        match self {
            // The cluster has the certificate.
            Self::Certificate(_) => [0; 32],
            Self::Federated { assertion, .. } => place_digest(assertion, self.id()),
            Self::Secret(credentials, _) => credentials.secret_digest(),
            Self::Signing { id, assertion } => assertion.digest(id),
        }
    }

    /// The algorithm of the private key that signs each call, if one does. For one that is read and whose
    /// algorithm is not stated, one of those that take long.
    pub(super) fn signs_by(&self) -> Option<Algorithm> {
        let Self::Signing { assertion, .. } = self else { return None };
        match &assertion.key {
            KeyPlace::Known(key) => key.private_algorithm(),
            KeyPlace::Read(source, algorithm) => match source.form {
                SecretForm::PrivateKey => Some(algorithm.unwrap_or(Algorithm::Rs256)),
                SecretForm::Assertion | SecretForm::Text => None,
            },
        }
    }

    /// Adds what proves it to the form of a call, or gives the `authorization` value that does.
    ///
    /// # Errors
    /// [`CallError::Unprepared`] without what has to be read; [`CallError::Randomless`] without randomness
    /// for an assertion, [`CallError::Unsigned`] if a key does not sign it.
    pub(super) fn prove(
        &self,
        body: &mut Vec<u8>,
        read: &[Reading],
        moment: &Moment<'_>,
    ) -> Result<Option<Secret<Vec<u8>>>, CallError> {
        match self {
            Self::Certificate(id) => form::push(body, "client_id", id),
            Self::Federated { id, .. } => push_assertion(body, id, last(read)?),
            Self::Secret(credentials, place) => {
                let proof = credentials.proof(read)?;
                match place {
                    SecretPlace::Basic(encoding) => return Ok(Some(proof.basic(*encoding))),
                    SecretPlace::Post => proof.push_to(body),
                }
            }
            Self::Signing { id, assertion } => {
                push_assertion(body, id, assertion.make(id, read, moment)?.expose());
            }
        }
        Ok(None)
    }
}

/// Adds a client assertion (RFC 7521 §4.2), with the id: some servers do not find the client by the
/// assertion alone.
fn push_assertion(body: &mut Vec<u8>, id: &str, assertion: &str) {
    // Room for all of it at once, besides what there is for the rest: a buffer that grows leaves copies.
    body.reserve(body.capacity() + 192 + 3 * (id.len() + assertion.len()));
    form::push(body, "client_id", id);
    form::push(body, "client_assertion_type", JWT_BEARER);
    form::push(body, "client_assertion", assertion);
}

impl SignedAssertion {
    /// See [`Client::digest`]. With all that its assertions say: who mends that must not wait for the back-off of
    /// what was wrong.
    fn digest(&self, id: &str) -> [u8; 32] {
        let (key, algorithm) = match &self.key {
            KeyPlace::Known(key) => (key.digest(), None),
            KeyPlace::Read(source, algorithm) => (place_digest(source, id), *algorithm),
        };
        let digest = Digest::of(&[
            b"signed assertion",
            &key,
            algorithm.map_or("", Algorithm::name).as_bytes(),
            self.audience.as_bytes(),
            self.kid.as_deref().unwrap_or_default().as_bytes(),
            self.x5t_s256.as_ref().map_or(&[][..], |digest| digest),
        ]);
        *digest.as_bytes()
    }

    fn make(
        &self,
        id: &str,
        read: &[Reading],
        moment: &Moment<'_>,
    ) -> Result<Secret<String>, CallError> {
        let random = moment.random.ok_or(CallError::Randomless)?;
        let key = match &self.key {
            KeyPlace::Known(key) => key.clone(),
            KeyPlace::Read(source, algorithm) => key_of(source.form, *algorithm, last(read)?)?,
        };
        let assertion = Assertion {
            audience: self.audience.clone(),
            issuer: id.into(),
            subject: id.into(),
            life: self.life,
            key,
            kid: self.kid.clone(),
            x5t_s256: self.x5t_s256,
        };
        let made = assertion.make(moment.now, random, moment.signer);
        made.map_err(CallError::Unsigned)
    }
}

/// The key that was read.
fn key_of(
    form: SecretForm,
    algorithm: Option<Algorithm>,
    text: &str,
) -> Result<AssertionKey, CallError> {
    let unfit = CallError::Unsigned(SignError::AlgorithmUnfit);
    match form {
        SecretForm::Assertion => Err(unfit),
        SecretForm::PrivateKey => {
            let key = SigningKey { pem: Secret::new(text.to_owned()), algorithm };
            key.read().map_err(|_| unfit)
        }
        SecretForm::Text => {
            let secret = SharedSecret::new(text.as_bytes().to_vec());
            AssertionKey::secret(secret, algorithm).map_err(|_| unfit)
        }
    }
}

#[cfg(test)]
mod tests;
