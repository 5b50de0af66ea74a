//! What can be wrong with the text of a private key.

use std::fmt;

/// Why a text is no private key that signs assertions. It quotes nothing of the text.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum PrivateKeyError {
    /// It is a certificate.
    Certificate,
    /// Its curve is none of P-256, P-384 and P-521, or is described instead of named.
    Curve,
    /// Its curve is secp256k1.
    CurveSecp256k1,
    /// It is a DSA key.
    Dsa,
    /// It is an Ed25519 key.
    Ed25519,
    /// It is empty, or blank.
    Empty,
    /// It is encrypted.
    Encrypted,
    /// Its label says that it is something else.
    Label,
    /// Between the labels is no base64, or it is cut off.
    NotBase64,
    /// It does not begin with a label line, `-----BEGIN …-----`.
    NoLabel,
    /// The label line at the end is missing, or is another one than at the beginning.
    NoEnd,
    /// Its numbers do not belong together, or are out of range.
    NumberUnsound,
    /// It is public.
    Public,
    /// It is an RSA key with more than two primes.
    RsaPrimes,
    /// It is an RSA key whose modulus does not have 1,024 to 4,096 bits.
    RsaSize {
        /// The bits it has.
        bits: usize,
    },
    /// Its DER (X.690) is not that of a private key: cut off, or for another label.
    Structure,
    /// Something follows the label line at the end.
    TextAfter,
    /// It is a key of another kind.
    Type,
}

impl fmt::Display for PrivateKeyError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Self::Certificate => "it is a certificate, not a private key",
            Self::Curve => "its curve is none of P-256, P-384 and P-521",
            Self::CurveSecp256k1 => "its curve is secp256k1, not P-256, P-384 or P-521",
            Self::Dsa => "it is a DSA key, not an RSA or EC key",
            Self::Ed25519 => "it is an Ed25519 key, not an RSA or EC key",
            Self::Empty => "it is empty",
            Self::Encrypted => "it is encrypted: decrypt it first (`openssl pkey`)",
            Self::Label => "its label is not that of a private key",
            Self::NotBase64 => "what is between its labels is not base64, or is cut off",
            Self::NoLabel => "it does not begin with a label such as `-----BEGIN PRIVATE KEY-----`",
            Self::NoEnd => "the label at its end is missing or is not that of its beginning",
            Self::NumberUnsound => "its numbers do not belong together or are out of range",
            Self::Public => "it is a public key",
            Self::RsaPrimes => "it is an RSA key with more than two primes",
            Self::RsaSize { bits } => {
                return write!(formatter, "it is an RSA key of `{bits}` bits, not 1024 to 4096");
            }
            Self::Structure => "its content is cut off or is not what its label says",
            Self::TextAfter => "something follows the label at its end",
            Self::Type => "it is neither an RSA nor an EC key",
        };
        formatter.write_str(text)
    }
}

impl std::error::Error for PrivateKeyError {}
