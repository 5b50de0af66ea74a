//! Sessions in a real Chromium, by HTTP/2 over TLS, of keys that a served key file holds.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use super::{add_route, edit_document, edit_manager};
use crate::bootstrap::{SECOND_LOG, cluster};
use crate::certificates::Identity;
use crate::development::scratch::Scratch;
use crate::development::signing_key::random_hex;
use crate::development::upstream::seen;
use crate::lab::{Lab, Setup, eventually};
use crate::webdriver::Browser;

#[test]
fn a_page_opened_by_a_key_in_the_url_stays_logged_in_until_the_key_is_disabled() {
    let site = Site::start();
    let key = site.keys.create("kiosk", "user-of-kim");
    let browser = site.logged_out(&key);
    browser.open(&site.at("/public/start"));
    let entries = browser.run("return history.length", &[]).as_u64().unwrap();

    browser.open(&site.link(&key, "a=%41&b&", "#mashup=Pump%201"));
    let clean = site.at("/things/page?a=%41&b");
    let landed = format!("{clean}#mashup=Pump%201");
    assert_eq!(browser.url(), landed);
    let echo = page(&browser);
    assert_eq!(
        (&echo["path"], seen(&echo, "x-user")),
        (&json!("/things/page?a=%41&b"), user("user-of-kim"))
    );
    assert_eq!(seen(&echo, "cookie"), [""; 0]);
    // One entry of the history, and that not by the address that was opened.
    assert_eq!(browser.run("return history.length", &[]), json!(entries + 1));
    browser.back();
    assert_eq!(browser.url(), site.at("/public/start"));
    browser.forward();
    assert_eq!(browser.url(), landed);

    let cookies = browser.cookies();
    let [cookie] = cookies.as_slice() else { panic!("{cookies:?}") };
    let stated =
        ["name", "path", "domain", "secure", "httpOnly", "sameSite"].map(|name| &cookie[name]);
    let expected = json!(["__Host-gwsession", "/", "localhost", true, true, "Lax"]);
    assert_eq!(json!(stated), expected);
    assert_eq!(browser.run("return document.cookie", &[]), "");

    // The next page is told the clean address, and so is whoever asks the page's own records.
    browser.run(
        "const link = document.createElement('a'); link.href = '/things/next'; document.body.append(link); link.click()",
        &[],
    );
    eventually("next page", || (browser.url() == site.at("/things/next")).then_some(()));
    let echo = page(&browser);
    assert_eq!(seen(&echo, "x-user"), user("user-of-kim"));
    assert_eq!(seen(&echo, "referer"), [clean.as_str()]);
    assert_eq!(browser.run("return document.referrer", &[]), clean);
    for method in ["GET", "POST"] {
        let (status, echo) = fetch(&browser, method, "/things/data");
        assert_eq!((status, &echo["method"]), (200, &json!(method)), "{echo}");
        assert_eq!(seen(&echo, "x-user"), user("user-of-kim"), "{method}");
    }

    site.keys.run(&["disable", "kiosk"]);
    eventually("end of the session", || {
        browser.open(&site.at("/things/again"));
        (page(&browser)["code"] == "app_key_missing").then_some(())
    });
    assert_eq!(browser.cookies(), [] as [Value; 0]);
    assert_eq!(fetch(&browser, "GET", "/things/data").0, 401);
    site.assert_no_trace_of(&[&key], 8);
}

#[test]
fn a_page_logs_its_user_out_by_a_post() {
    let site = Site::start();
    let key = site.keys.create("kiosk", "user-of-kim");
    let browser = site.logged_in(&key);
    browser.open(&site.at("/.gateway/logout"));
    assert_eq!(page(&browser)["code"], "method_not_allowed");
    assert_eq!(fetch(&browser, "GET", "/things/data").0, 200);
    assert_eq!(browser.cookies().len(), 1);

    assert_eq!(fetch(&browser, "POST", "/.gateway/logout"), (204, Value::Null));
    assert_eq!(browser.cookies(), [] as [Value; 0]);
    assert_eq!(fetch(&browser, "GET", "/things/data").0, 401);
    browser.open(&site.at("/things/page"));
    assert_eq!(page(&browser)["code"], "app_key_missing");
    // The key itself is as good as before.
    browser.open(&site.link(&key, "", ""));
    assert_eq!(seen(&page(&browser), "x-user"), user("user-of-kim"));
    site.assert_no_trace_of(&[&key], 8);
}

#[test]
fn pages_of_other_origins_can_neither_act_in_a_browsers_session_nor_end_or_replace_it() {
    let site = Site::start();
    let key = site.keys.create("kiosk", "user-of-kim");
    let foreign = site.keys.create("attacker", "user-of-eve");
    let browser = site.logged_in(&key);
    // A port of the same host is another origin, but the same site: the browser does send the cookie.
    let port = format!("https://localhost:{}", site.other.port());
    browser.open(&format!("{port}/public/page"));
    for (method, path, reason) in [
        ("GET", "/things/read", "- session"),
        ("POST", "/things/write", "origin_unproven -"),
        ("POST", "/.gateway/logout", "origin_unproven -"),
    ] {
        browser.run(
            "await fetch(arguments[0], {method: arguments[1], mode: 'no-cors', credentials: 'include'})",
            &[&site.at(path), method],
        );
        assert_eq!(site.logged(path), reason, "{path}");
    }
    // Another site: its form comes without the cookie, its link with it.
    let stranger = format!("https://127.0.0.1:{}", site.other.port());
    for (path, reason) in
        [("/things/form", "appkey_missing -"), ("/.gateway/logout?form", "origin_unproven -")]
    {
        browser.open(&format!("{stranger}/public/page"));
        browser.run(
            "const form = document.createElement('form'); form.method = 'post'; form.action = arguments[0]; document.body.append(form); form.submit()",
            &[&site.at(path)],
        );
        eventually("answer to the form", || (browser.url() == site.at(path)).then_some(()));
        assert_eq!(site.logged(path), reason, "{path}");
    }
    browser.open(&site.at("/things/page"));
    assert_eq!(seen(&page(&browser), "x-user"), user("user-of-kim"));
    // Nor does a link log its reader in as its writer.
    browser.open(&format!("{stranger}/public/page"));
    browser.run("location.assign(arguments[0])", &[&site.link(&foreign, "", "")]);
    eventually("refusal", || (page(&browser)["code"] == "session_of_another_user").then_some(()));
    browser.open(&site.at("/things/page"));
    assert_eq!(seen(&page(&browser), "x-user"), user("user-of-kim"));
    site.assert_no_trace_of(&[&key, &foreign], 8);
}

#[test]
fn a_websocket_by_a_session_opens_from_a_page_of_its_own_origin_alone() {
    let site = Site::start();
    let key = site.keys.create("kiosk", "user-of-kim");
    let browser = site.logged_in(&key);
    let other = |path: &str| format!("https://localhost:{}{path}", site.other.port());
    connect(&browser, &site.at("/things/own"));
    assert_eq!(site.logged("/things/own"), "- session");
    browser.open(&other("/public/page"));
    connect(&browser, &site.at("/things/theirs"));
    assert_eq!(site.logged("/things/theirs"), "origin_unproven -");
    // Chromium says here from which origin alone, not from which site; Envoy took the port away there.
    connect(&browser, &other("/things/without-port"));
    assert_eq!(site.logged("/things/without-port"), "origin_unproven -");
    site.assert_no_trace_of(&[&key], 4);
}

/// A gateway on two ports of this machine, and the server of its keys.
struct Site {
    keys: Keys,
    lab: Lab,
    gateway: SocketAddr,
    /// Takes the port away from hosts, as Envoy usually does for us.
    other: SocketAddr,
}

impl Site {
    fn start() -> Self {
        let keys = Keys::serve();
        let mut setup = Setup::new();
        setup.environment.push(("SESSION_KEY".to_owned(), random_hex()));
        setup.filter["filter_state"] = json!("always");
        setup.filter["application_keys"] = json!({
            "tenants": ["acme"], "allow_query": true,
            "store": {"cluster": "key-store", "uri": "http://key-store.internal/keys", "refresh": "2s", "allow_plaintext": true},
            "session": {"keys": [{"id": "1", "secret_env": "SESSION_KEY"}]},
        });
        add_route(&mut setup, "things", &json!({}));
        setup.extras.log_format = Some(json!({"json_format": log_format()}));
        let store = keys.address;
        let server = Identity::authority().sign("localhost");
        edit_manager(&mut setup, |manager, _| {
            manager["upgrade_configs"] = json!([{"upgrade_type": "websocket"}]);
        });
        edit_document(&mut setup, move |document, _| {
            let resources = &mut document["static_resources"];
            resources["clusters"].as_array_mut().unwrap().push(cluster("key-store", store));
            let listeners = resources["listeners"].as_array_mut().unwrap();
            let plain = listeners[0].clone();
            let mut tls = with_tls(&plain, "tls", &server);
            tls["filter_chains"][0]["filters"][0]["typed_config"]["strip_any_host_port"] =
                json!(false);
            listeners.extend([tls, with_tls(&plain, "other", &server)]);
        });
        let lab = setup.start();
        let [gateway, other] =
            ["tls", "other"].map(|name| eventually("listener", || lab.envoy.listener(name).ok()));
        Self { keys, lab, gateway, other }
    }

    fn at(&self, path: &str) -> String {
        format!("https://localhost:{}{path}", self.gateway.port())
    }

    /// The address of a page that logs in by a key, behind more of a query, with a fragment.
    fn link(&self, key: &str, query: &str, fragment: &str) -> String {
        self.at(&format!("/things/page?{query}appKey={key}&x-thingworx-session=true{fragment}"))
    }

    /// A browser, once the gateway knows the key.
    fn logged_out(&self, key: &str) -> Browser {
        let request =
            format!("GET /things/known HTTP/1.1\r\nhost: localhost\r\nappKey: {key}\r\n\r\n");
        eventually("key at the gateway", || {
            (self.lab.send(request.as_bytes()).status == 200).then_some(())
        });
        Browser::start()
    }

    fn logged_in(&self, key: &str) -> Browser {
        let browser = self.logged_out(key);
        browser.open(&self.link(key, "", ""));
        assert_eq!(browser.url(), self.at("/things/page"));
        browser
    }

    /// Reason and kind of credential of the last request for a path.
    fn logged(&self, path: &str) -> String {
        eventually("line in the access log", || {
            let lines = self.lab.second_log(0);
            let line = lines.iter().rev().find(|line| line["path"] == path)?;
            Some(format!("{} {}", text(&line["reason"]), text(&line["kind"])))
        })
    }

    /// Asserts that all logs together have at least so many lines, and no key.
    fn assert_no_trace_of(&self, keys: &[&str], lines: usize) {
        self.lab.second_log(lines);
        let all = format!("{}{}", self.lab.logs(), self.lab.file(SECOND_LOG));
        assert!(all.contains("session_opened"), "{all}");
        for key in keys {
            assert!(!all.contains(&key[8..20]), "a key is in a log");
        }
        self.lab.assert_unharmed();
    }
}

fn log_format() -> Value {
    json!({
        "path": "%REQ(:PATH)%", "original": "%PATH(WQ:ORIG_OR_PATH)%", "method": "%REQ(:METHOD)%", "status": "%RESPONSE_CODE%",
        "referer": "%REQ(referer)%", "location": "%RESP(location)%", "set_cookie": "%RESP(set-cookie)%",
        "reason": "%FILTER_STATE(wasm.tenantgate.reason:PLAIN)%",
        "kind": "%FILTER_STATE(wasm.tenantgate.credential_kind:PLAIN)%",
    })
}

/// The same listener on another port, that speaks TLS and HTTP/2.
fn with_tls(plain: &Value, name: &str, server: &Identity) -> Value {
    let mut listener = plain.clone();
    listener["name"] = json!(name);
    listener["filter_chains"][0]["transport_socket"] = json!({"name": "tls", "typed_config": {
        "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext",
        "common_tls_context": {"tls_certificates": [server.tls_certificate()], "alpn_protocols": ["h2", "http/1.1"]},
    }});
    listener
}

/// Lets the page try to open a WebSocket; the upstream knows none.
fn connect(browser: &Browser, url: &str) {
    let script = "const socket = new WebSocket(arguments[0]); return new Promise(end => { socket.onclose = () => end() })";
    browser.run(script, &[url]);
}

/// The document in the browser, which shows JSON as it came.
fn page(browser: &Browser) -> Value {
    let shown = browser.run("return document.querySelector('pre')?.textContent ?? ''", &[]);
    serde_json::from_str(text(&shown)).unwrap_or(Value::Null)
}

/// Status and body of what the page fetches.
fn fetch(browser: &Browser, method: &str, path: &str) -> (u64, Value) {
    let script = "const answer = await fetch(arguments[1], {method: arguments[0]}); return [answer.status, await answer.text()]";
    let answer = browser.run(script, &[method, path]);
    (answer[0].as_u64().unwrap(), serde_json::from_str(text(&answer[1])).unwrap_or(Value::Null))
}

fn user(name: &str) -> Vec<String> {
    vec![name.to_owned()]
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or("-")
}

/// A key file, and the tool that serves it.
struct Keys {
    server: Child,
    address: SocketAddr,
    scratch: Scratch,
}

impl Keys {
    fn serve() -> Self {
        let scratch = Scratch::new().expect("a directory");
        std::fs::write(scratch.path().join(KEY_FILE), EMPTY).unwrap();
        let mut server = tool(scratch.path(), &["serve", KEY_FILE, "--listen", "127.0.0.1:0"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the tool");
        let mut line = String::new();
        BufReader::new(server.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim_end().strip_prefix("listening on http://").unwrap();
        let address = address.strip_suffix("/keys").unwrap().parse().unwrap();
        Self { server, address, scratch }
    }

    /// A key that may open sessions for this user of `acme`.
    fn create(&self, name: &str, user: &str) -> String {
        let arguments = [
            "create",
            name,
            "--user",
            user,
            "--tenant",
            "acme",
            "--allow-session",
            "--allow-query",
        ];
        self.run(&arguments).trim_end().to_owned()
    }

    /// What the tool prints after an action on the file.
    fn run(&self, arguments: &[&str]) -> String {
        let arguments = [arguments, &["--store", KEY_FILE]].concat();
        let output = tool(self.scratch.path(), &arguments).output().expect("the tool");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        drop(self.server.kill());
        drop(self.server.wait());
    }
}

fn tool(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tenantgate"));
    command.arg("key").args(arguments).current_dir(folder).stdin(Stdio::null());
    command
}

const KEY_FILE: &str = "keys.json";
const EMPTY: &str = r#"{"version": 1, "serial": 1, "keys": []}"#;
