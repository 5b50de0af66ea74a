//! Sessions in a real Chromium, by HTTP/2 over TLS, of keys that a served key file holds.

use std::net::SocketAddr;

use serde_json::{Value, json};

use super::serving::{KeyFile, Served, polling};
use super::{edit_document, edit_manager, get};
use crate::bootstrap::SECOND_LOG;
use crate::certificates::Identity;
use crate::development::signing_key::random_hex;
use crate::development::upstream::seen;
use crate::lab::{Lab, eventually};
use crate::webdriver::Browser;

#[test]
fn a_page_opened_by_a_key_in_the_url_stays_logged_in_until_the_key_is_disabled() {
    let site = Site::start();
    let key = site.create("kiosk", "user-of-kim");
    let browser = Browser::start();
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

    // The next page is told the clean address.
    browser.run(
        "const link = document.createElement('a'); link.href = '/things/next'; document.body.append(link); link.click()",
        &[],
    );
    let echo = eventually("next page", || {
        Some(page(&browser)).filter(|echo| echo["path"] == "/things/next")
    });
    assert_eq!(seen(&echo, "x-user"), user("user-of-kim"));
    assert_eq!(seen(&echo, "referer"), [clean.as_str()]);
    assert_eq!(browser.run("return document.referrer", &[]), clean);
    for method in ["GET", "POST"] {
        let (status, echo) = fetch(&browser, method, "/things/data");
        assert_eq!((status, &echo["method"]), (200, &json!(method)), "{echo}");
        assert_eq!(seen(&echo, "x-user"), user("user-of-kim"), "{method}");
    }

    site.keys.key("disable kiosk");
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
    let key = site.create("kiosk", "user-of-kim");
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
    let key = site.create("kiosk", "user-of-kim");
    let foreign = site.create("attacker", "user-of-eve");
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
    let key = site.create("kiosk", "user-of-kim");
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
    keys: KeyFile,
    lab: Lab,
    gateway: SocketAddr,
    /// Takes the port away from hosts, as Envoy usually does for us.
    other: SocketAddr,
    _store: Served,
}

impl Site {
    fn start() -> Self {
        let keys = KeyFile::new();
        let store = Served::start(&keys.path());
        let mut setup = polling(store.address, &json!({}));
        setup.environment.push(("SESSION_KEY".to_owned(), random_hex()));
        let settings = &mut setup.filter["application_keys"];
        settings["allow_query"] = json!(true);
        settings["session"] = json!({"keys": [{"id": "1", "secret_env": "SESSION_KEY"}]});
        setup.extras.log_format = Some(json!({"json_format": log_format()}));
        edit_manager(&mut setup, |manager, _| {
            manager["upgrade_configs"] = json!([{"upgrade_type": "websocket"}]);
        });
        let server = Identity::authority().sign("localhost");
        edit_document(&mut setup, move |document, _| {
            let listeners = document["static_resources"]["listeners"].as_array_mut().unwrap();
            let other = with_tls(&listeners[0], "other", &server);
            let mut gateway = with_tls(&listeners[0], "gateway", &server);
            let manager = &mut gateway["filter_chains"][0]["filters"][0]["typed_config"];
            manager["strip_any_host_port"] = json!(false);
            listeners.extend([gateway, other]);
        });
        let lab = setup.start();
        let [gateway, other] = ["gateway", "other"]
            .map(|name| eventually("listener", || lab.envoy.listener(name).ok()));
        Self { keys, lab, gateway, other, _store: store }
    }

    /// A key that may open sessions for this user of `acme`, once the gateway knows it.
    fn create(&self, name: &str, user: &str) -> String {
        let options = "--tenant acme --allow-session --allow-query";
        let key = self.keys.key(&format!("create {name} --user {user} {options}"));
        eventually("key at the gateway", || {
            (get(&self.lab, "/things/known", &[("appKey", &key)]).status == 200).then_some(())
        });
        key
    }

    fn at(&self, path: &str) -> String {
        format!("https://localhost:{}{path}", self.gateway.port())
    }

    /// The address of a page that logs in by a key, behind more of a query, with a fragment.
    fn link(&self, key: &str, query: &str, fragment: &str) -> String {
        self.at(&format!("/things/page?{query}appKey={key}&x-thingworx-session=true{fragment}"))
    }

    fn logged_in(&self, key: &str) -> Browser {
        let browser = Browser::start();
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
            let part = key.get(8..20).unwrap();
            assert!(!all.contains(part), "a key is in a log");
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
