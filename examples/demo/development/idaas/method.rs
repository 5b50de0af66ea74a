//! The eight ways in which a client proves who it is, and where the key of the eighth comes from.

/// A value of `authnMethod`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Method {
    ClientSecretBasic,
    ClientSecretJwt,
    ClientSecretPost,
    Oidc,
    Pca,
    Pkcs7,
    Plugin,
    PrivateKeyJwt,
}

impl Method {
    pub const ALL: [Self; 8] = [
        Self::ClientSecretBasic,
        Self::ClientSecretJwt,
        Self::ClientSecretPost,
        Self::Oidc,
        Self::Pca,
        Self::Pkcs7,
        Self::Plugin,
        Self::PrivateKeyJwt,
    ];

    /// As `client-config.json` has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::ClientSecretBasic => "CLIENT_SECRET_BASIC",
            Self::ClientSecretJwt => "CLIENT_SECRET_JWT",
            Self::ClientSecretPost => "CLIENT_SECRET_POST",
            Self::Oidc => "OIDC",
            Self::Pca => "PCA",
            Self::Pkcs7 => "PKCS7",
            Self::Plugin => "PLUGIN",
            Self::PrivateKeyJwt => "PRIVATE_KEY_JWT",
        }
    }
}

/// Where the access key that signs a call of the OpenAPI comes from.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Source {
    CredentialsUri,
    /// The developer API. Such a key calls other services, it obtains no token.
    DeveloperApi,
    /// The RAM role of an ECS instance.
    EcsRole,
    /// An access key in variables.
    Environment,
    /// An STS credential in variables.
    EnvironmentSts,
    /// A RAM role for the service account of Kubernetes.
    Rrsa,
}
