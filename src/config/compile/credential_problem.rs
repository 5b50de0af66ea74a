//! What is wrong with a credential.

use std::fmt;

use super::super::error::Quoted;
use super::idaas::IdaasProblem;
use crate::crypto::PrivateKeyError;
use crate::tenancy::IdError;

/// What is wrong with a credential. Nothing here holds a secret.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum CredentialProblem {
    /// An algorithm for another kind of key.
    AlgorithmUnfit,
    /// No header can carry the key.
    ApiKeyUnsendable,
    /// Nothing says where the assertion of somebody else is read.
    AssertionUnstated,
    /// The kind serves no caller who presents a token.
    CallersUnserved,
    /// The kind has no tenant of its own, so `callers` must say whom it serves.
    CallersUnstated,
    /// A text that is no certificate in PEM.
    Certificate,
    /// The certificate of another key than the client's.
    CertificateOther,
    /// A claim of an exchanged token is said to be `none`.
    ClaimNone,
    /// A key that the client authentication has no use for.
    ClientAuthUnneeded,
    /// The base domain is no host name.
    Domain,
    /// The client id has a colon, which the `Basic` scheme cannot carry as it stands.
    IdColon,
    /// A client of IDaaS.
    Idaas(IdaasProblem),
    /// A key that stands beside `idaas` alone.
    IdaasAlone,
    /// No cluster is stated that reaches the keys of this issuer.
    KeysClusterUnstated(Quoted),
    /// Keys are stated, and no signature is checked.
    KeysUnneeded,
    /// No address is stated for the keys of this issuer, and none follows from the platform's rule.
    KeysUriUnstated(Quoted),
    /// A text that is no private key by which assertions can be signed.
    KeyUnreadable(PrivateKeyError),
    /// No kind, or more than one, is stated.
    KindUnclear,
    /// The name of an extra parameter is empty, too long, or no visible ASCII.
    ParameterName,
    /// An extra parameter that another key states, or that belongs to another grant.
    ParameterReserved,
    /// The private key is read from a file, and what stands in a variable would not change with it.
    PrivateKeyTwice,
    /// The region is no label of a host name.
    Region,
    /// A resource that is no absolute URI without fragment (RFC 8707 §2).
    Resource(Quoted),
    /// A scope that holds other characters than RFC 6749 §3.3 allows.
    Scope(Quoted),
    /// An inline secret, which the document does not allow.
    SecretInline {
        /// The key that names its variable.
        variable: &'static str,
    },
    /// The secret is read from a file, and stated in another way too.
    SecretTwice {
        /// The key that states it.
        inline: &'static str,
        /// The key that names its variable.
        variable: &'static str,
    },
    /// A value is stated inline and by variable.
    StatedTwice {
        /// The key that names the variable.
        variable: &'static str,
    },
    /// The subtenant can be none.
    Subtenant(IdError),
    /// The variable of a subtenant is set to nothing.
    SubtenantEmpty,
    /// A subtenant is required, and the variables are those of an application.
    SubtenantOfApplication,
    /// A subtenant is required, and its variable, of this name, is not set.
    SubtenantUnset(&'static str),
    /// The tenant can be none.
    Tenant(IdError),
    /// The tenant is no label of a host name.
    TenantLabel,
    /// A user's token on ingress, where every caller would be that user.
    UserTokenOnIngress,
    /// What is wrong with the value of a variable of the platform.
    Variable {
        /// The variable.
        name: &'static str,
        /// What is wrong with its value.
        problem: Box<Self>,
    },
    /// What should name an environment variable cannot be the name of one.
    VariableName,
    /// Neither the value nor its variable is stated.
    VariableUnnamed,
    /// The variable is not set, not handed to the filter, or empty. Its name, unless that could be
    /// the secret itself.
    VariableUnset(Option<Quoted>),
    /// The variable's value has a control character (a line break at its end, often), or is too long.
    VariableValue {
        /// Its name, unless that could be the secret itself.
        name: Option<Quoted>,
        /// The most bytes that it may have.
        limit: usize,
    },
    /// Neither the variables of an application nor those of a tenant are all set.
    VariablesMissing {
        /// Those of an application that are missing; empty if nothing speaks for one.
        app: Vec<&'static str>,
        /// Those of a tenant that are missing; empty if nothing speaks for one.
        tenant: Vec<&'static str>,
    },
}

impl fmt::Display for CredentialProblem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Self::Idaas(problem) => return problem.fmt(formatter),
            Self::KeyUnreadable(error) => {
                return write!(
                    formatter,
                    "names a variable whose value is no private key to sign with: {error}"
                );
            }
            Self::KeysClusterUnstated(issuer) => {
                return write!(
                    formatter,
                    "must name the `cluster` that reaches the keys of {issuer}, by which tokens are checked; or write `signature: not_checked`"
                );
            }
            Self::KeysUriUnstated(issuer) => {
                return write!(
                    formatter,
                    "must have the `uri` of the keys of {issuer}, by which tokens are checked: none follows from the URLs of the platform; or write `signature: not_checked`"
                );
            }
            Self::Resource(resource) => {
                return write!(
                    formatter,
                    "{resource} is no resource; write an absolute URI without `#` and blanks"
                );
            }
            Self::Scope(scope) => {
                return write!(
                    formatter,
                    "{scope} is no scope; one item is one scope, in visible ASCII without `\"` and `\\`"
                );
            }
            Self::SecretInline { variable } => {
                return write!(
                    formatter,
                    "is an inline secret; name an environment variable by `{variable}`, a file by `secret`, or write `allow_inline_secrets: true` at the top"
                );
            }
            Self::SecretTwice { inline, variable } => {
                return write!(
                    formatter,
                    "cannot stand beside `{inline}` or `{variable}`; keep one of them"
                );
            }
            Self::StatedTwice { variable } => {
                return write!(formatter, "is stated inline and by `{variable}`; keep one");
            }
            Self::Subtenant(error) => {
                return write!(formatter, "cannot name a subtenant: it {error}");
            }
            Self::SubtenantUnset(name) => {
                return write!(
                    formatter,
                    "requires a subtenant, and environment variable `{name}` is not set; set it for the proxy and list it under `vm_config.environment_variables.host_env_keys` of the filter"
                );
            }
            Self::Tenant(error) => return write!(formatter, "cannot name a tenant: it {error}"),
            Self::Variable { name, problem } => {
                return write!(formatter, "environment variable `{name}` {problem}");
            }
            Self::VariablesMissing { app, tenant } => {
                return variables_missing(app, tenant, formatter);
            }
            Self::VariableUnset(name) => {
                return write!(
                    formatter,
                    "{} is not set or empty; set it for the proxy and list it under `vm_config.environment_variables.host_env_keys` of the filter",
                    variable(name.as_ref())
                );
            }
            Self::VariableValue { name, limit } => {
                return write!(
                    formatter,
                    "{} holds a control character (often a line break at the end) or over {limit} bytes",
                    variable(name.as_ref())
                );
            }
            Self::AlgorithmUnfit => {
                "does not fit the key that signs; leave it out for the one that follows from that"
            }
            Self::ApiKeyUnsendable => {
                "cannot be sent in a header; a key is visible ASCII without blanks"
            }
            Self::AssertionUnstated => {
                "is required: the filter reads no files; state `{ cluster, uri }` of a listener that serves the file with the assertion"
            }
            Self::CallersUnserved => {
                "has no effect: a user's token is for a program that presents none; leave it out"
            }
            Self::CallersUnstated => {
                "is required for this kind of credential; list the tenants whose callers it may serve, or write `any`"
            }
            Self::Certificate => "names a variable whose value is no certificate in PEM",
            Self::CertificateOther => "names a variable that holds the certificate of another key",
            Self::ClaimNone => {
                "cannot be `none`: an exchanged token is compared with its caller by this claim; write `/none` for a claim of that name"
            }
            Self::ClientAuthUnneeded => "is of no use for this `client_auth`; leave it out",
            Self::Domain => "is no host name; write it in lower case without scheme and region",
            Self::IdColon => {
                "has a colon, which HTTP Basic authentication cannot carry in a client id"
            }
            Self::IdaasAlone => "is for credentials with `idaas` alone; leave it out",
            Self::KeysUnneeded => "is of no use beside `signature: not_checked`; keep one of both",
            Self::KindUnclear => {
                "must state exactly one of `api_key`, `idaas`, `mindsphere_app`, `mindsphere_auto`, `mindsphere_tenant`, `mindsphere_user` and `oauth2`"
            }
            Self::ParameterName => "cannot be sent; use 1 to 128 visible ASCII characters",
            Self::ParameterReserved => {
                "is no extra parameter: another key of this credential states it, or it belongs to another grant"
            }
            Self::PrivateKeyTwice => {
                "cannot stand beside `private_key`, whose file changes; keep one of them"
            }
            Self::Region => "is no region; write it in lower case as in the host names, like `eu1`",
            Self::SubtenantEmpty => {
                "is empty, which could mean one subtenant or none; unset it for the whole tenant, or let it name the subtenant"
            }
            Self::SubtenantOfApplication => {
                "requires a subtenant, and the variables of an application, which go first, are set: its tokens act for the whole tenant; unset them"
            }
            Self::TenantLabel => {
                "is no tenant of this platform; use lower-case letters, digits and inner hyphens"
            }
            Self::UserTokenOnIngress => {
                "is for egress alone: here every caller would act as that user"
            }
            Self::VariableName => {
                "is not the name of an environment variable; write the name, never the value"
            }
            Self::VariableUnnamed => {
                "is required; name the environment variable that holds the value"
            }
        };
        formatter.write_str(text)
    }
}

fn variables_missing(
    app: &[&str],
    tenant: &[&str],
    formatter: &mut fmt::Formatter<'_>,
) -> fmt::Result {
    let sets = [("an application", app), ("a tenant", tenant)];
    let sets = sets.iter().filter(|(_, missing)| !missing.is_empty());
    let sets: Vec<_> =
        sets.map(|(whose, missing)| format!("for {whose} `{}`", missing.join("`, `"))).collect();
    write!(
        formatter,
        "lacks environment variables: {}; set them for the proxy and list them under `vm_config.environment_variables.host_env_keys` of the filter",
        sets.join(", or ")
    )
}

fn variable(name: Option<&Quoted>) -> String {
    name.map_or_else(
        || "the environment variable that is named here".to_owned(),
        |name| format!("environment variable {name}"),
    )
}
