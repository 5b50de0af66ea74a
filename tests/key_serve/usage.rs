//! Reports of which keys were used.

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{Folder, JSON, MANAGER, READER, REPORTER, Reply, Server, code, file, record};

const REPORTING: [&str; 2] = ["--usage-token-env", "REPORTER"];

/// A report of these names, times and numbers of uses.
fn report(keys: &[(&str, u64, u64)]) -> String {
    let keys = keys.iter().map(|(name, at, uses)| {
        json!({ "name": name, "last_used_at": at, "uses": uses, "addresses_an_hour": 1 })
    });
    json!({ "version": 1, "dropped": 0, "keys": keys.collect::<Vec<_>>() }).to_string()
}

fn post(server: &Server, token: &str, body: &str) -> Reply {
    let authorization = format!("authorization: Bearer {token}");
    server.ask("POST", "/keys/usage", &[&authorization, JSON], body)
}

/// What the file of use says of a name, once it says so often that it was used.
#[allow(clippy::disallowed_methods, reason = "a test may wait")]
fn kept(folder: &Folder, name: &str, uses: u64) -> Value {
    let begun = Instant::now();
    loop {
        let text = fs::read_to_string(folder.0.join("keys.json.usage")).unwrap_or_default();
        let kept: Value = serde_json::from_str(&text).unwrap_or_default();
        let keys = kept["keys"].as_array().cloned().unwrap_or_default();
        let found = keys.into_iter().find(|key| key["name"] == name && key["uses"] == uses);
        if let Some(found) = found {
            return found;
        }
        assert!(begun.elapsed() < Duration::from_secs(20), "{text}");
        thread::sleep(Duration::from_millis(50));
    }
}

/// When the key file was written, in seconds: a moment ago.
fn written_at(folder: &Folder) -> u64 {
    let modified = fs::metadata(folder.file()).unwrap().modified().unwrap();
    modified.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs()
}

fn listed(folder: &Folder) -> Vec<(String, Value, Value)> {
    let output = folder.run(&["list", "--store", "keys.json", "--format", "json"], "");
    let keys: Value = serde_json::from_slice(&output.stdout).unwrap();
    let keys = keys.as_array().unwrap().iter();
    keys.map(|key| {
        let name = key["name"].as_str().unwrap().to_owned();
        (name, key["last_used_at"].clone(), key["uses"].clone())
    })
    .collect()
}

fn lint(folder: &Folder, more: &[&str]) -> String {
    let output = folder.run(&[&["lint", "--store", "keys.json"], more].concat(), "");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn reports_are_added_up_kept_beside_the_keys_and_read_by_list_and_lint() {
    let folder = Folder::new("usage");
    folder.write(&file(1, &["a", "b", "c"]));
    assert!(!lint(&folder, &[]).contains("W11"), "nothing is known");
    let server = folder.serve(&REPORTING);
    assert_eq!(post(&server, REPORTER, &report(&[("a", 1_750_000_000, 2)])).status, 204);
    let other = report(&[("a", 1_740_000_000, 3), ("b", 1_750_000_001, 1), ("gone", 1, 1)]);
    let reply = post(&server, REPORTER, &other);
    assert_eq!((reply.status, &*reply.body), (204, ""));
    let used = kept(&folder, "a", 5);
    assert_eq!(used["last_used_at"], 1_750_000_000);
    let text = fs::read_to_string(folder.0.join("keys.json.usage")).unwrap();
    assert!(!text.contains("gone") && !text.contains("sha256"), "{text}");
    assert_eq!(
        listed(&folder),
        [
            ("a".to_owned(), json!("2025-06-15T15:06:40Z"), json!(5)),
            ("b".to_owned(), json!("2025-06-15T15:06:41Z"), json!(1)),
            ("c".to_owned(), Value::Null, json!(0)),
        ]
    );
    let table = folder.run(&["list", "--store", "keys.json"], "");
    let table = String::from_utf8(table.stdout).unwrap();
    let lines: Vec<_> = table.lines().collect();
    assert!(
        lines[0].ends_with("LAST USED") && lines[1].ends_with("2025-06-15T15:06:40Z"),
        "{table}"
    );
    assert!(lines[3].ends_with("never"), "{table}");

    // What is known outlives the server, and what records are gone does not.
    let (status, said) = server.end("-TERM");
    assert_eq!(status, Some(0));
    for name in ["a", "b"] {
        let words = format!("first use of `{name}` is reported");
        assert_eq!(said.matches(&words).count(), 1, "{said}");
    }
    assert!(!said.contains("gone") && !said.contains(REPORTER), "{said}");
    let server = folder.serve(&REPORTING);
    folder.write(&file(2, &["a", "c"]));
    let now = written_at(&folder);
    // A clock that is far ahead does not make a key look used for ever.
    let ahead = report(&[("a", now, 1), ("c", now + 1_000_000, 1)]);
    assert_eq!(post(&server, REPORTER, &ahead).status, 204);
    let (_, said) = server.end("-TERM");
    assert!(said.contains("first use of `c`") && !said.contains("first use of `a`"), "{said}");
    assert_eq!(kept(&folder, "a", 6)["last_used_at"], now);
    let c = kept(&folder, "c", 1)["last_used_at"].as_u64().unwrap();
    assert!((now..now + 60).contains(&c), "{c} {now}");
    assert!(!fs::read_to_string(folder.0.join("keys.json.usage")).unwrap().contains("\"b\""));
}

#[test]
fn lint_tells_unused_and_shared_keys_by_the_report_that_is_there_or_is_named() {
    let folder = Folder::new("usage-lint");
    folder.write(&file(1, &["old", "new", "never", "shared"]));
    let old = report(&[("old", 1_600_000_000, 9)]);
    fs::write(folder.0.join("keys.json.usage"), old).unwrap();
    let unused = lint(&folder, &[]);
    for name in ["old", "new", "never", "shared"] {
        assert!(unused.contains(&format!("{name}: W11 (low)")), "{unused}");
    }
    let now = written_at(&folder);
    let recent = report(&[("old", 1_600_000_000, 9), ("new", now, 1), ("shared", now, 1)]);
    let five = format!(
        "{{\"name\":\"shared\",\"last_used_at\":{now},\"uses\":1,\"addresses_an_hour\":5}}"
    );
    let shared = format!("{{\"version\":1,\"keys\":[{five}]}}");
    fs::write(folder.0.join("recent"), recent).unwrap();
    fs::write(folder.0.join("shared"), shared).unwrap();
    let told = lint(&folder, &["--usage", "recent"]);
    assert!(told.contains("old: W11") && told.contains("never: W11"), "{told}");
    assert!(!told.contains("new: W11") && !told.contains("shared: W11"), "{told}");
    let told = lint(&folder, &["--usage", "shared"]);
    assert!(told.contains("shared: W02 (high)") && !told.contains("shared: W11"), "{told}");
    let long_ago = five.replace("}", &format!(",\"addresses_at\":{}}}", now - 7 * 86_400));
    fs::write(folder.0.join("shared"), format!("{{\"version\":1,\"keys\":[{long_ago}]}}")).unwrap();
    let told = lint(&folder, &["--usage", "shared"]);
    assert!(!told.contains("shared: W02") && !told.contains("shared: W11"), "{told}");
    for (argument, expected) in
        [("none", "`none`"), ("keys.json", "`keys.json`: cannot read the report of use")]
    {
        for action in ["lint", "list"] {
            let output = folder.run(&[action, "--store", "keys.json", "--usage", argument], "");
            let said = String::from_utf8(output.stderr).unwrap();
            assert_eq!(output.status.code(), Some(2), "{said}");
            assert!(said.contains(expected), "{said}");
        }
    }
}

#[test]
fn uses_of_keys_that_no_report_names_make_it_uncertain_which_are_unused() {
    let folder = Folder::new("usage-dropped");
    folder.write(&file(1, &["a", "b"]));
    let server = folder.serve(&REPORTING);
    assert_eq!(post(&server, REPORTER, &report(&[("a", 1, 1)])).status, 204);
    let (_, said) = server.end("-TERM");
    assert!(!said.contains("unnamed"), "{said}");
    let lint_json =
        || serde_json::from_str::<Value>(&lint(&folder, &["--format", "json"])).unwrap();
    assert!(lint_json().get("is_use_certain").is_none());

    let server = folder.serve(&REPORTING);
    let dropped = |count: u64| json!({ "version": 1, "dropped": count, "keys": [] }).to_string();
    for count in [2, 1, 1] {
        assert_eq!(post(&server, REPORTER, &dropped(count)).status, 204);
    }
    let (_, said) = server.end("-TERM");
    assert!(
        said.contains(" 2 uses of unnamed keys: a key that seems unused may be used"),
        "{said}"
    );
    assert!(!said.contains(" 3 uses of") && said.contains(" 4 uses of"), "{said}");
    // The sum is kept over a restart, and told by those who judge use.
    drop(folder.serve(&REPORTING).end("-TERM"));
    for action in ["lint", "list"] {
        let output = folder.run(&[action, "--store", "keys.json"], "");
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains("warning: `keys.json.usage`: 4 uses of unnamed keys"), "{said}");
        let table = String::from_utf8(output.stdout).unwrap();
        assert!(
            action == "lint" || table.contains("unknown") && !table.contains("never"),
            "{table}"
        );
    }
    assert_eq!(lint_json()["is_use_certain"], json!(false));
    let output = folder.run(&["list", "--store", "keys.json", "--format", "json"], "");
    let keys: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(keys[1]["is_use_certain"], json!(false));
}

#[test]
fn only_the_token_for_reports_reports_and_only_what_is_a_report_counts() {
    let folder = Folder::new("usage-refused");
    folder.write(&file(1, &["a"]));
    let good = report(&[("a", 1, 1)]);
    let server = folder.serve(&["--token-env", "READER"]);
    // Nobody asked for reports.
    assert_eq!(post(&server, READER, &good).refusal(), code(405, "method_not_allowed"));
    let server = folder.serve(
        &[&REPORTING[..], &["--token-env", "READER", "--manage-token-env", "MANAGER"]].concat(),
    );
    for token in [READER, MANAGER, "", "a-token-of-nobody"] {
        assert_eq!(post(&server, token, &good).refusal(), code(401, "unauthorized"), "{token}");
    }
    let bearer = format!("authorization: Bearer {REPORTER}");
    let ask = |method: &str, fields: &[&str], body: &str| {
        server.ask(method, "/keys/usage", &[&[&*bearer], fields].concat(), body)
    };
    assert_eq!(ask("GET", &[], "").refusal(), code(405, "method_not_allowed"));
    assert_eq!(ask("GET", &[], "").field("allow"), Some("post"));
    assert_eq!(ask("POST", &[], &good).refusal(), code(415, "not_json"));
    for body in ["", "{", "[]", "{\"version\":2,\"keys\":[]}", &good.replace("uses", "used")] {
        assert_eq!(post(&server, REPORTER, body).refusal(), code(400, "malformed"), "{body}");
    }
    let long = good + &" ".repeat(64 * 1024);
    assert_eq!(post(&server, REPORTER, &long).refusal(), code(413, "body_too_large"));
    // A report lets nobody read or change keys.
    let reading = server.get("/keys", &[&bearer]);
    assert_eq!(reading.refusal(), code(401, "unauthorized"));
    let (_, said) = server.end("-TERM");
    assert!(said.contains("refused: no valid token for reports of use"), "{said}");
    assert!(!folder.0.join("keys.json.usage").exists(), "nothing was reported");
}

#[test]
fn a_file_of_use_has_the_mode_of_the_keys_and_a_broken_one_is_moved_aside() {
    let folder = Folder::new("usage-file");
    folder.write(&file(1, &["a"]));
    let path = folder.0.join("keys.json.usage");
    let aside = folder.0.join("keys.json.usage.unreadable");
    // Broken, of a later version, and no file: keys are served all the same.
    for text in [Some("{"), Some("{\"version\":2,\"keys\":[]}"), None] {
        match text {
            Some(text) => fs::write(&path, text).unwrap(),
            None => fs::create_dir(&path).unwrap(),
        }
        let server = folder.serve(&REPORTING);
        assert_eq!(server.get("/keys", &[]).status, 200);
        assert_eq!(post(&server, REPORTER, &report(&[("a", 1, 1)])).status, 204);
        let (status, said) = server.end("-TERM");
        assert_eq!(status, Some(0), "{said}");
        let reason = if text.is_some() { "cannot read the report of use" } else { "cannot read" };
        assert!(said.contains(&format!("`keys.json.usage`: {reason}")), "{said}");
        assert!(said.contains("it is `keys.json.usage.unreadable` now, and use is counted anew"));
        assert_eq!(fs::read_to_string(&aside).ok().as_deref(), text);
        assert_eq!(kept(&folder, "a", 1)["last_used_at"], 1);
        fs::remove_file(&path).unwrap();
        let _ = fs::remove_file(&aside);
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(folder.file(), fs::Permissions::from_mode(0o640)).unwrap();
        let server = folder.serve(&REPORTING);
        assert_eq!(post(&server, REPORTER, &report(&[("a", 1, 1)])).status, 204);
        drop(server.end("-TERM"));
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
    }
}

/// The lock is that of the file's writers: whoever holds it lets the server wait for up to 10 s.
#[allow(clippy::disallowed_methods, reason = "a test may wait")]
#[test]
fn reports_are_taken_while_the_file_of_use_cannot_be_written() {
    let folder = Folder::new("usage-locked");
    folder.write(&file(1, &["a", "b"]));
    let lock = fs::File::create(folder.0.join(".keys.json.usage.lock")).unwrap();
    lock.lock().unwrap();
    let server = folder.serve(&REPORTING);
    let begun = Instant::now();
    let mut longest = Duration::ZERO;
    // The server looks every 5 s whether something is to be written, and waits then.
    while begun.elapsed() < Duration::from_secs(8) {
        let asked = Instant::now();
        assert_eq!(post(&server, REPORTER, &report(&[("a", 1, 1)])).status, 204);
        longest = longest.max(asked.elapsed());
        thread::sleep(Duration::from_millis(200));
    }
    assert!(longest < Duration::from_secs(2), "{longest:?}");
    lock.unlock().unwrap();
    assert_eq!(post(&server, REPORTER, &report(&[("b", 1, 7)])).status, 204);
    drop(server.end("-TERM"));
    assert_eq!(kept(&folder, "b", 7)["last_used_at"], 1);
}

#[allow(clippy::disallowed_methods, reason = "a test may wait")]
#[test]
fn what_could_not_be_written_is_written_once_it_can_be() {
    let folder = Folder::new("usage-again");
    folder.write(&file(1, &["a"]));
    // It stands where the new file is prepared.
    let obstacle = folder.0.join(".keys.json.usage.tmp");
    fs::create_dir(&obstacle).unwrap();
    let server = folder.serve(&REPORTING);
    assert_eq!(post(&server, REPORTER, &report(&[("a", 1, 3)])).status, 204);
    thread::sleep(Duration::from_secs(6));
    assert!(!folder.0.join("keys.json.usage").exists());
    fs::remove_dir(&obstacle).unwrap();
    let (_, said) = server.end("-TERM");
    assert!(said.contains("the report of use is not written: cannot write the file"), "{said}");
    assert!(said.contains("the report of use is written again"), "{said}");
    assert_eq!(kept(&folder, "a", 3)["last_used_at"], 1);
}

#[test]
fn many_first_uses_are_a_few_lines() {
    let folder = Folder::new("usage-many");
    let names: Vec<_> = (0..200).map(|number| format!("k{number:03}")).collect();
    let keys: Vec<_> = names.iter().map(|name| record(name)).collect();
    folder.write(&json!({ "version": 1, "serial": 1, "keys": keys }).to_string());
    let server = folder.serve(&REPORTING);
    let all: Vec<_> = names.iter().map(|name| (&**name, 1, 1)).collect();
    assert_eq!(post(&server, REPORTER, &report(&all)).status, 204);
    let (_, said) = server.end("-TERM");
    assert_eq!(said.matches("first use of `").count(), 20, "{said}");
    assert!(said.contains("first use of 180 more keys is reported"), "{said}");
}
