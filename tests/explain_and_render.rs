//! `tenantgate explain` and `tenantgate render`, run as their users run them.
#![cfg(not(target_arch = "wasm32"))]
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops by panicking; clippy spares only functions that carry `#[test]`"
)]

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::Mac as _;
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{Signature, SigningKey};
use rsa::BigUint;
use rsa::sha2::Digest as _;
use serde_json::{Value, json};

const NOW: u64 = 1_800_000_000;

/// Name, request, further arguments, claims of its token, exit status.
type Row<'r> = (&'r str, &'r str, &'r [&'r str], Option<Value>, i32);

#[test]
fn explain_tells_what_becomes_of_a_request_and_why() {
    let keys = ["--jwks", "keys.json"];
    let get = "GET https://api.acme.example/api/assets/7";
    let north = json!({"sub_org": "north"});
    let rows: [Row<'_>; 8] = [
        ("no_token", get, &[], None, 1),
        ("technical_token", get, &keys, Some(north.clone()), 0),
        ("scope", get, &["--jwks", "partner=keys.json"], Some(json!({"scope": "x"})), 1),
        ("expired", get, &keys, Some(json!({"exp": NOW - 3600})), 1),
        ("keys_missing", get, &[], Some(north.clone()), 3),
        ("skipped", get, &["--skip-signature"], Some(north.clone()), 0),
        (
            "catalogue",
            "DELETE https://api.acme.example/api/assetmanagement/v3/assets",
            &keys,
            Some(north),
            1,
        ),
        ("path", "GET https://api.acme.example/api/%2e%2e/x", &[], None, 1),
    ];
    for (name, request, more, claims, status) in rows {
        for format in ["text", "json"] {
            let mut arguments = vec!["explain", "gateway.yaml", "--request", request];
            let now = NOW.to_string();
            arguments.extend(["--now", &now, "--format", format]);
            arguments.extend(more);
            let token = claims.as_ref().map(token);
            if token.is_some() {
                arguments.extend(["--token", "-"]);
            }
            let output = run(&arguments, token.as_deref());
            assert_eq!(stderr(&output), "", "{name}");
            assert_eq!(output.status.code(), Some(status), "{name}: {}", stdout(&output));
            golden(&format!("{name}.{format}"), &stdout(&output));
        }
    }
}

#[test]
fn a_request_with_an_application_key_is_explained_and_the_key_is_never_shown() {
    let key = "gwk_003aUlTJC7tjlCTQj2uNU3MFagCXG9LRKRcwGkBIDlf01dV2j";
    type Row<'r> = (&'r [&'r str], Option<&'r str>, i32, &'r [&'r str]);
    let rows: [Row<'_>; 6] = [
        (
            &["--client", "10.1.2.3"],
            Some(key),
            0,
            &["`pump-17` is good", "user `ann@acme.example`"],
        ),
        (&["--client", "10.1.2.4"], Some(key), 1, &["`pump-17` is refused: appkey_ip"]),
        (&[], Some(key), 1, &["appkey_ip; no address was stated here"]),
        (&["--now", "1900000000"], Some(key), 1, &["denied 401 app_key_expired"]),
        (&[], Some("gwk_0"), 1, &["it is refused: appkey_checksum"]),
        (&[], None, 1, &["presented   nothing", "denied 401 app_key_missing"]),
    ];
    for (more, presented, status, words) in rows {
        let request = "GET https://api.acme.example/things/1";
        let mut arguments = vec!["explain", "keys.yaml", "--request", request];
        let now = NOW.to_string();
        if !more.contains(&"--now") {
            arguments.extend(["--now", &now]);
        }
        arguments.extend(more);
        if presented.is_some() {
            arguments.extend(["--key", "-"]);
        }
        let output = run(&arguments, presented);
        let told = [stdout(&output), stderr(&output)].concat();
        assert_eq!(output.status.code(), Some(status), "{told}");
        assert!(words.iter().all(|words| told.contains(words)), "{told}");
        assert!(!told.contains("gwk_"), "{told}");
    }
    let stated = run(&["explain", "keys.yaml", "--request", "GET /x", "--key", key], None);
    assert_eq!(stated.status.code(), Some(2));
    let words = "--key takes `@FILE` or `-`, not the key itself";
    assert!(stderr(&stated).contains(words) && !stderr(&stated).contains(key));
}

#[test]
fn a_request_that_is_signed_is_explained_as_the_filter_would_decide_it() {
    let rows: [(&str, &[&str], i32, &str); 3] = [
        ("GET https://ecs.example/", &[], 0, "x-acs-signature-nonce"),
        ("POST https://ecs.example/", &["--header", "content-length: 3"], 1, "request_unsignable"),
        ("POST https://ecs.example/", &["--header", "content-length: 0"], 0, "authorization"),
    ];
    for (request, more, status, words) in rows {
        let arguments = [&["explain", "signed.yaml", "--request", request], more].concat();
        let output = run(&arguments, None);
        let told = [stdout(&output), stderr(&output)].concat();
        assert_eq!(output.status.code(), Some(status), "{request}: {told}");
        assert!(told.contains(words), "{request}: {told}");
    }
}

/// What stands for a secret that is not set here must not be what a token is judged by.
#[test]
fn a_token_of_a_shared_secret_is_judged_only_where_the_secret_is_set() {
    let message = token(&json!({})).rsplit_once('.').unwrap().0.to_owned();
    let (_, claims) = message.split_once('.').unwrap();
    let message = format!("{}.{claims}", URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256"}"#));
    let signed = |secret: &str| {
        let mac = hmac::Hmac::<rsa::sha2::Sha256>::new_from_slice(secret.as_bytes()).unwrap();
        let tag = mac.chain_update(&message).finalize().into_bytes();
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(tag))
    };
    let secret = "0123456789abcdef0123456789abcdef";
    let made_up = format!("{:A<96}", "ISSUER_SECRET");
    let rows = [
        (None, signed(secret), 3, "the issuer's secret is not set here"),
        (None, signed(&made_up), 3, "the issuer's secret is not set here"),
        (Some(secret), signed(secret), 0, "allowed"),
        (Some(secret), signed("another secret of thirty-two bytes"), 1, "signature_invalid"),
    ];
    for (variable, token, status, expected) in rows {
        let now = NOW.to_string();
        let arguments =
            ["explain", "secret.json", "--request", "GET /", "--now", &now, "--token", "-"];
        let mut command = command(&arguments);
        command.envs(variable.map(|value| ("ISSUER_SECRET", value)));
        let output = finish(command, Some(&token));
        assert_eq!(output.status.code(), Some(status), "{}{}", stdout(&output), stderr(&output));
        assert!(stdout(&output).contains(expected), "{}", stdout(&output));
    }
}

/// The tenant of a credential that is made up must not be what a caller is compared with.
#[test]
fn what_depends_on_a_tenant_that_was_made_up_is_undecided() {
    let app = [
        ("MDSP_KEY_STORE_CLIENT_ID", "id"),
        ("MDSP_KEY_STORE_CLIENT_SECRET", "s3cr3t"),
        ("MDSP_OS_VM_APP_NAME", "app"),
        ("MDSP_OS_VM_APP_VERSION", "1"),
        ("MDSP_HOST_TENANT", "acme"),
        ("MDSP_USER_TENANT", "acme"),
    ];
    let tenant = [
        ("MINDSPHERE_CLIENT_ID", "id"),
        ("MINDSPHERE_CLIENT_SECRET", "s3cr3t"),
        ("MINDSPHERE_TENANT", "acme"),
    ];
    let of = |name: &str| format!("`{name}` is not set here, a value was made up");
    let [unset_id, unset_tenant] = ["MINDSPHERE_CLIENT_ID", "MINDSPHERE_TENANT"].map(of);
    // What is set, whether there is a token, the exit status, and the notes of the environment.
    type Row<'r> = (&'r [(&'r str, &'r str)], bool, i32, &'r [&'r str]);
    let rows: [Row<'_>; 9] = [
        // A part of an application's variables is not filled up: the proxy would not take it either.
        (&app[1..], true, 3, &[&unset_id, &unset_tenant]),
        (&app[2..], true, 3, &[&unset_id, &unset_tenant]),
        (&[&app[2..], &tenant].concat(), true, 0, &[]),
        (&[], true, 3, &[&unset_id, &unset_tenant]),
        (&[], false, 1, &[&unset_id, &unset_tenant]),
        (&tenant[..2], true, 3, &[&unset_tenant]),
        (&tenant[1..], true, 0, &[&unset_id]),
        (&tenant, true, 0, &[]),
        (&app, true, 0, &[]),
    ];
    for (variables, has_token, status, notes) in rows {
        let now = NOW.to_string();
        let mut arguments = vec!["explain", "auto.yaml", "--request", "GET /", "--now", &now];
        let token = has_token.then(|| token(&json!({})));
        if has_token {
            arguments.extend(["--jwks", "keys.json", "--token", "-"]);
        }
        let mut command = command(&arguments);
        command.envs(variables.iter().copied());
        let output = finish(command, token.as_deref());
        let shown = stdout(&output);
        assert_eq!(output.status.code(), Some(status), "{variables:?} {shown}{}", stderr(&output));
        assert!(notes.iter().all(|note| shown.contains(note)), "{variables:?} {shown}");
        if notes.is_empty() {
            assert!(!shown.contains("made up"), "{variables:?} {shown}");
        }
        assert!(!shown.contains("MDSP_"), "{shown}");
        assert_eq!(shown.contains("? containment"), status == 3, "{shown}");
        // What nobody can tell has no headers either.
        assert_eq!(shown.contains("  sets "), status == 0, "{shown}");
        assert!(status == 0 || !shown.contains("  removes "), "{shown}");
        assert!(!shown.contains("`tenant`") && !shown.contains("//tenant."), "{shown}");
    }
}

#[test]
fn what_is_explained_does_not_depend_on_what_requests_leave_in_filter_state() {
    let gateway = fs::read_to_string(root().join("tests/fixtures/explain/gateway.yaml")).unwrap();
    let directory = scratch("filter_state");
    fs::create_dir_all(&directory).unwrap();
    let file = directory.join("gateway.yaml");
    for setting in ["refusals", "always", "never"] {
        for (mode, decision) in [("enforce", "deny"), ("report_only", "would_deny")] {
            let document = format!("{gateway}\nfilter_state: {setting}\nmode: {mode}\n");
            fs::write(&file, document).unwrap();
            let get = "GET https://api.acme.example/x";
            let output = run(
                &["explain", file.to_str().unwrap(), "--request", get, "--format", "json"],
                None,
            );
            let shown: Value = serde_json::from_str(&stdout(&output)).unwrap();
            let said = ["decision", "code", "reason"].map(|key| shown[key].as_str());
            let expected = [Some(decision), Some("route_unknown"), Some("no_route")];
            assert_eq!(said, expected, "{setting} {mode}");
        }
    }
}

/// A program's token is refused if its client is one of ours; made up is who we are.
#[test]
fn a_token_that_may_be_one_of_our_own_is_undecided_where_our_client_is_not_known() {
    let gateway = fs::read_to_string(root().join("tests/fixtures/explain/gateway.yaml")).unwrap();
    let gateway = gateway.replace("user: email", "user: email, client: azp");
    let directory = scratch("own_token");
    fs::create_dir_all(&directory).unwrap();
    let file = directory.join("gateway.yaml");
    fs::write(&file, gateway).unwrap();
    let program = json!({"email": null, "azp": "robot"});
    let get = "GET https://api.acme.example/api/assets/7";
    let secret = ("MINDSPHERE_CLIENT_SECRET", "s3cr3t");
    let rows = [
        (program.clone(), None, get, 3, "? token       may be one of our own"),
        (program.clone(), None, "GET https://api.acme.example/x", 1, "route_unknown"),
        (json!({"email": null, "azp": "robot", "scope": "x"}), None, get, 1, "scope_insufficient"),
        (program.clone(), Some("robot"), get, 1, "own_token"),
        (program, Some("other"), get, 0, "allowed"),
        (json!({"azp": "robot"}), None, get, 0, "allowed"),
    ];
    for (claims, id, request, status, expected) in rows {
        let now = NOW.to_string();
        let arguments = ["explain", file.to_str().unwrap(), "--request", request, "--now", &now];
        let more = ["--jwks", "keys.json", "--token", "-"];
        let mut command = command(&[&arguments[..], &more].concat());
        command.envs(id.map(|id| ("MINDSPHERE_CLIENT_ID", id))).env(secret.0, secret.1);
        let output = finish(command, Some(&token(&claims)));
        let shown = stdout(&output);
        assert_eq!(output.status.code(), Some(status), "{claims} {shown}{}", stderr(&output));
        assert!(shown.contains(expected), "{claims} {shown}");
    }
}

#[test]
fn a_place_that_depends_on_a_variable_must_be_said() {
    let file = root().join("tests/fixtures/explain/auto.yaml");
    let render = |variables: &[(&str, &str)]| {
        let mut command = command(&["render", "envoy", file.to_str().unwrap()]);
        command.envs(variables.iter().copied());
        let output = finish(command, None);
        (output.status.code().unwrap(), format!("{}{}", stdout(&output), stderr(&output)))
    };
    let (status, shown) = render(&[]);
    assert_eq!(status, 2);
    assert!(shown.contains("nothing says where cluster `platform` is"), "{shown}");
    let (status, shown) = render(&[("MINDSPHERE_TENANT", "acme")]);
    assert_eq!(status, 0);
    assert!(shown.contains("sni: \"acme.piam.eu1.mindsphere.io\""), "{shown}");
}

/// A key that is made for its signature: `n = s^3 - encoding`.
#[test]
fn a_signature_by_a_large_key_is_judged_as_a_host_does_and_that_is_said() {
    let gateway = fs::read_to_string(root().join("tests/fixtures/explain/gateway.yaml")).unwrap();
    let directory = scratch("large_key");
    fs::create_dir_all(&directory).unwrap();
    let file = directory.join("gateway.yaml");
    fs::write(&file, gateway.replace("[ES256]", "[RS256, PS256]")).unwrap();
    let rows = [
        (4096, "RS256", 0, 0, "+ signature   is good\n"),
        (
            4104,
            "RS256",
            0,
            0,
            "+ signature   is good; Envoy computes it, by a key of over 4,096 bits",
        ),
        (4104, "RS256", 1, 1, "signature_invalid"),
        (4104, "PS256", 0, 1, "signature_unsupported"),
    ];
    for (bits, algorithm, flipped, status, expected) in rows {
        let claims = token(&json!({}));
        let claims = claims.split('.').nth(1).unwrap();
        let header = json!({"alg": algorithm, "kid": "large"}).to_string();
        let message = format!("{}.{claims}", URL_SAFE_NO_PAD.encode(header));
        let (modulus, mut signature) = forged(&message, bits);
        signature[bits / 8 - 1] ^= flipped;
        let key = URL_SAFE_NO_PAD.encode(modulus);
        let set = json!({"keys": [{"kty": "RSA", "kid": "large", "n": key, "e": "Aw"}]});
        fs::write(directory.join("keys.json"), set.to_string()).unwrap();
        let keys = directory.join("keys.json");
        let token = format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature));
        let now = NOW.to_string();
        let get = "GET https://api.acme.example/api/assets/7";
        let arguments = ["explain", file.to_str().unwrap(), "--request", get, "--now", &now];
        let more = ["--jwks", keys.to_str().unwrap(), "--token", "-"];
        let output = run(&[&arguments[..], &more].concat(), Some(&token));
        let shown = stdout(&output);
        assert_eq!(output.status.code(), Some(status), "{bits} {shown}{}", stderr(&output));
        assert!(shown.contains(expected), "{bits} {algorithm} {shown}");
    }
}

/// A modulus and a signature of `message` by it, with the exponent 3 (RFC 8017 §9.2, SHA-256).
fn forged(message: &str, bits: usize) -> (Vec<u8>, Vec<u8>) {
    const NAME: &[u8] =
        b"\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20";
    let digest = rsa::sha2::Sha256::digest(message.as_bytes());
    let filler = vec![0xff; bits / 8 - 3 - NAME.len() - digest.len()];
    let encoding = [&[0, 1], &filler[..], &[0], NAME, &digest[..]].concat();
    let encoding = BigUint::from_bytes_be(&encoding);
    let mut root = (&encoding + (BigUint::from(0xff_u8) << (bits - 8))).cbrt();
    let cube = |root: &BigUint| root * root * root;
    if (cube(&root) + &encoding) % 2_u8 == BigUint::default() {
        root += 1_u8;
    }
    let modulus = (cube(&root) - &encoding).to_bytes_be();
    let root = root.to_bytes_be();
    (modulus, [vec![0; bits / 8 - root.len()], root].concat())
}

#[test]
fn what_cannot_be_explained_ends_with_status_2_and_shows_no_token() {
    let get = ["explain", "gateway.yaml", "--request", "GET /"];
    let token = token(&json!({}));
    let line_break = format!("x: {token}\r\ny: z");
    let name = format!("{token} x: y");
    let rows: [(&[&str], &str); 13] = [
        (&["--header", &line_break], "a value with a line break or NUL"),
        (&["--header", "x: a\rb"], "a value with a line break or NUL"),
        (&["--header", "x:\n"], "a value with a line break or NUL"),
        (&["--header", &name], "a name that no header field can have"),
        (&["--header", ":path: /"], "a name that no header field can have"),
        (&["--header", "Host: a", "--host", "b"], "the host is stated twice"),
        (&["--header", "Host: a", "--header", "host: a"], "the host is stated twice"),
        (&["--token", &token], "--token takes `@FILE` or `-`, not the token itself"),
        (&["--jwks", "other=keys.json"], "no issuer `other` fetches its keys"),
        (&["--jwks", "gateway.yaml"], "`gateway.yaml`: a key set cannot be used"),
        (&["--jwks", "keys.json", "--jwks", "auto.yaml"], "`auto.yaml`: a key set cannot be used"),
        (&["--header", &token], "a --header has no `:`"),
        (&["--token", "@absent"], "cannot read `the token`"),
    ];
    for (more, expected) in rows {
        let output = run(&[&get, more].concat(), None);
        assert_eq!(output.status.code(), Some(2), "{more:?}");
        assert!(stderr(&output).contains(expected), "{}", stderr(&output));
        let shown = format!("{}{}", stdout(&output), stderr(&output));
        assert!(token.split('.').all(|part| !shown.contains(part)), "{shown}");
    }
    let line = format!("/x?token={token}");
    let output = run(&["explain", "gateway.yaml", "--request", &line], None);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("is no request"), "{}", stderr(&output));
    assert!(!stderr(&output).contains(&token), "{}", stderr(&output));
}

#[test]
fn a_request_may_end_with_a_version_and_has_no_blank_in_its_path() {
    for (line, expected) in [
        ("GET /x HTTP/2", "path `/x`"),
        ("GET /x HTTP/1.0", "path `/x`"),
        ("GET /a b", "a blank in a path is `%20`"),
    ] {
        let output = run(&["explain", "gateway.yaml", "--request", line], None);
        let shown = format!("{}{}", stdout(&output), stderr(&output));
        assert!(shown.contains(expected), "{shown}");
    }
}

#[test]
fn the_input_can_be_one_thing() {
    let get = ["--request", "GET /"];
    let rows: [&[&str]; 5] = [
        &["check", "-", "-"],
        &["check", "--envoy", "-", "-"],
        &["explain", "-", "--request", "GET /", "--token", "-"],
        &["explain", "gateway.yaml", "--request", "GET /", "--jwks", "-", "--token", "@-"],
        &["explain", "gateway.yaml", "--request", "GET /", "--jwks", "-", "--jwks", "-"],
    ];
    for arguments in rows {
        let set = fs::read_to_string(root().join("tests/fixtures/explain/keys.json")).unwrap();
        let output = run(arguments, Some(&set));
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        let expected = "`-` stands in several places, and the input can be read once";
        assert!(stderr(&output).contains(expected), "{arguments:?} {}", stderr(&output));
        assert_eq!(stdout(&output), "");
    }
    let once = run(&[&["explain", "-"], &get[..]].concat(), Some("deployment: x"));
    assert!(!stderr(&once).contains("several places"), "{}", stderr(&once));
}

#[test]
fn what_is_too_long_is_not_read_to_its_end() {
    let endless = "/dev/zero";
    for (arguments, status) in [
        (vec!["check", endless], 1),
        (vec!["render", "envoy", endless], 2),
        (vec!["explain", endless, "--request", "GET /"], 2),
    ] {
        let output = run(&arguments, None);
        let shown = format!("{}{}", stdout(&output), stderr(&output));
        assert!(shown.contains("is larger than 16 MiB"), "{shown}");
        assert_eq!(output.status.code(), Some(status), "{shown}");
    }
}

#[test]
fn a_token_may_stand_in_its_file_as_it_stands_in_a_header() {
    let bare = token(&json!({}));
    let accepted =
        [format!("{bare}\n"), format!("Bearer {bare}\r\n"), format!("\u{feff}bearer  {bare}")];
    let get = "GET https://api.acme.example/api/assets/7";
    let now = NOW.to_string();
    let arguments = ["explain", "gateway.yaml", "--request", get, "--now", &now];
    let arguments = [&arguments[..], &["--jwks", "keys.json", "--token", "-"]].concat();
    for text in accepted {
        let output = run(&arguments, Some(&text));
        assert!(stdout(&output).contains("+ signature   is good"), "{}", stdout(&output));
    }
    let two = format!("{bare}\n{bare}");
    let refused = [
        ("", "holds none"),
        (" \n", "holds none"),
        ("Bearer", "holds none"),
        ("Bearer \n", "holds none"),
        (&two, "holds more than one word"),
        ("Basic a2ltOng=", "holds more than one word"),
    ];
    for (text, expected) in refused {
        let output = run(&arguments, Some(text));
        assert_eq!(output.status.code(), Some(2), "{text}");
        assert!(stderr(&output).contains(expected), "{}", stderr(&output));
        assert!(!stderr(&output).contains("ey"), "{}", stderr(&output));
    }
}

#[test]
fn a_file_of_keys_may_have_an_equals_sign_in_its_name() {
    let directory = scratch("key=sets");
    fs::create_dir_all(&directory).unwrap();
    for name in ["a=b.json", "partner=x.json"] {
        fs::copy(root().join("tests/fixtures/explain/keys.json"), directory.join(name)).unwrap();
    }
    let gateway = root().join("tests/fixtures/explain/gateway.yaml");
    let inside = directory.join("a=b.json");
    let rows = [
        ("a=b.json", 0, ""),
        ("./a=b.json", 0, ""),
        (inside.to_str().unwrap(), 0, ""),
        ("partner=a=b.json", 0, ""),
        ("partner=partner=x.json", 0, ""),
        // The issuer goes before a file of that name.
        ("partner=x.json", 2, "cannot read `x.json`"),
        ("other=a=b.json", 2, "no issuer `other` fetches its keys"),
        ("./absent=b.json", 2, "cannot read `./absent=b.json`"),
    ];
    for (keys, status, expected) in rows {
        let now = NOW.to_string();
        let get = "GET https://api.acme.example/api/assets/7";
        let arguments = ["explain", gateway.to_str().unwrap(), "--request", get, "--now", &now];
        let more = ["--jwks", keys, "--token", "-"];
        let mut command = command(&[&arguments[..], &more].concat());
        command.current_dir(&directory);
        let output = finish(command, Some(&token(&json!({}))));
        assert_eq!(output.status.code(), Some(status), "{keys} {}", stderr(&output));
        assert!(stderr(&output).contains(expected), "{keys} {}", stderr(&output));
    }
}

#[test]
fn several_documents_of_which_none_is_a_resource_are_refused_by_their_number() {
    let plain = "deployment: egress\n---\ndeployment: egress\nroutes: []\n";
    let plugin = "kind: WasmPlugin\nspec: { url: tenantgate, pluginConfig: { deployment: egress, routes: [] } }\n";
    let commands: [&[&str]; 3] =
        [&["check", "-"], &["render", "envoy", "-"], &["explain", "-", "--request", "GET /"]];
    for command in commands {
        let said = |text: &str| {
            let output = run(command, Some(text));
            format!("{}{}", stdout(&output), stderr(&output))
        };
        let expected = "holds 2 YAML documents, and no resource among them";
        assert!(said(plain).contains(expected), "{}", said(plain));
        assert!(said("kind: Service").contains("holds no configuration of tenantgate"));
        let resources = format!("{plugin}---\nkind: Service\n");
        assert!(!said(&resources).contains("holds 2"), "{}", said(&resources));
        if command[0] != "check" {
            let two = said(&format!("{plugin}---\n{plugin}"));
            assert!(two.contains("holds 2 configurations; give one of them alone"), "{two}");
        }
    }
    let output = run(&["check", "-"], Some(plain));
    assert!(stdout(&output).starts_with("<stdin>:3:1: error: document: holds 2"), "{output:?}");
}

#[test]
fn a_key_that_is_in_no_set_handed_in_denies_the_request() {
    let file = scratch("other_key.json");
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    let set = fs::read_to_string(root().join("tests/fixtures/explain/keys.json")).unwrap();
    fs::write(&file, set.replace("key-1", "key-2")).unwrap();
    let now = NOW.to_string();
    let get = "GET https://api.acme.example/api/assets/7";
    for more in [&[][..], &["--skip-signature"]] {
        let keys = ["--jwks", file.to_str().unwrap(), "--token", "-", "--now", &now];
        let arguments = [&["explain", "gateway.yaml", "--request", get], &keys[..], more].concat();
        let output = run(&arguments, Some(&token(&json!({}))));
        assert_eq!(output.status.code(), Some(1), "{}", stdout(&output));
        assert!(stdout(&output).contains("- signature   the key is not in the set: key_unknown"));
        assert!(stdout(&output).ends_with("denied 401 token_invalid (key_unknown)\n"));
    }
}

#[test]
fn a_host_in_a_header_is_the_host_of_the_request() {
    for host in [["--host", "api.acme.example"], ["-H", "Host: api.acme.example"]] {
        let arguments = ["explain", "gateway.yaml", "--request", "GET /x"];
        let output = run(&[&arguments[..], &host].concat(), None);
        assert!(stdout(&output).contains("host `api.acme.example`"), "{}", stdout(&output));
    }
}

#[test]
fn render_prints_what_a_proxy_needs() {
    for (name, arguments) in [
        ("envoy.yaml", ["render", "envoy", "gateway.yaml", "--upstream", "app.internal:8443,tls"]),
        ("istio.yaml", ["render", "istio", "gateway.yaml", "--namespace", "edge"]),
    ] {
        let output = run(&arguments, None);
        assert_eq!((stderr(&output), output.status.code()), (String::new(), Some(0)), "{name}");
        golden(name, &stdout(&output));
    }
}

#[test]
fn a_key_is_told_with_where_it_is_read_and_its_file_has_a_cluster() {
    let route = |path: &str, credential: &str| {
        json!({"name": credential,
            "match": {"hosts": ["*"], "path": path, "methods": "any"}, "authentication": "none",
            "upstream": {"caller_token": "remove",
                "inject": [{"credential": credential, "header": "x-api-key"}]}})
    };
    let document = json!({
        "deployment": "egress",
        "credentials": [
            {"name": "read", "callers": "any",
                "api_key": {"secret": {"cluster": "files", "uri": "https://secrets.internal/key"}}},
            {"name": "stated", "callers": "any", "api_key": {"key_env": "PARTNER_KEY"}},
        ],
        "routes": [route("/read", "read"), route("/stated", "stated")],
    });
    let document = document.to_string();
    let rows = [
        (
            "GET https://x.example/read",
            "gets the key of credential `read` in `x-api-key`; the filter would obtain it unless it holds one",
        ),
        ("GET https://x.example/read", "GET https://secrets.internal/key by cluster `files`"),
        (
            "GET https://x.example/stated",
            "gets the key of credential `stated` in `x-api-key`; it is not fetched",
        ),
    ];
    for (request, expected) in rows {
        let output = run(&["explain", "-", "--request", request], Some(&document));
        assert!(stdout(&output).contains(expected), "{}{}", stdout(&output), stderr(&output));
    }
    let output = run(&["render", "envoy", "-", "--name", "gate"], Some(&document));
    let text = stdout(&output);
    let (_, cluster) = text.split_once("- name: \"files\"").unwrap();
    assert!(cluster.contains(r#"address: "secrets.internal", port_value: 443"#), "{cluster}");
    assert!(text.contains("host_env_keys: [PARTNER_KEY]"), "{text}");
}

/// What is left out of an argument must not send secrets in the clear.
#[test]
fn a_cluster_whose_urls_are_https_speaks_tls_wherever_it_is_unless_it_is_said_not_to() {
    const PROOF: &str = "exact: \"acme.piam.eu1.mindsphere.io\"";
    let rows = [
        ("piam=127.0.0.1:18001", true),
        ("piam=127.0.0.1:18001,tls", true),
        ("piam=127.0.0.1:18001,plaintext", false),
    ];
    for (place, is_tls) in rows {
        let shown = stdout(&run(&["render", "envoy", "gateway.yaml", "--cluster", place], None));
        let (_, cluster) = shown.split_once("- name: \"piam\"").unwrap();
        assert!(cluster.contains(r#"address: "127.0.0.1", port_value: 18001"#), "{cluster}");
        assert_eq!(cluster.contains("sni: \"acme.piam.eu1.mindsphere.io\""), is_tls, "{cluster}");
        assert_eq!(cluster.contains(PROOF), is_tls, "{cluster}");
        assert_eq!(cluster.contains("ca-certificates.crt"), is_tls, "{cluster}");
    }
}

#[test]
fn a_cluster_whose_urls_are_plain_or_of_several_hosts_speaks_accordingly() {
    let document = |uris: [&str; 2]| {
        let issuer = |(name, uri): (&str, &str)| {
            json!({
                "name": name, "issuer": format!("https://{name}.example"), "tenants": [name],
                "audiences": ["x"], "algorithms": ["ES256"],
                "claims": {"tenant": "t", "subtenant": "none", "scopes": "s"},
                "jwks": {"uri": uri, "cluster": "ids", "allow_plaintext": uri.starts_with("http:")},
            })
        };
        let issuers: Vec<_> = ["a", "b"].into_iter().zip(uris).map(issuer).collect();
        json!({
            "deployment": "ingress", "issuers": issuers,
            "routes": [{
                "name": "all", "match": {"hosts": ["*"], "path": "/**", "methods": "any"},
                "subtenancy": "refused", "scopes": "not_needed", "authentication": "required",
                "upstream": {"caller_token": "remove"},
            }],
        })
        .to_string()
    };
    let plain = document(["http://one.example/k", "http://one.example/k2"]);
    let both = document(["http://one.example/k", "https://one.example/k2"]);
    let several = document(["https://one.example/k", "https://two.example/k"]);
    let rows = [
        (&plain, "ids=h:1", "", "UpstreamTlsContext"),
        (&plain, "ids=h:1,tls", "sni: \"one.example\"", "auto_sni"),
        (&both, "ids=h:1", "sni: \"one.example\"", "auto_sni"),
        (&several, "ids=h:1", "auto_sni: true, auto_san_validation: true", "sni: \""),
        (&several, "ids=h:1,plaintext", "", "UpstreamTlsContext"),
    ];
    for (document, place, expected, absent) in rows {
        let arguments = ["render", "envoy", "-", "--name", "gate", "--cluster", place];
        let output = run(&arguments, Some(document));
        let shown = stdout(&output);
        assert!(output.status.success(), "{}", stderr(&output));
        assert!(shown.contains(expected) && !shown.contains(absent), "{place} {shown}");
    }
    let output = run(&["render", "envoy", "-"], Some(&several));
    assert!(stderr(&output).contains("`one.example`, `two.example`"), "{}", stderr(&output));
}

#[test]
fn a_request_that_opens_or_ends_a_session_is_answered() {
    let document = r#"{
        "deployment": "ingress",
        "application_keys": {
            "tenants": ["acme"], "inline": {"version": 1, "serial": 1, "keys": []},
            "session": {"keys": [{"id": "2026", "secret_env": "SESSION_KEY_OF_2026"}]}
        },
        "routes": [{
            "name": "r", "match": {"hosts": ["*"], "path": "/**", "methods": "any"},
            "upstream": {"caller_token": "remove"}
        }]
    }"#;
    let request = "POST https://api.example/.gateway/logout";
    let arguments =
        ["explain", "-", "--request", request, "--header", "origin: https://api.example"];
    let output = run(&arguments, Some(document));
    let told = [stdout(&output), stderr(&output)].concat();
    assert_eq!(output.status.code(), Some(0), "{told}");
    assert!(told.contains("answered 204 session_ended"), "{told}");
    let output = run(&[&arguments[..], &["--format", "json"]].concat(), Some(document));
    assert!(stdout(&output).contains(r#""decision": "answer""#), "{}", stdout(&output));
    let output = run(&arguments[..4], Some(document));
    assert!(stdout(&output).contains("denied 403 origin_mismatch"), "{}", stdout(&output));
}

#[test]
fn the_cluster_of_a_key_store_is_where_its_uri_says() {
    let file = "tests/fixtures/config/good/application_keys_minimal.json";
    let file = root().join(file);
    let output = run(&["render", "envoy", file.to_str().unwrap(), "--name", "gate"], None);
    assert!(output.status.success(), "{}", stderr(&output));
    for expected in ["- name: \"key-store\"", "sni: \"key-store.internal\"", "port_value: 443"] {
        assert!(stdout(&output).contains(expected), "{expected} {}", stdout(&output));
    }
}

#[test]
fn a_name_that_yaml_would_take_for_something_else_stands_in_quotes() {
    for (name, shown) in
        [("123", "\"123\""), ("no", "\"no\""), ("1e3", "\"1e3\""), ("gate", "gate")]
    {
        let output = run(&["render", "envoy", "gateway.yaml", "--name", name], None);
        let envoy = stdout(&output);
        for line in [format!("- name: {shown}\n"), format!("stat_prefix: {shown}\n")] {
            assert!(envoy.contains(&line), "{line} {envoy}");
        }
    }
}

#[test]
fn addresses_that_others_reach_are_remarked_on() {
    const IN: &str = "# Plain HTTP on every network";
    const OUT: &str = "# Whoever reaches this port has the technical tokens";
    const ADMIN: &str = "# Whoever reaches this port can stop Envoy";
    let rows: [(&str, &[&str], &[&str]); 7] = [
        ("ingress", &[], &[IN]),
        ("ingress", &["--listen", "127.0.0.1:80"], &[]),
        ("ingress", &["--listen", "[::]:80"], &[IN]),
        ("egress", &[], &[]),
        ("egress", &["--listen", "10.0.0.1:80"], &[OUT]),
        ("egress", &["--admin", "0.0.0.0:9901"], &[ADMIN]),
        ("egress", &["--admin", "[::1]:9901"], &[]),
    ];
    for (deployment, more, expected) in rows {
        let route = r#"{"name": "r", "match": {"hosts": ["*"], "path": "/**", "methods": "any"}, "authentication": "none", "upstream": {"caller_token": "remove"}}"#;
        let document = format!(r#"{{"deployment": "{deployment}", "routes": [{route}]}}"#);
        let output = run(&[&["render", "envoy", "-"], more].concat(), Some(&document));
        assert!(output.status.success(), "{}", stderr(&output));
        for remark in [IN, OUT, ADMIN] {
            let is_made = expected.contains(&remark);
            assert_eq!(stdout(&output).contains(remark), is_made, "{deployment} {more:?} {remark}");
        }
        let is_warned = stderr(&output).contains("warning: others reach --admin");
        assert_eq!(is_warned, expected.contains(&ADMIN), "{more:?} {}", stderr(&output));
    }
}

#[test]
fn render_lists_variables_whose_names_are_odd() {
    let gateway = fs::read_to_string(root().join("tests/fixtures/explain/gateway.yaml")).unwrap();
    let gateway = gateway
        .replace("MINDSPHERE_CLIENT_ID", "client_id")
        .replace("MINDSPHERE_CLIENT_SECRET", "'ON'");
    for (proxy, expected) in [
        ("envoy", "host_env_keys: [\"ON\", client_id]"),
        ("istio", "{ name: client_id, valueFrom: HOST }"),
    ] {
        let output = run(&["render", proxy, "-", "--name", "gate"], Some(&gateway));
        assert!(stdout(&output).contains(expected), "{}{}", stdout(&output), stderr(&output));
    }
}

#[test]
fn check_finds_nothing_to_say_of_a_proxy_that_was_rendered() {
    let mut rendered = 0;
    let mut files = json_files("tests/fixtures/config/good");
    files.push(root().join("envoy/ingress.yaml"));
    files.push(root().join("envoy/egress.yaml"));
    files.push(root().join("tests/fixtures/explain/gateway.yaml"));
    for file in files {
        let file = file.to_str().unwrap();
        let proxy = render_envoy(file);
        let output = run(&["check", "--envoy", "-", "--format", "json"], Some(&proxy));
        let found: Value = serde_json::from_str(&stdout(&output)).unwrap();
        let findings = found["findings"].as_array().unwrap();
        let rules = findings.iter().map(|finding| finding["rule"].as_str().unwrap());
        let about: Vec<_> = rules.filter(|rule| rule.starts_with("envoy-")).collect();
        // Where the certificate of a client is, a configuration does not say.
        let is_certified = file.ends_with("good/oauth2_clients.json");
        let expected = if is_certified { &["envoy-client-certificate"][..] } else { &[] };
        assert_eq!(about, expected, "{file}\n{proxy}");
        assert_eq!(found["errors"], expected.len(), "{file}: {found}");
        rendered += 1;
    }
    assert!(rendered >= 8, "{rendered}");
}

/// What is rendered, with an address for each cluster that has none of its own.
fn render_envoy(file: &str) -> String {
    let mut more: Vec<String> = Vec::new();
    loop {
        let mut arguments = vec!["render", "envoy", file];
        arguments.extend(more.iter().flat_map(|one| ["--cluster", one.as_str()]));
        let output = run(&arguments, None);
        if output.status.success() {
            return stdout(&output);
        }
        let error = stderr(&output);
        let (_, rest) = error.split_once("cluster `").unwrap_or_else(|| panic!("{file}: {error}"));
        let (name, _) = rest.split_once('`').unwrap();
        more.push(format!("{name}=id.example:443,tls"));
        assert!(more.len() < 20, "{error}");
    }
}

#[test]
fn what_cannot_be_rendered_is_said() {
    let rows: [(&[&str], &str); 10] = [
        (&["--cluster", "other=h:1"], "names no cluster `other`"),
        (&["--cluster", "piam=h:1", "--cluster", "piam=h:2"], "says twice where `piam` is"),
        (&["--cluster", "piam=h:0"], "has port 0"),
        (&["--name", "a/b"], "letters, digits and hyphens only"),
        (
            &["--cluster", "piam=h"],
            "is none of `host:port`, `host:port,tls` and `host:port,plaintext`",
        ),
        (&["--cluster", "piam"], "names no cluster; write `NAME=HOST:PORT`"),
        (&["--listen", "8080"], "is no address with a port, as `127.0.0.1:8080`"),
        (&["--admin", "localhost:1"], "is no address with a port, as `127.0.0.1:8080`"),
        (&["--wasm", ""], "a value is required for '--wasm <PATH>'"),
        (&["--upstream", "h"], "is none of `host:port`, `host:port,tls` and `host:port,plaintext`"),
    ];
    for (more, expected) in rows {
        let output = run(&[&["render", "envoy", "gateway.yaml"], more].concat(), None);
        assert_eq!(output.status.code(), Some(2), "{more:?}");
        assert!(stderr(&output).contains(expected), "{}", stderr(&output));
    }
}

#[test]
fn names_that_kubernetes_cannot_have_are_refused_for_istio() {
    let (full, long) = ("a".repeat(52), "a".repeat(53));
    let rows: [(&[&str], &str); 9] = [
        (&["--name", "Gate"], "the name of a gateway has lower-case letters"),
        (&["--name=-gate"], "the name of a gateway has lower-case letters"),
        (&["--name", "gate-"], "the name of a gateway has lower-case letters"),
        (&["--name", &long], "the name of a gateway has lower-case letters"),
        (&["--namespace", "Edge"], "a namespace has lower-case letters"),
        (&["--namespace", ""], "a namespace has lower-case letters"),
        (&["--namespace", "a\nb: c"], "a namespace has lower-case letters"),
        (&["--name", &full], ""),
        (&["--namespace", "123"], ""),
    ];
    for (more, expected) in rows {
        let output = run(&[&["render", "istio", "gateway.yaml"], more].concat(), None);
        assert!(stderr(&output).contains(expected), "{more:?} {}", stderr(&output));
        assert_eq!(output.status.code(), Some(if expected.is_empty() { 0 } else { 2 }), "{more:?}");
    }
    let output = run(&["render", "istio", "gateway.yaml", "--namespace", "123"], None);
    assert!(stdout(&output).contains("namespace: \"123\"\n"), "{}", stdout(&output));
}

#[test]
fn on_egress_a_namespace_is_stated_and_another_machine_is_spoken_to_by_tls() {
    let file = root().join("envoy/egress.yaml");
    let render = |more: &[&str]| {
        let output =
            run(&[&["render", more[0], file.to_str().unwrap()], &more[1..]].concat(), None);
        (output.status.code().unwrap(), format!("{}{}", stdout(&output), stderr(&output)))
    };
    let place = ["--cluster", "piam=piam.example:443"];
    let (status, shown) = render(&[&["istio"][..], &place].concat());
    assert_eq!(status, 2, "{shown}");
    assert!(shown.contains("the namespace of the program must be stated"), "{shown}");
    let (status, shown) = render(&[&["istio", "--namespace", "team"][..], &place].concat());
    assert_eq!(status, 0, "{shown}");
    assert!(shown.contains("  match:\n  - mode: CLIENT\n"), "{shown}");

    for (upstream, has_tls) in [
        ("api.example:443", true),
        ("api.example:8443,tls", true),
        ("api.example:8080,plaintext", false),
        ("127.0.0.1:8081", false),
        ("localhost:8081", false),
    ] {
        let (status, shown) = render(&[&["envoy", "--upstream", upstream][..], &place].concat());
        assert_eq!(status, 0, "{shown}");
        let cluster = shown.split("- name: \"upstream\"").nth(1).unwrap();
        let cluster = cluster.split("\n  - name:").next().unwrap();
        assert_eq!(cluster.contains("transport_socket"), has_tls, "{upstream} {cluster}");
    }
}

#[test]
fn a_mesh_knows_each_cluster_by_a_name_of_its_own() {
    let gateway = fs::read_to_string(root().join("tests/fixtures/explain/gateway.yaml")).unwrap();
    let render = |from: &str, to: &str, more: &[&str]| {
        let arguments = [&["render", "istio", "-", "--name", "gate"], more].concat();
        let output = run(&arguments, Some(&gateway.replace(from, to)));
        assert!(output.status.success(), "{}", stderr(&output));
        stdout(&output)
    };
    let shown = render("cluster: piam", "cluster: Partner_ID", &[]);
    let names = ["partner-id.gate.tenantgate.internal", "partner-id-2.gate.tenantgate.internal"];
    for name in names {
        assert_eq!(shown.matches(&format!("\"outbound|443||{name}\"")).count(), 1, "{shown}");
        assert_eq!(shown.matches(&format!("hosts: [{name}]")).count(), 1, "{shown}");
        assert_eq!(shown.matches(&format!("  host: {name}\n")).count(), 1, "{shown}");
    }
    let shown = render("cluster: piam", "cluster: outbound|443||piam.svc", &[]);
    assert!(shown.contains("cluster: \"outbound|443||piam.svc\""), "{shown}");
    assert_eq!(shown.matches("kind: ServiceEntry").count(), 1, "the mesh has the other one");
    let shown = render("x", "x", &["--cluster", "piam=127.0.0.1:18001,plaintext"]);
    assert!(shown.contains(r#"endpoints: [{ address: "127.0.0.1" }]"#), "{shown}");
    assert!(shown.contains("resolution: STATIC"), "{shown}");
    assert_eq!(shown.matches("kind: DestinationRule").count(), 1, "{shown}");
    assert!(shown.contains("\"outbound|18001||piam.gate.tenantgate.internal\""), "{shown}");
}

/// A token of the issuer of `gateway.yaml` with these claims besides; `null` takes one away.
fn token(claims: &Value) -> String {
    let mut all = json!({
        "iss": "https://id.partner.example", "aud": "our-api", "exp": NOW + 600, "org_id": "acme",
        "email": "kim@acme.example", "scope": "assets.read",
    });
    let members = all.as_object_mut().unwrap();
    members.extend(claims.as_object().unwrap().clone());
    members.retain(|_, value| !value.is_null());
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", part(&json!({"alg": "ES256", "kid": "key-1"})), part(&all));
    let signature: Signature = key().sign(message.as_bytes());
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature.to_bytes()))
}

fn key() -> SigningKey {
    SigningKey::from_slice(&[7; 32]).unwrap()
}

#[test]
fn the_key_set_beside_the_configuration_is_that_of_these_tests() {
    let point = key().verifying_key().to_encoded_point(false);
    let part = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let (x, y) = (part(point.x().unwrap()), part(point.y().unwrap()));
    let set = json!({"keys": [{"kty": "EC", "crv": "P-256", "kid": "key-1", "x": x, "y": y}]});
    compare(&root().join("tests/fixtures/explain/keys.json"), &format!("{set}\n"));
}

fn run(arguments: &[&str], input: Option<&str>) -> Output {
    finish(command(arguments), input)
}

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tenantgate"));
    command
        .current_dir(root().join("tests/fixtures/explain"))
        .env_clear()
        .envs([("CLIENT_ID", "id-of-the-client"), ("CLIENT_SECRET", "secret from the environment")])
        .args(arguments);
    command
}

fn finish(mut command: Command, input: Option<&str>) -> Output {
    let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // One that does not read its input may have ended.
    let _ = child.stdin.take().unwrap().write_all(input.unwrap_or_default().as_bytes());
    child.wait_with_output().unwrap()
}

fn json_files(directory: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(root().join(directory)).unwrap();
    let files = entries.map(|entry| entry.unwrap().path());
    files.filter(|file| file.extension().is_some_and(|extension| extension == "json")).collect()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn golden(name: &str, actual: &str) {
    compare(&root().join("tests/fixtures/explain/golden").join(name), actual);
}

/// A file or directory for one test.
fn scratch(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(name)
}

/// Compares with a file. `TENANTGATE_WRITE_GOLDEN=1` writes it instead, for review.
fn compare(file: &Path, actual: &str) {
    if std::env::var_os("TENANTGATE_WRITE_GOLDEN").is_some() {
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, actual).unwrap();
    }
    assert_eq!(actual, fs::read_to_string(file).unwrap_or_default(), "{}", file.display());
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
