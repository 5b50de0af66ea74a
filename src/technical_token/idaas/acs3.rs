//! The signature version `ACS3-HMAC-SHA256` of Alibaba Cloud's OpenAPI.
//!
//! A request is brought to one spelling; its digest is signed with the secret of an access key. Which
//! header fields are covered is said in `Authorization`: we cover `host` and every `x-acs-*`, since a
//! proxy may change or add others.

use super::AccessKey;
use super::encoding::hex;
use crate::crypto::SharedSecret;
use crate::crypto::digest::sha256;
use crate::secret::Secret;

/// A request to sign.
#[derive(Clone, Copy, Debug)]
pub struct Acs3Request<'a> {
    /// The request method.
    pub method: &'a str,
    /// The path without query.
    pub path: &'a str,
    /// The query: pairs in the order of the bytes of their names, encoded as RFC 3986 says.
    pub query: &'a str,
    /// The header fields that are covered, in the order of their names, which are in lower case.
    pub headers: &'a [(&'a str, &'a Secret<Vec<u8>>)],
    /// The lower-case hexadecimal SHA-256 of the body.
    pub body_digest: &'a str,
}

impl Acs3Request<'_> {
    /// The version's name.
    pub const ALGORITHM: &'static str = "ACS3-HMAC-SHA256";

    /// What the version reads of a request. It may hold a security token.
    pub fn canonical(&self) -> Secret<Vec<u8>> {
        let names = self.names();
        let mut parts: Vec<&[u8]> = Vec::new();
        for part in [self.method, self.path, self.query] {
            parts.extend([part.as_bytes(), b"\n"]);
        }
        for (name, value) in self.headers {
            parts.extend([name.as_bytes(), b":", value.expose().trim_ascii(), b"\n"]);
        }
        parts.extend([b"\n", names.as_bytes(), b"\n", self.body_digest.as_bytes()]);
        Secret::new(parts.concat())
    }

    /// What is signed.
    pub fn string_to_sign(&self) -> String {
        let digest = hex(&sha256(self.canonical().expose()));
        [Self::ALGORITHM, "\n", &digest].concat()
    }

    /// The signature by a key, in lower-case hexadecimal.
    pub fn signature(&self, key: &AccessKey) -> String {
        let secret = SharedSecret::new(key.secret.expose().clone().into_bytes());
        hex(&secret.hmac_sha256(self.string_to_sign().as_bytes()))
    }

    /// The `Authorization` value by a key.
    pub fn authorization(&self, key: &AccessKey) -> Secret<Vec<u8>> {
        let value = [
            Self::ALGORITHM,
            " Credential=",
            &key.id,
            ",SignedHeaders=",
            &self.names(),
            ",Signature=",
            &self.signature(key),
        ];
        Secret::new(value.concat().into_bytes())
    }

    fn names(&self) -> String {
        let names: Vec<&str> = self.headers.iter().map(|(name, _)| *name).collect();
        names.join(";")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_outer_white_space_of_values_is_left_out_and_an_empty_list_is_none() {
        let value = Secret::new(b" \tv w ".to_vec());
        let request = Acs3Request {
            method: "GET",
            path: "/a",
            query: "",
            headers: &[("host", &value), ("x-acs-a", &value)],
            body_digest: "0",
        };
        let canonical = request.canonical();
        assert_eq!(canonical.expose(), b"GET\n/a\n\nhost:v w\nx-acs-a:v w\n\nhost;x-acs-a\n0");
        let bare = Acs3Request { headers: &[], ..request };
        assert_eq!(bare.canonical().expose(), b"GET\n/a\n\n\n\n0");
    }
}
