//! What is wrong with an issuer or its keys.

use std::fmt;

use super::super::error::Quoted;
use super::super::uri::UriError;
use crate::jwt::{ClaimNameError, IssuerRulesError, JwksError};

/// What is wrong with an issuer or its keys.
#[derive(Clone, Debug)]
pub enum IssuerProblem {
    /// Without a preset, `algorithms` must be stated.
    AlgorithmsUnstated,
    /// Algorithms of public keys are allowed, but the issuer has a secret.
    AlgorithmsOfKeys,
    /// Algorithms of HMAC are allowed, but the issuer has public keys.
    AlgorithmsOfSecret,
    /// `any` tenant can take no place in a template.
    AnyWithTemplate,
    /// A claim is `none` that is always looked at.
    ClaimAlways,
    /// A text that names no claim.
    Claim(ClaimNameError),
    /// Without a preset, this claim must be named, or said to be `none`.
    ClaimUnstated,
    /// A claim is `none` that must be there.
    ClaimRequired,
    /// A key of `hosts` is no host with or without a port.
    DiscoveryHost,
    /// A key of `hosts` is the issuer's own host.
    DiscoveryHostOwn,
    /// The issuer is no URL from which the address of its metadata follows.
    DiscoveryIssuer,
    /// `discovery` and `uri` are both stated.
    DiscoveryWithUri,
    /// `hosts` is stated without `discovery`.
    HostsWithoutDiscovery,
    /// An inline key set cannot be read.
    Jwks(JwksError),
    /// `jwks` is both inline and fetched.
    JwksTwice,
    /// `jwks` is neither inline nor fetched.
    JwksUnstated,
    /// `jwks` and `secret_env` are both stated.
    KeysAndSecret,
    /// `cluster` is missing where keys are fetched.
    KeysClusterUnstated,
    /// Neither `jwks` nor `secret_env` is stated.
    KeysUnstated,
    /// `uri` is missing, and nothing says what it would be.
    KeysUriUnstated,
    /// `tenants` is a map, but the issuer has no `{tenant}`.
    MapWithoutTemplate,
    /// `max_stale` is less than twice `refresh`.
    MaxStaleTooShort,
    /// `min_refresh` is more than `refresh`.
    MinRefreshTooLong,
    /// The preset's issuers are `https` URLs without user information, query and fragment.
    NotAnHttpsUrl,
    /// `profile` without a list of audiences.
    ProfileRecipient,
    /// `profile` beside something else that says how access tokens are told.
    ProfileTwice,
    /// Neither `audiences` nor `clients` is stated.
    RecipientUnstated,
    /// Another entry has the same `iss`.
    Repeated {
        /// The `iss`.
        issuer: Quoted,
        /// The place of the first one.
        first: String,
    },
    /// What an issuer must fulfil.
    Rules(IssuerRulesError),
    /// The secret is not base64url, as was said.
    SecretEncoding,
    /// One secret for several values of `{tenant}`.
    SecretShared,
    /// `secret_encoding` without `secret_env`.
    SecretUnstated,
    /// The secret is shorter than the longest hash of the algorithms.
    SecretTooShort {
        /// The bytes that are needed.
        needed: usize,
    },
    /// `{tenant}` occurs more than once.
    VariableRepeated,
    /// `{tenant}` in the address of the keys of an issuer that has none.
    VariableUnbound,
    /// With one value of `{tenant}`, a URI is none that can be called.
    VariableUnfit {
        /// The value.
        value: Quoted,
        /// What is wrong then.
        error: UriError,
    },
    /// A brace that belongs to no `{tenant}`.
    VariableUnknown,
    /// A value of `{tenant}` that is no label of a host name.
    VariableValue(Quoted),
}

impl fmt::Display for IssuerProblem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Self::Claim(error) => return write!(formatter, "names no claim: it {error}"),
            Self::Jwks(error) => return write!(formatter, "is no usable JWK Set: {error}"),
            Self::Rules(error) => return write!(formatter, "makes no rules: {error}"),
            Self::SecretTooShort { needed } => {
                return write!(
                    formatter,
                    "names a secret that is too short for these algorithms; they need `{needed}` random bytes"
                );
            }
            Self::Repeated { issuer, first } => {
                return write!(
                    formatter,
                    "{issuer} is already an issuer at `{first}`; merge the two"
                );
            }
            Self::VariableUnfit { value, error } => {
                return write!(formatter, "with {value} for `{{tenant}}`, it {error}");
            }
            Self::VariableValue(value) => {
                return write!(
                    formatter,
                    "{value} cannot stand for `{{tenant}}`; use 1 to 63 lower-case letters, digits and inner hyphens"
                );
            }
            Self::AlgorithmsUnstated => {
                "is required without a preset; list the algorithms that this issuer signs with"
            }
            Self::AlgorithmsOfKeys => {
                "holds an algorithm of public keys, which need `jwks`; with `secret_env`, list some of `HS256`, `HS384` and `HS512`"
            }
            Self::AlgorithmsOfSecret => {
                "holds an algorithm of a shared secret, which needs `secret_env`; with `jwks`, leave out `HS256`, `HS384` and `HS512`"
            }
            Self::AnyWithTemplate => {
                "`any` cannot stand for `{tenant}`; list the tenants, or map each value of `{tenant}` to its tenants"
            }
            Self::ClaimAlways => {
                "cannot be `none`: this claim is always looked at; leave the key out for its usual name, or write `/none` for a claim of that name"
            }
            Self::ClaimRequired => {
                "cannot be `none`: the tenant is needed where `tenants` lists some, a subtenant is named, or a preset is used"
            }
            Self::ClaimUnstated => {
                "is required without a preset; name the claim, or write `none` if no token of this issuer has one"
            }
            Self::DiscoveryHost => {
                "is no host: write a name in lower case or an IP address, with its port if that is not 443"
            }
            Self::DiscoveryHostOwn => {
                "is the issuer's own host, which `cluster` reaches; leave it out"
            }
            Self::DiscoveryIssuer => {
                "needs an `issuer` that is a URL with a host in lower case and without user information, query and fragment"
            }
            Self::DiscoveryWithUri => {
                "cannot stand beside `discovery`, by which the issuer itself names the address; keep one"
            }
            Self::HostsWithoutDiscovery => {
                "means something with `discovery` only; leave it out, or write `discovery`"
            }
            Self::JwksTwice => {
                "states both `inline` and how to fetch; keep `inline` alone, or `cluster` and `uri`"
            }
            Self::JwksUnstated => "states no keys; write `inline`, or `cluster` and `uri`",
            Self::KeysAndSecret => {
                "is stated beside `jwks`; an issuer has public keys or a shared secret, never both"
            }
            Self::KeysUnstated => {
                "is required; only an issuer with a shared secret has `secret_env` in its place"
            }
            Self::KeysClusterUnstated => {
                "is required where keys are fetched; name the proxy's cluster that reaches them"
            }
            Self::KeysUriUnstated => {
                "is required where keys are fetched; only the `mindsphere` preset derives it, from an issuer that ends in `/oauth/token`, and `discovery` asks the issuer"
            }
            Self::MapWithoutTemplate => {
                "is a map, but `issuer` has no `{tenant}`; list the tenants, or write `any`"
            }
            Self::MaxStaleTooShort => {
                "must be at least twice `refresh`, so that a failed refresh leaves time for another"
            }
            Self::MinRefreshTooLong => "must not be more than `refresh`",
            Self::NotAnHttpsUrl => {
                "must be an `https` URL without user information, query and fragment for this preset"
            }
            Self::ProfileRecipient => {
                "must list values with `profile: at+jwt`: RFC 9068 §4 refuses tokens that are for somebody else"
            }
            Self::ProfileTwice => {
                "says how access tokens are told from others, as the preset or `token_types` does; keep one of them"
            }
            Self::RecipientUnstated => {
                "must state `audiences` or `clients`; write `any` if tokens for every recipient are meant"
            }
            Self::SecretEncoding => "names a secret that is not unpadded base64url",
            Self::SecretShared => {
                "holds one secret for several values of `{tenant}`, so whoever verifies tokens of one tenant could sign them for another; write an entry with a secret of its own for each"
            }
            Self::SecretUnstated => "has no meaning without `secret_env`",
            Self::VariableRepeated => "has `{tenant}` more than once",
            Self::VariableUnbound => "has a `{tenant}` that `issuer` does not have",
            Self::VariableUnknown => "has a brace that belongs to no `{tenant}`, the only variable",
        };
        formatter.write_str(text)
    }
}
