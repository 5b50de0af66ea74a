//! `tenantgate token` against a token endpoint on loopback: the real tool, real calls, real signatures.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test stops by panicking; clippy spares only functions that carry `#[test]`"
)]

#[path = "../examples/demo/development/mod.rs"]
#[allow(dead_code, reason = "the demo uses the rest")]
mod development;

use std::fs;
use std::io::Write as _;
use std::process::{Command, Output, Stdio};
use std::sync::{Arc, LazyLock, Mutex};

use development::clock;
use development::fault::json_response;
use development::http_server::{Answer, HttpServer, Request, Response};
use development::scratch::Scratch;
use development::signing_key::SigningKey;
use serde_json::{Value, json};

const SECRET: &str = "s3cr3t-of-the-client";
const ISSUER: &str = "https://acme.piam.eu1.mindsphere.io/oauth/token";

/// The issuer's key, and another one that names itself alike.
static KEYS: LazyLock<[SigningKey; 2]> =
    LazyLock::new(|| std::array::from_fn(|_| SigningKey::rsa("k").unwrap()));

/// A token endpoint and its keys. What it answers to a request for a token can be changed.
struct Provider {
    server: HttpServer,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Provider {
    fn answering(answer: Response) -> Self {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let hears = Arc::clone(&asked);
        let handle = move |request: &Request| {
            let body = String::from_utf8(request.body.clone()).unwrap();
            hears.lock().unwrap().push(format!("{} {} {body}", request.method, request.target));
            Answer::Whole(if request.target == "/token_keys" {
                let keys = json!({"keys": [KEYS[0].jwk()]});
                json_response(200, keys.to_string().into_bytes())
            } else {
                let Response { status, fields, body } = &answer;
                Response { status: *status, fields: fields.clone(), body: body.clone() }
            })
        };
        let server = HttpServer::start("127.0.0.1:0".parse().unwrap(), handle).unwrap();
        Self { server, asked }
    }

    fn granting(token: &str) -> Self {
        Self::answering(grant(token))
    }

    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }

    /// Runs `tenantgate token` with a configuration whose credentials go to this provider.
    fn token(&self, arguments: &[&str]) -> Output {
        self.token_with(arguments, &[("SVC_SECRET", SECRET)])
    }

    fn token_with(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Output {
        let address = self.server.address();
        let document = json!({
            "deployment": "egress",
            "credentials": [
                {"name": "svc", "mindsphere_tenant": {
                    "region": "eu1", "tenant": "acme", "cluster": "piam",
                    "client_id": "svc-id", "client_secret_env": "SVC_SECRET",
                    "token_url": format!("http://{address}/oauth/token"), "issuer": ISSUER,
                    "allow_plaintext": true,
                    "jwks": {"uri": format!("http://{address}/token_keys"), "allow_plaintext": true},
                }},
                {"name": "other", "callers": "any", "oauth2": {
                    "token_endpoint": format!("http://{address}/token?key={SECRET}"), "allow_plaintext": true,
                    "cluster": "other", "client_id": "other-id", "client_auth": "client_secret_post",
                    "client_secret_env": "OTHER_SECRET", "scopes": ["a"],
                }},
            ],
            "routes": [{"name": "r", "match": {"hosts": ["*"], "path": "/**", "methods": "any"},
                "upstream": {"caller_token": "remove"}}],
        });
        run(&document, arguments, variables)
    }
}

fn run(document: &Value, arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_tenantgate"))
        .args(["token", "-"])
        .args(arguments)
        .env_clear()
        .envs(variables.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(document.to_string().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    for text in [stdout(&output), stderr(&output)] {
        assert!(!text.contains(SECRET) && !text.contains("c3ZjLWlk"), "{text}");
        assert!(!text.contains("eyJ"), "a token is shown: {text}");
    }
    output
}

fn grant(token: &str) -> Response {
    let body = json!({"access_token": token, "token_type": "bearer", "expires_in": 1799});
    json_response(200, body.to_string().into_bytes())
}

fn claims(changes: &Value) -> Value {
    let now = clock::now();
    let mut claims = json!({
        "iss": ISSUER, "ten": "acme", "scope": ["a.r"], "client_id": "svc-id",
        "iat": now, "exp": now + 1800, "jti": "1",
    });
    for (name, value) in changes.as_object().unwrap() {
        claims[name] = value.clone();
    }
    claims
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn a_good_token_is_shown_by_its_request_its_checks_and_its_claims() {
    let provider = Provider::granting(&KEYS[0].sign(&claims(&json!({"subtenant": "cust"}))));
    let output = provider.token(&["--credential", "svc", "--subtenant", "cust"]);
    assert_eq!(output.status.code(), Some(0), "{}{}", stdout(&output), stderr(&output));
    let port = provider.server.address().port();
    let text = stdout(&output).replace(&port.to_string(), "PORT");
    let (before, size) = text.split_once("application/json, ").unwrap();
    let (_, after) = size.split_once(" bytes").unwrap();
    let text = format!("{before}application/json, SIZE bytes{after}");
    let lines: Vec<_> = text.lines().map(str::trim_end).collect();
    let expected = [
        "  request     POST http://127.0.0.1:PORT/oauth/token (the filter goes to cluster `piam`)",
        "  header      authorization: <hidden>",
        "  header      content-type: application/x-www-form-urlencoded",
        "  header      accept: application/json",
        "  body        grant_type=client_credentials&iam-action=client_credentials.subtenant-impersonation&subtenant=cust",
        "  answer      status 200, application/json, SIZE bytes",
        "  keys        GET http://127.0.0.1:PORT/token_keys (the filter goes to cluster `piam`)",
    ];
    assert_eq!(lines[..expected.len()], expected);
    let checks: Vec<_> = lines.iter().filter(|line| line.starts_with("+ ")).collect();
    assert_eq!(checks.len(), 12, "{text}");
    assert!(lines.contains(&"  claim       ten: acme"), "{text}");
    assert!(lines.last().unwrap().starts_with("usable for 17"), "{text}");
    assert_eq!(
        provider.asked(),
        [
            "POST /oauth/token grant_type=client_credentials&iam-action=client_credentials.subtenant-impersonation&subtenant=cust",
            "GET /token_keys ",
        ]
    );
}

#[test]
fn the_first_check_that_fails_is_named_and_those_after_it_are_open() {
    let now = clock::now();
    let rows = [
        (json!({"iss": "https://beta.piam.eu1.mindsphere.io/oauth/token"}), "issuer"),
        (json!({"ten": "beta"}), "tenant"),
        (json!({"subtenant": "other"}), "subtenant"),
        (json!({"iat": now - 3600, "exp": now - 1800}), "times"),
        (json!({"iat": now + 3600, "exp": now + 5400}), "times"),
        (json!({"iat": now - 1800, "exp": now + 2}), "lifetime"),
        (json!({"nonce": "n"}), "form"),
    ];
    for (changes, failing) in rows {
        let provider = Provider::granting(&KEYS[0].sign(&claims(&changes)));
        assert_eq!(failing_check(&provider, &[]), failing, "{changes}");
    }
    let provider = Provider::granting(&KEYS[1].sign(&claims(&json!({}))));
    assert_eq!(failing_check(&provider, &[]), "signature");
    let provider = Provider::granting(&KEYS[0].sign_as("unknown", &claims(&json!({}))));
    assert_eq!(failing_check(&provider, &[]), "signature");
    let provider = Provider::granting(&KEYS[0].sign(&claims(&json!({}))));
    assert_eq!(failing_check(&provider, &["--subtenant", "cust"]), "subtenant");
    let provider = Provider::granting(&KEYS[0].unsigned(&claims(&json!({}))));
    assert_eq!(failing_check(&provider, &[]), "form");
    let by_public_key = KEYS[0].sign_with_public_key_as_secret(&claims(&json!({})));
    let provider = Provider::granting(&by_public_key);
    assert_eq!(failing_check(&provider, &[]), "algorithm");
    let provider = Provider::granting("opaque");
    assert_eq!(failing_check(&provider, &[]), "form");
    let refusal = json_response(401, br#"{"error":"invalid_client"}"#.to_vec());
    assert_eq!(failing_check(&Provider::answering(refusal), &[]), "status");
    let page = Response {
        status: 200,
        fields: vec![("content-type", "text/html".into())],
        body: b"<p>".to_vec(),
    };
    assert_eq!(failing_check(&Provider::answering(page), &[]), "json");
    let empty = json_response(200, b"{}".to_vec());
    assert_eq!(failing_check(&Provider::answering(empty), &[]), "grant");
}

/// The check that fails, by the output for programs.
fn failing_check(provider: &Provider, arguments: &[&str]) -> String {
    let fixed = ["--credential", "svc", "--format", "json"];
    let output = provider.token(&[&fixed, arguments].concat());
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    let whole: Value = serde_json::from_str(&stdout(&output)).unwrap();
    assert_eq!((&whole["usable"], &whole["usable_until"]), (&json!(false), &Value::Null));
    let steps = whole["trace"].as_array().unwrap();
    let position = steps.iter().position(|step| step["mark"] == "not_met").unwrap();
    assert!(steps[..position].iter().all(|step| step["mark"] != "unknown"), "{whole:#}");
    assert!(steps[position + 1..].iter().all(|step| step["mark"] == "unknown"), "{whole:#}");
    steps[position]["topic"].as_str().unwrap().to_owned()
}

#[test]
fn of_a_refusal_the_code_and_the_request_id_are_shown_and_its_description_is_not() {
    let body =
        json!({"error": "invalid_client", "error_description": SECRET, "request_id": "RID1"});
    let refusal = json_response(401, body.to_string().into_bytes());
    let output = Provider::answering(refusal).token(&["--credential", "svc"]);
    let text = stdout(&output);
    for line in ["code `invalid_client`", "request id `RID1`"] {
        assert!(text.contains(&format!("  answer      {line}\n")), "{text}");
    }
    assert!(text.contains("- status      the status is 200: invalid_client\n"), "{text}");
}

#[test]
fn an_opaque_token_is_checked_for_what_can_be_seen_and_no_secret_of_its_form_is_shown() {
    let provider = Provider::granting("opaque");
    // The variables of other credentials may be missing, its own must be there.
    let asked = ["--credential", "other"];
    let output = provider.token_with(&asked, &[("SVC_SECRET", SECRET)]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("`OTHER_SECRET` is not set"), "{}", stderr(&output));
    assert_eq!(provider.asked(), [""; 0]);

    let output = provider.token_with(&asked, &[("OTHER_SECRET", SECRET)]);
    assert_eq!(output.status.code(), Some(0), "{}{}", stdout(&output), stderr(&output));
    let text = stdout(&output);
    let form = "grant_type=client_credentials&client_id=other-id&client_secret=<hidden>&scope=a";
    assert!(text.contains(&format!("  body        {form}\n")), "{text}");
    assert_eq!(text.lines().filter(|line| line.starts_with("+ ")).count(), 4, "{text}");
    let sent = form.replace("<hidden>", SECRET);
    assert!(text.contains("/token?<hidden> (the filter"), "{text}");
    assert_eq!(provider.asked(), [format!("POST /token?key={SECRET} {sent}")]);
}

#[test]
fn a_key_is_read_from_its_file_and_not_shown_and_a_stated_one_is_not_fetched() {
    for (body, code, line) in [
        (format!("{SECRET}\n"), 0, "+ key         it is a key that a header can carry"),
        (
            format!("{SECRET}\n\n"),
            1,
            "- key         it is a key that a header can carry: reading_unusable",
        ),
        (
            format!("{SECRET} x"),
            1,
            "- key         it is a key that a header can carry: fetched_token_unsendable",
        ),
    ] {
        let answer = Response { status: 200, fields: Vec::new(), body: body.into_bytes() };
        let provider = Provider::answering(answer);
        let address = provider.server.address();
        let secret = json!({"cluster": "files", "uri": format!("http://{address}/key"), "allow_plaintext": true});
        let document = json!({
            "deployment": "egress",
            "credentials": [
                {"name": "read", "callers": "any", "api_key": {"secret": secret}},
                {"name": "stated", "callers": "any", "api_key": {"key_env": "KEY"}},
            ],
            "routes": [{"name": "r", "match": {"hosts": ["*"], "path": "/**", "methods": "any"},
                "upstream": {"caller_token": "remove"}}],
        });
        let output = run(&document, &["--credential", "read"], &[]);
        let text = stdout(&output);
        assert_eq!(output.status.code(), Some(code), "{text}{}", stderr(&output));
        assert!(text.contains(line), "{text}");
        assert!(!text.contains(" json ") && !text.contains(" grant "), "{text}");
        assert_eq!(provider.asked(), ["GET /key "]);
        let output = run(&document, &["--credential", "stated"], &[("KEY", SECRET)]);
        assert_eq!(output.status.code(), Some(2));
        assert!(stderr(&output).contains("is not fetched"), "{}", stderr(&output));
    }
}

/// A credential whose secret the proxy alone can read, and another one whose key it alone can.
fn behind_the_proxy(provider: &Provider) -> Value {
    let address = provider.server.address();
    let secret = |path: &str| json!({"cluster": "files", "uri": format!("http://files.invalid/{path}"), "allow_plaintext": true});
    json!({
        "deployment": "egress",
        "credentials": [
            {"name": "svc", "callers": "any", "oauth2": {
                "token_endpoint": format!("http://{address}/token"), "allow_plaintext": true,
                "cluster": "id", "client_id": "id", "client_auth": "client_secret_post",
                "secret": secret("svc"),
            }},
            {"name": "key", "callers": "any", "api_key": {"secret": secret("key?v=1")}},
        ],
        "routes": [{"name": "r", "match": {"hosts": ["*"], "path": "/**", "methods": "any"},
            "upstream": {"caller_token": "remove"}}],
    })
}

#[test]
fn what_only_the_proxy_reaches_is_named_with_the_option_that_gives_it() {
    let provider = Provider::granting("opaque");
    let document = behind_the_proxy(&provider);
    for (name, address) in
        [("svc", "http://files.invalid/svc"), ("key", "http://files.invalid/key?<hidden>")]
    {
        let output = run(&document, &["--credential", name], &[]);
        let words = format!(
            "credential `{name}` reads `{address}` by cluster `files`, in the clear and perhaps within the proxy alone; `--file files=PATH` gives what is read there, `--allow-plaintext` asks that host"
        );
        assert!(stderr(&output).contains(&words), "{}", stderr(&output));
        assert_eq!((output.status.code(), stdout(&output).as_str()), (Some(2), ""));
    }
    let output = run(&document, &["--credential", "svc", "--allow-plaintext"], &[]);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    let text = stdout(&output);
    assert!(text.contains("- reads       secret: answer_interrupted: no answer: "), "{text}");
    assert!(text.contains("; `--file files=PATH` gives what is read there"), "{text}");
    assert_eq!(provider.asked(), [""; 0]);
}

#[test]
fn a_file_takes_the_place_of_what_only_the_proxy_reaches_with_the_same_bounds() {
    let scratch = Scratch::new().unwrap();
    let path = scratch.path().join("secret").display().to_string();
    let longest = "s".repeat(4096);
    let given = format!("files={path}");
    let rows = [
        (SECRET.to_owned(), SECRET, ""),
        (format!("{SECRET}\n"), SECRET, ""),
        (format!("{SECRET}\r\n"), SECRET, ""),
        (format!("{longest}\r\n"), &longest, ""),
        (format!("{SECRET}\n\n"), "", "reading_unusable"),
        (String::new(), "", "reading_empty"),
        (format!("{longest}1"), "", "reading_too_long"),
        (format!("{longest}123"), "", "answer_too_large"),
    ];
    for (content, secret, fault) in rows {
        fs::write(&path, &content).unwrap();
        let provider = Provider::granting("opaque");
        let document = behind_the_proxy(&provider);
        let output = run(&document, &["--credential", "svc", "--file", &given], &[]);
        let text = stdout(&output);
        let read = "reads       the given file, in place of GET http://files.invalid/svc (the filter goes to cluster `files`)";
        assert!(text.contains(read), "{text}{}", stderr(&output));
        if fault.is_empty() {
            assert_eq!(output.status.code(), Some(0), "{text}");
            let form = format!("grant_type=client_credentials&client_id=id&client_secret={secret}");
            assert_eq!(provider.asked(), [format!("POST /token {form}")]);
        } else {
            assert_eq!(output.status.code(), Some(1), "{text}");
            assert!(text.contains(&format!("- reads       secret: {fault}\n")), "{fault}: {text}");
            assert_eq!(provider.asked(), [""; 0]);
        }
    }
}

#[test]
fn files_of_one_cluster_are_told_apart_by_their_uri_and_idle_ones_are_told() {
    let scratch = Scratch::new().unwrap();
    let write = |name: &str, content: &str| {
        let path = scratch.path().join(name);
        fs::write(&path, content).unwrap();
        path.display().to_string()
    };
    let (key, broken) = (write("key", SECRET), write("broken", "a b"));
    let provider = Provider::granting("opaque");
    let document = behind_the_proxy(&provider);
    let by_cluster = format!("files={broken}");
    let by_uri = format!("http://files.invalid/svc={key}");
    let idle = format!("other={key}");
    let arguments = ["--credential", "svc", "--file", &by_cluster, "--file", &by_uri];
    let output = run(&document, &[&arguments[..], &["--file", &idle]].concat(), &[]);
    let text = stdout(&output);
    assert_eq!(output.status.code(), Some(0), "{text}{}", stderr(&output));
    for name in ["files", "other"] {
        let line = format!("? file        `{name}`: nothing was read by that cluster or URI\n");
        assert!(text.contains(&line), "{text}");
    }
    let output = run(&document, &["--credential", "key", "--file", &format!("files={key}")], &[]);
    assert_eq!(output.status.code(), Some(0), "{}{}", stdout(&output), stderr(&output));
    assert!(!stdout(&output).contains("? file"), "{}", stdout(&output));
    for (argument, words) in [
        ("files", "`--file files` names no cluster; write `--file CLUSTER=PATH`"),
        ("=x", "`--file =x` names no cluster"),
        ("files=", "`--file files=` names no cluster"),
        ("files=/nowhere/secret", "cannot read `/nowhere/secret`: "),
    ] {
        let output = run(&document, &["--credential", "key", "--file", argument], &[]);
        assert_eq!(output.status.code(), Some(2));
        assert!(stderr(&output).contains(words), "{}", stderr(&output));
    }
}

#[test]
fn what_a_machine_says_of_itself_is_told_to_be_had_there_alone() {
    let document = json!({
        "deployment": "egress",
        "credentials": [{
            "name": "machine", "callers": "any", "clusters": {"token": "idaas", "metadata": "metadata"},
            "idaas": {
                "idaasInstanceId": "idaas_1", "clientId": "app_1", "issuer": "https://idaas.example",
                "tokenEndpoint": "https://idaas.example/token", "scope": "a|b",
                "authnConfiguration": {
                    "authnMethod": "PKCS7", "clientDeployEnvironment": "ALIBABA_CLOUD_ECS",
                    "applicationFederatedCredentialName": "credential",
                },
            },
        }],
        "routes": [{"name": "r", "match": {"hosts": ["*"], "path": "/**", "methods": "any"},
            "upstream": {"caller_token": "remove"}}],
    });
    // A file cannot take its place: the service is first asked for a token.
    for arguments in [
        &["--credential", "machine"][..],
        &["--credential", "machine", "--file", "metadata=Cargo.toml"],
    ] {
        let output = run(&document, arguments, &[]);
        let words = "credential `machine` reads `http://100.100.100.200/latest/api/token` by cluster `metadata`, and a metadata service answers nobody but its own machine: run the tool there, with `--allow-plaintext`";
        assert!(stderr(&output).contains(words), "{}", stderr(&output));
        assert_eq!(output.status.code(), Some(2));
    }
}

#[test]
fn what_cannot_be_asked_for_is_said_and_no_call_is_made() {
    let provider = Provider::granting("opaque");
    let rows: [(&[&str], &str); 3] = [
        (&["--credential", "scv"], "has no credential `scv`, only `svc`, `other`"),
        (&["--credential", "svc", "--subtenant", ""], "the subtenant is empty"),
        (&["--credential", "svc", "--ca", "Cargo.toml"], "holds no certificates in PEM"),
    ];
    for (arguments, expected) in rows {
        let output = provider.token(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(stderr(&output).contains(expected), "{}", stderr(&output));
        assert_eq!(provider.asked(), [""; 0]);
    }
}

#[test]
fn a_secret_does_not_leave_the_machine_in_the_clear_unless_that_is_said() {
    let document = json!({
        "deployment": "egress",
        "credentials": [{"name": "far", "callers": "any", "oauth2": {
            "token_endpoint": "http://id.invalid/token", "allow_plaintext": true, "cluster": "id",
            "client_id": "far-id", "client_secret_env": "SVC_SECRET",
        }}],
        "routes": [{"name": "r", "match": {"hosts": ["*"], "path": "/**", "methods": "any"},
            "upstream": {"caller_token": "remove"}}],
    });
    let asked = ["--credential", "far"];
    let output = run(&document, &asked, &[("SVC_SECRET", SECRET)]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("is plain `http` on another machine"), "{}", stderr(&output));
    let asked = [&asked[..], &["--allow-plaintext"]].concat();
    let output = run(&document, &asked, &[("SVC_SECRET", SECRET)]);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    assert!(stdout(&output).contains("- answer      no answer: "), "{}", stdout(&output));
}

#[test]
fn keys_in_the_configuration_are_used_and_a_users_token_is_not_fetched() {
    let provider = Provider::granting(&KEYS[0].sign(&claims(&json!({}))));
    let address = provider.server.address();
    let document = json!({
        "deployment": "egress",
        "issuers": [{
            "name": "acme", "preset": "mindsphere", "issuer": ISSUER, "tenants": ["acme"],
            "clients": ["portal"], "jwks": {"inline": {"keys": [KEYS[0].jwk()]}},
        }],
        "credentials": [
            {"name": "svc", "mindsphere_tenant": {
                "region": "eu1", "tenant": "acme", "cluster": "piam",
                "client_id": "svc-id", "client_secret_env": "SVC_SECRET",
                "token_url": format!("http://{address}/oauth/token"), "issuer": ISSUER,
                "allow_plaintext": true,
            }},
            {"name": "user", "mindsphere_user": {"token_env": "USER_TOKEN"}},
        ],
        "routes": [{"name": "r", "match": {"hosts": ["*"], "path": "/**", "methods": "any"},
            "authentication": "optional", "upstream": {"caller_token": "forward",
            "inject": [{"credential": "user", "when": "no_caller_token"}]}}],
    });
    let token = KEYS[0].sign(&claims(&json!({"client_id": "portal", "user_name": "ann"})));
    let variables = [("SVC_SECRET", SECRET), ("USER_TOKEN", token.as_str())];
    let output = run(&document, &["--credential", "svc"], &variables);
    assert_eq!(output.status.code(), Some(0), "{}{}", stdout(&output), stderr(&output));
    assert_eq!(provider.asked(), ["POST /oauth/token grant_type=client_credentials"]);
    let output = run(&document, &["--credential", "user"], &variables);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr(&output).contains("is not fetched: the environment or the document has it"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn a_server_that_is_not_there_is_told_as_no_answer() {
    let mut provider = Provider::granting("opaque");
    provider.server.stop();
    assert_eq!(failing_check(&provider, &[]), "answer");
}
