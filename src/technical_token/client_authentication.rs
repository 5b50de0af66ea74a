//! How the gateway proves to a token endpoint which client it is.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroize;

use super::form;
use crate::crypto::Digest;
use crate::secret::Secret;

/// A client id with its secret.
#[derive(Clone, Debug)]
pub struct ClientCredentials {
    id: Arc<str>,
    secret: Secret<String>,
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
        Self { id: Arc::from(id), secret }
    }

    /// The client id. It is no secret.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// A digest that changes with the secret and does not reveal it to a reader of shared data.
    pub(super) fn secret_digest(&self) -> [u8; 32] {
        let parts =
            [b"client secret".as_slice(), self.id.as_bytes(), self.secret.expose().as_bytes()];
        *Digest::of(&parts).as_bytes()
    }

    /// Adds the fields of client_secret_post to a form (RFC 6749 §2.3.1).
    pub(super) fn push_to(&self, body: &mut Vec<u8>) {
        let secret = self.secret.expose();
        // Room for all of it at once: a buffer that grows leaves copies of the secret behind.
        body.reserve(64 + 3 * (self.id.len() + secret.len()));
        form::push(body, "client_id", &self.id);
        form::push(body, "client_secret", secret);
    }

    /// The `authorization` value of client_secret_basic (RFC 7617 over RFC 6749 §2.3.1).
    pub(super) fn basic(&self, encoding: BasicEncoding) -> Secret<Vec<u8>> {
        let (id, secret) = (self.id.as_ref(), self.secret.expose().as_str());
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
    use super::*;

    fn basic(id: &str, secret: &str, encoding: BasicEncoding) -> String {
        let client = ClientCredentials::new(id, Secret::new(secret.to_owned()));
        String::from_utf8(client.basic(encoding).expose().clone()).unwrap()
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
