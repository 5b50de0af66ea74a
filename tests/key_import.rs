//! `tenantgate key import`, run as its users run it. All documents are made up.
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
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};
use tenantgate::application_key::{KeyDigest, StatedDigest};

const STRONG: &str = "9f1c2d7e-5b3a-4e68-a0c4-7d21f86b903e";
const OTHER: &str = "1b8e4a90-c2d7-4f35-9e06-83a5d1c74fb2";
const THIRD: &str = "c07d5e31-84fa-4b29-b6d8-2e91a3f5c60b";
const OF_A_TIME: &str = "9f1c2d7e-5b3a-1e68-a0c4-7d21f86b903e";
/// 2065-01-24T05:20:00Z.
const FAR: u64 = 3_000_000_000_000;
/// 2001-09-09T01:46:40Z.
const PAST: u64 = 1_000_000_000_000;
const LONG: [&str; 2] = ["--max-lifetime", "36500d"];

/// A folder of its own, that goes with the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("import-{name}"));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    fn write(&self, name: &str, content: &str) {
        fs::write(self.0.join(name), content).unwrap();
    }

    /// Writes a table as the platform's services answer it.
    fn table(&self, name: &str, rows: &Value) {
        self.write(
            name,
            &json!({ "dataShape": { "fieldDefinitions": {} }, "rows": rows }).to_string(),
        );
    }

    fn run(&self, arguments: &[&str], input: &str) -> Output {
        let mut child = Command::new(env!("CARGO_BIN_EXE_tenantgate"))
            .arg("key")
            .args(arguments)
            .args(if arguments.contains(&"--store") { &[][..] } else { &["--store", "keys.json"] })
            .current_dir(&self.0)
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        child.wait_with_output().unwrap()
    }

    /// Imports, and gives the status and what was said. Nothing is ever printed, and no key said.
    fn import(&self, arguments: &[&str]) -> (i32, String) {
        let output = self.run(&[&["import"], arguments].concat(), "");
        assert!(output.stdout.is_empty());
        let said = String::from_utf8(output.stderr).unwrap();
        for key in [STRONG, OTHER, THIRD, OF_A_TIME] {
            assert!(!said.contains(key) && !said.contains(&key.to_uppercase()), "{said}");
            assert!(!self.text().to_lowercase().contains(key));
        }
        (output.status.code().unwrap(), said)
    }

    fn text(&self) -> String {
        fs::read_to_string(self.0.join("keys.json")).unwrap_or_default()
    }

    /// The records by name.
    fn keys(&self) -> Vec<(String, Value)> {
        let document: Value = serde_json::from_str(&self.text()).unwrap();
        let keys = document["keys"].as_array().unwrap().iter();
        keys.map(|key| (key["name"].as_str().unwrap().to_owned(), key.clone())).collect()
    }

    fn key(&self, name: &str) -> Value {
        self.keys().into_iter().find(|(found, _)| found == name).unwrap().1
    }

    fn names(&self) -> Vec<String> {
        self.keys().into_iter().map(|(name, _)| name).collect()
    }

    /// What a gateway would say to a key: the reason, or the user.
    fn check(&self, key: &str, arguments: &[&str]) -> String {
        let output = self.run(&[&["check", "--format", "json"], arguments].concat(), key);
        let found: Value = serde_json::from_slice(&output.stdout).unwrap();
        found.get("reason").or(found.get("user")).unwrap().as_str().unwrap().to_owned()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn digest(key: &str) -> String {
    StatedDigest::Sha256(KeyDigest::of(key.as_bytes())).text()
}

#[test]
fn two_tables_are_joined_by_name_and_the_keys_work() {
    let folder = Folder::new("joined");
    let tag = json!([{ "vocabulary": "site", "vocabularyTerm": "hamburg" }]);
    folder.table(
        "listing.json",
        &json!([
            { "name": "pump-17", "description": "Pump 17", "id": STRONG, "clientName": "PLC",
              "userNameReference": "edge", "ipWhitelist": "10.1.2.3, 10.9.*.*", "tags": tag,
              "thingTemplate": "x" },
            { "name": "old", "id": OTHER, "userNameReference": "edge", "ipWhitelist": "" },
        ]),
    );
    folder.table("expiry.json", &json!([
        { "name": "pump-17", "description": "Pump 17", "key": STRONG, "expired": false,
          "expirationDate": FAR },
        { "name": "old", "key": OTHER, "expired": true, "expirationDate": "2001-09-09T01:46:40.000Z" },
    ]));
    let files = ["listing.json", "expiry.json"];
    let (status, said) = folder.import(&[&files[..], &LONG].concat());
    assert_eq!(status, 1, "a column was not understood: {said}");
    let mut pump = folder.key("pump-17");
    for made in ["created_at", "updated_at"] {
        assert!(pump.as_object_mut().unwrap().remove(made).is_some());
    }
    assert_eq!(
        pump,
        json!({
            "name": "pump-17", "user": "edge", "description": "Pump 17", "client_name": "PLC",
            "tags": ["site:hamburg"], "ip_allow": ["10.1.2.3, 10.9.*.*"], "enabled": true,
            "secrets": [{ "digest": digest(STRONG), "hint": "903e", "state": "current",
                          "expires_at": "2065-01-24T05:20:00Z" }],
        })
    );
    assert_eq!(folder.check(STRONG, &["--ip", "10.9.1.1"]), "edge");
    assert_eq!(folder.check(STRONG, &["--ip", "10.2.1.1"]), "appkey_ip");
    let old = folder.key("old");
    assert_eq!((&old["enabled"], old.get("ip_allow")), (&json!(false), None));
    assert_eq!(old["secrets"][0]["expires_at"], "2001-09-09T01:46:40Z");
    assert_eq!(folder.check(OTHER, &[]), "appkey_disabled");
    for words in [
        "old: disabled, for it has ended",
        "`thingTemplate`: nothing of this column was imported",
        "pump-17: W04 (medium)",
        "old: W03 (medium)",
        "imported 2, left out 0",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
}

#[test]
fn rows_that_cannot_be_records_are_left_out_and_the_others_imported() {
    let folder = Folder::new("left");
    let made = folder.run(&["create", "known", "--user", "edge"], "");
    assert!(made.status.success());
    let known = String::from_utf8(made.stdout).unwrap().trim_end().to_owned();
    let row = |name: &str, id: &str| json!({ "name": name, "id": id, "userNameReference": "edge" });
    let with = |name: &str, member: &str, value: Value| {
        let mut row = row(name, "");
        row[member] = value;
        row
    };
    folder.table(
        "a.json",
        &json!([
            row("good", STRONG),
            row("known", OTHER),
            row("same-as-known", &known),
            row("twin-1", THIRD),
            row("twin-2", THIRD),
            row("two words", ""),
            row("", ""),
            { "name": "nobody" },
            with("wrong-list", "ipWhitelist", json!("10.1.2.3;10.1.2.4")),
            with("blank-list", "ipWhitelist", json!(",")),
            with("list", "ipWhitelist", json!(["10.1.2.3"])),
            with("when", "expirationDate", json!("tomorrow")),
            with("whether", "expired", json!("perhaps")),
            with("tag", "tags", json!("hamburg")),
            with("differs", "ipWhitelist", json!("10.1.2.3")),
        ]),
    );
    folder.table("b.json", &json!([{ "name": "differs", "ipWhitelist": "10.1.2.4" }]));
    let (status, said) = folder.import(&["a.json", "b.json", "--ttl", "90d"]);
    assert_eq!(status, 1);
    assert_eq!(folder.names(), ["known", "good"]);
    assert_eq!(folder.check(STRONG, &[]), "edge");
    assert_eq!(folder.check(&known, &[]), "edge");
    for words in [
        "`known`: not imported: a key of this name is there already",
        "`same-as-known`: not imported: another key is the same",
        "`twin-1`: not imported: another key is the same",
        "`twin-2`: not imported: another key is the same",
        "`two words`: not imported: no name",
        "`nobody`: not imported: no user; `--user` names one",
        "`wrong-list`: not imported: its record would let nobody in: `ip_allow`",
        "`blank-list`: not imported: its record would let nobody in: `ip_allow`",
        "`list`: not imported: `ip_allow` cannot be read",
        "`when`: not imported: `expires_at` cannot be read",
        "`whether`: not imported: `expired` cannot be read",
        "`tag`: not imported: its record would let nobody in: `tags`",
        "`differs`: not imported: rows of this name differ in `ip_allow`",
        "rows without a name, which were not imported: 1",
        "good: ends at ",
        "imported 1, left out 14",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    assert!(!said.contains(&known));
    // All are known by now, or cannot be.
    let before = folder.text();
    let (status, said) = folder.import(&["a.json", "b.json"]);
    assert!(status == 1 && said.contains("imported 0, left out 15"), "{said}");
    assert_eq!(folder.text(), before);
}

#[test]
fn a_key_that_is_not_there_in_clear_is_imported_without_a_secret_and_made_good_by_rotation() {
    let folder = Folder::new("hidden");
    let hidden = ["", "************", "two words", "a,b", "schl\u{fc}ssel", &"x".repeat(257)];
    let rows: Vec<_> = hidden
        .iter()
        .enumerate()
        .map(|(at, key)| json!({ "name": format!("k{at}"), "key": key, "expirationDate": FAR }))
        .collect();
    folder.table("a.json", &json!(rows));
    let (status, said) = folder.import(&["a.json", "--user", "edge"]);
    assert_eq!(status, 0, "{said}");
    for at in 0..hidden.len() {
        let words =
            format!("k{at}: without a secret, for no clear key is there; rotate it to activate it");
        assert!(said.contains(&words), "{said}");
        assert_eq!(folder.key(&format!("k{at}"))["secrets"], json!([]));
    }
    let rotated = folder.run(&["rotate", "k0", "--ttl", "1d"], "");
    assert!(rotated.status.success(), "{}", String::from_utf8_lossy(&rotated.stderr));
    let key = String::from_utf8(rotated.stdout).unwrap();
    assert_eq!(folder.check(&key, &[]), "edge");
}

#[test]
fn keys_that_can_be_guessed_are_said_to_be_and_a_pepper_protects_them() {
    let folder = Folder::new("weak");
    folder.write(
        "keys.csv",
        &format!("name,user,key\ntime,edge,{OF_A_TIME}\nshort,edge,letmein99\n"),
    );
    fs::write(folder.0.join("pepper"), (0..32).collect::<Vec<u8>>()).unwrap();
    let import = ["keys.csv", "--format", "csv"];
    let (status, said) = folder.import(&[&import[..], &["--dry-run"]].concat());
    assert_eq!((status, &*folder.text()), (0, ""));
    assert!(said.contains("imported 2, left out 0 (dry run: nothing was written)"), "{said}");
    let pepper = ["--pepper-file", "pepper", "--pepper-id", "p1"];
    let (status, said) = folder.import(&[&import[..], &pepper].concat());
    assert_eq!(status, 0);
    for words in ["time: W09 (high)", "a GUID of another version", "short: W09 (high)", "112 bits"]
    {
        assert!(said.contains(words), "{words}: {said}");
    }
    assert!(!said.contains("letmein99") && !folder.text().contains("in99"));
    let secret = &folder.key("short")["secrets"][0];
    assert!(secret["digest"].as_str().unwrap().starts_with("hmac-sha256:p1:"));
    assert_eq!(secret.get("hint"), None);
    assert_eq!(folder.check("letmein99", &pepper), "edge");
    assert_eq!(folder.check("letmein99", &[]), "appkey_unknown");
}

#[test]
fn text_with_commas_is_read_and_a_column_that_is_unknown_is_an_error() {
    let folder = Folder::new("csv");
    folder.write(
        "a.csv",
        &format!(
            "name,user,key,expires,ip,description\r\n\
         a,edge,{STRONG},2065-01-24T05:20:00Z,\"10.1.2.3, 10.1.2.4\",\"says \"\"hi\"\"\"\r\n\
         b,edge,{OTHER},{FAR},,\r\n\
         c,edge,{THIRD},{PAST},,\r\n"
        ),
    );
    let (status, said) = folder.import(&[&["a.csv", "--format", "csv"], &LONG[..]].concat());
    assert_eq!(status, 0, "{said}");
    let key = folder.key("a");
    assert_eq!(
        (&key["description"], &key["ip_allow"]),
        (&json!("says \"hi\""), &json!(["10.1.2.3, 10.1.2.4"]))
    );
    assert_eq!(folder.key("b")["secrets"][0]["expires_at"], "2065-01-24T05:20:00Z");
    assert_eq!(folder.key("c")["enabled"], false);

    let before = folder.text();
    for (content, expected) in [
        ("name,user,ipp\nx,edge,10.1.2.3\n", "column 3 is unknown"),
        ("name,user\nx\n", "line 2"),
        ("user\nedge\n", "no `name` in any row"),
        ("", "no `name` in any row"),
    ] {
        folder.write("b.csv", content);
        let (status, said) = folder.import(&["b.csv", "--format", "csv"]);
        assert!(status == 2 && said.contains(expected), "{content}: {said}");
    }
    for (name, content, format) in [
        ("b.json", "[]", "infotable"),
        ("b.json", "{\"rows\":[1]}", "infotable"),
        ("b.json", "{\"rows\":[],\"rows\":[]}", "infotable"),
        ("b.xml", "<a>", "xml"),
    ] {
        folder.write(name, content);
        let (status, _) = folder.import(&[name, "--format", format]);
        assert_eq!(status, 2, "{content}");
    }
    assert_eq!(folder.import(&["missing.json"]).0, 2);
    assert_eq!(folder.text(), before);
}

#[test]
fn an_export_in_xml_is_read_as_far_as_it_can_be() {
    let folder = Folder::new("xml");
    folder.write("export.xml", &format!(
        r#"<?xml version="1.0" encoding="UTF-8"?><Entities><ApplicationKeys>
        <ApplicationKey name="a" userNameReference="edge" keyId="{STRONG}" expirationDate="2065-01-24T05:20:00.000Z"
            description="a &amp; b" ipWhitelist="10.1.2.3" tags="site:hamburg"><Owner name="Administrator"/></ApplicationKey>
        <ApplicationKey name="b"><userName>edge</userName><keyId>{OTHER}</keyId></ApplicationKey>
        </ApplicationKeys></Entities>"#
    ));
    let (status, said) = folder.import(&[&["export.xml", "--format", "xml"], &LONG[..]].concat());
    assert_eq!(status, 0, "{said}");
    assert_eq!(folder.key("a")["description"], "a & b");
    assert_eq!(folder.key("a")["owner"], "Administrator");
    assert_eq!(folder.check(STRONG, &["--ip", "10.1.2.3"]), "edge");
    assert_eq!(folder.check(OTHER, &[]), "edge");
}

#[test]
fn an_address_list_that_is_not_understood_never_becomes_every_address() {
    let folder = Folder::new("lost");
    let with = |name: &str, column: &str, value: Value| {
        let mut row = json!({ "name": name, "userNameReference": "edge" });
        row[column] = value;
        row
    };
    let one = json!("10.1.2.3");
    let known = ["IP Allow List", "ip-whitelist", "IP_ALLOW", "ipAllowlist"];
    let rows: Vec<_> = known.iter().map(|column| with("k", column, one.clone())).collect();
    for (at, row) in rows.iter().enumerate() {
        let mut row = row.clone();
        row["name"] = json!(format!("k{at}"));
        folder.table("a.json", &json!([row]));
        let (status, said) = folder.import(&["a.json"]);
        assert_eq!(status, 0, "{said}");
        assert_eq!(folder.key(&format!("k{at}"))["ip_allow"], json!(["10.1.2.3"]));
    }
    let before = folder.text();
    for (column, value) in [
        ("whitelist2", one.clone()),
        ("IP's", one.clone()),
        ("Hosts allowed", one.clone()),
        ("client addresses", one.clone()),
        ("restrictions", json!({ "deep": [{ "ipWhitelist": one }] })),
        ("ipWhitelist", json!({ "item": one })),
        ("ipWhitelist", json!([])),
    ] {
        folder.table("a.json", &json!([with("x", column, value)]));
        let (status, said) = folder.import(&["a.json"]);
        assert!(status == 1 && said.contains("`ip_allow` cannot be read"), "{column}: {said}");
    }
    for inner in [
        "<ipWhitelist><item>10.1.2.3</item></ipWhitelist>",
        "<ipWhitelist item='10.1.2.3'/>",
        "<ipWhitelist name='10.1.2.3'/>",
        "<ipWhitelist>10.1.2.3<br/></ipWhitelist>",
        "<ipWhitelist>10.1.2.3<br/>10.1.2.4</ipWhitelist>",
        "<limits><a><ipWhitelist>10.1.2.3</ipWhitelist></a></limits>",
        "<limits><a ipWhitelist='10.1.2.3'/></limits>",
        "<ipList>10.1.2.3</ipList>",
    ] {
        let key = format!("<ApplicationKey name='x' userName='edge'>{inner}</ApplicationKey>");
        folder.write("a.xml", &key);
        let (status, said) = folder.import(&["a.xml", "--format", "xml"]);
        assert!(status == 1 && said.contains("`ip_allow` cannot be read"), "{inner}: {said}");
    }
    assert_eq!(folder.text(), before);
}

#[test]
fn a_file_that_is_nested_endlessly_is_refused_and_nothing_breaks() {
    let folder = Folder::new("deep");
    let (open, close) = ("<d>".repeat(200_000), "</d>".repeat(200_000));
    folder.write("a.xml", &format!("<ApplicationKey name='a'>{open}x{close}</ApplicationKey>"));
    let (status, said) = folder.import(&["a.xml", "--format", "xml"]);
    assert_eq!(status, 2, "{said}");
    assert!(said.contains("more than 64 elements of XML in one another"), "{said}");
    folder.write(
        "a.json",
        &format!("{{\"rows\":[{{\"name\":{}{}}}]}}", "[".repeat(200_000), "]".repeat(200_000)),
    );
    let (status, said) = folder.import(&["a.json"]);
    assert!(status == 2 && said.contains("no table in JSON"), "{said}");
}

#[test]
fn what_is_not_understood_is_said_and_ends_with_status_one() {
    let folder = Folder::new("unread");
    let row = |name: &str| json!({ "name": name, "user": "edge", "isSystem": false, "a\nb": "x" });
    let mut first = row("a");
    first[STRONG] = json!(1);
    first["nothing"] = json!({ "here": ["", null] });
    folder.table("a.json", &json!([first, row("b")]));
    let (status, said) = folder.import(&["a.json"]);
    assert_eq!((status, folder.names()), (1, vec!["a".to_owned(), "b".to_owned()]));
    for words in ["`isSystem`: nothing of", "`a\\nb`: nothing of", "`9f1c…`: nothing of"] {
        assert_eq!(said.matches(words).count(), 1, "{words}: {said}");
    }
    assert!(!said.contains("`nothing`"), "{said}");
    for (inner, expected) in [
        ("<Owner name='o' type='User'/><lastModifiedDate>x</lastModifiedDate>", None),
        ("<avatar></avatar><other> </other>", None),
        ("<other>x</other>", Some("`other`: nothing of")),
        ("<other x='y'/>", Some("`other`: nothing of")),
        ("<other><deep>x</deep></other>", Some("`other`: nothing of")),
        ("text", Some("`ApplicationKey`: nothing of")),
        ("text<other/>", Some("`ApplicationKey`: nothing of")),
        ("<description><b>x</b></description>", Some("`description` cannot be read")),
    ] {
        let key = format!("<ApplicationKey name='x' userName='edge'>{inner}</ApplicationKey>");
        folder.write("a.xml", &key);
        let (status, said) = folder.import(&["a.xml", "--format", "xml", "--dry-run"]);
        assert_eq!(status, i32::from(expected.is_some()), "{inner}: {said}");
        assert!(expected.is_none_or(|words| said.contains(words)), "{inner}: {said}");
    }
}

#[test]
fn a_key_in_an_odd_place_is_neither_said_nor_written() {
    let folder = Folder::new("odd");
    let row = |name: &str, key: &str| json!({ "name": name, "key": key, "user": "edge" });
    let with = |column: &str, value: Value| {
        let mut row = row("pump", STRONG);
        row[column] = value;
        json!([row])
    };
    let quoted = format!("the key is {}", STRONG.to_uppercase());
    let guessable = |key: &str, text: String| {
        let mut row = row("pump", key);
        row["description"] = json!(text);
        json!([row])
    };
    for (rows, expected) in [
        (json!([row(STRONG, STRONG)]), "`9f1c…`: not imported: a key stands in `name`"),
        (json!([row(STRONG, "pump-17")]), "`9f1c…`: not imported: a key stands in `name`"),
        (
            json!([row(STRONG, ""), row("b", STRONG)]),
            "`9f1c…`: not imported: a key stands in `name`",
        ),
        (json!([row(&quoted, STRONG)]), "`the …`: not imported: a key stands in `name`"),
        (json!([row(&quoted, "")]), "`the …`: not imported: no name"),
        (with("user", json!(STRONG)), "`pump`: not imported: a key stands in `user`"),
        (with("description", json!(quoted)), "`pump`: not imported: a key stands in `description`"),
        (
            guessable(OF_A_TIME, format!("the key is {OF_A_TIME}")),
            "`pump`: not imported: a key stands in `description`",
        ),
        (
            guessable("Zx81kQ0pLm2vR7tW", "key: Zx81kQ0pLm2vR7tW".to_owned()),
            "`pump`: not imported: a key stands in `description`",
        ),
        (with("owner", json!(quoted)), "`pump`: not imported: a key stands in `owner`"),
        (
            with("tags", json!(format!("site:{STRONG}"))),
            "`pump`: not imported: a key stands in `tags`",
        ),
        (
            with("ip", json!(STRONG)),
            "`pump`: not imported: its record would let nobody in: `ip_allow`",
        ),
        (with("expires", json!(STRONG)), "`pump`: not imported: `expires_at` cannot be read"),
        (with("expired", json!(STRONG)), "`pump`: not imported: `expired` cannot be read"),
        (with("key", json!([STRONG])), "`pump`: not imported: `key` cannot be read"),
        (with("key", json!({ STRONG: 1 })), "`pump`: not imported: `key` cannot be read"),
        (with("other", json!({ STRONG: STRONG })), "`other`: nothing of this column"),
        (with(&format!("IP {STRONG}"), json!(1)), "`IP 9…`: nothing of this column"),
    ] {
        let _ = fs::remove_file(folder.0.join("keys.json"));
        folder.table("a.json", &rows);
        let (status, said) = folder.import(&["a.json"]);
        assert!(status == 1 && said.contains(expected), "{rows}: {said}");
    }
    let lines = |text: &str| text.replace("KEY", STRONG);
    for (format, content, expected) in [
        ("csv", "pump,edge,KEY\n", "column 1 is unknown"),
        ("csv", "name,KEY\npump,edge\n", "column 2 is unknown"),
        ("csv", "name,key\npump,KEY,\n", "line 2: no text with commas"),
        ("csv", "name,key\npump,\"KEY\n", "line 2: no text with commas"),
        ("csv", "name,key\npump,\"KEY\"KEY\n", "line 2: no text with commas"),
        ("csv", "name;key\npump;KEY\n", "column 1 is unknown"),
        ("csv", "name\nKEY,\n", "line 2: no text with commas"),
        ("infotable", "KEY", "no table in JSON"),
        ("infotable", r#"{"rows":["KEY"]}"#, "no table in JSON"),
        ("infotable", r#"{"rows":{"KEY":1}}"#, "no table in JSON"),
        ("infotable", r#"{"rows":[{"name":"a","KEY":"x","KEY":"y"}]}"#, "no table in JSON"),
        ("infotable", r#"{"rows":[{"key":"KEY"}]}"#, "no `name` in any row"),
        ("xml", "<ApplicationKey keyId='KEY'", "no XML"),
        ("xml", "<ApplicationKey keyId='&KEY;'/>", "no XML"),
        ("xml", "<ApplicationKey a='KEY' a='KEY'/>", "no XML"),
        ("xml", "<k-KEY></k>", "no XML"),
    ] {
        folder.write("b", &lines(content));
        let (status, said) = folder.import(&["b", "--format", format]);
        assert!(status == 2 && said.contains(expected), "{content}: {said}");
    }
    for (content, expected) in [
        (
            "<ApplicationKey name='a' userName='edge'>KEY</ApplicationKey>",
            "`ApplicationKey`: nothing",
        ),
        (
            "<ApplicationKey name='a' userName='edge'><k-KEY>1</k-KEY></ApplicationKey>",
            "`k-9f…`: nothing",
        ),
        ("<ApplicationKey name='a' userName='edge' k-KEY='1'/>", "`k-9f…`: nothing"),
    ] {
        let _ = fs::remove_file(folder.0.join("keys.json"));
        folder.write("b", &lines(content));
        let (status, said) = folder.import(&["b", "--format", "xml"]);
        assert!(status == 1 && said.contains(expected), "{content}: {said}");
    }
}

#[test]
fn a_key_of_another_row_or_of_the_file_is_not_written_either() {
    let folder = Folder::new("elsewhere");
    let row = |name: &str, key: &str, column: &str, text: &str| {
        let mut row = json!({ "name": name, "key": key, "user": "edge" });
        row[column] = json!(text);
        row
    };
    let odd = "Zx81!k+Q0/pLm2v=";
    folder.table(
        "first.json",
        &json!([row("a", STRONG, "owner", "x"), row("odd", odd, "owner", "x")]),
    );
    let (status, said) = folder.import(&["first.json"]);
    assert_eq!((status, folder.names()), (0, vec!["a".to_owned(), "odd".to_owned()]), "{said}");
    let before = folder.text();
    let pepper = "p".repeat(32);
    folder.write("pepper", &pepper);
    let peppered = ["--pepper-file", "pepper", "--pepper-id", "p1"];
    for text in [
        format!("copy of a, whose key is {STRONG}"),
        format!("copy of a ({})", STRONG.to_uppercase()),
        format!("https://x/?appKey={STRONG}&a=1"),
        format!("kept_{STRONG}_there"),
        odd.to_owned(),
        format!("the other one is `{odd}`."),
        format!("a, {odd}, b"),
    ] {
        for (column, member) in [("description", "description"), ("tags", "tags")] {
            let text = if column == "tags" { format!("note:{text}") } else { text.clone() };
            // A clear key of the same import; then one of which the file has the digest.
            for (rows, store) in [
                (
                    json!([
                        row("a", STRONG, "owner", "x"),
                        row("odd", odd, "owner", "x"),
                        row("b", OTHER, column, &text)
                    ]),
                    "new.json",
                ),
                (json!([row("b", OTHER, column, &text)]), "keys.json"),
            ] {
                folder.table("second.json", &rows);
                for more in [&[][..], &peppered] {
                    let _ = fs::remove_file(folder.0.join("new.json"));
                    let output = folder
                        .run(&[&["import", "second.json", "--store", store], more].concat(), "");
                    let said = String::from_utf8(output.stderr).unwrap();
                    let expected = format!("`b`: not imported: a key stands in `{member}`");
                    assert!(said.contains(&expected), "{text} {store} {more:?}: {said}");
                }
            }
        }
    }
    assert_eq!(folder.text(), before);
    // What only resembles a key of another row, or is too short to be searched for, hinders nothing.
    folder.table(
        "third.json",
        &json!([
            row("c", OTHER, "description", &format!("like {}", STRONG.replacen('9', "8", 1))),
            row("d", "hall-b1", "owner", "x"),
            row("e", THIRD, "description", "the d of hall-b1"),
        ]),
    );
    let (_, said) = folder.import(&["third.json"]);
    assert_eq!(folder.names(), ["a", "odd", "c", "d", "e"], "{said}");
}

#[test]
fn an_end_beyond_the_longest_lifetime_is_cut_and_the_input_can_be_the_file() {
    let folder = Folder::new("cut");
    let row =
        json!({ "rows": [{ "name": "a", "key": STRONG, "user": "edge", "expirationDate": FAR }] });
    let output = folder.run(&["import", "-", "--max-lifetime", "30d"], &row.to_string());
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(said.contains("for its end lay beyond `--max-lifetime`"), "{said}");
    assert_ne!(folder.key("a")["secrets"][0]["expires_at"], "2065-01-24T05:20:00Z");
    assert_eq!(folder.check(STRONG, &[]), "edge");
}
