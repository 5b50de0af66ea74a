//! What is wrong with the vendor's document, or with what stands around it.

use std::fmt;

use super::super::super::error::Quoted;

/// What is wrong with the vendor's document, in the vendor's words where it has some, or with what stands
/// around it. Nothing here holds a secret.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum IdaasProblem {
    /// No variable and no cluster says where an access key comes from.
    AccessKey,
    /// What this variable holds can stand in no header, or would end another value there.
    AccessKeyUnsendable(&'static str),
    /// Documents of AWS instances, which the vendor's client does not have either.
    Aws,
    /// A text that is no certificates in PEM.
    Certificate,
    /// A cluster is not stated.
    Cluster(Missing),
    /// Nothing says which clusters there are.
    Clusters,
    /// The method does not work there.
    DeployEnvironment {
        /// Where the client is said to run.
        found: Quoted,
        /// Where the method works.
        needed: &'static str,
    },
    /// No place that the vendor knows.
    DeployEnvironmentUnknown {
        /// The word.
        found: Quoted,
        /// Where the method works.
        needed: &'static str,
    },
    /// A path where there can be a host alone.
    EndpointPath,
    /// A method that exchanges no tokens.
    ExchangeByPlugin,
    /// The identity of a person.
    Human,
    /// A key is stated twice, perhaps in both spellings.
    KeyTwice(&'static str),
    /// No method, or one that the vendor does not have.
    Method(Option<Quoted>),
    /// Items of a scope have different audiences.
    MultipleAudience,
    /// A key is missing, or its value is blank; the vendor's code for that.
    NotFound(&'static str),
    /// A plugin that is not built in.
    Plugin(Quoted),
    /// No plugin.
    PluginUnnamed,
    /// Two keys say what is obtained; the other one.
    PurposeTwice(&'static str),
    /// A private key stands in the document.
    PrivateKey,
    /// The region of STS, in this variable, is no label of a host name.
    Region(&'static str),
    /// Nothing says which role.
    RoleUnstated,
    /// A scope without items.
    ScopeBlank,
    /// A variable of a set is missing: another place must not stand in for it unnoticed.
    SetIncomplete(&'static str),
    /// An item of a scope that is none.
    ScopeItem(Quoted),
    /// A key for a secret itself, which the vendor does not have.
    Secret,
    /// Nothing says who serves the token of the service account.
    ServiceAccountToken,
    /// Certificates of servers are not to be verified.
    SslCert,
    /// A time beyond the vendor's range; the vendor's code for it.
    Timeout(&'static str),
    /// A value of another JSON type.
    Type {
        /// The type found, in words.
        found: &'static str,
        /// What is expected, in words.
        expected: &'static str,
    },
    /// A key beside the document that the method has no use for.
    Unneeded,
    /// The credentials URI is plain `http`.
    UriPlaintext,
}

/// A cluster that is not stated.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Missing {
    /// The host that it must reach.
    pub host: Quoted,
}

impl fmt::Display for IdaasProblem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Self::Cluster(Missing { host }) => {
                return write!(
                    formatter,
                    "is required: the name of the cluster that reaches {host}"
                );
            }
            Self::DeployEnvironment { found, needed } => {
                return write!(
                    formatter,
                    "is {found}, where this method does not work (`UnsupportedClientDeployEnvironment`); it works on `{needed}` alone"
                );
            }
            Self::DeployEnvironmentUnknown { found, needed } => {
                return write!(
                    formatter,
                    "is {found}, no environment of the vendor's (`ClientDeployEnvironmentNotFound`); this method works on `{needed}` alone"
                );
            }
            Self::KeyTwice(key) => {
                return write!(
                    formatter,
                    "states `{key}` once more, perhaps in its other spelling; keep one"
                );
            }
            Self::Method(Some(method)) => {
                return write!(
                    formatter,
                    "{method} is no method (`UnsupportedAuthenticationMethod`); {METHODS}"
                );
            }
            Self::Method(None) => {
                return write!(
                    formatter,
                    "is missing (`UnsupportedAuthenticationMethod`); {METHODS}"
                );
            }
            Self::NotFound(code) => {
                return write!(formatter, "is missing or blank (`{code}`)");
            }
            Self::Plugin(name) => {
                return write!(
                    formatter,
                    "plugin {name} is a program of its own, which cannot run here; `alibabacloudPluginCredentialProvider` is built in, or choose another `authnMethod`"
                );
            }
            Self::PurposeTwice(other) => {
                return write!(formatter, "cannot go with `{other}`; make a credential for each");
            }
            Self::Region(variable) => {
                return write!(
                    formatter,
                    "environment variable `{variable}` is no region; write it in lower case as in the host names, like `cn-hangzhou`"
                );
            }
            Self::AccessKeyUnsendable(variable) => {
                return write!(
                    formatter,
                    "environment variable `{variable}` is no part of an access key: that is visible ASCII without blanks, and an id has no comma"
                );
            }
            Self::SetIncomplete(variable) => {
                return write!(
                    formatter,
                    "environment variable `{variable}` is not set or empty, while others of its set are there; set it and hand it to the filter, or take the others away"
                );
            }
            Self::ScopeItem(item) => {
                return write!(formatter, "{item} is no `audience|permission` (`InvalidScope`)");
            }
            Self::Timeout(code) => {
                return write!(
                    formatter,
                    "is no whole number of milliseconds from 2000 to 60000 (`{code}`)"
                );
            }
            Self::Type { found, expected } => {
                return write!(formatter, "is {found}; it must be {expected}");
            }
            Self::AccessKey => {
                "has no access key: set `ALIBABA_CLOUD_ACCESS_KEY_ID` and `ALIBABA_CLOUD_ACCESS_KEY_SECRET` for the proxy and hand them to the filter, or state `clusters.metadata` for the role of an ECS instance, or set the variables of RRSA or `ALIBABA_CLOUD_CREDENTIALS_URI`; files of profiles cannot be read here"
            }
            Self::Clusters => {
                "is required beside `idaas`; name the clusters that reach the vendor's servers"
            }
            Self::Aws => {
                "is `AWS_EC2`, whose documents the vendor's client does not have either; use `OIDC` or `PRIVATE_KEY_JWT`"
            }
            Self::Certificate => {
                "is no certificate in PEM; in JSON each line break is written `\\n`"
            }
            Self::EndpointPath => "has a path; write the host alone",
            Self::ExchangeByPlugin => {
                "is not for `PLUGIN`, which exchanges no tokens (`UnsupportedAuthenticationMethod`); choose another `authnMethod`"
            }
            Self::Human => {
                "is `HUMAN`: people sign in by a browser, which a gateway has not; only `CLIENT` obtains tokens here"
            }
            Self::MultipleAudience => {
                "has several audiences (`MultipleAudienceNotSupported`); make a credential for each"
            }
            Self::PluginUnnamed => {
                "is missing or blank; write `alibabacloudPluginCredentialProvider`"
            }
            Self::PrivateKey => {
                "holds a private key; put it into an environment variable, and its name here"
            }
            Self::RoleUnstated => {
                "is required unless `ALIBABA_CLOUD_ROLE_ARN` is set for the proxy and handed to the filter"
            }
            Self::ScopeBlank => "is blank (`InvalidScope`); leave it out for the vendor's default",
            Self::Secret => {
                "reads like a secret, for which the vendor has no key; put it into an environment variable, and its name under `clientSecretEnvVarName` or `privateKeyEnvVarName`"
            }
            Self::ServiceAccountToken => {
                "is required: the filter reads no files, so `oidcTokenFilePath` and its like have no effect; state `{ cluster, uri }` of a listener that serves the file of the service account's token"
            }
            Self::SslCert => {
                "is `true`, which nothing here obeys: whom a cluster trusts stands in its `validation_context`; leave it out"
            }
            Self::Unneeded => "is of no use for this `authnMethod`; leave it out",
            Self::UriPlaintext => {
                "gets a credential from `ALIBABA_CLOUD_CREDENTIALS_URI` by plain `http`; use `https`, or write `allow_plaintext: true` beside `clusters`"
            }
        };
        formatter.write_str(text)
    }
}

/// In words that follow on a method that is none.
const METHODS: &str = "write `CLIENT_SECRET_BASIC`, `CLIENT_SECRET_JWT`, `CLIENT_SECRET_POST`, `OIDC`, `PCA`, `PKCS7`, `PLUGIN` or `PRIVATE_KEY_JWT`";
