//! What the environment variables of the vendor's tools say of the credential chain.

use std::fmt;
use std::sync::Arc;

use super::{AccessKey, AccessKeyError, WithoutToken, sts_host};
use crate::secret::Secret;

/// A place of the chain, as the variables state it. The calls need clusters besides.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ChainLink {
    /// The RAM role of the machine ([`super::EcsRole`]).
    EcsRole {
        /// Its name (`ALIBABA_CLOUD_ECS_METADATA`).
        role: Option<Arc<str>>,
        /// Whether the metadata service may be asked without a token.
        without_token: WithoutToken,
    },
    /// A key that the variables hold. It comes first, and nothing comes after it.
    Key(AccessKey),
    /// A role for the pod's service account ([`super::Rrsa`]).
    Rrsa {
        /// The role.
        role_arn: Arc<str>,
        /// The identity provider that it trusts.
        provider_arn: Arc<str>,
        /// The file of the service account's token; the filter reads it through a cluster.
        token_file: Arc<str>,
        /// The name of the session.
        session_name: Option<Arc<str>>,
        /// The host of the STS.
        sts_host: String,
    },
    /// A server of the user's own ([`super::CredentialsUri`]).
    Uri(Arc<str>),
}

/// Why the variables state no chain.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ChainError {
    /// They state no place at all. A profile file in the home folder may be what was meant.
    Empty,
    /// A part of the access key can be sent in no header.
    Key(AccessKeyError),
    /// This variable names a profile file, or a profile in one.
    ProfileFile(&'static str),
}

/// The chain in the order of the vendor's: a stated key, RRSA, the machine's role, a URI.
///
/// # Errors
/// [`ChainError`]. Profile files, which stand between RRSA and the machine's role there, cannot be read
/// here; variables that lead to them are refused unless a key is stated, which would win anyway.
pub fn chain_of(variable: &dyn Fn(&str) -> Option<String>) -> Result<Vec<ChainLink>, ChainError> {
    let text = |name: &str| variable(name).filter(|value| !value.is_empty());
    let name = |name: &str| text(name).map(Arc::<str>::from);
    let is_true = |name: &str| text(name).is_some_and(|value| value.eq_ignore_ascii_case("true"));
    let secret = |name: &str| text(name).map(Secret::new);
    if let (Some(id), Some(secret_part)) =
        (secret("ALIBABA_CLOUD_ACCESS_KEY_ID"), secret("ALIBABA_CLOUD_ACCESS_KEY_SECRET"))
    {
        let token = secret("ALIBABA_CLOUD_SECURITY_TOKEN");
        let key = AccessKey::new(id, secret_part, token).map_err(ChainError::Key)?;
        return Ok(vec![ChainLink::Key(key)]);
    }
    const PROFILES: [&str; 2] = ["ALIBABA_CLOUD_CREDENTIALS_FILE", "ALIBABA_CLOUD_PROFILE"];
    if let Some(profile) = PROFILES.into_iter().find(|name| text(name).is_some()) {
        return Err(ChainError::ProfileFile(profile));
    }
    let mut links = Vec::new();
    if let (Some(role_arn), Some(provider_arn), Some(token_file)) = (
        name("ALIBABA_CLOUD_ROLE_ARN"),
        name("ALIBABA_CLOUD_OIDC_PROVIDER_ARN"),
        name("ALIBABA_CLOUD_OIDC_TOKEN_FILE"),
    ) {
        let region = text("ALIBABA_CLOUD_STS_REGION");
        let in_vpc = is_true("ALIBABA_CLOUD_VPC_ENDPOINT_ENABLED");
        links.push(ChainLink::Rrsa {
            role_arn,
            provider_arn,
            token_file,
            session_name: name("ALIBABA_CLOUD_ROLE_SESSION_NAME"),
            sts_host: sts_host(region.as_deref(), in_vpc),
        });
    }
    if !is_true("ALIBABA_CLOUD_ECS_METADATA_DISABLED") {
        let is_refused = is_true("ALIBABA_CLOUD_IMDSV1_DISABLED");
        let without_token = if is_refused { WithoutToken::Refused } else { WithoutToken::Allowed };
        links.push(ChainLink::EcsRole { role: name("ALIBABA_CLOUD_ECS_METADATA"), without_token });
    }
    links.extend(name("ALIBABA_CLOUD_CREDENTIALS_URI").map(ChainLink::Uri));
    if links.is_empty() { Err(ChainError::Empty) } else { Ok(links) }
}

impl fmt::Display for ChainError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        const INSTEAD: &str = "the proxy reads no profile files: set `ALIBABA_CLOUD_ACCESS_KEY_ID` and \
             `ALIBABA_CLOUD_ACCESS_KEY_SECRET`, or use RRSA, the machine's RAM role, or a credentials URI";
        match self {
            Self::Empty => {
                write!(formatter, "no environment variable states an access key; {INSTEAD}")
            }
            Self::Key(part) => {
                write!(formatter, "`{}` holds no visible ASCII of one line", part.variable())
            }
            Self::ProfileFile(name) => {
                write!(formatter, "`{name}` leads to a profile file; {INSTEAD}")
            }
        }
    }
}

impl std::error::Error for ChainError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn chain(variables: &[(&str, &str)]) -> Result<Vec<ChainLink>, ChainError> {
        chain_of(&|name| {
            variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        })
    }

    const RRSA: [(&str, &str); 3] = [
        ("ALIBABA_CLOUD_ROLE_ARN", "role"),
        ("ALIBABA_CLOUD_OIDC_PROVIDER_ARN", "provider"),
        ("ALIBABA_CLOUD_OIDC_TOKEN_FILE", "/token"),
    ];
    const NO_METADATA: (&str, &str) = ("ALIBABA_CLOUD_ECS_METADATA_DISABLED", "true");
    const ID: (&str, &str) = ("ALIBABA_CLOUD_ACCESS_KEY_ID", "id");
    const SECRET: (&str, &str) = ("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "secret");

    fn rrsa(sts_host: &str) -> ChainLink {
        ChainLink::Rrsa {
            role_arn: Arc::from("role"),
            provider_arn: Arc::from("provider"),
            token_file: Arc::from("/token"),
            session_name: None,
            sts_host: sts_host.to_owned(),
        }
    }

    #[test]
    fn a_stated_key_wins_over_everything_else() {
        let mut variables = vec![ID, SECRET, ("ALIBABA_CLOUD_PROFILE", "p")];
        variables.extend(RRSA);
        let secret = |text: &str| Secret::new(text.to_owned());
        let key = AccessKey::new(secret("id"), secret("secret"), None).unwrap();
        assert_eq!(chain(&variables), Ok(vec![ChainLink::Key(key)]));
        variables.push(("ALIBABA_CLOUD_SECURITY_TOKEN", "token"));
        let key = AccessKey::new(secret("id"), secret("secret"), Some(secret("token"))).unwrap();
        assert_eq!(chain(&variables), Ok(vec![ChainLink::Key(key)]));
    }

    #[test]
    fn half_a_key_is_none_and_an_odd_one_is_refused() {
        for half in [ID, SECRET] {
            assert_eq!(chain(&[half, NO_METADATA]), Err(ChainError::Empty));
        }
        assert_eq!(
            chain(&[ID, ("ALIBABA_CLOUD_ACCESS_KEY_SECRET", ""), NO_METADATA]),
            Err(ChainError::Empty)
        );
        let odd = ("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "a\n");
        assert_eq!(chain(&[ID, odd]), Err(ChainError::Key(AccessKeyError::Secret)));
    }

    #[test]
    fn the_other_places_come_in_the_vendors_order() {
        let mut variables = RRSA.to_vec();
        variables.push(("ALIBABA_CLOUD_CREDENTIALS_URI", "http://keys/x"));
        let metadata = ChainLink::EcsRole { role: None, without_token: WithoutToken::Allowed };
        let uri = ChainLink::Uri(Arc::from("http://keys/x"));
        let all = vec![rrsa("sts.aliyuncs.com"), metadata.clone(), uri.clone()];
        assert_eq!(chain(&variables), Ok(all));
        assert_eq!(chain(&variables[1..]), Ok(vec![metadata, uri]));
        let named =
            ChainLink::EcsRole { role: Some(Arc::from("r")), without_token: WithoutToken::Refused };
        let variables =
            [("ALIBABA_CLOUD_ECS_METADATA", "r"), ("ALIBABA_CLOUD_IMDSV1_DISABLED", "true")];
        assert_eq!(chain(&variables), Ok(vec![named]));
    }

    #[test]
    fn the_sts_is_that_of_the_region_and_its_private_network() {
        let region = ("ALIBABA_CLOUD_STS_REGION", "cn-x");
        let vpc = ("ALIBABA_CLOUD_VPC_ENDPOINT_ENABLED", "true");
        let rows = [
            (vec![], "sts.aliyuncs.com"),
            (vec![vpc], "sts.aliyuncs.com"),
            (vec![region], "sts.cn-x.aliyuncs.com"),
            (
                vec![region, ("ALIBABA_CLOUD_VPC_ENDPOINT_ENABLED", "false")],
                "sts.cn-x.aliyuncs.com",
            ),
            (vec![region, vpc], "sts-vpc.cn-x.aliyuncs.com"),
        ];
        for (more, host) in rows {
            let variables = [&RRSA[..], &[NO_METADATA], &more].concat();
            assert_eq!(chain(&variables), Ok(vec![rrsa(host)]), "{more:?}");
        }
    }

    #[test]
    fn profile_files_are_refused_with_what_to_use_instead() {
        for name in ["ALIBABA_CLOUD_CREDENTIALS_FILE", "ALIBABA_CLOUD_PROFILE"] {
            let error = chain(&[(name, "x")]).unwrap_err();
            assert_eq!(error, ChainError::ProfileFile(name));
            assert!(error.to_string().contains("ALIBABA_CLOUD_ACCESS_KEY_ID"), "{error}");
        }
        assert!(ChainError::Empty.to_string().contains("profile files"));
    }
}
