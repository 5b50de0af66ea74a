//! The signature algorithms that there are, by the names that tokens and keys have for them.

/// A signature algorithm of RFC 7518 §3.1 or RFC 8037 §3.1. `none` and unknown names have no
/// variant.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Algorithm {
    /// `EdDSA`, on Ed25519 alone.
    EdDsa,
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// ECDSA on P-384 with SHA-384.
    Es384,
    /// ECDSA on P-521 with SHA-512.
    Es512,
    /// HMAC with SHA-256.
    Hs256,
    /// HMAC with SHA-384.
    Hs384,
    /// HMAC with SHA-512.
    Hs512,
    /// RSASSA-PSS with SHA-256, also for the mask, and 32 bytes of salt.
    Ps256,
    /// RSASSA-PSS with SHA-384, also for the mask, and 48 bytes of salt.
    Ps384,
    /// RSASSA-PSS with SHA-512, also for the mask, and 64 bytes of salt.
    Ps512,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    Rs384,
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    Rs512,
}

/// A curve of NIST, as `crv` names it (RFC 7518 §6.2.1.1). It decides the algorithm.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Curve {
    /// P-256, for ES256.
    P256,
    /// P-384, for ES384.
    P384,
    /// P-521, for ES512.
    P521,
}

impl Algorithm {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::EdDsa,
        Self::Es256,
        Self::Es384,
        Self::Es512,
        Self::Hs256,
        Self::Hs384,
        Self::Hs512,
        Self::Ps256,
        Self::Ps384,
        Self::Ps512,
        Self::Rs256,
        Self::Rs384,
        Self::Rs512,
    ];

    /// The name as it stands in `alg`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::EdDsa => "EdDSA",
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::Es512 => "ES512",
            Self::Hs256 => "HS256",
            Self::Hs384 => "HS384",
            Self::Hs512 => "HS512",
            Self::Ps256 => "PS256",
            Self::Ps384 => "PS384",
            Self::Ps512 => "PS512",
            Self::Rs256 => "RS256",
            Self::Rs384 => "RS384",
            Self::Rs512 => "RS512",
        }
    }

    /// The algorithm of a name, compared exactly.
    ///
    /// `Ed25519` (RFC 9864 §2.2) is [`Algorithm::EdDsa`]: that name stands for a family, of which no
    /// other member exists here.
    pub fn from_name(name: &str) -> Option<Self> {
        if name == "Ed25519" {
            return Some(Self::EdDsa);
        }
        Self::ALL.into_iter().find(|algorithm| algorithm.name() == name)
    }

    /// Whether RSA keys are for it.
    pub const fn is_rsa(self) -> bool {
        match self {
            Self::Ps256 | Self::Ps384 | Self::Ps512 | Self::Rs256 | Self::Rs384 | Self::Rs512 => {
                true
            }
            Self::EdDsa | Self::Es256 | Self::Es384 | Self::Es512 => false,
            Self::Hs256 | Self::Hs384 | Self::Hs512 => false,
        }
    }

    /// Where a shared secret is for it: the bytes that the secret must have at least, which are
    /// those that the signature has exactly (RFC 7518 §3.2).
    pub const fn secret_length(self) -> Option<usize> {
        match self {
            Self::Hs256 => Some(32),
            Self::Hs384 => Some(48),
            Self::Hs512 => Some(64),
            Self::EdDsa | Self::Es256 | Self::Es384 | Self::Es512 => None,
            Self::Ps256 | Self::Ps384 | Self::Ps512 => None,
            Self::Rs256 | Self::Rs384 | Self::Rs512 => None,
        }
    }

    /// Whether it takes a shared secret, not a public key.
    pub const fn is_symmetric(self) -> bool {
        self.secret_length().is_some()
    }
}

impl Curve {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::P256, Self::P384, Self::P521];

    /// The name as it stands in `crv`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::P256 => "P-256",
            Self::P384 => "P-384",
            Self::P521 => "P-521",
        }
    }

    /// The curve of a name, compared exactly.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|curve| curve.name() == name)
    }

    /// The only algorithm for keys on it (RFC 7518 §3.4).
    pub const fn algorithm(self) -> Algorithm {
        match self {
            Self::P256 => Algorithm::Es256,
            Self::P384 => Algorithm::Es384,
            Self::P521 => Algorithm::Es512,
        }
    }

    /// The bytes of one coordinate.
    pub const fn coordinate_length(self) -> usize {
        match self {
            Self::P256 => 32,
            Self::P384 => 48,
            Self::P521 => 66,
        }
    }
}
