//! The vendor's `client-config.json`: what its client accepts and refuses, by cases recorded from it, and
//! what is refused besides.
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops by panicking; clippy spares only functions that carry `#[test]`"
)]

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;
use std::{env, fs};

use serde_json::{Value, json};
use tenantgate::config::{Warning, compile_idaas};
use tenantgate::crypto::Algorithm;
use tenantgate::technical_token::idaas::{AccessKeySource, Authn, ClientConfig};

/// Names without `ALIBABA_CLOUD_`, and values.
type Variables<'v> = &'v [(&'v str, &'v str)];

type Outcome = Result<(ClientConfig, Vec<Warning>), Vec<String>>;

/// Recorded failures that have no code of their own, or another one here, with what is said of them.
const IMPROVED: [(&str, &str); 7] = [
    ("VAL_no_authnConfiguration", "`AuthnConfigurationNotFound`"),
    ("VAL_scope_''", "`InvalidScope`"),
    ("VAL_envunset", "environment variable `UNSET_VAR` is not set"),
    ("VAL_emptyenvname", "`ALIBABA_CLOUD_EIAM_APP_CLIENT_SECRET` is not set"),
    ("VAL_human", "only `CLIENT` obtains tokens"),
    ("VAL_plugin_noname", "write `alibabacloudPluginCredentialProvider`"),
    ("VAL_plugin_noendpoint", "`OpenApiEndpointNotFound`"),
];

/// Recorded exchanges whose document cannot be used here, with what is said of it.
const REFUSED: [(&str, &str); 11] = [
    ("PRIVATE_KEY_JWT_secp256k1_pkcs8", "secp256k1"),
    ("PRIVATE_KEY_JWT_secp256k1_traditional", "secp256k1"),
    ("PRIVATE_KEY_JWT_ed25519_pkcs8", "Ed25519"),
    ("PRIVATE_KEY_JWT_bare_base64", "does not begin with a label"),
    ("PKCS7_AWS", "`AWS_EC2`"),
    ("PKCS7_COMMON", "`UnsupportedClientDeployEnvironment`"),
    ("OIDC_bad_env", "`UnsupportedClientDeployEnvironment`"),
    ("PLUGIN_none", "has no access key"),
    ("PLUGIN_badname", "plugin `nope`"),
    ("PLUGIN_cli_profile", "files of profiles cannot be read"),
    ("PLUGIN_ini_profile", "files of profiles cannot be read"),
];

#[test]
fn every_recorded_validation_ends_as_it_did_or_better() {
    let captures = captures();
    let cases = captures["config_validation"].as_array().unwrap();
    assert_eq!(cases.len(), 37);
    let (mut accepted, mut refused, mut improved) = (0, 0, 0);
    for case in cases {
        let id = case["id"].as_str().unwrap();
        let outcome = outcome(case);
        if case["access_token"].is_string() {
            assert!(outcome.is_ok(), "{id}: {:?}", outcome.err());
            accepted += 1;
            continue;
        }
        let errors = outcome.err().unwrap_or_default().join("\n");
        let chain = case["error_chain"].as_array().unwrap();
        // What the client says of every failure at its start.
        let wrapper = "IDaaSCredentialProviderFactoryNotInit";
        let mut codes = chain.iter().filter_map(|error| error["code"].as_str());
        let code = codes.rfind(|code| *code != wrapper);
        match IMPROVED.iter().find(|(improved, _)| *improved == id) {
            Some((_, words)) => {
                assert!(errors.contains(words), "{id}: {errors}");
                improved += 1;
            }
            None => {
                assert!(errors.contains(&format!("`{}`", code.unwrap())), "{id}: {errors}");
                refused += 1;
            }
        }
    }
    assert_eq!((accepted, refused, improved), (10, 20, 7));
}

#[test]
fn every_recorded_document_is_what_its_exchange_was_made_of_or_refused_by_name() {
    let captures = captures();
    let cases = captures["captures"].as_array().unwrap();
    assert_eq!(cases.len(), 60);
    let mut accepted = 0;
    for case in cases {
        let id = case["id"].as_str().unwrap();
        let outcome = outcome(case);
        if let Some((_, words)) = REFUSED.iter().find(|(refused, _)| *refused == id) {
            let errors = outcome.err().unwrap_or_default().join("\n");
            assert!(errors.contains(words), "{id}: {errors}");
            continue;
        }
        let (config, warnings) = outcome.unwrap_or_else(|errors| panic!("{id}: {errors:?}"));
        assert_eq!(
            warnings.len(),
            usize::from(id == "PLUGIN_uri" || id.contains("rsa1024")),
            "{id}: {warnings:?}"
        );
        let (document, env) = (&case["config"], &case["env"]);
        let authn = &document["authnConfiguration"];
        assert_eq!(config.authn.name(), authn["authnMethod"], "{id}");
        assert_eq!(config.client_id, document["clientId"], "{id}");
        assert_eq!(config.instance_id, document["idaasInstanceId"], "{id}");
        assert_eq!(config.token_endpoint, document["tokenEndpoint"], "{id}");
        assert_eq!(config.scope.as_str(), document["scope"], "{id}");
        assert_eq!(config.timeout, Duration::from_secs(10), "{id}");
        assert_eq!(config.connect_timeout, Duration::from_secs(5), "{id}");
        let name = |key: &str| env[authn[key].as_str().unwrap()].as_str().unwrap();
        let expected = match &config.authn {
            Authn::ClientSecretBasic { secret }
            | Authn::ClientSecretJwt { secret }
            | Authn::ClientSecretPost { secret } => {
                assert_eq!(secret.expose(), name("clientSecretEnvVarName"), "{id}");
                "https://idaas.example.test/api/v2/iauths_system/oauth2/token"
            }
            Authn::PrivateKeyJwt { key } => {
                assert_eq!(key.pem.expose(), name("privateKeyEnvVarName"), "{id}");
                "https://idaas.example.test/api/v2/iauths_system/oauth2/token"
            }
            Authn::Pca { credential_name, key, certificate, chain } => {
                assert_eq!(key.pem.expose(), name("privateKeyEnvVarName"), "{id}");
                assert_eq!(*credential_name, authn["applicationFederatedCredentialName"]);
                assert_eq!(*certificate, authn["clientX509Certificate"]);
                assert_eq!(*chain, authn["x509CertChains"]);
                "https://idaas.example.test/api/v2/iauths_system/oauth2/token"
            }
            Authn::Oidc { credential_name, token } => {
                assert_eq!(*credential_name, authn["applicationFederatedCredentialName"]);
                assert_eq!(&*token.endpoint.cluster, "files");
                "https://idaas.example.test/api/v2/iauths_system/oauth2/token"
            }
            Authn::Pkcs7 { credential_name, metadata } => {
                assert_eq!(*credential_name, authn["applicationFederatedCredentialName"]);
                assert_eq!((metadata.scheme, &*metadata.authority), ("http", "100.100.100.200"));
                "https://idaas.example.test/api/v2/iauths_system/oauth2/token"
            }
            Authn::Plugin { sources } => {
                assert!(!sources.is_empty());
                "https://eiam.region.example.test/"
            }
        };
        let endpoint = &config.endpoint;
        let url = format!("{}://{}{}", endpoint.scheme, endpoint.authority, endpoint.path);
        assert_eq!(url, expected, "{id}");
        accepted += 1;
    }
    assert_eq!(accepted, 49);
}

/// All texts, for whoever changes one.
#[test]
fn what_is_said_of_every_recorded_document_is_what_the_golden_file_has() {
    let captures = captures();
    let mut said = String::new();
    for list in ["config_validation", "captures"] {
        for case in captures[list].as_array().unwrap() {
            let id = case["id"].as_str().unwrap();
            let lines: Vec<_> = match outcome(case) {
                Ok((_, warnings)) => {
                    warnings.iter().map(|warning| format!("warning: {warning}")).collect()
                }
                Err(errors) => errors.iter().map(|error| format!("error: {error}")).collect(),
            };
            let lines = if lines.is_empty() { vec!["accepted".to_owned()] } else { lines };
            writeln!(said, "{id}\n  {}", lines.join("\n  ")).unwrap();
        }
    }
    let file = root().join("tests/fixtures/idaas/outcomes.txt");
    if env::var_os("TENANTGATE_WRITE_GOLDEN").is_some() {
        fs::write(&file, &said).unwrap();
    }
    let expected = fs::read_to_string(&file).unwrap();
    let differing = said.lines().zip(expected.lines()).find(|(said, expected)| said != expected);
    assert_eq!(differing, None);
    assert_eq!(said.len(), expected.len());
}

#[test]
fn a_document_may_be_in_either_spelling_and_not_in_both() {
    let mut document = document("CLIENT_SECRET_POST");
    let snake = json!({
        "idaas_instance_id": "idaas_1", "client_id": "app_1", "issuer": "id.example",
        "token_endpoint": "id.example/token", "scope": "a|b", "authn_configuration": {
            "identity_type": "CLIENT", "authn_method": "CLIENT_SECRET_POST",
            "client_secret_env_var_name": "SECRET",
        },
        "http_configuration": {
            "connect_timeout": 2000, "read_timeout": 2000, "unsafe_ignore_ssl_cert": false,
        },
    });
    let config = good(&credential(&snake));
    assert_eq!(config.token_endpoint, "https://id.example/token");
    assert_eq!(config.issuer, "https://id.example");
    assert_eq!(
        (config.timeout, config.connect_timeout),
        (Duration::from_secs(2), Duration::from_secs(2))
    );

    document["client_id"] = "app_2".into();
    document["authnConfiguration"]["authn_method"] = "PLUGIN".into();
    document["httpConfiguration"] = json!({ "readTimeout": 2000, "read_timeout": 2000 });
    let expected = [
        "idaas.authnConfiguration.authn_method: states `authnMethod` once more, perhaps in its other spelling; keep one",
        "idaas.client_id: states `clientId` once more, perhaps in its other spelling; keep one",
        "idaas.httpConfiguration.read_timeout: states `readTimeout` once more, perhaps in its other spelling; keep one",
    ];
    let mut found = bad(&credential(&document));
    found.sort();
    assert_eq!(found, expected);
    let twice = credential(&self::document("CLIENT_SECRET_POST")).to_string();
    let twice = twice.replacen(r#""scope":"#, r#""scope":"a|b","scope":"#, 1);
    let errors = compile_idaas(twice.as_bytes(), &variable).unwrap_err().to_string();
    assert!(errors.starts_with("idaas.scope: states `scope` once more"), "{errors}");
}

#[test]
fn keys_that_the_vendor_does_not_have_are_warned_about_and_those_of_people_are_not() {
    let mut document = document("CLIENT_SECRET_POST");
    document["deviceAuthorizationEndpoint"] = "https://id.example/device".into();
    document["authnConfiguration"]["humanAuthenticateClientId"] = "iap".into();
    document["jwkEndpoint"] = "https://id.example/keys".into();
    let authn = document["authnConfiguration"].as_object_mut().unwrap();
    let plugin = authn.remove("pluginName").unwrap();
    authn.insert("pluginname".to_owned(), plugin);
    let compiled = compile(&credential(&document)).unwrap();
    let said: Vec<_> = compiled.1.iter().map(ToString::to_string).collect();
    assert_eq!(
        said,
        [
            "idaas.authnConfiguration.pluginname: is no key of the vendor's and has no effect; did you mean `pluginName`?",
            "idaas.jwkEndpoint: is no key of the vendor's and has no effect",
        ]
    );
    assert_eq!(compiled.1[0].notice().kind(), "vendor-ignored");
}

#[test]
fn each_value_that_cannot_be_used_is_refused_where_it_stands() {
    let long = "x".repeat(4097);
    let rows: &[(&str, Value, &str)] = &[
        ("clientId", json!(" "), "is missing or blank (`ClientIdNotFound`)"),
        ("clientId", json!(null), "is missing or blank (`ClientIdNotFound`)"),
        ("clientId", json!(7), "is a number; it must be a text"),
        ("clientId", json!("a\nb"), "holds a control character"),
        ("clientId", json!(long), "is longer than 4096 bytes"),
        ("scope", json!(["a|b"]), "is a list; it must be a text"),
        (
            "tokenEndpoint",
            json!("ftp://id.example"),
            "has a port that is not a number from 1 to 65535",
        ),
        (
            "tokenEndpoint",
            json!("https://me@id.example/t"),
            "holds user information before `@`; leave it out and state the client's id and secret by their own keys",
        ),
        ("openApiEndpoint", json!("eiam.example/path"), "has a path; write the host alone"),
        (
            "developerApiEndpoint",
            json!("https://eiam.example/v2"),
            "has a path; write the host alone",
        ),
        ("authnConfiguration", json!([]), "is a list; it must be an object"),
        ("httpConfiguration", json!("x"), "is a text; it must be an object"),
        (
            "httpConfiguration.connectTimeout",
            json!(1999),
            "is no whole number of milliseconds from 2000 to 60000 (`ConnectTimeoutNotValid`)",
        ),
        (
            "httpConfiguration.connectTimeout",
            json!(60001),
            "is no whole number of milliseconds from 2000 to 60000 (`ConnectTimeoutNotValid`)",
        ),
        (
            "httpConfiguration.readTimeout",
            json!(1999),
            "is no whole number of milliseconds from 2000 to 60000 (`ReadTimeoutNotValid`)",
        ),
        (
            "httpConfiguration.readTimeout",
            json!(2000.5),
            "is no whole number of milliseconds from 2000 to 60000 (`ReadTimeoutNotValid`)",
        ),
        (
            "httpConfiguration.readTimeout",
            json!("2000"),
            "is no whole number of milliseconds from 2000 to 60000 (`ReadTimeoutNotValid`)",
        ),
        (
            "httpConfiguration.unsafeIgnoreSslCert",
            json!(true),
            "is `true`, which nothing here obeys: whom a cluster trusts stands in its `validation_context`; leave it out",
        ),
        (
            "httpConfiguration.unsafeIgnoreSslCert",
            json!("false"),
            "is a text; it must be `true` or `false`",
        ),
        (
            "authnConfiguration.clientSecretEnvVarName",
            json!("two words"),
            "is not the name of an environment variable; write the name, never the value",
        ),
        (
            "authnConfiguration.clientSecretEnvVarName",
            json!("CSmadeUp4SecretOfAClient0"),
            "is not the name of an environment variable; write the name, never the value",
        ),
        (
            "authnConfiguration.clientSecretEnvVarName",
            json!("LINES"),
            "environment variable `LINES` holds a control character (often a line break at the end) or over 4096 bytes",
        ),
    ];
    for (path, value, words) in rows {
        let mut document = document("CLIENT_SECRET_POST");
        let pointer = format!("/{}", path.replace('.', "/"));
        match document.pointer_mut(&pointer) {
            Some(place) => *place = value.clone(),
            None => {
                let (object, key) = path.split_once('.').map_or(("", *path), |(o, k)| (o, k));
                let object = if object.is_empty() { String::new() } else { format!("/{object}") };
                document.pointer_mut(&object).unwrap()[key] = value.clone();
            }
        }
        assert_eq!(bad(&credential(&document)), [format!("idaas.{path}: {words}")], "{value}");
    }
}

#[test]
fn endpoints_are_called_by_https_and_the_bounds_of_times_are_good() {
    let mut document = document("CLIENT_SECRET_POST");
    document["openApiEndpoint"] = "http://eiam.example/".into();
    document["developerApiEndpoint"] = "eiam-dev.example".into();
    document["httpConfiguration"] = json!({ "connectTimeout": 60000, "readTimeout": 60000.0 });
    let mut credential = credential(&document);
    credential["clusters"]["developer_api"] = "dev".into();
    let config = good(&credential);
    let developer_api = config.developer_api.unwrap();
    assert_eq!((developer_api.scheme, &*developer_api.authority), ("https", "eiam-dev.example"));
    assert_eq!((&*developer_api.cluster, &*developer_api.path), ("dev", "/"));
    assert_eq!(config.timeout, Duration::from_secs(60));

    credential["idaas"].as_object_mut().unwrap().remove("developerApiEndpoint");
    let expected =
        "idaas.developerApiEndpoint: is missing or blank (`DeveloperApiEndpointNotFound`)";
    assert_eq!(bad(&credential), [expected]);
}

#[test]
fn a_private_key_in_the_document_is_refused_and_never_shown() {
    let captures = captures();
    let key = captures["keys"]["rsa2048"]["pkcs8"].as_str().unwrap();
    for path in ["clientId", "authnConfiguration.privateKeyEnvVarName", "httpConfiguration.note"] {
        let mut document = document("PRIVATE_KEY_JWT");
        let (object, name) = path.split_once('.').map_or(("", path), |(o, k)| (o, k));
        let object = if object.is_empty() { String::new() } else { format!("/{object}") };
        document.pointer_mut(&object).unwrap()[name] = json!([{ "inner": key }, key]);
        document.pointer_mut(&object).unwrap()[name] = key.into();
        let errors = bad(&credential(&document));
        let expected = format!(
            "idaas.{path}: holds a private key; put it into an environment variable, and its name here"
        );
        assert!(errors.contains(&expected), "{errors:?}");
        assert!(!errors.join("\n").contains("MIIE"), "{errors:?}");
    }
}

#[test]
fn what_stands_for_the_name_of_a_variable_is_checked_whatever_the_method_is() {
    for key in ["clientSecretEnvVarName", "privateKeyEnvVarName", "oidcTokenFilePathEnvVarName"] {
        for method in ["CLIENT_SECRET_BASIC", "PRIVATE_KEY_JWT", "OIDC", "PLUGIN"] {
            for (name, is_good) in
                [("SECRET", true), ("hunter2 hunter2", false), ("CShunter2hunter2hunter2", false)]
            {
                let mut document = document(method);
                document["authnConfiguration"][key] = name.into();
                let pem = variable("KEY").map(|pem| pem.replace('\n', ""));
                let outcome = compile_by(&credential(&document), &|name| {
                    if name.starts_with("ALIBABA") { None } else { pem.clone() }
                });
                let errors = outcome.err().unwrap_or_default();
                let expected = format!(
                    "idaas.authnConfiguration.{key}: is not the name of an environment variable; write the name, never the value"
                );
                let expected = if is_good { vec![] } else { vec![expected] };
                assert_eq!(errors, expected, "{method} {name}");
            }
        }
    }
}

#[test]
fn clusters_that_a_method_needs_are_asked_for_by_the_host_that_they_reach() {
    let rows = [
        ("CLIENT_SECRET_POST", "clusters.token", "`id.example`"),
        ("PKCS7", "clusters.metadata", "`100.100.100.200`"),
        ("PLUGIN", "clusters.open_api", "`eiam.example`"),
    ];
    for (method, path, host) in rows {
        let mut credential = credential(&document(method));
        let (_, key) = path.split_once('.').unwrap();
        credential["clusters"].as_object_mut().unwrap().remove(key);
        let expected = format!("{path}: is required: the name of the cluster that reaches {host}");
        assert_eq!(bad(&credential), [expected], "{method}");
    }
    let mut credential = credential(&document("OIDC"));
    credential.as_object_mut().unwrap().remove("service_account_token");
    let errors = bad(&credential);
    assert!(errors[0].starts_with("service_account_token: is required: the filter reads no files"));
    assert_eq!(errors.len(), 1);
    credential["service_account_token"] =
        json!({ "cluster": "files", "uri": "http://files/token" });
    let errors = bad(&credential);
    assert!(errors[0].starts_with("service_account_token.uri: is plain `http`"), "{errors:?}");
    credential["service_account_token"]["allow_plaintext"] = true.into();
    credential["service_account_token"]["refresh"] = "5m".into();
    let Authn::Oidc { token, .. } = good(&credential).authn else { panic!("OIDC") };
    assert_eq!((token.refresh, token.timeout), (Duration::from_secs(300), Duration::from_secs(2)));
}

#[test]
fn what_is_of_no_use_for_a_method_is_refused() {
    let mut with_both = credential(&document("CLIENT_SECRET_JWT"));
    with_both["algorithm"] = "RS256".into();
    with_both["service_account_token"] = json!({ "cluster": "files", "uri": "https://files/t" });
    let mut found = bad(&with_both);
    found.sort();
    let expected = ["algorithm", "service_account_token"]
        .map(|key| format!("{key}: is of no use for this `authnMethod`; leave it out"));
    assert_eq!(found, expected);

    let mut with_algorithm = credential(&document("PRIVATE_KEY_JWT"));
    with_algorithm["algorithm"] = "RS256".into();
    let Authn::PrivateKeyJwt { key } = good(&with_algorithm).authn else {
        panic!("PRIVATE_KEY_JWT")
    };
    assert_eq!(key.algorithm, Some(Algorithm::Rs256));
    with_algorithm["algorithm"] = "ES256".into();
    let expected = "algorithm: does not fit the key that signs; leave it out for the one that follows from that";
    assert_eq!(bad(&with_algorithm), [expected]);
    with_algorithm["algorithm"] = "PS256".into();
    assert_eq!(bad(&with_algorithm).len(), 1);
    with_algorithm.as_object_mut().unwrap().remove("algorithm");
    with_algorithm["algorythm"] = "RS256".into();
    assert_eq!(bad(&with_algorithm), ["algorythm: is not a known key; did you mean `algorithm`?"]);
}

#[test]
fn a_blank_name_of_a_variable_is_no_name() {
    for method in ["CLIENT_SECRET_BASIC", "CLIENT_SECRET_POST", "CLIENT_SECRET_JWT"] {
        let mut document = document(method);
        document["authnConfiguration"]["clientSecretEnvVarName"] = "   ".into();
        let expected = "idaas.authnConfiguration.clientSecretEnvVarName: is missing or blank (`ClientSecretEnvVarNameNotFound`)";
        assert_eq!(bad(&credential(&document)), [expected], "{method}");
    }
}

#[test]
fn an_empty_name_means_the_vendors_own_variable_where_the_client_takes_it_so() {
    for (method, is_good) in
        [("CLIENT_SECRET_BASIC", true), ("CLIENT_SECRET_POST", true), ("CLIENT_SECRET_JWT", false)]
    {
        let mut document = document(method);
        document["authnConfiguration"]["clientSecretEnvVarName"] = "".into();
        let variable = |name: &str| {
            (name == "ALIBABA_CLOUD_EIAM_APP_CLIENT_SECRET").then(|| "s3cr3t\tx".to_owned())
        };
        let document = credential(&document).to_string();
        let compiled = compile_idaas(document.as_bytes(), &variable);
        match compiled.map(|(config, _)| config.authn) {
            Ok(Authn::ClientSecretBasic { secret } | Authn::ClientSecretPost { secret }) => {
                assert!(is_good);
                assert_eq!(secret.expose(), "s3cr3t\tx");
            }
            Ok(other) => panic!("{other:?}"),
            Err(errors) => {
                assert!(!is_good, "{errors}");
                assert!(errors.to_string().contains("`ClientSecretEnvVarNameNotFound`"));
            }
        }
    }
}

#[test]
fn a_client_id_with_a_colon_has_no_place_in_basic() {
    for (method, count) in [("CLIENT_SECRET_BASIC", 1), ("CLIENT_SECRET_POST", 0)] {
        let mut document = document(method);
        document["clientId"] = "app:1".into();
        let errors = compile(&credential(&document)).err().unwrap_or_default();
        assert_eq!(errors.len(), count, "{errors:?}");
    }
}

#[test]
fn the_chain_of_access_keys_has_the_links_that_variables_and_clusters_make_possible() {
    let key = [("ACCESS_KEY_ID", "LTAI"), ("ACCESS_KEY_SECRET", "s3cr3t")];
    let role = [("ROLE_ARN", "r"), ("OIDC_PROVIDER_ARN", "p"), ("OIDC_TOKEN_FILE", "/f")];
    let uri = [("CREDENTIALS_URI", "https://keys.example/k?x=1")];
    let no_ecs = [("ECS_METADATA_DISABLED", "TRUE")];
    let rows: [(&[Variables<'_>], &str); 19] = [
        (&[&key, &role, &uri], "environment"),
        (&[&key, &[("SECURITY_TOKEN", "t")]], "environment for a while"),
        (
            &[&[("ACCESS_KEY_ID", "LTAI")]],
            "idaas: environment variable `ALIBABA_CLOUD_ACCESS_KEY_SECRET` is not set or empty",
        ),
        (
            &[&[("ACCESS_KEY_SECRET", "s"), ("ACCESS_KEY_ID", "")]],
            "idaas: environment variable `ALIBABA_CLOUD_ACCESS_KEY_ID` is not set or empty",
        ),
        (
            &[&[("ACCESS_KEY_ID", "a,b"), ("ACCESS_KEY_SECRET", "s")]],
            "idaas: environment variable `ALIBABA_CLOUD_ACCESS_KEY_ID` is no part",
        ),
        (
            &[&key, &[("SECURITY_TOKEN", "a b")]],
            "idaas: environment variable `ALIBABA_CLOUD_SECURITY_TOKEN` is no part",
        ),
        (&[&[("ROLE_ARN", "r")]], "role of ECS None true"),
        (
            &[&[("ROLE_ARN", "r"), ("OIDC_TOKEN_FILE", "/f")]],
            "idaas: environment variable `ALIBABA_CLOUD_OIDC_PROVIDER_ARN` is not set or empty",
        ),
        (
            &[&[("ROLE_ARN", "r"), ("OIDC_PROVIDER_ARN", "p")]],
            "idaas: environment variable `ALIBABA_CLOUD_OIDC_TOKEN_FILE` is not set or empty",
        ),
        (
            &[&[("OIDC_TOKEN_FILE", "/f")]],
            "idaas: environment variable `ALIBABA_CLOUD_ROLE_ARN` is not set or empty",
        ),
        (
            &[&role, &uri],
            "role by sts.aliyuncs.com None, role of ECS None true, https keys.example /k?x=1",
        ),
        (
            &[&role, &no_ecs, &[("STS_REGION", "cn-hangzhou")]],
            "role by sts.cn-hangzhou.aliyuncs.com None",
        ),
        (&[&role, &no_ecs, &[("VPC_ENDPOINT_ENABLED", "true")]], "role by sts.aliyuncs.com None"),
        (
            &[
                &role,
                &no_ecs,
                &[
                    ("STS_REGION", "cn-x"),
                    ("VPC_ENDPOINT_ENABLED", "true"),
                    ("ROLE_SESSION_NAME", "n"),
                ],
            ],
            "role by sts-vpc.cn-x.aliyuncs.com Some(\"n\")",
        ),
        (
            &[&[("ECS_METADATA", "Role"), ("IMDSV1_DISABLED", "true")]],
            "role of ECS Some(\"Role\") false",
        ),
        (&[&no_ecs, &uri], "https keys.example /k?x=1"),
        (&[&no_ecs], "idaas: has no access key"),
        (&[&no_ecs, &[("CREDENTIALS_URI", "keys.example/k")]], "idaas: gets a credential"),
        (
            &[&role, &[("STS_REGION", "a.evil.example/")]],
            "idaas: environment variable `ALIBABA_CLOUD_STS_REGION` is no region",
        ),
    ];
    for (variables, expected) in rows {
        let variable = |name: &str| {
            let name = name.strip_prefix("ALIBABA_CLOUD_")?;
            let mut all = variables.iter().copied().flatten();
            all.find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        };
        let credential = credential(&document("PLUGIN")).to_string();
        match compile_idaas(credential.as_bytes(), &variable) {
            Ok((config, _)) => {
                let Authn::Plugin { sources } = config.authn else { panic!("PLUGIN") };
                let links: Vec<_> = sources.iter().map(words).collect();
                assert_eq!(links.join(", "), expected);
            }
            Err(errors) => assert!(errors.to_string().starts_with(expected), "{errors}"),
        }
    }
}

#[test]
fn the_role_of_an_ecs_instance_is_asked_for_only_by_a_cluster_that_is_stated() {
    let mut credential = credential(&document("PLUGIN"));
    credential["clusters"].as_object_mut().unwrap().remove("metadata");
    let errors = bad(&credential);
    assert!(errors[0].starts_with("idaas: has no access key"), "{errors:?}");
}

#[test]
fn no_secret_is_in_the_debug_output() {
    let captures = captures();
    for case in captures["captures"].as_array().unwrap() {
        let Ok((config, _)) = outcome(case) else { continue };
        let shown = format!("{config:?}");
        for (name, value) in case["env"].as_object().unwrap() {
            let is_secret = ["SECRET", "KEY", "TOKEN"].iter().any(|word| name.contains(word));
            if is_secret && !name.ends_with("ACCESS_KEY_ID") && !name.contains("FILE") {
                assert!(!shown.contains(value.as_str().unwrap()), "{name}");
            }
        }
    }
}

fn words(source: &AccessKeySource) -> String {
    match source {
        AccessKeySource::EcsRole { metadata, role, allows_unhardened } => {
            assert_eq!(&*metadata.cluster, "metadata");
            format!("role of ECS {role:?} {allows_unhardened}")
        }
        AccessKeySource::Environment(key) => match key.security_token {
            Some(_) => "environment for a while".to_owned(),
            None => "environment".to_owned(),
        },
        AccessKeySource::Rrsa { sts, session_name, .. } => {
            format!("role by {} {session_name:?}", sts.authority)
        }
        AccessKeySource::Uri(endpoint) => {
            format!("{} {} {}", endpoint.scheme, endpoint.authority, endpoint.path)
        }
    }
}

/// A sound document for a method.
fn document(method: &str) -> Value {
    json!({
        "idaasInstanceId": "idaas_1", "clientId": "app_1", "issuer": "https://id.example",
        "tokenEndpoint": "https://id.example/token", "scope": "a|b",
        "openApiEndpoint": "eiam.example", "httpConfiguration": {},
        "authnConfiguration": {
            "authnMethod": method,
            "clientSecretEnvVarName": "SECRET",
            "privateKeyEnvVarName": "KEY",
            "applicationFederatedCredentialName": "name",
            "clientDeployEnvironment":
                if method == "OIDC" { "KUBERNETES" } else { "ALIBABA_CLOUD_ECS" },
            "pluginName": "alibabacloudPluginCredentialProvider",
        },
    })
}

/// A document with all that may stand around it.
fn credential(document: &Value) -> Value {
    let mut credential = json!({
        "name": "files",
        "callers": ["acme"],
        "idaas": document,
        "clusters": {
            "token": "idaas", "open_api": "eiam", "metadata": "metadata", "sts": "sts",
            "credentials_uri": "credentials",
        },
    });
    let method = &document["authnConfiguration"]["authnMethod"];
    if method == "OIDC" || method == "PLUGIN" {
        credential["service_account_token"] =
            json!({ "cluster": "files", "uri": "https://files/token" });
    }
    credential
}

fn variable(name: &str) -> Option<String> {
    match name {
        "KEY" => captures()["keys"]["rsa2048"]["pkcs8"].as_str().map(str::to_owned),
        "SECRET" => Some("s3cr3t".to_owned()),
        "LINES" => Some("s3cr3t\n".to_owned()),
        _ => None,
    }
}

fn compile(credential: &Value) -> Outcome {
    compile_by(credential, &variable)
}

fn compile_by(credential: &Value, variable: &dyn Fn(&str) -> Option<String>) -> Outcome {
    let compiled = compile_idaas(credential.to_string().as_bytes(), variable);
    compiled.map_err(|errors| errors.iter().map(ToString::to_string).collect())
}

fn good(credential: &Value) -> ClientConfig {
    compile(credential).unwrap().0
}

fn bad(credential: &Value) -> Vec<String> {
    compile(credential).err().unwrap_or_default()
}

/// What becomes of a recorded document in its environment.
fn outcome(case: &Value) -> Outcome {
    let mut credential = credential(&case["config"]);
    // The recorded credentials URI is plain `http`.
    credential["allow_plaintext"] = true.into();
    compile_by(&credential, &|name| case["env"][name].as_str().map(str::to_owned))
}

fn captures() -> Value {
    let file = root().join("tests/fixtures/idaas/captures.json");
    serde_json::from_slice(&fs::read(file).unwrap()).unwrap()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
