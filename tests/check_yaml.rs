//! What `tenantgate check` says of a file whose YAML readers take for different things.
#![cfg(not(target_arch = "wasm32"))]

use tenantgate::tool::{Check, Finding, check};

#[test]
fn a_number_that_envoy_hands_over_as_a_text_is_an_error_in_its_own_file_alone() {
    let envoy = |configuration: &str| {
        format!("resources:\n- vm_config: {{}}\n  configuration: {configuration}\n")
    };
    let typed = |value: &str| format!("{{ '@type': x, value: {value} }}");
    let own = "{ deployment: egress, limits: { waiters: 300.0 }, x: [{ a: 3000000000, b: 3 }] }";
    let both = ["limits.waiters", "x[0].a"];
    let rows: [(String, &[&str]); 6] = [
        (envoy(own), &both),
        (envoy(&typed(own)), &both),
        (envoy("{ deployment: egress, limits: { waiters: 300 }, x: '1.5' }"), &[]),
        (format!("apiVersion: x\n{}", envoy(own)), &[]),
        (own.to_owned(), &[]),
        ("rate: 1.5\nvm_config: {}\nconfiguration: { deployment: egress }\n".to_owned(), &[]),
    ];
    for (text, expected) in rows {
        assert_eq!(paths(&text, "number-as-text"), expected, "{text}");
    }
    // Envoy reads this as YAML unless its name says otherwise.
    let json = r#"{"vm_config": {}, "configuration": {"deployment": "egress", "x": [1, 300.0]}}"#;
    assert_eq!(paths(json, "number-as-text"), ["x[1]"]);
    let found = findings_in("file.json", json).into_iter();
    assert!(found.clone().next().is_some());
    assert!(found.clone().all(|finding| finding.rule != "number-as-text"), "{found:?}");
}

#[test]
fn what_readers_of_yaml_disagree_on_is_an_error_that_names_the_place() {
    for (text, line, column, message) in [
        ("deployment: egress\nlimits:\n  waiters: 0600\n", 3, 12, "has another value"),
        ("deployment: egress\nlimits:\n  waiters: 0o17\n", 3, 12, "has another value"),
        ("deployment: egress\non: 1\n", 2, 1, "`on` is another key"),
        ("deployment: egress\nx: { no: 1 }\n", 2, 6, "`no` is another key"),
        ("deployment: egress\nmode: off\n", 2, 7, "`off` is a boolean"),
        ("deployment: egress\nmode: !!str off\n", 2, 7, "ignore"),
        ("deployment: egress\n<<: { mode: enforce }\n", 2, 1, "merges"),
    ] {
        let found = findings(text);
        let [finding] = found.as_slice() else { panic!("{text}: {found:?}") };
        assert_eq!((finding.rule, finding.at.line, finding.at.column), ("source", line, column));
        assert!(finding.message.contains(message), "{}", finding.message);
    }
}

#[test]
fn a_secret_that_looks_like_a_number_is_not_shown() {
    let found = findings("deployment: egress\nclient_secret: 0123456\n");
    assert!(found.iter().all(|finding| !finding.message.contains("0123456")), "{found:?}");
}

fn paths(text: &str, rule: &str) -> Vec<String> {
    let found = findings(text).into_iter();
    found.filter(|finding| finding.rule == rule).map(|finding| finding.path).collect()
}

fn findings(text: &str) -> Vec<Finding> {
    findings_in("file.yaml", text)
}

fn findings_in(name: &str, text: &str) -> Vec<Finding> {
    let how = Check { environment: &|_| None, requires_environment: false };
    check(name, text.as_bytes(), &how)
}
