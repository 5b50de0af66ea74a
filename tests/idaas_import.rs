//! `tenantgate idaas import`, run as its users run it.
#![cfg(not(target_arch = "wasm32"))]
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops by panicking; clippy spares only functions that carry `#[test]`"
)]

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::{env, fs};

use serde_json::{Value, json};
use tenantgate::config::compile_idaas;
use tenantgate::tool::configurations;

/// Recorded documents that are refused; tests/idaas_document.rs says why.
const REFUSED: [&str; 7] = [
    "OIDC_bad_env",
    "PKCS7_AWS",
    "PKCS7_COMMON",
    "PLUGIN_badname",
    "PLUGIN_cli_profile",
    "PLUGIN_ini_profile",
    "PLUGIN_none",
];

/// Those whose variable holds no key that signs.
const UNFIT_KEYS: [&str; 4] = [
    "PRIVATE_KEY_JWT_bare_base64",
    "PRIVATE_KEY_JWT_ed25519_pkcs8",
    "PRIVATE_KEY_JWT_secp256k1_pkcs8",
    "PRIVATE_KEY_JWT_secp256k1_traditional",
];

#[test]
fn what_is_printed_for_every_recorded_document_is_a_credential_with_all_that_it_needs() {
    let captures = captures();
    let mut count = 0;
    for case in captures["captures"].as_array().unwrap() {
        let id = case["id"].as_str().unwrap();
        let (document, environment) = (&case["config"], &case["env"]);
        let output = import(&document.to_string(), environment, &[]);
        if REFUSED.contains(&id) {
            assert_eq!((output.status.code(), stdout(&output).as_str()), (Some(2), ""), "{id}");
            assert!(stderr(&output).starts_with("tenantgate: `<stdin>`: idaas"), "{id}");
            continue;
        }
        assert_eq!((output.status.code(), stderr(&output).as_str()), (Some(0), ""), "{id}");
        let printed = stdout(&output);
        let parsed = parsed(&printed);
        let credential = &parsed["credentials"][0];
        assert_eq!(credential["idaas"], *document, "{id}");
        assert_eq!(credential["callers"], json!(["your-tenant"]), "{id}");
        let value = |name: &str| environment[name].as_str().map(str::to_owned);
        let compiled = compile_idaas(credential.to_string().as_bytes(), &value);
        if UNFIT_KEYS.contains(&id) {
            // The tool does not look at what a variable holds.
            assert!(compiled.is_err(), "{id}");
            count += 1;
            continue;
        }
        let (config, _) = compiled.unwrap_or_else(|errors| panic!("{id}: {errors}"));
        // Whatever the configuration names is there, and nothing else.
        let mut named: BTreeSet<_> =
            credential["clusters"].as_object().unwrap().values().map(text).collect();
        named.extend(credential["service_account_token"]["cluster"].as_str());
        let clusters = parsed["clusters"].as_array().unwrap();
        assert_eq!(clusters.iter().map(|one| text(&one["name"])).collect::<BTreeSet<_>>(), named);
        let own = clusters.iter().find(|one| text(&one["name"]) == &*config.endpoint.cluster);
        let tls = &own.unwrap()["transport_socket"]["typed_config"];
        let validation = &tls["common_tls_context"]["validation_context"];
        let san = &validation["match_typed_subject_alt_names"][0]["matcher"]["exact"];
        assert_eq!(
            (text(&tls["sni"]), text(san)),
            (&*config.endpoint.authority, &*config.endpoint.authority)
        );
        // All variables that were recorded are handed over, but for those of files and of defaults.
        let variables = parsed["environment_variables"]["host_env_keys"].as_array().unwrap();
        let variables: BTreeSet<_> = variables.iter().map(text).collect();
        for (name, value) in environment.as_object().unwrap() {
            let is_of_no_use = name == "ENV_OIDC_TOKEN_FILE_PATH"
                || name.ends_with("_METADATA_DISABLED")
                    && variables.contains("ALIBABA_CLOUD_ACCESS_KEY_ID");
            assert!(variables.contains(name.as_str()) || is_of_no_use, "{id}: {name}");
            let is_public =
                ["ROLE_ARN", "FILE", "DISABLED", "REGION"].iter().any(|word| name.contains(word));
            assert!(is_public || !printed.contains(text(value)), "{id}: {name}");
        }
        count += 1;
    }
    assert_eq!((count, REFUSED.len()), (53, 7));
}

#[test]
fn what_is_printed_is_accepted_by_check_and_has_its_clusters_rendered() {
    let captures = captures();
    let mut count = 0;
    for case in captures["captures"].as_array().unwrap() {
        let id = text(&case["id"]);
        if REFUSED.contains(&id) || UNFIT_KEYS.contains(&id) {
            continue;
        }
        let (document, environment) = (case["config"].to_string(), &case["env"]);
        let printed = parsed(&stdout(&import(&document, environment, &["--callers", "any"])));
        let configuration = json!({
            "deployment": "egress", "credentials": printed["credentials"],
            "routes": [{
                "name": "out", "match": {"hosts": ["*"], "path": "/**", "methods": "any"},
                "authentication": "none",
                "upstream": {"caller_token": "remove", "inject": [{"credential": "idaas"}]},
            }],
        });
        let configuration = configuration.to_string();
        let no_variable = json!({});
        // The author's machine rarely has the variables.
        for environment in [environment, &no_variable] {
            let output = run(&["check", "-"], &configuration, environment);
            assert_eq!(output.status.code(), Some(0), "{id}: {}", stdout(&output));
        }
        // Addresses of the credential chain stand in the environment alone.
        let output = run(&["render", "envoy", "-"], &configuration, environment);
        assert_eq!(output.status.code(), Some(0), "{id}: {}", stderr(&output));
        for cluster in printed["clusters"].as_array().unwrap() {
            let line = format!("- name: \"{}\"\n", text(&cluster["name"]));
            assert!(stdout(&output).contains(&line), "{id}: {line}");
        }
        count += 1;
    }
    assert_eq!(count, 49);
}

#[test]
fn the_output_is_what_the_golden_files_have() {
    let captures = captures();
    let all = captures["captures"].as_array().unwrap();
    for id in ["OIDC_path", "PAM_akless", "PKCS7", "PLUGIN_ecs", "PLUGIN_rrsa_region", "PLUGIN_uri"]
    {
        let case = all.iter().find(|case| case["id"] == id).unwrap();
        let arguments = ["--name", "files", "--callers", "acme,beta"];
        let output = import(&case["config"].to_string(), &case["env"], &arguments);
        golden(&format!("{id}.yaml"), &stdout(&output));
    }
    let commented = fs::read_to_string(folder().join("commented.json")).unwrap();
    let output = import(&commented, &json!({}), &["--callers", "any"]);
    golden("commented.yaml", &stdout(&output));
    let parsed = parsed(&stdout(&output));
    let authn = &parsed["credentials"][0]["idaas"]["authnConfiguration"];
    let lines = text(&authn["clientX509Certificate"]).lines().count();
    assert_eq!(lines, 5, "the line breaks of the text are there");
    assert_eq!(parsed["credentials"][0]["callers"], "any");
    assert_eq!(parsed["clusters"][0]["connect_timeout"], "2.500s");
}

#[test]
fn the_file_is_the_one_that_the_vendors_client_would_read() {
    let document = sound("SECRET").to_string();
    let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join("idaas-home");
    fs::create_dir_all(home.join(".cloud_idaas")).unwrap();
    fs::write(home.join(".cloud_idaas/client-config.json"), &document).unwrap();
    fs::write(home.join("other.json"), document.replace("app_1", "app_2")).unwrap();
    let home = home.to_str().unwrap();
    let run = |variables: &[(&str, &str)], arguments: &[&str]| {
        let mut command = command();
        command.envs(variables.iter().copied()).args(["idaas", "import"]).args(arguments);
        command.output().unwrap()
    };
    let other = format!("{home}/other.json");
    type Row<'r> = (&'r [(&'r str, &'r str)], &'r [&'r str], &'r str);
    let rows: [Row<'_>; 4] = [
        (&[("HOME", home)], &[], "clientId: app_1\n"),
        (&[("HOME", home), ("CLOUD_IDAAS_CONFIG_PATH", "~/other.json")], &[], "clientId: app_2\n"),
        (&[("CLOUD_IDAAS_CONFIG_PATH", &other)], &[], "clientId: app_2\n"),
        (&[("HOME", home)], &[&other], "clientId: app_2\n"),
    ];
    for (variables, arguments, expected) in rows {
        let output = run(variables, arguments);
        assert!(stdout(&output).contains(expected), "{variables:?} {}", stderr(&output));
        assert_eq!(stdout(&output), stdout(&run(variables, arguments)), "it is the same each time");
    }
    let output = run(&[], &[]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("neither CLOUD_IDAAS_CONFIG_PATH nor HOME"));
    let output = run(&[("HOME", "/nonexistent")], &[]);
    assert!(stderr(&output).contains("cannot read `/nonexistent/.cloud_idaas/client-config.json`"));
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn what_cannot_be_imported_is_said_with_its_place_and_without_a_secret() {
    let key = "-----BEGIN PRIVATE KEY-----hunter2-----END PRIVATE KEY-----";
    let secret = "CShunter2hunter2hunter2hunter2";
    let mut with_secret = sound("SECRET");
    with_secret["authnConfiguration"]["clientSecret"] = "hunter2".into();
    let mut nested = sound("SECRET");
    nested["notes"] = json!([{ "client_secret": "hunter2" }]);
    let rows = [
        (sound(key).to_string(), "authnConfiguration.clientSecretEnvVarName: holds a private key"),
        (
            sound(secret).to_string(),
            "clientSecretEnvVarName: is not the name of an environment variable",
        ),
        (
            sound("hunter2 x").to_string(),
            "clientSecretEnvVarName: is not the name of an environment variable",
        ),
        (with_secret.to_string(), "idaas.authnConfiguration.clientSecret: reads like a secret"),
        (nested.to_string(), "idaas.notes[0].client_secret: reads like a secret"),
        (
            sound("SECRET").to_string().replace("app_1", " "),
            "idaas.clientId: is missing or blank (`ClientIdNotFound`)",
        ),
        ("{\n  // no value\n  \"clientId\": hunter2 }".to_owned(), "line 3 column 15: is not JSON"),
        ("[]".to_owned(), "idaas: is a list; it must be an object"),
        (String::new(), "line 1 column 1: is not JSON"),
    ];
    for (document, words) in rows {
        let output = import(&document, &json!({}), &[]);
        assert_eq!((output.status.code(), stdout(&output).as_str()), (Some(2), ""), "{document}");
        assert!(stderr(&output).contains(words), "{document}: {}", stderr(&output));
        assert!(!stderr(&output).contains("hunter2"), "{}", stderr(&output));
    }
    for arguments in
        [["--name", "a b"], ["--name", ""], ["--callers", "any,acme"], ["--callers", ""]]
    {
        let output = import(&sound("SECRET").to_string(), &json!({}), &arguments);
        assert_eq!(
            (output.status.code(), stdout(&output).as_str()),
            (Some(2), ""),
            "{arguments:?}"
        );
    }
}

/// A sound document whose secret is in that variable.
fn sound(variable: &str) -> Value {
    json!({
        "idaasInstanceId": "idaas_1", "clientId": "app_1", "issuer": "https://id.example",
        "tokenEndpoint": "https://id.example/token", "scope": "a|b",
        "authnConfiguration": {
            "authnMethod": "CLIENT_SECRET_BASIC", "clientSecretEnvVarName": variable,
        },
    })
}

/// Imports a document from the input.
fn import(document: &str, environment: &Value, arguments: &[&str]) -> Output {
    run(&[&["idaas", "import", "-"], arguments].concat(), document, environment)
}

/// Runs the tool with an input and these variables.
fn run(arguments: &[&str], document: &str, environment: &Value) -> Output {
    let variables = environment.as_object().unwrap().iter();
    let mut child = command()
        .envs(variables.map(|(name, value)| (name, text(value))))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // It may end without reading.
    let _ = child.stdin.take().unwrap().write_all(document.as_bytes());
    child.wait_with_output().unwrap()
}

fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tenantgate"));
    command.env_clear().stdin(Stdio::null());
    command
}

/// The output as a document; with a `deployment` it passes for a configuration.
fn parsed(printed: &str) -> Value {
    let text = format!("deployment: egress\n{printed}");
    let found = configurations("x.yaml", text.as_bytes()).unwrap();
    serde_json::from_str(&found[0]).unwrap()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

fn captures() -> Value {
    let file = folder().join("../captures.json");
    serde_json::from_slice(&fs::read(file).unwrap()).unwrap()
}

/// Compares with the golden file. `TENANTGATE_WRITE_GOLDEN=1` writes it instead, for review.
fn golden(name: &str, actual: &str) {
    let file = folder().join(name);
    if env::var_os("TENANTGATE_WRITE_GOLDEN").is_some() {
        fs::write(&file, actual).unwrap();
    }
    assert_eq!(actual, fs::read_to_string(&file).unwrap_or_default(), "{name}");
}

fn folder() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/idaas/import"))
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}
