//! Certificates of a private authority: up to a trusted root, for the right client, today.

use std::fmt;
use std::time::Duration;

use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, UnixTime};
use webpki::{ALL_VERIFICATION_ALGS, EndEntityCert, KeyUsage, anchor_from_trusted_cert};
use x509_cert::Certificate;
use x509_cert::der::{Decode as _, Encode as _};

use super::public_key::PublicKey;

/// Verifies that a certificate is a client's of this name, and that `chain` leads from it to one of the
/// roots (RFC 5280 §6, by webpki, which rustls verifies TLS peers with). Returns its key.
///
/// A root's own dates are not looked at: it is trusted by being listed.
///
/// # Errors
/// [`CertificateError`] for the first thing that is wrong with it.
pub fn verify(
    leaf: &str,
    chain: &str,
    name: &str,
    roots: &[CertificateDer<'static>],
    now: u64,
) -> Result<PublicKey, CertificateError> {
    let leaf = match read(leaf)?.as_slice() {
        [leaf] => leaf.clone(),
        _ => return Err(CertificateError::Malformed),
    };
    let chain = read(chain)?;
    let entity = EndEntityCert::try_from(&leaf).map_err(|_| CertificateError::Malformed)?;
    let anchors = roots
        .iter()
        .map(anchor_from_trusted_cert)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|_| CertificateError::Malformed)?;
    let now = UnixTime::since_unix_epoch(Duration::from_secs(now));
    entity
        .verify_for_usage(
            ALL_VERIFICATION_ALGS,
            &anchors,
            &chain,
            now,
            KeyUsage::client_auth(),
            None,
            None,
        )
        .map_err(CertificateError::of)?;

    let certificate = Certificate::from_der(&leaf).map_err(|_| CertificateError::Malformed)?;
    if certificate.tbs_certificate.subject.to_string() != format!("CN={name}") {
        return Err(CertificateError::Subject);
    }
    let key = certificate.tbs_certificate.subject_public_key_info.to_der();
    PublicKey::from_der(&key.map_err(|_| CertificateError::Malformed)?)
        .map_err(|_| CertificateError::Key)
}

/// Reads certificates in PEM.
///
/// # Errors
/// [`CertificateError::Malformed`].
pub fn read(pem: &str) -> Result<Vec<CertificateDer<'static>>, CertificateError> {
    CertificateDer::pem_slice_iter(pem.as_bytes())
        .collect::<Result<_, _>>()
        .map_err(|_| CertificateError::Malformed)
}

/// Why a certificate is not believed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum CertificateError {
    Expired,
    Key,
    Malformed,
    NotYetValid,
    /// One of it and its issuers breaks another rule of RFC 5280.
    Path,
    Signature,
    Subject,
    UnknownIssuer,
}

impl CertificateError {
    fn of(error: webpki::Error) -> Self {
        match error {
            webpki::Error::BadDer | webpki::Error::TrailingData(_) => Self::Malformed,
            webpki::Error::CertExpired { .. } => Self::Expired,
            webpki::Error::CertNotValidYet { .. } => Self::NotYetValid,
            webpki::Error::InvalidSignatureForPublicKey => Self::Signature,
            webpki::Error::UnknownIssuer => Self::UnknownIssuer,
            _ => Self::Path,
        }
    }
}

impl fmt::Display for CertificateError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Expired => "it, or one of its issuers, has expired",
            Self::Key => "its key is of no known kind",
            Self::Malformed => "it is not one certificate in PEM, or its chain is none",
            Self::NotYetValid => "it, or one of its issuers, is not valid yet",
            Self::Path => "its path breaks a rule",
            Self::Signature => "its issuer did not sign it",
            Self::Subject => "it is of another subject",
            Self::UnknownIssuer => "its chain leads to no known root",
        })
    }
}
