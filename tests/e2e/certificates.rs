//! A certificate authority for one scenario, and the certificates that it signs.

use std::str::FromStr;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use p256::ecdsa::{DerSignature, SigningKey};
use p256::pkcs8::EncodePrivateKey as _;
use rsa::rand_core::OsRng;
use rsa::sha2::{Digest as _, Sha256};
use serde_json::{Value, json};
use x509_cert::Certificate;
use x509_cert::builder::{Builder as _, CertificateBuilder, Profile};
use x509_cert::der::pem::LineEnding;
use x509_cert::der::{Encode as _, EncodePem as _};
use x509_cert::name::Name;
use x509_cert::serial_number::SerialNumber;
use x509_cert::spki::SubjectPublicKeyInfoOwned;
use x509_cert::time::Validity;

/// A certificate with its private key.
pub struct Identity {
    certificate: Certificate,
    key: SigningKey,
}

impl Identity {
    /// One that signs others.
    pub fn authority() -> Self {
        let key = SigningKey::random(&mut OsRng);
        Self { certificate: certificate(Profile::Root, "CN=authority", &key, &key), key }
    }

    /// One signed by this.
    pub fn sign(&self, name: &str) -> Self {
        let key = SigningKey::random(&mut OsRng);
        let profile = Profile::Leaf {
            issuer: self.certificate.tbs_certificate.subject.clone(),
            enable_key_agreement: false,
            enable_key_encipherment: false,
        };
        Self { certificate: certificate(profile, &format!("CN={name}"), &key, &self.key), key }
    }

    /// The certificate as Envoy reads it.
    pub fn pem(&self) -> Value {
        json!({"inline_string": self.certificate()})
    }

    /// Certificate and private key as Envoy reads them.
    pub fn tls_certificate(&self) -> Value {
        json!({"certificate_chain": self.pem(), "private_key": {"inline_string": self.private_key()}})
    }

    /// The certificate in PEM.
    pub fn certificate(&self) -> String {
        self.certificate.to_pem(LineEnding::LF).unwrap()
    }

    /// The private key in PEM.
    pub fn private_key(&self) -> String {
        self.key.to_pkcs8_pem(LineEnding::LF).unwrap().to_string()
    }

    /// As `x5t#S256` has it (RFC 8705 §3.1).
    pub fn thumbprint(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.digest())
    }

    /// As `x-forwarded-client-cert` has it.
    pub fn hash(&self) -> String {
        self.digest().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn digest(&self) -> [u8; 32] {
        Sha256::digest(self.certificate.to_der().unwrap()).into()
    }
}

fn certificate(profile: Profile, name: &str, key: &SigningKey, by: &SigningKey) -> Certificate {
    let builder = CertificateBuilder::new(
        profile,
        SerialNumber::from(1_u32),
        Validity::from_now(Duration::from_secs(3600)).unwrap(),
        Name::from_str(name).unwrap(),
        SubjectPublicKeyInfoOwned::from_key(*key.verifying_key()).unwrap(),
        by,
    );
    builder.unwrap().build::<DerSignature>().unwrap()
}
