//! What a document names of the environment.

use crate::config::is_variable;
use crate::tool::tree::Tree;

/// The variables that the filter reads for a document.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::tool) enum Named<'t> {
    /// Those of the vendor's credential chain, as far as they are set.
    Chain,
    /// One that holds a private key.
    Key(&'t str),
    /// None.
    Nothing,
    /// One that holds a secret.
    Secret(&'t str),
}

/// What a document names, by its method.
pub(in crate::tool) fn named(document: &Tree) -> Named<'_> {
    let text = |key: &str| document.field("authn_configuration")?.field(key)?.text();
    let variable = |key: &str| text(key).filter(|name| is_variable(name) && !name.is_empty());
    match text("authn_method") {
        Some("CLIENT_SECRET_BASIC" | "CLIENT_SECRET_JWT" | "CLIENT_SECRET_POST") => {
            let fallback = match text("client_secret_env_var_name") {
                Some("") => Named::Secret("ALIBABA_CLOUD_EIAM_APP_CLIENT_SECRET"),
                Some(_) | None => Named::Nothing,
            };
            variable("client_secret_env_var_name").map_or(fallback, Named::Secret)
        }
        Some("PCA" | "PRIVATE_KEY_JWT") => {
            variable("private_key_env_var_name").map_or(Named::Nothing, Named::Key)
        }
        Some("PLUGIN") => Named::Chain,
        Some(_) | None => Named::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tool::source;

    #[test]
    fn only_the_variable_of_the_method_counts() {
        let rows = [
            ("authnMethod: CLIENT_SECRET_POST, clientSecretEnvVarName: S", Named::Secret("S")),
            ("authn_method: CLIENT_SECRET_JWT, client_secret_env_var_name: S", Named::Secret("S")),
            (
                "authnMethod: CLIENT_SECRET_BASIC, clientSecretEnvVarName: ''",
                Named::Secret("ALIBABA_CLOUD_EIAM_APP_CLIENT_SECRET"),
            ),
            ("authnMethod: CLIENT_SECRET_BASIC, clientSecretEnvVarName: 'a b'", Named::Nothing),
            ("authnMethod: CLIENT_SECRET_BASIC, privateKeyEnvVarName: K", Named::Nothing),
            (
                "authnMethod: PCA, privateKeyEnvVarName: K, clientSecretEnvVarName: S",
                Named::Key("K"),
            ),
            ("authnMethod: PRIVATE_KEY_JWT, private_key_env_var_name: K", Named::Key("K")),
            ("authnMethod: PLUGIN, clientSecretEnvVarName: S", Named::Chain),
            ("authnMethod: OIDC, oidcTokenFilePathEnvVarName: F", Named::Nothing),
            ("clientSecretEnvVarName: S", Named::Nothing),
        ];
        for (authn, expected) in rows {
            for key in ["authnConfiguration", "authn_configuration"] {
                let text = format!("{key}: {{ {authn} }}");
                let tree = source::read("x.yaml", text.as_bytes()).unwrap().remove(0);
                assert_eq!(named(&tree), expected, "{text}");
            }
        }
    }
}
