//! A private certificate authority, for certificates that nobody recorded.

use std::fmt;
use std::str::FromStr as _;
use std::time::Duration;

use p256::ecdsa::{DerSignature, SigningKey};
use rsa::rand_core::OsRng;
use x509_cert::Certificate;
use x509_cert::builder::{Builder as _, CertificateBuilder, Profile};
use x509_cert::der::asn1::{GeneralizedTime, UtcTime};
use x509_cert::der::pem::LineEnding;
use x509_cert::der::{Decode as _, Document, Encode as _, EncodePem as _};
use x509_cert::name::Name;
use x509_cert::serial_number::SerialNumber;
use x509_cert::spki::SubjectPublicKeyInfoOwned;
use x509_cert::time::{Time, Validity};

/// A root certificate with its key.
pub struct Authority {
    certificate: Certificate,
    key: SigningKey,
}

/// What an authority certifies.
pub struct Subject<'a> {
    /// The common name.
    pub name: &'a str,
    /// The public key in PEM.
    pub public_key: &'a str,
    /// From when until when, in seconds since 1970.
    pub valid: [u64; 2],
}

impl Authority {
    /// A root that is valid from 2001 to 2065.
    ///
    /// # Errors
    /// [`AuthorityError`] for a name that is none.
    pub fn new(name: &str) -> Result<Self, AuthorityError> {
        let key = SigningKey::random(&mut OsRng);
        let info = SubjectPublicKeyInfoOwned::from_key(*key.verifying_key())
            .map_err(|_| AuthorityError)?;
        let certificate =
            certificate(Profile::Root, name, info, [1_000_000_000, 3_000_000_000], &key)?;
        Ok(Self { certificate, key })
    }

    /// The root in PEM.
    ///
    /// # Errors
    /// [`AuthorityError`] if it cannot be written.
    pub fn pem(&self) -> Result<String, AuthorityError> {
        self.certificate.to_pem(LineEnding::LF).map_err(|_| AuthorityError)
    }

    /// The root in DER.
    ///
    /// # Errors
    /// [`AuthorityError`] if it cannot be written.
    pub fn der(&self) -> Result<Vec<u8>, AuthorityError> {
        self.certificate.to_der().map_err(|_| AuthorityError)
    }

    /// A certificate in PEM.
    ///
    /// # Errors
    /// [`AuthorityError`] for a name, key or time that is none.
    pub fn issue(&self, subject: &Subject<'_>) -> Result<String, AuthorityError> {
        let (_, key) = Document::from_pem(subject.public_key).map_err(|_| AuthorityError)?;
        let key =
            SubjectPublicKeyInfoOwned::from_der(key.as_bytes()).map_err(|_| AuthorityError)?;
        let profile = Profile::Leaf {
            issuer: self.certificate.tbs_certificate.subject.clone(),
            enable_key_agreement: false,
            enable_key_encipherment: false,
        };
        certificate(profile, subject.name, key, subject.valid, &self.key)?
            .to_pem(LineEnding::LF)
            .map_err(|_| AuthorityError)
    }
}

/// No certificate can be made of this.
#[derive(Debug)]
pub struct AuthorityError;

impl fmt::Display for AuthorityError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("no certificate can be made of this")
    }
}

fn certificate(
    profile: Profile,
    name: &str,
    key: SubjectPublicKeyInfoOwned,
    valid: [u64; 2],
    by: &SigningKey,
) -> Result<Certificate, AuthorityError> {
    let [not_before, not_after] = valid.map(time);
    let name = Name::from_str(&format!("CN={name}")).map_err(|_| AuthorityError)?;
    let validity = Validity { not_before: not_before?, not_after: not_after? };
    CertificateBuilder::new(profile, SerialNumber::from(1_u32), validity, name, key, by)
        .and_then(CertificateBuilder::build::<DerSignature>)
        .map_err(|_| AuthorityError)
}

fn time(seconds: u64) -> Result<Time, AuthorityError> {
    let since = Duration::from_secs(seconds);
    // RFC 5280 §4.1.2.5: the short form through 2049.
    UtcTime::from_unix_duration(since)
        .map(Time::UtcTime)
        .or_else(|_| GeneralizedTime::from_unix_duration(since).map(Time::GeneralTime))
        .map_err(|_| AuthorityError)
}
