//! `tenantgate key`, run as its users run it.
#![cfg(not(target_arch = "wasm32"))]
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops by panicking; clippy spares only functions that carry `#[test]`"
)]

use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};

use serde_json::{Value, json};
use tenantgate::application_key::{KeyDigest, StatedDigest};

/// A folder of its own, that goes with the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("key-{name}"));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    /// Runs an action on `keys.json`.
    fn run(&self, arguments: &[&str]) -> Output {
        self.run_with(arguments, "")
    }

    fn run_with(&self, arguments: &[&str], input: &str) -> Output {
        let mut child = self.spawn(arguments);
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        child.wait_with_output().unwrap()
    }

    fn spawn(&self, arguments: &[&str]) -> Child {
        Command::new(env!("CARGO_BIN_EXE_tenantgate"))
            .arg("key")
            .args(arguments)
            .args(["--store", "keys.json"])
            .current_dir(&self.0)
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    /// Runs an action that must succeed, and gives what it prints.
    fn good(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert_eq!(output.status.code(), Some(0), "{arguments:?} {}", stderr(&output));
        stdout(&output)
    }

    /// Runs an action that must fail and change nothing, and gives the reason.
    fn refused(&self, arguments: &[&str]) -> String {
        let before = self.text();
        let output = self.run(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert_eq!(stdout(&output), "", "{arguments:?}");
        assert_eq!(self.text(), before, "{arguments:?}");
        stderr(&output)
    }

    /// Makes a key, and gives it.
    fn create(&self, arguments: &[&str]) -> String {
        let printed = self.good(&[&["create"], arguments].concat());
        let key = printed.strip_suffix('\n').unwrap().to_owned();
        assert!(key.starts_with("gwk_") && key.len() == 53, "one line, the key alone");
        key
    }

    /// What a gateway would say to a key: the status, and the reason or the user.
    fn check(&self, key: &str, arguments: &[&str]) -> (i32, String) {
        let arguments = [&["check", "--format", "json"], arguments].concat();
        let output = self.run_with(&arguments, &format!("{key}\n"));
        let found: Value = serde_json::from_slice(&output.stdout).unwrap();
        let said = found.get("reason").or(found.get("user")).unwrap();
        (output.status.code().unwrap(), said.as_str().unwrap().to_owned())
    }

    fn text(&self) -> String {
        fs::read_to_string(self.0.join("keys.json")).unwrap_or_default()
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.text()).unwrap()
    }

    fn write(&self, document: &Value) {
        fs::write(self.0.join("keys.json"), document.to_string()).unwrap();
    }

    /// The states of all keys, by name.
    fn states(&self) -> Vec<(String, String)> {
        let listed: Value =
            serde_json::from_str(&self.good(&["list", "--format", "json"])).unwrap();
        let keys = listed.as_array().unwrap().iter();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        keys.map(|key| (text(&key["name"]), text(&key["state"]))).collect()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn state(name: &str, state: &str) -> (String, String) {
    (name.to_owned(), state.to_owned())
}

const PUMP: [&str; 7] = ["pump-17", "--user", "edge", "--ip", "10.1.0.0/16", "--ttl", "90d"];
const ALLOWED: (i32, &str) = (0, "edge");

#[test]
fn a_key_lives_from_create_to_prune() {
    let folder = Folder::new("life");
    let says = |key: &str, expected: (i32, &str)| {
        let said = folder.check(key, &["--ip", "10.1.2.3"]);
        assert_eq!((said.0, &*said.1), expected);
    };
    let first = folder.create(&PUMP);
    assert_eq!(folder.json()["serial"], 1);
    says(&first, ALLOWED);

    let second = folder.good(&["rotate", "pump-17", "--overlap", "1h", "--ttl", "90d"]);
    let second = second.trim_end();
    says(&first, ALLOWED);
    says(second, ALLOWED);
    let secrets = folder.json()["keys"][0]["secrets"].clone();
    assert_eq!(
        (&secrets[0]["state"], &secrets[1]["state"]),
        (&json!("retiring"), &json!("current"))
    );

    assert!(folder.refused(&["rotate", "pump-17"]).contains("an older secret is still good"));
    let third = folder.good(&["rotate", "pump-17", "--now", "--ttl", "90d"]);
    let third = third.trim_end();
    says(&first, (1, "appkey_expired"));
    says(second, (1, "appkey_expired"));
    says(third, ALLOWED);

    folder.good(&["disable", "pump-17"]);
    says(third, (1, "appkey_disabled"));
    assert_eq!(folder.states(), [state("pump-17", "disabled")]);
    folder.good(&["enable", "pump-17"]);
    says(third, ALLOWED);

    folder.good(&["extend", "pump-17", "--by", "10d", "--reason", "cannot be reached"]);
    let record = folder.json()["keys"][0].clone();
    assert_eq!(record["secrets"][2]["times_extended"], 1);
    assert!(record["documentation"].as_str().unwrap().ends_with(": cannot be reached"));

    folder.good(&["expire", "pump-17"]);
    says(third, (1, "appkey_expired"));
    assert_eq!(folder.states(), [state("pump-17", "expired")]);
    folder.good(&["prune"]);
    assert_eq!(folder.states(), [state("pump-17", "expired")], "it ended just now");
    assert_eq!(folder.json()["serial"], 7);
    folder.good(&["prune", "--older-than", "0s"]);
    assert_eq!(folder.json()["keys"], json!([]));
    says(third, (1, "appkey_unknown"));
    assert_eq!(folder.json()["serial"], 8);
}

#[test]
fn the_key_is_printed_once_and_only_its_digest_is_kept() {
    let folder = Folder::new("once");
    let output = folder.run(&[&["create"], &PUMP[..]].concat());
    let key = stdout(&output).trim_end().to_owned();
    let mut said = stderr(&output);
    let digest = StatedDigest::Sha256(KeyDigest::of(key.as_bytes())).text();
    let secret = folder.json()["keys"][0]["secrets"][0].clone();
    assert_eq!(secret["digest"], digest);
    assert_eq!(secret["hint"], key.get(key.len() - 4..).unwrap());
    for arguments in [
        &["list"][..],
        &["list", "--format", "json"],
        &["show", "pump-17"],
        &["show", "pump-17", "--format", "json"],
        &["lint"],
        &["rotate", "pump-17", "--dry-run"],
    ] {
        said.push_str(&folder.good(arguments));
        said.push_str(&stderr(&folder.run(arguments)));
    }
    for file in fs::read_dir(&folder.0).unwrap() {
        said.push_str(&fs::read_to_string(file.unwrap().path()).unwrap());
    }
    assert!(!said.contains(&key));
    assert!(!said.contains(key.get(4..47).unwrap()));
    let shown = folder.good(&["show", "pump-17"]);
    assert!(shown.contains(digest.get(..15).unwrap()) && !shown.contains(&digest), "{shown}");
}

#[test]
fn the_digest_of_a_key_is_that_of_the_vectors() {
    let folder = Folder::new("digest");
    fs::write(folder.0.join("pepper"), (0..32).collect::<Vec<u8>>()).unwrap();
    let digest = |arguments: &[&str], input: &str| {
        let mut child = Command::new(env!("CARGO_BIN_EXE_tenantgate"))
            .args(["key", "digest"])
            .args(arguments)
            .current_dir(&folder.0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        (output.status.code().unwrap(), stdout(&output))
    };
    let key = "gwk_003aUlTJC7tjlCTQj2uNU3MFagCXG9LRKRcwGkBIDlf01dV2j";
    let plain = "sha256:a807efa1c8197adac3404e3933895599e0f7066660adba8470e7888125fb7800\n";
    assert_eq!(digest(&[], key), (0, plain.to_owned()));
    assert_eq!(digest(&[], &format!("{key}\n")), (0, plain.to_owned()));
    assert_eq!(digest(&[], &format!("{key}\r\n")), (0, plain.to_owned()));
    let pepper = ["--pepper-file", "pepper", "--pepper-id", "p1"];
    let peppered =
        "hmac-sha256:p1:14c3164de3991acaa2748261a5254b390ce44dad45078dd90750176ba65db58d\n";
    assert_eq!(digest(&pepper, key), (0, peppered.to_owned()));
    for none in ["", "\n", "two words", "two,keys", "two\nlines", &"x".repeat(257)] {
        assert_eq!(digest(&[], none), (2, String::new()), "{none:?}");
    }
    assert_eq!(digest(&[key], ""), (2, String::new()), "a key is no argument");
}

#[cfg(unix)]
#[test]
fn a_new_file_is_its_owners_alone_and_an_old_one_keeps_its_mode() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = Folder::new("mode");
    let mode = || {
        let file = fs::metadata(folder.0.join("keys.json")).unwrap();
        file.permissions().mode() & 0o7777
    };
    folder.create(&PUMP);
    assert_eq!(mode(), 0o600);
    for kept in [0o600, 0o640, 0o400] {
        let permissions = fs::Permissions::from_mode(kept);
        fs::set_permissions(folder.0.join("keys.json"), permissions).unwrap();
        folder.good(&["disable", "pump-17"]);
        assert_eq!(mode(), kept);
    }
}

#[cfg(unix)]
#[test]
fn a_link_stays_and_what_it_leads_to_is_changed() {
    let folder = Folder::new("link");
    fs::create_dir(folder.0.join("real")).unwrap();
    fs::write(folder.0.join("real/k.json"), r#"{"version":1,"serial":9,"keys":[]}"#).unwrap();
    std::os::unix::fs::symlink("real/k.json", folder.0.join("keys.json")).unwrap();
    folder.create(&PUMP);
    assert!(fs::symlink_metadata(folder.0.join("keys.json")).unwrap().is_symlink());
    assert_eq!(folder.json()["serial"], 10);
}

/// `ulimit -f` has the system end the process in the middle of the write.
#[cfg(unix)]
#[test]
fn an_interrupted_write_leaves_the_old_file_and_the_next_one_goes_through() {
    let folder = Folder::new("interrupted");
    folder.create(&PUMP);
    let before = folder.text();
    let status = Command::new("sh")
        .args(["-c", "ulimit -c 0; ulimit -f 0; exec \"$0\" key disable pump-17 --store keys.json"])
        .arg(env!("CARGO_BIN_EXE_tenantgate"))
        .current_dir(&folder.0)
        .stderr(Stdio::null())
        .status()
        .unwrap();
    assert!(!status.success());
    assert_eq!(folder.text(), before);
    assert!(folder.0.join(".keys.json.tmp").exists(), "it did not get to the end");

    folder.good(&["disable", "pump-17"]);
    assert_eq!(folder.json()["keys"][0]["enabled"], false);
    assert!(!folder.0.join(".keys.json.tmp").exists());
}

#[test]
fn a_file_that_cannot_be_written_stays_as_it_is() {
    let folder = Folder::new("unwritable");
    folder.create(&PUMP);
    // A folder in the place of the temporary file: it cannot be removed.
    fs::create_dir(folder.0.join(".keys.json.tmp")).unwrap();
    let said = folder.refused(&[&["create", "pump-18"], &PUMP[1..]].concat());
    assert!(said.contains("cannot write the file"), "{said}");
}

#[test]
fn two_processes_that_create_keys_at_once_both_succeed() {
    let folder = Folder::new("two");
    let names: Vec<_> = (0..8).map(|number| format!("pump-{number}")).collect();
    let children: Vec<_> =
        names.iter().map(|name| folder.spawn(&["create", name, "--user", "edge"])).collect();
    for child in children {
        assert!(child.wait_with_output().unwrap().status.success());
    }
    let mut found: Vec<_> = folder.states().into_iter().map(|(name, _)| name).collect();
    found.sort();
    assert_eq!(found, names);
    assert_eq!(folder.json()["serial"], 8);
}

#[test]
fn a_dry_run_changes_nothing_and_makes_no_file() {
    let folder = Folder::new("dry");
    let dry = [&["create"], &PUMP[..], &["--dry-run"]].concat();
    assert_eq!(folder.good(&dry), "", "no key is shown that nobody knows");
    assert_eq!(fs::read_dir(&folder.0).unwrap().count(), 0);
    folder.create(&PUMP);
    let before = folder.text();
    for change in [
        &["rotate", "pump-17"][..],
        &["extend", "pump-17", "--by", "1d", "--reason", "x"],
        &["expire", "pump-17"],
        &["disable", "pump-17"],
        &["enable", "pump-17"],
        &["delete", "pump-17"],
        &["prune", "--older-than", "0s"],
    ] {
        assert_eq!(folder.good(&[change, &["--dry-run"]].concat()), "");
        assert_eq!(folder.text(), before, "{change:?}");
    }
}

#[test]
fn what_cannot_be_done_ends_with_status_two_and_changes_nothing() {
    let folder = Folder::new("wrong");
    folder.create(&PUMP);
    let long = "x".repeat(129);
    let create = |name: &str, more: &[&str]| {
        folder.refused(&[&["create", name, "--user", "edge"], more].concat())
    };
    for (name, more, expected) in [
        ("pump-17", &[][..], "is there already"),
        ("pump 18", &[], "no name"),
        ("ä", &[], "no name"),
        (&*long, &[], "no name"),
        ("a", &["--ttl", "1w"], "is not a duration"),
        ("a", &["--ttl", "90"], "is not a duration"),
        ("a", &["--ttl", "0s"], "lies in the past"),
        ("a", &["--ttl", "1096d"], "further away than `--max-lifetime`"),
        ("a", &["--ttl", "2d", "--max-lifetime", "1d"], "further away than `--max-lifetime`"),
        ("a", &["--expires", "2020-01-01T00:00:00Z"], "lies in the past"),
        ("a", &["--expires", "tomorrow"], "no time like"),
        ("a", &["--ttl", "1d", "--expires", "2020-01-01T00:00:00Z"], "cannot be used with"),
        ("a", &["--ip", "10.1.2.3;10.1.2.4"], "`ip_allow`"),
        ("a", &["--subtenant", "x"], "`subtenant` needs `tenant`"),
        ("a", &["--route", "/a/*/b"], "no route"),
        ("a", &["--tag", "pump"], "`tags`"),
        ("a", &["--prefix", "GWK"], "not 2 to 8"),
    ] {
        let said = create(name, more);
        assert!(said.contains(expected), "{name} {more:?}: {said}");
    }
    for (arguments, expected) in [
        (&["rotate", "pump-18"][..], "no key of this name"),
        (&["show", "pump-18"], "no key of this name"),
        (&["delete", "pump-18", "--yes"], "no key of this name"),
        (&["delete", "pump-17"], "`--yes` removes it"),
        (&["extend", "pump-17", "--by", "1d"], "--reason"),
        (&["extend", "pump-17", "--reason", "x"], "--by"),
        (&["extend", "pump-17", "--until", "2026-01-01T00:00:00Z", "--reason", "x"], "in the past"),
        (&["extend", "pump-17", "--by", "0s", "--reason", "x"], "not earlier"),
        (&["extend", "pump-17", "--by", "1100d", "--reason", "x"], "`--max-lifetime`"),
        (&["check", "--path", "/%2e%2e/x"], "no key"),
    ] {
        let said = folder.refused(arguments);
        assert!(said.contains(expected), "{arguments:?}: {said}");
    }
    folder.good(&["expire", "pump-17"]);
    let extend = ["extend", "pump-17", "--by", "1d", "--reason", "x"];
    assert!(folder.refused(&extend).contains("`--revive`"));
    folder.good(&[&extend[..], &["--revive"]].concat());
    assert_eq!(folder.states(), [state("pump-17", "expiring")]);

    let absent = Folder::new("absent");
    for arguments in [&["list"][..], &["disable", "x"], &["prune"]] {
        assert!(absent.refused(arguments).contains("cannot read `keys.json`"), "{arguments:?}");
        assert_eq!(fs::read_dir(&absent.0).unwrap().count(), 0);
    }
    fs::write(absent.0.join("keys.json"), r#"{"version":2,"serial":1,"keys":[]}"#).unwrap();
    assert!(absent.refused(&["disable", "x"]).contains("its version is not 1"));
}

#[test]
fn a_change_leaves_everything_else_as_it_is() {
    let folder = Folder::new("rest");
    folder.create(&PUMP);
    let mut document = folder.json();
    document["extensions"] = json!({ "by": { "somebody": [1, 2.5, null] } });
    document["defaults"] = json!({ "lifetime_seconds": 3600 });
    document["keys"][0]["extensions"] = json!({ "else": true });
    let broken = json!({ "name": "broken", "ip_alow": [] });
    document["keys"].as_array_mut().unwrap().insert(0, broken.clone());
    folder.write(&document);
    folder.create(&["pump-18", "--user", "edge"]);
    folder.good(&["disable", "pump-17"]);

    let changed = folder.json();
    assert_eq!(changed["extensions"], document["extensions"]);
    assert_eq!(changed["keys"][0], broken);
    let mut expected = document["keys"][1].clone();
    expected["enabled"] = json!(false);
    expected["updated_at"] = changed["keys"][1]["updated_at"].clone();
    assert_eq!(changed["keys"][1], expected);
    assert_eq!(changed["serial"], 3);
    assert_eq!(changed["generated_at"], expected["updated_at"]);
    let states =
        [state("broken", "invalid"), state("pump-17", "disabled"), state("pump-18", "expiring")];
    assert_eq!(folder.states(), states);
    assert!(folder.refused(&["enable", "broken"]).contains("lets nobody in"));
    folder.good(&["delete", "broken", "--yes"]);
    assert_eq!(folder.states(), states[1..]);
}

#[test]
fn the_lifetime_is_24_hours_unless_the_file_or_the_arguments_say_otherwise() {
    let folder = Folder::new("lifetime");
    let lifetime = |folder: &Folder| {
        let key = folder.json()["keys"].as_array().unwrap().last().unwrap().clone();
        let secret = &key["secrets"][0];
        let time = |member: &str| {
            let text = secret[member].as_str().unwrap();
            let day: i64 = text.get(8..10).unwrap().parse().unwrap();
            let hour: i64 = text.get(11..13).unwrap().parse().unwrap();
            (day, hour, text.get(13..).unwrap().to_owned())
        };
        (time("created_at"), time("expires_at"))
    };
    folder.create(&["a", "--user", "edge"]);
    let (from, to) = lifetime(&folder);
    assert!(to.0 != from.0 && (to.1, to.2) == (from.1, from.2), "a day later");
    let mut document = folder.json();
    document["defaults"] = json!({ "lifetime_seconds": 3600 });
    folder.write(&document);
    folder.create(&["b", "--user", "edge"]);
    let (from, to) = lifetime(&folder);
    assert_eq!(((from.1 + 1) % 24, from.2), (to.1, to.2), "an hour later");
}

#[test]
fn an_extension_remembers_the_first_end() {
    let folder = Folder::new("extend");
    folder.create(&PUMP);
    let first = folder.json()["keys"][0]["secrets"][0]["expires_at"].clone();
    for times in 1..=2 {
        folder.good(&["extend", "pump-17", "--by", "1d", "--reason", "reason"]);
        let record = folder.json()["keys"][0].clone();
        assert_eq!(record["secrets"][0]["first_expires_at"], first);
        assert_eq!(record["secrets"][0]["times_extended"], times);
        assert_ne!(record["secrets"][0]["expires_at"], first);
        assert_eq!(record["documentation"].as_str().unwrap().matches(": reason").count(), times);
    }
    let output = folder.run(&["extend", "pump-17", "--by", "1d", "--reason", "reason"]);
    assert!(stderr(&output).contains("W08 (medium)"), "{}", stderr(&output));
}

#[test]
fn rotation_keeps_one_retiring_secret_unless_it_is_forced() {
    let folder = Folder::new("rotate");
    let first = folder.create(&PUMP);
    folder.good(&["rotate", "pump-17", "--ttl", "90d"]);
    assert!(folder.refused(&["rotate", "pump-17"]).contains("--force"));
    folder.good(&["rotate", "pump-17", "--ttl", "90d", "--force"]);
    assert_eq!(folder.check(&first, &["--ip", "10.1.2.3"]), (1, "appkey_expired".to_owned()));
    for _ in 0..3 {
        folder.good(&["rotate", "pump-17", "--ttl", "90d", "--force"]);
        assert!(folder.json()["keys"][0]["secrets"].as_array().unwrap().len() <= 3);
    }
    // An old secret never gets a later end by a rotation.
    let short = folder.create(&["brief", "--user", "edge", "--ttl", "1h"]);
    let end = folder.json()["keys"][1]["secrets"][0]["expires_at"].clone();
    folder.good(&["rotate", "brief", "--overlap", "7d"]);
    assert_eq!(folder.json()["keys"][1]["secrets"][0]["expires_at"], end);
    assert_eq!(folder.check(&short, &[]), (0, "edge".to_owned()));
}

#[test]
fn check_says_what_the_gateway_would_say() {
    let folder = Folder::new("check");
    let limited = ["--route", "GET api.acme.example/things/*"];
    let key = folder.create(&[&PUMP[..], &limited].concat());
    let asked = ["--ip", "10.1.2.3", "--host", "api.acme.example", "--path", "/things/1"];
    let with = |more: &[&str]| folder.check(&key, &[&asked[..], more].concat());
    let refused = |reason: &str| (1, reason.to_owned());
    assert_eq!(with(&[]), (0, "edge".to_owned()));
    assert_eq!(with(&["--method", "HEAD"]), (0, "edge".to_owned()));
    assert_eq!(with(&["--method", "PUT"]), refused("appkey_route"));
    assert_eq!(with(&["--in-url"]), (0, "edge".to_owned()), "the record says nothing of it");
    let mut document = folder.json();
    document["keys"][0]["allow_query"] = json!(false);
    folder.write(&document);
    assert_eq!(with(&["--in-url"]), refused("appkey_in_url"));
    assert_eq!(with(&["--at", "2090-01-01T00:00:00Z"]), refused("appkey_expired"));
    assert_eq!(folder.check(&key, &asked[2..]), refused("appkey_ip"), "no address");
    let far = [&["--ip", "10.2.0.1"], &asked[2..]].concat();
    assert_eq!(folder.check(&key, &far), refused("appkey_ip"));
    // Neither the digest nor a mistyped key is a key.
    let digest = StatedDigest::Sha256(KeyDigest::of(key.as_bytes())).text();
    assert_eq!(folder.check(&digest, &asked), refused("appkey_unknown"));
    let mut mistyped = key.clone();
    let last = mistyped.pop().unwrap();
    mistyped.push(if last == 'a' { 'b' } else { 'a' });
    assert_eq!(folder.check(&mistyped, &asked), refused("appkey_checksum"));
}

#[test]
fn a_pepper_binds_a_key_to_what_stands_beside_the_file() {
    let folder = Folder::new("pepper");
    fs::write(folder.0.join("pepper"), "p".repeat(32) + "\n").unwrap();
    fs::write(folder.0.join("short"), "p".repeat(31) + "\n").unwrap();
    let pepper = ["--pepper-file", "pepper", "--pepper-id", "p1"];
    let key = folder.create(&[&["a", "--user", "edge"], &pepper[..]].concat());
    let digest = folder.json()["keys"][0]["secrets"][0]["digest"].clone();
    assert!(digest.as_str().unwrap().starts_with("hmac-sha256:p1:"));
    assert_eq!(folder.check(&key, &pepper), (0, "edge".to_owned()));
    assert_eq!(folder.check(&key, &[]), (1, "appkey_unknown".to_owned()));
    let short = ["create", "b", "--user", "edge", "--pepper-file", "short", "--pepper-id", "p1"];
    assert!(folder.refused(&short).contains("`short`"));
}

#[test]
fn what_is_unwise_is_said_and_can_be_refused() {
    let folder = Folder::new("unwise");
    let admin = ["create", "admin", "--user", "Administrator"];
    let output = folder.run(&[&admin[..], &["--strict"]].concat());
    assert_eq!(output.status.code(), Some(1));
    assert_eq!((stdout(&output), folder.text()), (String::new(), String::new()));
    assert!(stderr(&output).contains("warning: admin: W01 (high)"), "{}", stderr(&output));
    let output = folder.run(&admin);
    assert_eq!(output.status.code(), Some(0));
    for id in ["W01 (high)", "W03 (medium)", "W12 (medium)"] {
        assert!(stderr(&output).contains(id), "{id}: {}", stderr(&output));
    }
    let lint = |arguments: &[&str]| {
        let output = folder.run(&[&["lint"], arguments].concat());
        (output.status.code().unwrap(), stdout(&output))
    };
    let (status, text) = lint(&[]);
    assert!(status == 0 && text.contains("admin: W01 (high): its user is"), "{status} {text}");
    assert_eq!(lint(&["--strict"]), (1, text));
    let (_, found) = lint(&["--format", "json"]);
    let found: Value = serde_json::from_str(&found).unwrap();
    assert_eq!(found["warnings"][0]["id"], "W01");

    folder.good(&["delete", "admin", "--yes"]);
    folder.create(&PUMP);
    assert_eq!(lint(&["--strict"]), (0, String::new()));
    let mut document = folder.json();
    document["keys"][0]["ip_alow"] = json!([]);
    folder.write(&document);
    let expected = "pump-17: error: `ip_alow` is unknown\n";
    assert_eq!(lint(&[]), (1, expected.to_owned()));
}

#[test]
fn a_list_can_be_limited_and_tells_a_cron_job_what_ends_soon() {
    let folder = Folder::new("list");
    folder.create(&["near", "--user", "one", "--ttl", "10d"]);
    folder.create(&["far", "--user", "two", "--ttl", "20d"]);
    let list = |arguments: &[&str]| {
        let output = folder.run(&[&["list"], arguments].concat());
        let names: Vec<_> = stdout(&output)
            .lines()
            .skip(1)
            .map(|line| line.split_whitespace().next().unwrap().to_owned())
            .collect();
        (output.status.code().unwrap(), names.join(" "))
    };
    let names = |status: i32, names: &str| (status, names.to_owned());
    assert_eq!(list(&[]), names(0, "near far"));
    assert_eq!(list(&["--user", "two"]), names(0, "far"));
    assert_eq!(list(&["--state", "expiring"]), names(0, "near"));
    assert_eq!(list(&["--state", "active"]), names(0, "far"));
    assert_eq!(list(&["--expiring-within", "9d"]), names(0, ""));
    assert_eq!(list(&["--expiring-within", "11d"]), names(3, "near"));
    assert_eq!(list(&["--expiring-within", "21d"]), names(3, "near far"));
    assert_eq!(list(&["--expiring-within", "21d", "--user", "three"]), names(0, ""));
    folder.good(&["disable", "near"]);
    assert_eq!(list(&["--expiring-within", "11d"]), names(0, ""), "it cannot be used anyway");
}
