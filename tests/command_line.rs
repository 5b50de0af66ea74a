//! The command-line tool, run as its users run it.
#![cfg(not(target_arch = "wasm32"))]
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops by panicking; clippy spares only functions that carry `#[test]`"
)]

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

#[test]
fn check_says_in_each_format_what_is_wrong_and_where() {
    for file in files("tests/fixtures/check", &["yaml", "json"]) {
        let name = file.file_name().unwrap().to_str().unwrap();
        let mut statuses = Vec::new();
        for format in ["text", "json", "sarif"] {
            let output = run("tests/fixtures/check", &["check", "--format", format, name]);
            assert_eq!(stderr(&output), "", "{name}");
            golden(&goldens().join(format!("{name}.{format}")), &stdout(&output));
            statuses.push(output.status.code().unwrap());
        }
        let is_wrong = stdout(&run("tests/fixtures/check", &["check", name])).contains(": error: ");
        assert_eq!(statuses, [i32::from(is_wrong); 3], "{name}");
    }
}

/// So the golden files of the core are golden files of `check`.
#[test]
fn check_says_of_every_document_what_the_filter_would_say() {
    for directory in ["tests/fixtures/config/bad", "tests/fixtures/config/good"] {
        for file in files(directory, &["json"]) {
            let name = file.file_name().unwrap().to_str().unwrap();
            if name == "not_json.json" {
                continue; // fixtures/check has one, for where it is found is said in other words
            }
            let output = run(directory, &["check", "--require-env", name]);
            let is_bad = directory.ends_with("bad");
            assert_eq!(output.status.code(), Some(i32::from(is_bad)), "{name}");
            let severity = if is_bad { ": error: " } else { ": warning: " };
            let found = stdout(&output);
            let lines = found.lines().filter_map(|line| line.split_once(severity));
            let messages: Vec<_> = lines.map(|(_, message)| message).collect();
            let expected = fs::read_to_string(file.with_extension("txt")).unwrap();
            assert_eq!(messages, expected.lines().collect::<Vec<_>>(), "{name}");
        }
    }
}

#[test]
fn the_examples_have_no_errors() {
    for file in files("envoy", &["yaml"]) {
        let output = run("envoy", &["check", file.to_str().unwrap()]);
        assert_eq!(output.status.code(), Some(0), "{}", stdout(&output));
    }
}

#[test]
fn check_finds_in_a_proxy_what_lets_requests_past_the_filter_or_keeps_it_from_working() {
    let directory = "tests/fixtures/check/proxy";
    let output = run(directory, &["check", "--envoy", "wrong.yaml"]);
    golden(&goldens().join("proxy.text"), &stdout(&output));
    assert_eq!(output.status.code(), Some(1));
    let expected = [
        "envoy-client-address",
        "envoy-cluster",
        "envoy-cluster-tls",
        "envoy-disabled",
        "envoy-document",
        "envoy-failure-policy",
        "envoy-filter-behind",
        "envoy-header",
        "envoy-hosts",
        "envoy-idle-timeout",
        "envoy-internal-redirect",
        "envoy-mirror",
        "envoy-not-inline",
        "envoy-path",
        "envoy-rewrite",
        "envoy-route-by-path",
        "envoy-upgrade",
        "envoy-upstream-choice",
        "envoy-variable",
        "envoy-vm-id",
    ];
    assert_eq!(
        rules_about_envoy(&fs::read(root().join(directory).join("wrong.yaml")).unwrap(), &[]),
        expected
    );
}

#[test]
fn the_examples_are_proxies_as_they_should_be() {
    for file in files("envoy", &["yaml"]) {
        assert_eq!(
            rules_about_envoy(&fs::read(&file).unwrap(), &[]),
            [""; 0],
            "{}",
            file.display()
        );
    }
}

#[test]
fn a_configuration_in_a_file_of_its_own_is_compared_with_the_proxy() {
    let proxy = |clusters: &str, resources: &str| {
        format!(
            "static_resources:
  clusters: [{clusters}]
  filters:
  - config:
      name: tenantgate
      failure_policy: FAIL_RELOAD
      vm_config:
        vm_id: gate
        environment_variables: {{ host_env_keys: [MINDSPHERE_CLIENT_ID, MINDSPHERE_CLIENT_SECRET] }}
      configuration: {{}}
{resources}"
        )
    };
    let rules = |clusters, resources| {
        rules_about_envoy(proxy(clusters, resources).as_bytes(), &["warned.yaml"])
    };
    assert_eq!(rules("{ name: partner }", ""), ["envoy-cluster"], "`piam` is missing");
    let here = "{ name: partner }, { name: piam, load_assignment: { endpoints: [{ lb_endpoints: [{ endpoint: { address: { pipe: {} } } }] }] } }";
    assert_eq!(rules(here, ""), [""; 0]);
    assert_eq!(rules("", "dynamic_resources: {}"), [""; 0], "it may come from elsewhere");
    let shared = "others: { vm_config: { vm_id: gate }, configuration: {} }\ndynamic_resources: {}";
    assert_eq!(rules("", shared), ["envoy-vm-id"], "whosever the other plugin is");
    let other = proxy("", "").replace("tenantgate", "another");
    assert_eq!(rules_about_envoy(other.as_bytes(), &["warned.yaml"]), ["envoy-no-plugin"]);
}

#[test]
fn a_proxy_must_hand_over_every_variable_and_one_whole_set_of_the_platforms() {
    let found = |handed: &str, credential: &str| {
        let proxy = format!(
            "config:
  failure_policy: FAIL_RELOAD
  vm_config:
    vm_id: gate
    environment_variables: {{ host_env_keys: [{handed}] }}
  configuration:
    deployment: egress
    credentials: [{{ name: c, {credential} }}]
"
        );
        rules_about_envoy(proxy.as_bytes(), &[])
    };
    let oauth2 = "oauth2: { client_id_env: app_id, client_secret_env: SECRET }";
    let auto = "mindsphere_auto: { cluster: platform }";
    let tenant = "MINDSPHERE_CLIENT_ID, MINDSPHERE_CLIENT_SECRET";
    let app = "MDSP_KEY_STORE_CLIENT_ID, MDSP_KEY_STORE_CLIENT_SECRET, MDSP_OS_VM_APP_NAME, MDSP_OS_VM_APP_VERSION, MDSP_HOST_TENANT";
    let rows = [
        ("app_id, SECRET", oauth2, true),
        ("SECRET", oauth2, false),
        (tenant, auto, false),
        (&format!("{tenant}, MINDSPHERE_TENANT, MINDSPHERE_SUB_TENANT"), auto, true),
        (&format!("{tenant}, MINDSPHERE_TENANT"), auto, false),
        (app, auto, false),
        (&format!("{app}, MDSP_USER_TENANT"), auto, true),
        ("", auto, false),
    ];
    for (handed, credential, is_fine) in rows {
        let expected: &[&str] = if is_fine { &[] } else { &["envoy-variable"] };
        assert_eq!(found(handed, credential), expected, "{handed} {credential}");
    }
}

const GUARD: &str = "{ name: tenantgate, failure_policy: FAIL_RELOAD, vm_config: { vm_id: gate }, configuration: { deployment: egress } }";

/// A manager with this filter, that routes to this cluster.
fn manager(filter: &str, action: &str) -> String {
    format!(
        "- \"@type\": x/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
  stream_idle_timeout: 30s
  route_config: {{ virtual_hosts: [{{ domains: ['*'], routes: [{{ match: {{ prefix: / }}, route: {{ {action} }} }}] }}] }}
  http_filters: [{filter}{{ name: router }}]
"
    )
}

#[test]
fn a_filter_that_runs_under_a_condition_does_not_count_as_there() {
    let rows = [
        (format!("typed_config: {{ config: {GUARD} }}"), true),
        (format!("typed_config: {{ type_url: x, value: {{ config: {GUARD} }} }}"), true),
        (
            format!(
                "typedConfig: {{ extension_config: {{ typed_config: {{ config: {GUARD} }} }} }}"
            ),
            false,
        ),
        (format!("typed_config: {{ value: {{ value: {{ config: {GUARD} }} }} }}"), false),
    ];
    for (filter, is_fine) in rows {
        let proxy = manager(&format!("{{ name: gate, {filter} }}, "), "cluster: app");
        let expected: &[&str] = if is_fine { &[] } else { &["envoy-disabled"] };
        assert_eq!(rules_about_envoy(proxy.as_bytes(), &[]), expected, "{proxy}");
    }
}

#[test]
fn another_way_to_a_cluster_that_is_guarded_is_found() {
    let guard = format!("{{ typed_config: {{ config: {GUARD} }} }}, ");
    let weighted = |name: &str| format!("weighted_clusters: {{ clusters: [{{ name: {name} }}] }}");
    let tcp = |action: &str| {
        format!(
            "- {{ \"@type\": x/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy, {action} }}\n"
        )
    };
    let rows = [
        (manager("", "cluster: app"), true),
        (manager("", "cluster: other"), false),
        (manager(&guard, "cluster: app"), false),
        (manager("", &weighted("app")), true),
        (manager("", &weighted("other")), false),
        (tcp("cluster: app"), true),
        (tcp(&weighted("app").replace("_c", "C")), true),
        (tcp("cluster: other"), false),
    ];
    for (second, is_past) in rows {
        let proxy = format!("{}{second}", manager(&guard, "cluster: app"));
        let found = rules_about_envoy(proxy.as_bytes(), &[]);
        let found: Vec<_> = found.iter().filter(|rule| *rule != "envoy-vm-id").collect();
        let expected: &[&str] = if is_past { &["envoy-unguarded"] } else { &[] };
        assert_eq!(found, expected, "{proxy}");
    }
}

/// Readers differ in which of them they take.
#[test]
fn a_key_that_is_stated_twice_around_a_configuration_is_an_error() {
    let repeated = |text: &str, arguments: &[&str]| {
        let mut child = command("tests/fixtures/check")
            .args(["check", "--format", "json"])
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        let found: Value = serde_json::from_slice(&output.stdout).unwrap();
        let findings = found["findings"].as_array().unwrap().iter();
        findings
            .filter(|finding| finding["rule"] == "key-repeated")
            .map(|finding| finding["path"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let rows: [(&str, &[&str]); 4] = [
        (
            r#"{"resources": [{"vm_config": {"a": 1}, "configuration": {"deployment": "egress"}}]}"#,
            &[],
        ),
        (
            r#"{"resources": [{"vm_config": {"a": 1, "a": 2}, "configuration": {"deployment": "egress"}}]}"#,
            &["a"],
        ),
        (
            r#"{"resources": [{"vm_config": {}, "vmConfig": {}, "configuration": {"deployment": "egress"}}]}"#,
            &["vmConfig"],
        ),
        (
            r#"{"resources": [{"vm_config": {}, "configuration": {"deployment": "egress"}, "configuration": {}}]}"#,
            &["configuration"],
        ),
    ];
    for (text, expected) in rows {
        assert_eq!(repeated(text, &["-"]), expected, "{text}");
        assert_eq!(repeated(text, &["--envoy", "-"]), expected, "{text}");
    }
    assert_eq!(repeated(r#"{"deployment": "egress", "deployment": "egress"}"#, &["-"]), [""; 0]);
}

/// By the schema that the authors of SARIF have published.
#[test]
fn sarif_is_as_its_authors_define_it_and_every_rule_has_a_text() {
    let schema = root().join("tests/fixtures/sarif/sarif-2.1.0-rtm.5.json");
    let mut schema: Value = serde_json::from_slice(&fs::read(schema).unwrap()).unwrap();
    // Its one pattern that is no regular expression; we state no language.
    for message in ["run", "toolComponent"] {
        let language = &mut schema["definitions"][message]["properties"]["language"];
        assert!(language.as_object_mut().unwrap().remove("pattern").is_some());
    }
    let schema = jsonschema::draft4::new(&schema).unwrap();
    let mut rules = BTreeSet::new();
    let mut logs = 0;
    let mut check = |log: &Value| {
        let found: Vec<_> = schema.iter_errors(log).map(|error| error.to_string()).collect();
        assert_eq!(found, [""; 0]);
        let run = &log["runs"][0];
        let listed = run["tool"]["driver"]["rules"].as_array().unwrap();
        for rule in listed {
            let (id, text) = (rule["id"].as_str().unwrap(), &rule["shortDescription"]["text"]);
            assert!(text.as_str().is_some_and(|text| text.len() > 10), "{id} has no text");
            rules.insert(id.to_owned());
        }
        let ids: BTreeSet<_> = listed.iter().map(|rule| rule["id"].as_str()).collect();
        assert_eq!(ids.len(), listed.len(), "each rule once");
        for result in run["results"].as_array().unwrap() {
            let rule = &listed[number(&result["ruleIndex"])];
            assert_eq!(rule["id"], result["ruleId"]);
        }
        logs += 1;
    };
    for file in files("tests/fixtures/check/golden", &["sarif"]) {
        check(&serde_json::from_slice(&fs::read(file).unwrap()).unwrap());
    }
    for directory in ["tests/fixtures/config/bad", "tests/fixtures/config/good"] {
        let found = files(directory, &["json"]);
        let names = found.iter().map(|file| file.file_name().unwrap().to_str().unwrap());
        let arguments: Vec<_> = ["check", "--format", "sarif"].into_iter().chain(names).collect();
        check(&serde_json::from_slice(&run(directory, &arguments).stdout).unwrap());
    }
    let directory = "tests/fixtures/check/proxy";
    let output = run(directory, &["check", "--format", "sarif", "--envoy", "wrong.yaml"]);
    check(&serde_json::from_slice(&output.stdout).unwrap());
    assert!(logs > 10 && rules.len() > 40, "{logs} {rules:?}");
    // Kinds of which no file above has a finding.
    let page = fs::read_to_string(root().join("docs/command-line.md")).unwrap();
    for rule in ["envoy-no-plugin", "key-repeated", "number-as-text"] {
        assert!(page.contains(&format!("| `{rule}` | error | ")), "{rule}");
    }

    let mut wrong: Value = serde_json::from_slice(&output.stdout).unwrap();
    wrong["runs"][0]["results"][0]["level"] = "fatal".into();
    assert!(!schema.is_valid(&wrong));
}

#[test]
fn a_file_that_is_named_twice_is_checked_once() {
    let count = |arguments: &[&str]| {
        let output =
            run("tests/fixtures/check", &[&["check", "--format", "json"], arguments].concat());
        let found: Value = serde_json::from_slice(&output.stdout).unwrap();
        found["findings"].as_array().unwrap().len()
    };
    let once = count(&["warned.yaml"]);
    assert!(once > 0);
    assert_eq!(count(&["warned.yaml", "warned.yaml"]), once);
    let proxy = "proxy/wrong.yaml";
    assert_eq!(count(&["--envoy", proxy, proxy]), count(&["--envoy", proxy]));
}

#[test]
fn positions_are_those_of_the_key_or_item_that_is_wrong() {
    let output = run("tests/fixtures/check", &["check", "--format", "json", "mistakes.yaml"]);
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    let source = fs::read_to_string(root().join("tests/fixtures/check/mistakes.yaml")).unwrap();
    let mut compared = 0;
    for finding in found["findings"].as_array().unwrap() {
        let (line, column) = (number(&finding["line"]), number(&finding["column"]));
        let at: String = source.lines().nth(line - 1).unwrap().chars().skip(column - 1).collect();
        let path = finding["path"].as_str().unwrap();
        let key = path.rsplit('.').next().unwrap();
        // A missing key is said to be where its object is.
        if !key.ends_with(']') && !finding["message"].as_str().unwrap().contains("is required") {
            assert!(at.starts_with(key), "{path} {line}:{column} {at}");
            compared += 1;
        }
    }
    assert!(compared > 5, "{compared}");
}

#[test]
fn an_unset_variable_is_a_warning_that_can_be_made_an_error() {
    let variables = ["MINDSPHERE_CLIENT_ID", "MINDSPHERE_CLIENT_SECRET"];
    let status = |arguments: &[&str], value: Option<&str>| {
        let mut command = command("tests/fixtures/check");
        command.arg("check").args(arguments).arg("warned.yaml");
        for name in variables {
            if let Some(value) = value {
                command.env(name, value);
            }
        }
        let output = command.output().unwrap();
        (output.status.code().unwrap(), stdout(&output).matches("is not set or empty").count())
    };
    assert_eq!(status(&[], None), (0, 4));
    assert_eq!(status(&[], Some("")), (0, 4));
    assert_eq!(status(&["--require-env"], None), (1, 4));
    assert_eq!(status(&["--require-env"], Some("value")), (0, 0));
    assert_eq!(status(&["--deny-warnings"], Some("value")), (1, 0), "there are others");
}

#[test]
fn variables_that_a_credential_finds_by_itself_are_made_up_like_those_that_are_named() {
    const DOCUMENT: &str = r#"{
        "deployment": "egress",
        "issuers": [{
            "name": "users", "preset": "mindsphere", "issuer": "https://acme.piam.eu1.mindsphere.io/oauth/token",
            "tenants": ["acme"], "clients": ["app"], "jwks": {"cluster": "piam"}
        }],
        "credentials": [{"name": "auto", "mindsphere_auto": {"cluster": "platform"}}],
        "routes": [{
            "name": "all", "match": {"hosts": ["*"], "path": "/**", "methods": "any"},
            "subtenancy": "aware", "subtenant": "impersonate",
            "upstream": {"caller_token": "remove", "inject": [{"credential": "auto"}]}
        }]
    }"#;
    let run_on = |document: &str, arguments: &[&str], variables: &[(&str, &str)]| {
        let mut command = command("tests/fixtures/check");
        command.arg("check").args(arguments).arg("-").envs(variables.iter().copied());
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(document.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        let findings = stdout(&output).lines().filter(|line| line.starts_with("<stdin>")).count();
        let lacking = stdout(&output).matches("lacks environment variables").count();
        (output.status.code().unwrap(), findings, lacking)
    };
    let run = |arguments: &[&str], variables: &_| run_on(DOCUMENT, arguments, variables);
    let tenant = [
        ("MINDSPHERE_CLIENT_ID", "id"),
        ("MINDSPHERE_CLIENT_SECRET", "s3cr3t"),
        ("MINDSPHERE_TENANT", "acme"),
    ];
    assert_eq!(run(&[], &[]), (0, 1, 1));
    assert_eq!(run(&[], &tenant[..2]), (0, 1, 1));
    assert_eq!(run(&["--require-env"], &tenant[..2]), (1, 1, 1));
    assert_eq!(run(&["--require-env"], &tenant), (0, 0, 0));
    // An empty subtenant is wrong wherever it is seen; one that is required is made up.
    let empty = ("MINDSPHERE_SUB_TENANT", "");
    assert_eq!(run(&[], &[empty]), (1, 2, 1));
    assert_eq!(run(&[], &[tenant[0], tenant[1], tenant[2], empty]), (1, 1, 0));
    let required = DOCUMENT
        .replace(r#""cluster": "platform""#, r#""cluster": "platform", "subtenant": "required""#);
    assert_ne!(required, DOCUMENT);
    let run = |arguments: &[&str], variables: &_| run_on(&required, arguments, variables);
    let north = ("MINDSPHERE_SUB_TENANT", "north");
    assert_eq!(run(&[], &[]), (0, 1, 1));
    assert_eq!(run(&[], &tenant), (0, 1, 0));
    assert_eq!(run(&["--require-env"], &tenant), (1, 1, 0));
    assert_eq!(run(&["--require-env"], &[tenant[0], tenant[1], tenant[2], north]), (0, 0, 0));
}

#[test]
fn the_input_is_a_file_named_by_a_hyphen() {
    let mut child = command("tests/fixtures/check")
        .args(["check", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(b"deployment: egres\nroutes: []\n").unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(stdout(&output).starts_with("<stdin>:1:1: error: deployment: `egres` must be"));
}

#[test]
fn several_files_are_counted_together() {
    let arguments = ["check", "fine.yaml", "warned.yaml", "empty.yaml"];
    let output = run("tests/fixtures/check", &arguments);
    assert_eq!(output.status.code(), Some(1));
    assert!(stdout(&output).ends_with("1 error, 8 warnings\n"), "{}", stdout(&output));
}

#[test]
fn what_cannot_be_done_ends_with_status_two_and_a_reason() {
    let rows: [(&[&str], &str); 5] = [
        (&["check", "no-such-file.yaml"], "cannot read `no-such-file.yaml`"),
        (&["check", "--format", "xml", "fine.yaml"], "invalid value 'xml'"),
        (&["check", "--deny-warning", "fine.yaml"], "--deny-warnings"),
        (&["chekc"], "check"),
        (&["check"], "<FILE>"),
    ];
    for (arguments, expected) in rows {
        let output = run("tests/fixtures/check", arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(stderr(&output).contains(expected), "{arguments:?}: {}", stderr(&output));
        assert_eq!(stdout(&output), "");
    }
}

#[test]
fn every_subcommand_ends_with_the_status_that_its_help_tells() {
    let explain = ["explain", "warned.yaml", "--request"];
    let denied = [&explain[..], &["GET /%2e%2e/x"]].concat();
    let wrong = ["explain", "mistakes.yaml", "--request", "GET /"];
    let rows: [(&[&str], i32); 22] = [
        (&[], 2),
        (&["--help"], 0),
        (&["help", "render"], 0),
        (&["check", "fine.yaml"], 0),
        (&["check", "mistakes.yaml"], 1),
        (&["check", "not_yaml.yaml"], 1),
        (&["check", "absent.yaml"], 2),
        (&["check", "golden"], 2),
        (&denied, 1),
        (&wrong, 2),
        (&["explain", "fine.yaml"], 2),
        (&["explain", "not_yaml.yaml", "--request", "GET /"], 2),
        (&["render"], 2),
        (&["render", "envoy"], 2),
        (&["render", "nginx", "fine.yaml"], 2),
        (&["render", "envoy", "mistakes.yaml"], 2),
        (&["render", "istio", "absent.yaml"], 2),
        (&["catalogue", "show", "mindsphere"], 0),
        (&["catalogue", "show", "other"], 2),
        (&["completions", "cmd"], 2),
        (&["schema"], 0),
        (&["schema", "x"], 2),
    ];
    for (arguments, status) in rows {
        let output = run("tests/fixtures/check", arguments);
        assert_eq!(output.status.code(), Some(status), "{arguments:?} {}", stderr(&output));
        // What ends with 2 has a reason and nothing else, and only that.
        assert_eq!(stderr(&output).is_empty(), status != 2, "{arguments:?}");
        assert_eq!(stdout(&output).is_empty(), status == 2, "{arguments:?}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn an_output_that_cannot_be_written_ends_with_status_two() {
    for arguments in [&["schema"][..], &["check", "fine.yaml"], &["completions", "bash"]] {
        let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let output = command("tests/fixtures/check").args(arguments).stdout(full).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(stderr(&output).contains("cannot write"), "{}", stderr(&output));
    }
}

#[test]
fn output_has_colours_only_where_they_are_asked_for() {
    let output = |variable: Option<&str>| {
        let mut command = command("tests/fixtures/check");
        command.args(["check", "mistakes.yaml"]);
        if let Some(variable) = variable {
            command.env(variable, "1");
        }
        stdout(&command.output().unwrap())
    };
    assert!(!output(None).contains('\u{1b}'), "a pipe");
    assert!(output(Some("CLICOLOR_FORCE")).contains("\u{1b}[1m\u{1b}[31merror"));
    assert!(!output(Some("NO_COLOR")).contains('\u{1b}'));
}

#[test]
fn every_subcommand_has_help_with_examples() {
    let help = stdout(&run(".", &["--help"]));
    let listed = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let listed = listed.take_while(|line| !line.is_empty());
    let names: Vec<_> = listed.filter_map(|line| line.split_whitespace().next()).collect();
    assert!(names.contains(&"check"), "{help}");
    for name in names.into_iter().filter(|name| *name != "help") {
        let output = run(".", &[name, "--help"]);
        assert!(output.status.success());
        assert!(stdout(&output).contains("Examples:\n  "), "{name}");
        assert!(stdout(&output).contains("\nExit status: 0 "), "{name}");
    }
    assert_eq!(
        stdout(&run(".", &["--version"])),
        format!("tenantgate {}\n", env!("CARGO_PKG_VERSION"))
    );
}

#[test]
fn completions_are_scripts_that_their_shell_accepts() {
    for shell in ["bash", "zsh", "fish"] {
        let script = stdout(&run(".", &["completions", shell]));
        for word in ["check", "deny-warnings", "sarif"] {
            assert!(script.contains(word), "{shell}: {word}");
        }
        if shell == "bash" {
            let mut child = Command::new("bash").arg("-n").stdin(Stdio::piped()).spawn().unwrap();
            child.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
            assert!(child.wait().unwrap().success());
        }
    }
}

/// The kinds of findings about the proxy itself, each once, in alphabetical order.
fn rules_about_envoy(proxy: &[u8], files: &[&str]) -> Vec<String> {
    let mut child = command("tests/fixtures/check")
        .args(["check", "--format", "json", "--envoy", "-"])
        .args(files)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(proxy).unwrap();
    let output = child.wait_with_output().unwrap();
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    let findings = found["findings"].as_array().unwrap().iter();
    let rules: BTreeSet<_> = findings.map(|finding| finding["rule"].as_str().unwrap()).collect();
    rules.into_iter().filter(|rule| rule.starts_with("envoy-")).map(str::to_owned).collect()
}

fn run(directory: &str, arguments: &[&str]) -> Output {
    command(directory).args(arguments).output().unwrap()
}

/// The tool, in a directory of the repository, with the variables of `tests/config.rs`.
fn command(directory: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tenantgate"));
    command.current_dir(root().join(directory)).env_clear().stdin(Stdio::null());
    let secret = |length| "s3cr3t-".chars().cycle().take(length).collect::<String>();
    command.envs([
        ("CLIENT_ID", "id-of-the-client".to_owned()),
        ("CLIENT_SECRET", "secret from the environment".to_owned()),
        ("CERTIFICATE", "-----BEGIN CERTIFICATE-----MIIBezCCASGgAwIBAgIUeJsRrc6n5sSFWDMIb/gx8vQkWugwCgYIKoZIzj0EAwIwEjEQMA4GA1UEAwwHZ2F0ZXdheTAgFw0yNjExMjIyMTQ0MzVaGA8yMTI2MTAyOTIxNDQzNVowEjEQMA4GA1UEAwwHZ2F0ZXdheTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABGsX0fLhLEJH+Lzm5WOkQPJ3A32BLeszoPShOUXYmMKWT+NC4v4af5uO5+tKfA+eFivOM1drMV7Oy7ZAaDe/UfWjUzBRMB0GA1UdDgQWBBS0Z6OZnrXvpnHeADLwipyeXv2g4TAfBgNVHSMEGDAWgBS0Z6OZnrXvpnHeADLwipyeXv2g4TAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0gAMEUCIA9gcn0yE9DMMqToR9bn55gRzIrDBiz1of5ZoK8sz/dhAiEA+R8emoNWhbDZVc+Pgos8oOj9XG/llOY205fB3aaV+MQ=-----END CERTIFICATE-----".to_owned()),
        ("EMPTY", String::new()),
        ("NON_ASCII", "Bearer s3cr3t-ä".to_owned()),
        ("OTHER_CERTIFICATE", "-----BEGIN CERTIFICATE-----MIIBezCCASGgAwIBAgIUeJsRrc6n5sSFWDMIb/gx8vQkWugwCgYIKoZIzj0EAwIwEjEQMA4GA1UEAwwHZ2F0ZXdheTAgFw0yNjExMjIyMTQ0MzVaGA8yMTI2MTAyOTIxNDQzNVowEjEQMA4GA1UEAwwHZ2F0ZXdheTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABGoX0fLhLEJH+Lzm5WOkQPJ3A32BLeszoPShOUXYmMKWT+NC4v4af5uO5+tKfA+eFivOM1drMV7Oy7ZAaDe/UfWjUzBRMB0GA1UdDgQWBBS0Z6OZnrXvpnHeADLwipyeXv2g4TAfBgNVHSMEGDAWgBS0Z6OZnrXvpnHeADLwipyeXv2g4TAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0gAMEUCIA9gcn0yE9DMMqToR9bn55gRzIrDBiz1of5ZoK8sz/dhAiEA+R8emoNWhbDZVc+Pgos8oOj9XG/llOY205fB3aaV+MQ=-----END CERTIFICATE-----".to_owned()),
        (
            "PRIVATE_KEY",
            "-----BEGIN PRIVATE KEY-----MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAGhRANCAARrF9Hy4SxCR/i85uVjpEDydwN9gS3rM6D0oTlF2JjClk/jQuL+Gn+bjufrSnwPnhYrzjNXazFezsu2QGg3v1H1-----END PRIVATE KEY-----".to_owned(),
        ),
        ("SECRET_OF_31_BYTES", secret(31)),
        ("SECRET_OF_32_BYTES", secret(32)),
        ("SECRET_OF_48_BYTES", secret(64)),
        ("WITH_LINE_BREAK", "secret from the environment\n".to_owned()),
    ]);
    command
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn number(value: &Value) -> usize {
    usize::try_from(value.as_u64().unwrap()).unwrap()
}

/// The files of a directory with one of these extensions, in alphabetical order; at least one.
fn files(directory: &str, extensions: &[&str]) -> Vec<PathBuf> {
    let entries = fs::read_dir(root().join(directory)).unwrap();
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| {
        file.extension().is_some_and(|extension| extensions.iter().any(|one| extension == *one))
    });
    files.sort();
    assert!(!files.is_empty());
    files
}

fn goldens() -> PathBuf {
    root().join("tests/fixtures/check/golden")
}

/// Compares with the golden file. `TENANTGATE_WRITE_GOLDEN=1` writes it instead, for review.
fn golden(file: &Path, actual: &str) {
    if std::env::var_os("TENANTGATE_WRITE_GOLDEN").is_some() {
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, actual).unwrap();
    }
    let expected = fs::read_to_string(file).unwrap_or_default();
    assert_eq!(actual, expected, "{}", file.display());
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
