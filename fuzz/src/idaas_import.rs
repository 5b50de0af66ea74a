//! The vendor's `client-config.json`, with comments and line breaks in texts, as `idaas import` takes it.

use tenantgate::tool::idaas::{Order, import};

/// Imports a document. The first byte says what the environment has for `PLUGIN`. What is printed is the
/// same each time, has the three parts, and no line that begins with what only the document can hold.
pub fn run(data: &[u8]) {
    let Some((first, document)) = data.split_first() else { return };
    let environment = |name: &str| match (first, name) {
        (b'k', "ALIBABA_CLOUD_ACCESS_KEY_ID" | "ALIBABA_CLOUD_ACCESS_KEY_SECRET") => {
            Some(HIDDEN.to_owned())
        }
        (b'm', "ALIBABA_CLOUD_ECS_METADATA_DISABLED") => Some("true".to_owned()),
        (b'r', "ALIBABA_CLOUD_ROLE_ARN" | "ALIBABA_CLOUD_OIDC_PROVIDER_ARN") => {
            Some("acs:ram::1:role/made-up".to_owned())
        }
        (b'r', "ALIBABA_CLOUD_OIDC_TOKEN_FILE") => Some("/var/run/token".to_owned()),
        (b'u', "ALIBABA_CLOUD_CREDENTIALS_URI") => Some("https://keys.example/key".to_owned()),
        _ => None,
    };
    let callers = vec!["acme".to_owned()];
    let order = Order { document, environment: &environment, name: "idaas", callers };
    let printed = import(&order);
    match &printed {
        Ok(yaml) => {
            for part in ["credentials:", "clusters:", "environment_variables:"] {
                assert!(
                    yaml.lines().any(|line| line.starts_with(part)),
                    "{part} is missing:\n{yaml}"
                );
            }
            assert!(!yaml.contains(HIDDEN), "a variable is shown:\n{yaml}");
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
    assert_eq!(printed.ok(), import(&order).ok());
}

const HIDDEN: &str = "LTAImadeUpSecret";
