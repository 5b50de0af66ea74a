//! What the provider knows of its one client, and where its servers stand: all as in the recorded requests.

use std::collections::BTreeMap;

use rustls_pki_types::CertificateDer;

use super::public_key::PublicKey;

/// The registration of a client.
pub struct Account {
    pub secret: String,
    /// Registered keys by name.
    pub keys: BTreeMap<String, PublicKey>,
    /// The roots of private authorities, in DER.
    pub roots: Vec<CertificateDer<'static>>,
    /// Tokens of others that may be exchanged, beside those of this instance.
    pub subject_tokens: Vec<String>,
}

pub const INSTANCE: &str = "idaas_madeup0001";
pub const CLIENT: &str = "app_madeup0001";
pub const ISSUER: &str = "https://idaas.example.test/api/v2/iauths_system/oauth2";
pub const TOKEN_ENDPOINT: &str = "https://idaas.example.test/api/v2/iauths_system/oauth2/token";
pub const TOKEN_PATH: &str = "/api/v2/iauths_system/oauth2/token";
pub const SCOPE: &str = "api.example.com|read:file";
/// The audience of everything that IDaaS holds for others.
pub const PAM_AUDIENCE: &str = "urn:cloud:idaas:pam";

pub const TOKEN_HOST: &str = "idaas.example.test";
pub const OPEN_API_HOST: &str = "eiam.region.example.test";
pub const DEVELOPER_API_HOST: &str = "eiam-developerapi.region.example.test";
pub const METADATA_HOST: &str = "100.100.100.200";
/// A service of Alibaba Cloud that checks signatures.
pub const SERVICE_HOST: &str = "service.region.example.test";
pub const TOKEN_FILE_HOST: &str = "service-account.example.test";
/// At the host of the token endpoint.
pub const CREDENTIALS_PATH: &str = "/creds";

/// The names of the federated credentials, by what they trust.
pub const PKCS7_CREDENTIAL: &str = "my_pkcs7_credential";
pub const OIDC_CREDENTIAL: &str = "my_oidc_credential";
pub const PCA_CREDENTIAL: &str = "my_pca_credential";
/// The common name that a certificate must have.
pub const CERTIFICATE_NAME: &str = "made-up-client";

pub const ACCESS_KEY_ID: &str = "LTAImadeUpAccessKeyId";
pub const ACCESS_KEY_SECRET: &str = "madeUpAccessKeySecret0123456789";
pub const SECURITY_TOKEN: &str = "madeUpSecurityToken/+=";
pub const ROLE: &str = "MadeUpRole";
pub const ROLE_ARN: &str = "acs:ram::100000000000:role/made-up";
pub const PROVIDER_ARN: &str = "acs:ram::100000000000:oidc-provider/made-up";
/// What the developer API hands an API key out for.
pub const API_KEY_NAME: &str = "made_up_credential_identifier";
pub const API_KEY: &str = "made-up-api-key";
