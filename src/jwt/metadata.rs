//! What an issuer says of itself: OpenID Connect Discovery 1.0 §3, RFC 8414 §2.

use std::fmt;

use crate::json::{self, Value};

/// Where an issuer says its keys are. It has said that it is the issuer that was asked for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Metadata {
    keys_uri: Box<str>,
}

/// Why a document does not lead to an issuer's keys.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum MetadataError {
    /// Its `issuer` is absent, or not the one that was asked for, byte by byte.
    IssuerMismatch,
    /// Its `jwks_uri` is absent or no text.
    KeysUriMissing,
    /// Its `jwks_uri` is no address that the configuration lets it name.
    KeysUriRefused,
    /// It is not one object of strict JSON.
    Malformed,
    /// It is longer than [`METADATA_LIMIT`] bytes.
    TooLarge,
}

/// The longest document, in bytes.
pub const METADATA_LIMIT: usize = 64 * 1024;

impl Metadata {
    /// Reads the metadata of `issuer`. Without a comparison of the two, whoever may answer for one
    /// issuer could give keys for another (OpenID Connect Discovery §4.3, RFC 8414 §3.3).
    ///
    /// # Errors
    /// [`MetadataError`], never [`MetadataError::KeysUriRefused`]: an address is the caller's to judge.
    pub fn parse(document: &[u8], issuer: &str) -> Result<Self, MetadataError> {
        if document.len() > METADATA_LIMIT {
            return Err(MetadataError::TooLarge);
        }
        let document = json::parse(document).map_err(|_| MetadataError::Malformed)?;
        if !document.is_object() {
            return Err(MetadataError::Malformed);
        }
        let text = |name| document.get(name).and_then(Value::as_str);
        if text("issuer") != Some(issuer) {
            return Err(MetadataError::IssuerMismatch);
        }
        let keys_uri = text("jwks_uri").ok_or(MetadataError::KeysUriMissing)?;
        Ok(Self { keys_uri: keys_uri.into() })
    }

    /// The `jwks_uri` as written.
    pub const fn keys_uri(&self) -> &str {
        &self.keys_uri
    }
}

impl MetadataError {
    /// The exact cause as a word for logs.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::IssuerMismatch => "metadata_issuer_mismatch",
            Self::KeysUriMissing => "metadata_jwks_uri_missing",
            Self::KeysUriRefused => "metadata_jwks_uri_refused",
            Self::Malformed => "metadata_malformed",
            Self::TooLarge => "metadata_too_large",
        }
    }
}

impl fmt::Display for MetadataError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::IssuerMismatch => "the metadata is of another issuer",
            Self::KeysUriMissing => "the metadata has no `jwks_uri`",
            Self::KeysUriRefused => "the metadata names an address of keys that is not allowed",
            Self::Malformed => "the metadata is no JSON object, or has a member twice",
            Self::TooLarge => "the metadata is too long",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ISSUER: &str = "https://id.example";

    fn read(document: &str) -> Result<String, MetadataError> {
        Metadata::parse(document.as_bytes(), ISSUER).map(|metadata| metadata.keys_uri().to_owned())
    }

    #[test]
    fn metadata_of_the_issuer_itself_leads_to_its_keys() {
        let document =
            r#"{"issuer":"https:\/\/id.example","jwks_uri":"https://id.example/k","x":1}"#;
        assert_eq!(read(document).as_deref(), Ok("https://id.example/k"));
    }

    #[test]
    fn metadata_that_could_be_of_somebody_else_is_refused() {
        use MetadataError::{IssuerMismatch, KeysUriMissing, Malformed};
        let uri = r#""jwks_uri":"https://id.example/k""#;
        let rows = [
            (format!(r#"{{"issuer":"https://id.example/",{uri}}}"#), IssuerMismatch),
            (format!(r#"{{"issuer":"https://ID.example",{uri}}}"#), IssuerMismatch),
            (format!(r#"{{"issuer":["https://id.example"],{uri}}}"#), IssuerMismatch),
            (format!(r#"{{"issuer":"",{uri}}}"#), IssuerMismatch),
            (format!("{{{uri}}}"), IssuerMismatch),
            (r#"{"issuer":"https://id.example"}"#.to_owned(), KeysUriMissing),
            (r#"{"issuer":"https://id.example","jwks_uri":null}"#.to_owned(), KeysUriMissing),
            (format!(r#"{{"issuer":"https://id.example","issuer":"x",{uri}}}"#), Malformed),
            ("[]".to_owned(), Malformed),
            ("<html>".to_owned(), Malformed),
            (String::new(), Malformed),
        ];
        for (document, error) in rows {
            assert_eq!(read(&document), Err(error), "{document}");
        }
    }

    #[test]
    fn the_size_is_bounded_exactly() {
        let head = r#"{"issuer":"https://id.example","jwks_uri":"https://id.example/k"}"#;
        let padded = |length: usize| format!("{head}{}", " ".repeat(length - head.len()));
        assert!(read(&padded(METADATA_LIMIT)).is_ok());
        assert_eq!(read(&padded(METADATA_LIMIT + 1)), Err(MetadataError::TooLarge));
    }
}
