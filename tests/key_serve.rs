//! `tenantgate key serve`, run as its users run it and asked over sockets of its own.
#![cfg(not(target_arch = "wasm32"))]
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "a test stops by panicking; clippy spares only functions that carry `#[test]`"
)]

#[path = "key_serve/usage.rs"]
mod usage;

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use tenantgate::application_key::{KeyDigest, StatedDigest};
use tenantgate::time::Timestamp;
use tenantgate::tool::key::serve::{Current, FileState, Source};

const READER: &str = "a-token-of-readers";
const MANAGER: &str = "a-token-of-managers";
const REPORTER: &str = "a-token-of-gateways";
const CREATE: &str = "/Thingworx/Resources/EntityServices/Services/CreateApplicationKey";
const DELETE: &str = "/Thingworx/Resources/EntityServices/Services/DeleteApplicationKey";
const JSON: &str = "content-type: application/json";

/// A folder of its own, that goes with the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("serve-{name}"));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    fn file(&self) -> PathBuf {
        self.0.join("keys.json")
    }

    /// Puts a file there as the tool does: written beside it, and renamed.
    fn write(&self, text: &str) {
        fs::write(self.0.join("new"), text).unwrap();
        fs::rename(self.0.join("new"), self.file()).unwrap();
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tenantgate"));
        command
            .arg("key")
            .args(arguments)
            .current_dir(&self.0)
            .env_clear()
            .env("READER", READER)
            .env("MANAGER", MANAGER)
            .env("REPORTER", REPORTER)
            .env("SHORT", "fifteen-letters")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs an action that ends by itself.
    fn run(&self, arguments: &[&str], input: &str) -> Output {
        let mut child = self.command(arguments).spawn().unwrap();
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        child.wait_with_output().unwrap()
    }

    fn serve(&self, more: &[&str]) -> Server {
        let arguments = [&["serve", "keys.json", "--listen", "127.0.0.1:0"], more].concat();
        let mut child = self.command(&arguments).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let url = line.trim_end().strip_prefix("listening on http://").unwrap();
        let (address, _) = url.split_once('/').unwrap();
        Server { address: address.to_owned(), child: Some(child) }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A server that runs; it ends with the test.
struct Server {
    address: String,
    child: Option<Child>,
}

impl Server {
    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        stream
    }

    /// One request on a connection of its own.
    fn ask(&self, method: &str, path: &str, fields: &[&str], body: &str) -> Reply {
        let mut stream = self.connect();
        let length = format!("content-length: {}", body.len());
        let fields = [fields, &["connection: close", &length]].concat().join("\r\n");
        let head = format!("{method} {path} HTTP/1.1\r\nhost: keys\r\n{fields}\r\n\r\n");
        // A server that has refused the head does not read the body.
        let _ = stream.write_all(format!("{head}{body}").as_bytes());
        Reply::read(stream)
    }

    fn get(&self, path: &str, fields: &[&str]) -> Reply {
        self.ask("GET", path, fields, "")
    }

    /// What is served now, and its tag.
    fn document(&self) -> (Value, String) {
        let reply = self.get("/keys", &[]);
        assert_eq!(reply.status, 200);
        (reply.json(), reply.field("etag").unwrap().to_owned())
    }

    fn manage(&self, path: &str, body: &Value) -> Reply {
        let authorization = format!("authorization: Bearer {MANAGER}");
        self.ask("POST", path, &[&authorization, JSON], &body.to_string())
    }

    /// Ends it as a service manager does, and gives its status and all that it said.
    fn end(mut self, signal: &str) -> (Option<i32>, String) {
        let child = self.child.take().unwrap();
        assert!(
            Command::new("kill")
                .args([signal, &child.id().to_string()])
                .status()
                .unwrap()
                .success()
        );
        let output = child.wait_with_output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

struct Reply {
    status: u16,
    head: String,
    body: String,
}

impl Reply {
    fn read(mut stream: TcpStream) -> Self {
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let status = head.split(' ').nth(1).map_or(0, |status| status.parse().unwrap());
        Self { status, head: head.to_lowercase(), body: body.to_owned() }
    }

    fn field(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines();
        lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    /// The status and the code of a refusal.
    fn refusal(&self) -> (u16, String) {
        assert_eq!(self.field("content-type"), Some("application/problem+json"), "{}", self.head);
        let body = self.json();
        assert_eq!(body["status"], self.status);
        (self.status, body["code"].as_str().unwrap().to_owned())
    }
}

/// A record with the digest of its own name.
fn record(name: &str) -> Value {
    let digest = StatedDigest::Sha256(KeyDigest::of(name.as_bytes())).text();
    let secret = json!({ "digest": digest, "expires_at": "2090-01-01T00:00:00Z" });
    json!({ "name": name, "user": "edge", "description": "x", "secrets": [secret] })
}

fn file(serial: u64, names: &[&str]) -> String {
    let keys: Vec<_> = names.iter().map(|name| record(name)).collect();
    json!({ "version": 1, "serial": serial, "keys": keys }).to_string()
}

fn names(document: &Value) -> Vec<&str> {
    let keys = document["keys"].as_array().unwrap().iter();
    keys.map(|key| key["name"].as_str().unwrap()).collect()
}

fn code(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

#[test]
fn a_file_is_served_with_a_tag_and_a_change_shows_at_once() {
    let folder = Folder::new("file");
    folder.write(&file(7, &["a", "b"]));
    let server = folder.serve(&[]);
    let reply = server.get("/keys", &["accept: application/json"]);
    assert_eq!((reply.status, reply.field("content-type")), (200, Some("application/json")));
    assert_eq!(reply.field("cache-control"), Some("private, no-cache"));
    let (document, tag) = server.document();
    assert_eq!((names(&document), &document["serial"]), (vec!["a", "b"], &json!(7)));
    assert_eq!(document["keys"][0].get("description"), None);

    for matching in [tag.clone(), format!("W/{tag}"), format!("\"x\", {tag}"), "*".to_owned()] {
        let reply = server.get("/keys?x=1", &[&format!("if-none-match: {matching}")]);
        assert_eq!((reply.status, &*reply.body), (304, ""), "{matching}");
        assert_eq!(reply.field("etag"), Some(&*tag));
    }
    let head = server.ask("HEAD", "/keys", &[], "");
    assert_eq!((head.status, &*head.body, head.field("etag")), (200, "", Some(&*tag)));
    let length = server.get("/keys", &[]).body.len().to_string();
    assert_eq!(head.field("content-length"), Some(&*length));

    // Of the same length, within the same tick of the clock, also in place.
    folder.write(&file(8, &["a", "c"]));
    let (document, other) = server.document();
    assert_eq!((names(&document), &document["serial"]), (vec!["a", "c"], &json!(8)));
    assert_ne!(other, tag);
    fs::write(folder.file(), file(9, &["a", "d"])).unwrap();
    assert_eq!(names(&server.document().0), ["a", "d"]);
    assert_eq!(server.get("/keys", &[&format!("if-none-match: {tag}")]).status, 200);
}

#[test]
fn a_broken_file_never_replaces_a_good_one() {
    let folder = Folder::new("broken");
    folder.write(&file(7, &["a"]));
    let server = folder.serve(&[]);
    let good = server.document();
    let health = |expected: &str| {
        let reply = server.get("/healthz", &[]);
        assert_eq!((reply.status, &reply.json()["status"]), (200, &json!(expected)));
    };
    health("current");
    let replaced = file(8, &[]).replace("\"version\":1", "\"version\":2");
    for broken in ["{", "", &*replaced, &*file(6, &["b"])] {
        folder.write(broken);
        assert_eq!(server.document(), good, "{broken}");
        assert_eq!(server.document(), good, "{broken}");
        health("stale");
    }
    fs::remove_file(folder.file()).unwrap();
    assert_eq!(server.document(), good);
    health("stale");
    folder.write(&file(7, &["a"]));
    assert_eq!(server.document(), good);
    health("current");
    folder.write(&file(8, &["b"]));
    assert_eq!(names(&server.document().0), ["b"]);
    health("current");
    let (status, said) = server.end("-TERM");
    assert_eq!(status, Some(0));
    for words in [
        "serves serial 7: 1 keys",
        "its version is not 1",
        "its serial has gone back from `7` to `6`",
        "cannot read the file",
        "serves serial 8: 1 keys",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    // Each reason once, however often it is looked at.
    assert_eq!(said.matches("is not served, the one before it is").count(), 4, "{said}");
}

#[test]
fn a_file_that_stays_broken_is_served_no_more_after_the_stated_time() {
    let folder = Folder::new("withheld");
    folder.write(&file(7, &["a"]));
    let server = folder.serve(&["--stale-after", "1s"]);
    let (_, tag) = server.document();
    let known = format!("if-none-match: {tag}");
    // No reader asks in between: the file is looked at all the same.
    let is = |expected: &str| server.get("/healthz", &[]).json()["status"] == expected;
    let wait_for = |expected: &str| {
        for _ in (0..300).take_while(|_| !is(expected)) {
            thread::sleep(Duration::from_millis(100));
        }
        assert!(is(expected), "{expected}");
    };
    fs::remove_file(folder.file()).unwrap();
    wait_for("withheld");
    for path in ["/keys", "/keys/00"] {
        let reply = server.get(path, &[&known]);
        assert_eq!(reply.refusal(), code(503, "store_stale"));
        assert_eq!((reply.field("etag"), reply.field("retry-after")), (None, Some("5")));
    }
    folder.write(&file(7, &["a"]));
    wait_for("current");
    assert_eq!(server.get("/keys", &[&known]).status, 304);
    let (_, said) = server.end("-TERM");
    for words in ["is not served, the one before it is", "nothing is served, for the file"] {
        assert_eq!(said.matches(words).count(), 1, "{words}: {said}");
    }
}

#[test]
fn the_time_of_a_broken_file_counts_from_its_first_fault_and_ends_to_the_millisecond() {
    const STALE_AFTER: Duration = Duration::from_secs(900);
    const MILLISECOND: Duration = Duration::from_millis(1);
    let folder = Folder::new("fault");
    folder.write(&file(7, &["a"]));
    let (source, _) = Source::open(&folder.file(), 0, STALE_AFTER).unwrap();
    let start = Timestamp::from_seconds(4_000_000_000);
    let look = |at: Timestamp| {
        let Current { state, notes, .. } = source.current(at);
        assert_eq!(source.last(at).state, state, "what a look has found stays known");
        (state, notes.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))
    };
    let said = |words: &str| format!("the file is not served, the one before it is: {words}");
    assert_eq!(look(start), (FileState::Current, String::new()));
    fs::remove_file(folder.file()).unwrap();
    assert_eq!(
        source.last(start + 10 * STALE_AFTER).state,
        FileState::Current,
        "nobody has looked"
    );
    let (state, words) = look(start);
    assert!(state == FileState::Stale && words.starts_with(&said("cannot read")), "{words}");
    assert_eq!(look(start), (FileState::Stale, String::new()), "said once");
    // Another fault is said, and begins no other time.
    folder.write("{");
    let (state, words) = look(start + Duration::from_secs(600));
    assert!(state == FileState::Stale && words.starts_with(&said("no file of keys")), "{words}");
    assert_eq!(look(start + (STALE_AFTER - MILLISECOND)), (FileState::Stale, String::new()));
    let withheld = "nothing is served, for the file was broken for too long".to_owned();
    assert_eq!(look(start + STALE_AFTER), (FileState::Withheld, withheld.clone()));
    assert_eq!(look(start + STALE_AFTER), (FileState::Withheld, String::new()), "said once");
    // Mended, it is served; what breaks then begins anew.
    folder.write(&file(7, &["a"]));
    let mended = start + 2 * STALE_AFTER;
    assert_eq!(look(mended), (FileState::Current, "serves serial 7: 1 keys".to_owned()));
    folder.write("{");
    assert_eq!(look(mended + STALE_AFTER).0, FileState::Stale);
    // A clock that goes back makes nothing last longer.
    assert_eq!(look(start).0, FileState::Stale);
    assert_eq!(look(start + (STALE_AFTER - MILLISECOND)).0, FileState::Stale);
    assert_eq!(look(start + STALE_AFTER), (FileState::Withheld, withheld));
}

#[test]
fn many_keys_come_in_shards_of_which_only_the_changed_ones_change() {
    let folder = Folder::new("shards");
    let all: Vec<_> = (0..1500).map(|at| format!("k{at}")).collect();
    let all: Vec<_> = all.iter().map(String::as_str).collect();
    folder.write(&file(1, &all));
    let server = folder.serve(&["--path", "/v1/appkeys"]);
    let index = || server.get("/v1/appkeys", &[]).json();
    let before = index();
    assert_eq!(before["shards"].as_array().unwrap().len(), 2);
    let mut found = Vec::new();
    for (at, listed) in before["shards"].as_array().unwrap().iter().enumerate() {
        let shard = server.get(&format!("/v1/appkeys/0{at}?x=y"), &[]);
        assert_eq!(shard.field("etag"), listed["etag"].as_str());
        assert_eq!(shard.field("cache-control"), Some("no-store"));
        let document = shard.json();
        assert_eq!(document["serial"], listed["serial"]);
        for key in document["keys"].as_array().unwrap() {
            let digest = key["secrets"][0]["digest"].as_str().unwrap();
            let first = u8::from_str_radix(&digest["sha256:".len()..][..2], 16).unwrap();
            assert_eq!(usize::from(first >> 7), at);
            found.push(key["name"].as_str().unwrap().to_owned());
        }
    }
    found.sort_by_key(|name| name[1..].parse::<u32>().unwrap());
    assert_eq!(found, all);
    for absent in ["/v1/appkeys/02", "/v1/appkeys/0", "/v1/appkeys/00/", "/v1/appkeysx", "/keys"] {
        assert_eq!(server.get(absent, &[]).refusal(), code(404, "not_found"), "{absent}");
    }
    // One key less: one shard is as it was.
    folder.write(&file(2, &all[1..]));
    let after = index();
    assert_eq!(after["serial"], 2);
    let tag = |index: &Value, at: usize| index["shards"][at]["etag"].clone();
    assert_eq!((0..2).filter(|at| tag(&before, *at) == tag(&after, *at)).count(), 1);
    // Another server of the same file says the same.
    let other = folder.serve(&["--path", "/v1/appkeys"]);
    for path in ["/v1/appkeys", "/v1/appkeys/00", "/v1/appkeys/01"] {
        let [one, other] = [&server, &other].map(|server| server.get(path, &[]));
        assert_eq!((one.field("etag"), &one.body), (other.field("etag"), &other.body), "{path}");
    }

    let forced = Folder::new("forced");
    forced.write(&file(1, &["a"]));
    let server = forced.serve(&["--shards", "16"]);
    assert_eq!(server.document().0["shards"].as_array().unwrap().len(), 16);
    assert_eq!(server.get("/keys/0f", &[]).status, 200);
    assert_eq!(server.get("/keys/10", &[]).status, 404);
}

#[test]
fn twins_in_two_shards_are_served_in_none_and_named_in_the_log() {
    let folder = Folder::new("twins");
    let mut records = vec![record("a"), record("b")];
    // Digests in different shards, one name.
    let names = ["x", "y"].map(|name| record(name)["secrets"][0]["digest"].clone());
    let mut twins = [record("x"), record("y")];
    for (twin, digest) in twins.iter_mut().zip(names) {
        twin["name"] = json!("twin");
        twin["secrets"][0]["digest"] = digest;
    }
    records.extend(twins);
    records.push(json!({ "name": "typo", "user": "edge", "ip_alow": ["10.1.2.3"], "secrets": [] }));
    folder.write(&json!({ "version": 1, "serial": 1, "keys": records }).to_string());
    let server = folder.serve(&["--shards", "256"]);
    let mut served = Vec::new();
    for at in 0..256 {
        let document = server.get(&format!("/keys/{at:02x}"), &[]).json();
        served.extend(document["keys"].as_array().unwrap().iter().map(|key| key["name"].clone()));
    }
    served.sort_by_key(Value::to_string);
    assert_eq!(served, [json!("a"), json!("b")]);
    assert_eq!(server.get("/healthz", &[]).json()["left_out"], 3);
    let (_, said) = server.end("-INT");
    assert_eq!(said.matches("`twin` is not served: another record has the same name").count(), 2);
    assert!(said.contains("`typo` is not served: `ip_alow` is unknown"), "{said}");
}

#[test]
fn readers_need_their_token_where_there_is_one() {
    let folder = Folder::new("token");
    folder.write(&file(1, &["a"]));
    let more = ["--token-env", "READER", "--manage-token-env", "MANAGER"];
    let server = folder.serve(&more);
    let with = |value: &str| server.get("/keys", &[&format!("authorization: {value}")]);
    assert_eq!(with(&format!("Bearer {READER}")).status, 200);
    assert_eq!(with(&format!("bearer  {READER} ")).status, 200);
    for wrong in [
        READER,
        "Bearer",
        "Bearer ",
        &format!("Bearer {READER}x"),
        &format!("Bearer {}", &READER[1..]),
        &format!("Basic {READER}"),
        &format!("Bearer {MANAGER}"),
        &format!("Bearer {READER}\r\nauthorization: Bearer {READER}"),
    ] {
        let reply = with(wrong);
        assert_eq!(reply.refusal(), code(401, "unauthorized"), "{wrong}");
        assert_eq!(reply.field("www-authenticate"), Some("bearer realm=\"keys\""));
        assert_eq!(reply.field("etag"), None);
    }
    assert_eq!(server.get("/keys", &[]).refusal(), code(401, "unauthorized"));
    assert_eq!(server.get("/keys", &[&format!("appkey: {READER}")]).status, 401);
    assert_eq!(server.get("/keys/00", &[]).refusal(), code(401, "unauthorized"));
    let (_, said) = server.end("-TERM");
    assert!(!said.contains(READER) && !said.contains(MANAGER), "{said}");
}

#[test]
fn keys_are_made_used_and_deleted_by_service_call_and_shown_once() {
    let folder = Folder::new("manage");
    folder.write(&file(1, &["a"]));
    let server = folder.serve(&["--manage-token-env", "MANAGER", "--max-lifetime", "36500d"]);
    let order = json!({
        "name": "pump-17", "user": "edge-pump-17", "description": "Pump 17", "projectName": "HallB",
        "tags": "site:hamburg", "whitelist": "10.1.2.3, 10.9.*.*", "clientName": "PLC",
        "expirationDate": 3_000_000_000_000_u64, "tenant": "acme", "subtenant": "line-2",
    });
    let reply = server.manage(CREATE, &order);
    assert_eq!((reply.status, reply.field("cache-control")), (200, Some("no-store")));
    let made = reply.json();
    assert_eq!(
        (&made["name"], &made["expires_at"]),
        (&json!("pump-17"), &json!("2065-01-24T05:20:00Z"))
    );
    let key = made["key"].as_str().unwrap().to_owned();
    assert!(key.starts_with("gwk_") && key.len() == 53);
    let (document, _) = server.document();
    assert_eq!(names(&document), ["a", "pump-17"]);
    assert_eq!(document["serial"], 2);
    let written: Value = serde_json::from_slice(&fs::read(folder.file()).unwrap()).unwrap();
    assert_eq!(written["keys"][1]["project"], "HallB");
    assert_eq!(written["keys"][1]["subtenant"], "line-2");
    let check = |key: &str, ip: &str| {
        let arguments = ["check", "--store", "keys.json", "--format", "json", "--ip", ip];
        let output = folder.run(&arguments, key);
        let found: Value = serde_json::from_slice(&output.stdout).unwrap();
        found.get("reason").or(found.get("user")).unwrap().as_str().unwrap().to_owned()
    };
    assert_eq!(check(&key, "10.9.1.1"), "edge-pump-17");
    assert_eq!(check(&key, "10.2.0.1"), "appkey_ip");

    let again = "/Thingworx/ApplicationKeys/pump-17/Services/GetKeyID";
    let shown = server.manage(again, &json!({}));
    assert_eq!(shown.refusal(), code(410, "key_not_shown"));
    assert!(shown.json()["detail"].as_str().unwrap().contains("once"));
    let unknown = again.replace("17", "18");
    assert_eq!(server.manage(&unknown, &json!({})).refusal(), code(404, "key_unknown"));
    assert_eq!(server.manage(CREATE, &order).refusal(), code(409, "key_exists"));

    let deleted = server.manage(DELETE, &json!({ "name": "pump-17" }));
    assert_eq!((deleted.status, &*deleted.body), (200, ""));
    assert_eq!(names(&server.document().0), ["a"]);
    assert_eq!(check(&key, "10.9.1.1"), "appkey_unknown");
    let unknown = server.manage(DELETE, &json!({ "name": "pump-17" }));
    assert_eq!(unknown.refusal(), code(404, "key_unknown"));

    let (status, said) = server.end("-TERM");
    assert_eq!(status, Some(0));
    assert!(!said.contains(&key) && !said.contains(&key[4..47]), "{said}");
    for words in [
        "made `pump-17` for `edge-pump-17`, good until",
        "not made: `pump-17`: a key of this name is there already",
        "deleted `pump-17`",
    ] {
        let line = said.lines().find(|line| line.contains(words)).unwrap();
        assert!(line.contains(" 127.0.0.1:"), "{line}");
    }
}

#[test]
fn a_call_that_is_not_understood_makes_nothing() {
    let folder = Folder::new("calls");
    folder.write(&file(1, &["a"]));
    let before = fs::read(folder.file()).unwrap();
    let server = folder.serve(&["--manage-token-env", "MANAGER", "--max-lifetime", "30d"]);
    let order = |member: &str, value: Value| {
        let mut order = json!({ "name": "b", "user": "edge" });
        order[member] = value;
        server.manage(CREATE, &order).refusal()
    };
    for (member, value) in [
        ("whitelst", json!("10.1.2.3")),
        ("whitelist", json!("10.1.2.3;10.1.2.4")),
        ("whitelist", json!(7)),
        ("name", json!("b c")),
        ("name", json!("")),
        ("user", json!("")),
        ("user", json!("x\ny")),
        ("subtenant", json!("without tenant")),
        ("expirationDate", json!("2020-01-01T00:00:00Z")),
        ("expirationDate", json!("2090-01-01T00:00:00Z")),
    ] {
        assert_eq!(order(member, value), code(400, "key_unusable"), "{member}");
    }
    let body = r#"{"name":"b","user":"edge"}"#;
    let bearer = format!("authorization: Bearer {MANAGER}");
    let post = |fields: &[&str]| server.ask("POST", CREATE, fields, body).refusal();
    assert_eq!(post(&[JSON]), code(401, "unauthorized"));
    assert_eq!(post(&[JSON, "authorization: Bearer another-token-than-that"]).0, 401);
    assert_eq!(post(&[&bearer]), code(415, "not_json"));
    assert_eq!(post(&[&bearer, "content-type: text/plain"]), code(415, "not_json"));
    let get = server.ask("GET", CREATE, &[&bearer], "");
    assert_eq!(
        (get.refusal(), get.field("allow")),
        (code(405, "method_not_allowed"), Some("post"))
    );
    let other = "/Thingworx/Resources/EntityServices/Services/CreateThing";
    assert_eq!(server.manage(other, &json!({})).refusal(), code(404, "not_found"));
    assert_eq!(fs::read(folder.file()).unwrap(), before);

    // As the platform's own clients present a key.
    let fields = [&*format!("appKey: {MANAGER}"), JSON];
    assert_eq!(server.ask("POST", CREATE, &fields, body).status, 200);
    drop(server);

    let server = folder.serve(&[]);
    assert_eq!(server.manage(CREATE, &json!({})).refusal(), code(404, "not_found"));
}

#[test]
fn requests_beyond_the_bounds_are_refused_and_the_next_ones_served() {
    let folder = Folder::new("bounds");
    folder.write(&file(1, &["a"]));
    let server = folder.serve(&["--manage-token-env", "MANAGER"]);
    let post = server.ask("POST", "/keys", &[], "");
    assert_eq!(
        (post.refusal(), post.field("allow")),
        (code(405, "method_not_allowed"), Some("get, head"))
    );
    assert_eq!(server.ask("DELETE", "/healthz", &[], "").refusal().0, 405);
    let bearer = format!("authorization: Bearer {MANAGER}");
    let filled = |length: usize| {
        let body = json!({ "name": "b", "user": "u", "description": "" }).to_string();
        body.replace("\"\"", &format!("\"{}\"", "x".repeat(length - body.len())))
    };
    let send = |body: &str| server.ask("POST", CREATE, &[&bearer, JSON], body).refusal();
    assert_eq!(send(&filled(64 * 1024)), code(400, "key_unusable"), "too long a description");
    assert_eq!(send(&filled(64 * 1024 + 1)), code(413, "body_too_large"));
    let field = |length: usize| format!("x-long: {}", "x".repeat(length));
    assert_eq!(server.get("/keys", &[&field(15_000)]).status, 200);
    assert_eq!(server.get("/keys", &[&field(17_000)]).refusal(), code(431, "head_too_large"));
    let many: Vec<_> = (0..70).map(|at| format!("x-{at}: x")).collect();
    let many: Vec<_> = many.iter().map(String::as_str).collect();
    assert_eq!(server.get("/keys", &many).refusal(), code(431, "head_too_large"));

    let raw = |text: &str| {
        let mut stream = server.connect();
        stream.write_all(text.as_bytes()).unwrap();
        Reply::read(stream).refusal()
    };
    assert_eq!(raw("nonsense\r\n\r\n"), code(400, "malformed"));
    let start = "POST /keys HTTP/1.1\r\n";
    for (fields, expected) in [
        ("content-length: -1", code(400, "malformed")),
        ("content-length: 1x", code(400, "malformed")),
        ("content-length: 1\r\ncontent-length: 2", code(400, "malformed")),
        ("content-length: 99999999999999999999999", code(413, "body_too_large")),
        ("transfer-encoding: chunked", code(411, "length_required")),
    ] {
        assert_eq!(raw(&format!("{start}{fields}\r\n\r\n")), expected, "{fields}");
    }
    assert_eq!(names(&server.document().0), ["a"]);
}

#[test]
fn a_connection_serves_several_requests_also_sent_at_once() {
    let folder = Folder::new("keep");
    folder.write(&file(1, &["a"]));
    let server = folder.serve(&[]);
    let mut stream = server.connect();
    let get = "GET /keys/none HTTP/1.1\r\nhost: keys\r\n\r\n";
    let last = "GET /keys HTTP/1.1\r\nhost: keys\r\nconnection: close\r\n\r\n";
    stream.write_all(format!("{get}{get}{last}").as_bytes()).unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    let statuses: Vec<_> =
        text.match_indices("HTTP/1.1 ").map(|(at, _)| &text[at + 9..at + 12]).collect();
    assert_eq!(statuses, ["404", "404", "200"]);
}

#[test]
fn slow_clients_hold_nobody_up_and_only_so_many_are_served_at_once() {
    let folder = Folder::new("slow");
    folder.write(&file(1, &["a"]));
    let server = folder.serve(&[]);
    let slow: Vec<_> = (0..300)
        .map(|at| {
            let mut stream = server.connect();
            // Some say nothing at all.
            let begun: &[u8] = if at % 2 == 0 { b"GET /keys HTTP/1.1\r\nx" } else { b"" };
            let _ = stream.write_all(begun);
            stream
        })
        .collect();
    for _ in 0..300 {
        assert_eq!(server.get("/keys", &[]).status, 200);
    }
    drop(slow);
    // The time of a request is up after ten seconds.
    let mut late = server.connect();
    late.write_all(b"GET /keys HTTP/1.1\r\nx").unwrap();
    assert_eq!(Reply::read(late).refusal(), code(408, "too_slow"));
}

#[test]
fn more_gateways_than_there_are_places_poll_one_server() {
    let folder = Folder::new("places");
    folder.write(&file(1, &["a"]));
    let server = folder.serve(&[]);
    let ask = |stream: &mut TcpStream| -> String {
        stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: keys\r\n\r\n").unwrap();
        let mut head = String::new();
        let mut reader = BufReader::new(stream);
        while reader.read_line(&mut head).unwrap() > 2 {}
        head
    };
    // They keep their connections as long as they may.
    let mut kept: Vec<_> = (0..128).map(|_| server.connect()).collect();
    for stream in &mut kept {
        let head = ask(stream);
        assert!(head.starts_with("HTTP/1.1 200 ") && !head.contains("connection: close"));
    }
    for _ in 0..300 {
        let mut one_more = server.connect();
        let head = ask(&mut one_more);
        assert!(head.starts_with("HTTP/1.1 200 ") && head.contains("connection: close"), "{head}");
    }
}

#[test]
fn what_cannot_be_served_ends_with_status_two_before_it_listens() {
    let folder = Folder::new("start");
    let refused = |arguments: &[&str]| {
        let output = folder.run(&[&["serve", "keys.json"], arguments].concat(), "");
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(output.stdout.is_empty());
        String::from_utf8(output.stderr).unwrap()
    };
    let local = ["--listen", "127.0.0.1:0"];
    assert!(refused(&local).contains("`keys.json`: cannot read the file"));
    folder.write("{");
    assert!(refused(&local).contains("no file of keys"));
    folder.write(&file(1, &["a"]));
    for (arguments, expected) in [
        (&["--listen", "0.0.0.0:0"][..], "`--allow-remote`"),
        (&["--listen", "[::]:0"], "`--allow-remote`"),
        (&["--listen", "0.0.0.0:0", "--allow-remote"], "--token-env"),
        (&["--listen", "localhost"], "no address with a port"),
        (&["--listen", "127.0.0.1:0", "--path", "keys"], "no absolute path"),
        (&["--listen", "127.0.0.1:0", "--path", "/healthz"], "no absolute path"),
        (&["--listen", "127.0.0.1:0", "--path", "/Thingworx/x"], "no absolute path"),
        (&["--listen", "127.0.0.1:0", "--shards", "3"], "invalid value"),
        (&["--listen", "127.0.0.1:0", "--stale-after", "soon"], "`--stale-after soon`"),
        (&["--listen", "127.0.0.1:0", "--token-env", "NONE"], "the variable is not set"),
        (&["--listen", "127.0.0.1:0", "--token-env", "SHORT"], "not 16 to 4096"),
        (
            &["--listen", "127.0.0.1:0", "--token-env", "READER", "--manage-token-env", "READER"],
            "the same token",
        ),
        (
            &["--listen", "127.0.0.1:0", "--token-env", "READER", "--usage-token-env", "READER"],
            "`--usage-token-env`: readers have the same token",
        ),
        (
            &[
                "--listen",
                "127.0.0.1:0",
                "--manage-token-env",
                "READER",
                "--usage-token-env",
                "READER",
            ],
            "`--usage-token-env`: managers have the same token",
        ),
    ] {
        let said = refused(arguments);
        assert!(said.contains(expected), "{arguments:?}: {said}");
        assert!(!said.contains(READER) && !said.contains("fifteen"), "{said}");
    }
}
