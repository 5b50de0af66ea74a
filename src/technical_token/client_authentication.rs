//! How the gateway proves to a token endpoint which client it is.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroize;

use super::form;
use super::preparation::{Preparation, Reading};
use super::secret_source::SecretSource;
use super::source::CallError;
use crate::crypto::Digest;
use crate::secret::Secret;

/// A client id with its secret.
#[derive(Clone, Debug)]
pub struct ClientCredentials {
    id: Arc<str>,
    secret: ClientSecret,
}

/// The secret of a client.
#[derive(Clone, Debug)]
enum ClientSecret {
    /// It was given with the configuration, and stays.
    Known(Secret<String>),
    /// It is read when a token is needed, because it changes.
    Read(SecretSource),
}

/// A client with the secret to prove itself by.
#[derive(Clone, Copy)]
pub(super) struct Proof<'s> {
    id: &'s str,
    secret: &'s str,
}

/// How id and secret enter the `Basic` value.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum BasicEncoding {
    /// Each form-encoded first, as RFC 6749 §2.3.1 demands.
    FormEncoded,
    /// As they stand, which MindSphere's clients and many others do.
    Raw,
}

impl ClientCredentials {
    /// The credentials of one client.
    pub fn new(id: &str, secret: Secret<String>) -> Self {
        Self { id: Arc::from(id), secret: ClientSecret::Known(secret) }
    }

    /// Those of a client whose secret is read when it is needed.
    pub fn reading(id: &str, source: SecretSource) -> Self {
        Self { id: Arc::from(id), secret: ClientSecret::Read(source) }
    }

    /// The client id. It is no secret.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The reading of the secret, if it is not known.
    pub fn preparation(&self) -> Option<&dyn Preparation> {
        self.source().map(|source| source as &dyn Preparation)
    }

    /// Where the secret is read, if it is not known.
    pub(super) const fn source(&self) -> Option<&SecretSource> {
        match &self.secret {
            ClientSecret::Known(_) => None,
            ClientSecret::Read(source) => Some(source),
        }
    }

    /// A digest that changes with the secret and does not reveal it to a reader of shared data. For
    /// a secret that is read, with the place: what was granted for the last one stays good.
    pub(super) fn secret_digest(&self) -> [u8; 32] {
        let id = self.id.as_bytes();
        let digest = match &self.secret {
            ClientSecret::Known(secret) => {
                Digest::of(&[b"client secret", id, secret.expose().as_bytes()])
            }
            ClientSecret::Read(source) => return place_digest(source, &self.id),
        };
        *digest.as_bytes()
    }

    /// What the client proves itself by: the secret that is known, or else the one that was `read`.
    ///
    /// # Errors
    /// [`CallError::Unprepared`] while there is neither.
    pub(super) fn proof<'s>(&'s self, read: &'s [Reading]) -> Result<Proof<'s>, CallError> {
        let secret = match &self.secret {
            ClientSecret::Known(secret) => secret.expose().as_str(),
            ClientSecret::Read(_) => return Ok(Proof { id: &self.id, secret: last(read)? }),
        };
        Ok(Proof { id: &self.id, secret })
    }
}

/// The digest of a place from which what proves a client is read: what was granted for the last one stays
/// good.
pub(super) fn place_digest(source: &SecretSource, id: &str) -> [u8; 32] {
    let endpoint = &source.endpoint;
    let digest = Digest::of(&[
        b"client secret source",
        id.as_bytes(),
        endpoint.cluster.as_bytes(),
        endpoint.scheme.as_bytes(),
        endpoint.authority.as_bytes(),
        endpoint.path.as_bytes(),
    ]);
    *digest.as_bytes()
}

/// What was read last, as text.
///
/// # Errors
/// [`CallError::Unprepared`] if nothing was.
pub(super) fn last(read: &[Reading]) -> Result<&str, CallError> {
    let text = read.last().map(|reading| std::str::from_utf8(reading.value.expose()));
    text.and_then(Result::ok).ok_or(CallError::Unprepared)
}

impl Proof<'_> {
    /// Adds the fields of client_secret_post to a form (RFC 6749 §2.3.1).
    pub(super) fn push_to(&self, body: &mut Vec<u8>) {
        let secret = self.secret;
        // Room for all of it at once: a buffer that grows leaves copies of the secret behind.
        body.reserve(64 + 3 * (self.id.len() + secret.len()));
        form::push(body, "client_id", self.id);
        form::push(body, "client_secret", secret);
    }

    /// The `authorization` value of client_secret_basic (RFC 7617 over RFC 6749 §2.3.1).
    pub(super) fn basic(&self, encoding: BasicEncoding) -> Secret<Vec<u8>> {
        let (id, secret) = (self.id, self.secret);
        let mut pair = match encoding {
            BasicEncoding::FormEncoded => {
                let mut secret = form::encoded(secret);
                let pair = [&form::encoded(id), b":".as_slice(), &secret].concat();
                secret.zeroize();
                pair
            }
            BasicEncoding::Raw => [id, ":", secret].concat().into_bytes(),
        };
        let mut encoded = STANDARD.encode(&pair);
        pair.zeroize();
        let value = [b"Basic ", encoded.as_bytes()].concat();
        encoded.zeroize();
        Secret::new(value)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::message::Endpoint;
    use crate::technical_token::secret_source::SecretForm;
    use crate::time::Timestamp;

    fn basic(id: &str, secret: &str, encoding: BasicEncoding) -> String {
        let client = ClientCredentials::new(id, Secret::new(secret.to_owned()));
        let value = client.proof(&[]).unwrap().basic(encoding);
        String::from_utf8(value.expose().clone()).unwrap()
    }

    #[test]
    fn a_secret_that_is_read_proves_nothing_before_and_means_its_place_alone() {
        let source = |path: &str| SecretSource {
            endpoint: Endpoint {
                cluster: Arc::from("secrets"),
                scheme: "http",
                authority: Arc::from("secrets"),
                path: Arc::from(path),
            },
            timeout: Duration::from_secs(1),
            refresh: Duration::from_secs(60),
            form: SecretForm::Text,
        };
        let client = |path| ClientCredentials::reading("id", source(path));
        assert_eq!(client("/a").proof(&[]).err(), Some(CallError::Unprepared));
        let value = Secret::new(b"s3cr3t".to_vec());
        let read = [Reading { value, until: Timestamp::default() }];
        let (client_a, encoding) = (client("/a"), BasicEncoding::Raw);
        let value = client_a.proof(&read).unwrap().basic(encoding);
        assert_eq!(value.expose(), format!("Basic {}", STANDARD.encode("id:s3cr3t")).as_bytes());
        assert_eq!(client("/a").secret_digest(), client("/a").secret_digest());
        assert_ne!(client("/a").secret_digest(), client("/b").secret_digest());
    }

    #[test]
    fn the_worked_example_of_the_platform_is_matched_byte_by_byte() {
        let value = basic("tenant1-svc", "s3cr3t", BasicEncoding::Raw);
        assert_eq!(value, "Basic dGVuYW50MS1zdmM6czNjcjN0");
    }

    #[test]
    fn reserved_characters_are_encoded_first_where_the_rfc_asks_for_it() {
        let expected = format!("Basic {}", STANDARD.encode("a%3Ab:p%25+%C3%BC"));
        assert_eq!(basic("a:b", "p% ü", BasicEncoding::FormEncoded), expected);
        let raw = format!("Basic {}", STANDARD.encode("ab:p% ü"));
        assert_eq!(basic("ab", "p% ü", BasicEncoding::Raw), raw);
    }
}
