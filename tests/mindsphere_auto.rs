//! `mindsphere_auto`: which variables make which credential, and what is said where some are missing.
//! The requests that they make are in `tests/token_requests.rs`.
#![allow(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops by panicking; clippy spares only functions that carry `#[test]`"
)]

use tenantgate::config::{self, Compiled, ConfigErrors};

const APP: [(&str, &str); 6] = [
    ("MDSP_KEY_STORE_CLIENT_ID", "acme-app-1.0.0"),
    ("MDSP_KEY_STORE_CLIENT_SECRET", "s3cr3t"),
    ("MDSP_OS_VM_APP_NAME", "app"),
    ("MDSP_OS_VM_APP_VERSION", "1.0.0"),
    ("MDSP_HOST_TENANT", "host"),
    ("MDSP_USER_TENANT", "acme"),
];

const TENANT: [(&str, &str); 3] = [
    ("MINDSPHERE_CLIENT_ID", "acme-svc"),
    ("MINDSPHERE_CLIENT_SECRET", "s3cr3t"),
    ("MINDSPHERE_TENANT", "acme"),
];

const SUBTENANT: (&str, &str) = ("MINDSPHERE_SUB_TENANT", "north");

/// Variables that are set, in several parts.
type Variables<'v> = &'v [&'v [(&'v str, &'v str)]];

fn compile(variables: Variables<'_>, subtenant: &str) -> Result<Compiled, ConfigErrors> {
    compile_with("", variables, subtenant)
}

/// With `more` keys of the credential.
fn compile_with(
    more: &str,
    variables: Variables<'_>,
    subtenant: &str,
) -> Result<Compiled, ConfigErrors> {
    let document = format!(
        r#"{{
        "deployment": "egress",
        "issuers": [{{
            "name": "users", "preset": "mindsphere", "issuer": "https://acme.piam.eu1.mindsphere.io/oauth/token",
            "tenants": ["acme"], "clients": ["app"], "jwks": {{"cluster": "piam"}}
        }}],
        "credentials": [{{"name": "auto", "mindsphere_auto": {{"cluster": "gateway", "piam_cluster": "piam"{more}}}}}],
        "routes": [{{
            "name": "all", "match": {{"hosts": ["*"], "path": "/**", "methods": "any"}},
            "subtenancy": "aware", "subtenant": "{subtenant}",
            "upstream": {{"caller_token": "remove", "inject": [{{"credential": "auto"}}]}}
        }}],
        "identity_headers": {{"subtenant": "x-subtenant"}}
    }}"#
    );
    let environment = |name: &str| {
        let mut all = variables.iter().flat_map(|set| set.iter());
        all.find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
    };
    config::compile(document.as_bytes(), &environment)
}

/// The errors, each without what all of them say.
fn errors(variables: Variables<'_>) -> Vec<String> {
    errors_with("", variables)
}

fn errors_with(more: &str, variables: Variables<'_>) -> Vec<String> {
    let errors = compile_with(more, variables, "tenant_wide").err().unwrap();
    let known = "credentials[0].mindsphere_auto: ";
    let ends = ["them", "it"].map(|what| {
        let place = "`vm_config.environment_variables.host_env_keys` of the filter";
        format!("; set {what} for the proxy and list {what} under {place}")
    });
    let lines = errors.iter().map(|error| {
        let line = error.to_string();
        assert!(!line.contains("s3cr3t"), "{line}");
        let line = line.strip_prefix(known).unwrap_or(&line);
        ends.iter().fold(line.to_owned(), |line, end| line.replace(end, ""))
    });
    lines.collect()
}

#[test]
fn what_is_missing_is_named() {
    let app_without_secret: Vec<_> =
        APP.into_iter().filter(|(name, _)| *name != "MDSP_KEY_STORE_CLIENT_SECRET").collect();
    let rows: [(Variables<'_>, &str); 6] = [
        (
            &[],
            "lacks environment variables: for an application `MDSP_KEY_STORE_CLIENT_ID`, `MDSP_KEY_STORE_CLIENT_SECRET`, \
             `MDSP_OS_VM_APP_NAME`, `MDSP_OS_VM_APP_VERSION`, `MDSP_HOST_TENANT`, `MDSP_USER_TENANT`, \
             or for a tenant `MINDSPHERE_CLIENT_ID`, `MINDSPHERE_CLIENT_SECRET`, `MINDSPHERE_TENANT`",
        ),
        (
            &[&app_without_secret],
            "lacks environment variables: for an application `MDSP_KEY_STORE_CLIENT_SECRET`",
        ),
        (
            &[&app_without_secret, &[("MDSP_KEY_STORE_CLIENT_SECRET", "")]],
            "lacks environment variables: for an application `MDSP_KEY_STORE_CLIENT_SECRET`",
        ),
        (&[&TENANT[..2]], "lacks environment variables: for a tenant `MINDSPHERE_TENANT`"),
        (
            &[&[SUBTENANT]],
            "lacks environment variables: for a tenant `MINDSPHERE_CLIENT_ID`, `MINDSPHERE_CLIENT_SECRET`, `MINDSPHERE_TENANT`",
        ),
        (
            &[&app_without_secret, &TENANT[1..]],
            "lacks environment variables: for an application `MDSP_KEY_STORE_CLIENT_SECRET`, or for a tenant `MINDSPHERE_CLIENT_ID`",
        ),
    ];
    for (variables, expected) in rows {
        assert_eq!(errors(variables), [expected]);
    }
}

#[test]
fn a_value_that_cannot_be_used_is_an_error_that_names_its_variable() {
    let long = "x".repeat(257);
    let no_tenant =
        "is no tenant of this platform; use lower-case letters, digits and inner hyphens";
    let rows = [
        ("MINDSPHERE_TENANT", "Acme", no_tenant),
        ("MINDSPHERE_TENANT", "acme.evil", no_tenant),
        (
            "MINDSPHERE_CLIENT_ID",
            "a:b",
            "has a colon, which HTTP Basic authentication cannot carry in a client id",
        ),
        ("MINDSPHERE_SUB_TENANT", &long, "cannot name a subtenant: it is longer than 256 bytes"),
        (
            "HOST_ENVIRONMENT",
            "eu1.x",
            "is no region; write it in lower case as in the host names, like `eu1`",
        ),
        (
            "HOST_BASEDOMAIN",
            "https://mindsphere.io",
            "is no host name; write it in lower case without scheme and region",
        ),
    ];
    for (name, value, expected) in rows {
        let expected = format!("environment variable `{name}` {expected}");
        assert_eq!(errors(&[&[(name, value)], &TENANT]), [expected]);
    }
    let broken = errors(&[&[("MINDSPHERE_CLIENT_SECRET", "s3cr3t\n")], &TENANT]);
    assert!(
        broken[0].starts_with("environment variable `MINDSPHERE_CLIENT_SECRET` holds a control"),
        "{broken:?}"
    );
}

#[test]
fn what_is_set_and_not_used_is_warned_about() {
    let rows: [(Variables<'_>, &str, Option<&str>); 5] = [
        (&[&APP], "tenant_wide", None),
        (&[&APP, &TENANT], "tenant_wide", None),
        (&[&TENANT, &[SUBTENANT]], "impersonate", None),
        (
            &[&APP, &TENANT, &[SUBTENANT]],
            "tenant_wide",
            Some(
                "ignores `MINDSPHERE_SUB_TENANT`: the variables of an application go first, and its tokens act for the whole tenant",
            ),
        ),
        (
            &[&APP[1..], &TENANT],
            "impersonate",
            Some(
                "uses the variables of the tenant: those of an application lack `MDSP_KEY_STORE_CLIENT_ID`",
            ),
        ),
    ];
    for (variables, subtenant, expected) in rows {
        let warnings = compile(variables, subtenant).unwrap().warnings;
        let warnings: Vec<_> = warnings
            .iter()
            .filter(|warning| warning.path().starts_with("credentials"))
            .map(|warning| warning.notice().to_string())
            .collect();
        assert_eq!(warnings, Vec::from_iter(expected));
    }
}

#[test]
fn an_application_never_impersonates_and_a_tenant_does() {
    for (variables, expected) in [
        (&[&APP[..]][..], false),
        (&[&APP[..], &TENANT[..]], false),
        (&[&TENANT[..]], true),
        (&[&TENANT[..], &[SUBTENANT]], true),
    ] {
        assert_eq!(compile(variables, "impersonate").is_ok(), expected, "{variables:?}");
    }
}

/// It would make a credential of the whole tenant of one that is for a subtenant.
#[test]
fn a_variable_for_the_subtenant_that_is_empty_is_an_error_and_one_that_is_not_set_is_none() {
    let empty = [("MINDSPHERE_SUB_TENANT", "")];
    let expected = "environment variable `MINDSPHERE_SUB_TENANT` is empty, which could mean one subtenant or none; \
                    unset it for the whole tenant, or let it name the subtenant";
    for more in ["", r#", "subtenant": "optional""#, r#", "subtenant": "required""#] {
        assert_eq!(errors_with(more, &[&TENANT, &empty]), [expected], "{more}");
        assert_eq!(errors_with(more, &[&APP, &empty])[0], expected, "{more}");
    }
    assert!(compile(&[&TENANT], "impersonate").is_ok());
    assert!(compile(&[&TENANT, &[SUBTENANT]], "impersonate").is_ok());
}

#[test]
fn where_a_subtenant_is_required_its_variable_must_be_set_and_be_of_use() {
    let required = r#", "subtenant": "required""#;
    assert!(compile_with(required, &[&TENANT, &[SUBTENANT]], "impersonate").is_ok());
    let optional = r#", "subtenant": "optional""#;
    assert!(compile_with(optional, &[&TENANT], "impersonate").is_ok());
    assert_eq!(
        errors_with(required, &[&TENANT]),
        ["requires a subtenant, and environment variable `MINDSPHERE_SUB_TENANT` is not set"]
    );
    let of_app = "requires a subtenant, and the variables of an application, which go first, are set: \
                  its tokens act for the whole tenant; unset them";
    assert_eq!(errors_with(required, &[&APP, &TENANT, &[SUBTENANT]]), [of_app]);
    assert_eq!(errors_with(required, &[&APP]), [of_app]);
}
