//! A store that answers badly, late or never, and documents with something wrong in them.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use super::serving::polling;
use super::{GUID, KEY, OTHER, digest, forwarded, get, record, refused};
use crate::development::caller::Caller;
use crate::development::fault::{Fault, json_response};
use crate::development::http_server::{Answer, HttpServer, Request, Response};
use crate::lab::{ANY_PORT, Lab, eventually, now};

/// A store that answers as it is told.
pub struct Scripted {
    server: HttpServer,
    state: Arc<Script>,
}

#[derive(Default)]
struct Script {
    /// The document and its tag.
    document: Mutex<(Value, String)>,
    fault: Mutex<Fault>,
    requests: AtomicUsize,
    unchanged: AtomicUsize,
    failed: AtomicUsize,
    odd: Mutex<Vec<String>>,
}

impl Scripted {
    pub fn start() -> Self {
        let state = Arc::new(Script::default());
        let script = Arc::clone(&state);
        let server = HttpServer::start(ANY_PORT, move |request| script.answer(request));
        Self { server: server.expect("a store"), state }
    }

    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    pub fn publish(&self, serial: u64, keys: &[Value]) {
        let document = json!({"version": 1, "serial": serial, "keys": keys});
        let tag = format!("\"{}\"", &digest(&document.to_string())[7..23]);
        *lock(&self.state.document) = (document, tag);
        *lock(&self.state.fault) = Fault::None;
    }

    pub fn fail(&self, fault: Fault) {
        *lock(&self.state.fault) = fault;
    }

    /// Answers so once at least, and gives the workers time to see what has come of it.
    fn fail_once(&self, fault: Fault) {
        let failed = self.state.failed.load(Ordering::SeqCst);
        self.fail(fault);
        self.wait_for(&self.state.failed, failed + 1);
    }

    /// Waits until it has answered twice more: the first of them may have been under way.
    pub fn wait(&self) {
        let asked = self.state.requests.load(Ordering::SeqCst);
        self.wait_for(&self.state.requests, asked + 2);
    }

    fn wait_for(&self, counter: &AtomicUsize, least: usize) {
        eventually("looks at the store", || {
            (counter.load(Ordering::SeqCst) >= least).then_some(())
        });
        // Each worker looks once a second.
        thread::sleep(Duration::from_millis(1300));
    }
}

impl Script {
    fn answer(&self, request: &Request) -> Answer {
        let field = |name: &str| {
            let mut fields = request.fields.iter();
            let found = fields.find(|(field, _)| field.eq_ignore_ascii_case(name));
            found.map(|(_, value)| String::from_utf8_lossy(value).into_owned())
        };
        let stated = (field("accept"), field("authorization"), request.target.as_str());
        if stated.0.as_deref() != Some("application/json")
            || stated.1.is_none()
            || stated.2 != "/keys"
        {
            lock(&self.odd).push(format!("{stated:?}"));
        }
        let fault = lock(&self.fault).answer();
        let (document, tag) = lock(&self.document).clone();
        self.requests.fetch_add(1, Ordering::SeqCst);
        if let Some(answer) = fault {
            self.failed.fetch_add(1, Ordering::SeqCst);
            return answer;
        }
        if field("if-none-match").is_some_and(|known| known == tag) {
            self.unchanged.fetch_add(1, Ordering::SeqCst);
            let fields = vec![("etag", tag)];
            return Answer::Whole(Response { status: 304, fields, body: Vec::new() });
        }
        let mut response = json_response(200, document.to_string().into_bytes());
        response.fields.push(("etag", tag));
        Answer::Whole(response)
    }
}

fn lock<T>(value: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    value.lock().unwrap_or_else(PoisonError::into_inner)
}

fn is_known(lab: &Lab, key: &str) -> bool {
    let answers: Vec<_> = (0..4).map(|_| get(lab, "/things/1", &[("appkey", key)])).collect();
    let known = answers.iter().filter(|answer| answer.status == 200).count();
    assert!(known == 0 || known == 4, "workers differ: {known}");
    for answer in answers.iter().filter(|answer| answer.status != 200) {
        assert_eq!(refused(answer), (401, "app_key_invalid".to_owned()));
    }
    known == 4
}

#[test]
fn until_keys_have_come_callers_with_keys_get_503_and_others_are_served() {
    let store = Scripted::start();
    store.fail(Fault::Status { status: 500, retry_after: None });
    let lab = polling(store.address(), &json!({})).start();
    for path in ["/things/1", "/open/1"] {
        let answer = get(&lab, path, &[("appkey", KEY)]);
        assert_eq!(refused(&answer), (503, "key_store_unavailable".to_owned()), "{path}");
        assert!(answer.field("retry-after").parse::<u32>().is_ok_and(|after| after > 0), "{path}");
    }
    assert_eq!(lab.get("/things/1", &Caller::of_tenant("acme")).status, 200);
    assert_eq!(get(&lab, "/open/1", &[]).status, 200);
    assert_eq!(refused(&get(&lab, "/things/1", &[])), (401, "app_key_missing".to_owned()));
    assert_eq!(get(&lab, "/public/1", &[("appkey", KEY)]).status, 200);
    store.publish(1, &[record("pump-17", KEY, json!({}))]);
    eventually("the key", || {
        (get(&lab, "/things/1", &[("appkey", KEY)]).status == 200).then_some(())
    });
    lab.assert_unharmed();
}

#[test]
fn nothing_bad_takes_the_place_of_good_keys() {
    let store = Scripted::start();
    let good = record("pump-17", KEY, json!({}));
    store.publish(7, std::slice::from_ref(&good));
    let lab = polling(store.address(), &json!({})).start();
    eventually("the key", || {
        (get(&lab, "/things/1", &[("appkey", KEY)]).status == 200).then_some(())
    });
    store.wait();
    assert!(store.state.unchanged.load(Ordering::SeqCst) > 0, "304 was never asked for");
    assert!(is_known(&lab, KEY) && !is_known(&lab, OTHER));

    // Each would let another key in and lock the good one out.
    let bad = |document: Value| Fault::Json(document.to_string());
    let keys = json!([record("other", OTHER, json!({}))]);
    let text = json!({"version": 1, "serial": 9, "keys": keys}).to_string();
    for (what, fault) in [
        ("500", Fault::Status { status: 500, retry_after: None }),
        ("404", Fault::Status { status: 404, retry_after: None }),
        ("html", Fault::Html),
        ("empty", Fault::Empty),
        ("half", Fault::Json(text[..text.len() / 2].to_owned())),
        ("another version", bad(json!({"version": 2, "serial": 9, "keys": keys}))),
        ("closed", Fault::Closed),
    ] {
        store.fail_once(fault);
        assert!(is_known(&lab, KEY) && !is_known(&lab, OTHER), "{what}");
        // The longer it fails, the less it is asked.
        store.publish(7, std::slice::from_ref(&good));
        store.wait();
    }
    assert!(
        lab.envoy.stat("wasmcustom.tenantgate.application_keys.documents_refused").unwrap() > 0
    );
    // An older document, with a tag of its own.
    store.publish(6, &[record("other", OTHER, json!({}))]);
    store.wait();
    assert!(is_known(&lab, KEY) && !is_known(&lab, OTHER), "an older serial");
    // Then a good one.
    store.publish(8, &[record("other", OTHER, json!({}))]);
    store.wait();
    eventually("the change", || (!is_known_anywhere(&lab, KEY)).then_some(()));
    assert!(is_known(&lab, OTHER));
    assert_eq!(lock(&store.state.odd).as_slice(), [""; 0], "what the store was asked");
    assert!(!lab.logs().contains(crate::development::fault::BODY_MARK));
    lab.assert_unharmed();
}

fn is_known_anywhere(lab: &Lab, key: &str) -> bool {
    (0..4).any(|_| get(lab, "/things/1", &[("appkey", key)]).status == 200)
}

#[test]
fn one_bad_record_spoils_no_other_and_lets_nobody_in() {
    let store = Scripted::start();
    let twice = super::numbered(1);
    let keys = [
        record("good", KEY, json!({})),
        record("misspelt", OTHER, json!({"ip_alow": ["10.1.2.3"]})),
        record("addresses", GUID, json!({"ip_allow": ["10.1.2.3;10.1.2.4"]})),
        record("one", &twice, json!({})),
        record("two", &twice, json!({"user": "user-of-kim"})),
        record("name", &super::numbered(2), json!({})),
        record("name", &super::numbered(3), json!({})),
        record("tenant", &super::numbered(4), json!({"tenant": "gamma"})),
        record("subtenant", &super::numbered(5), json!({"tenant": null, "subtenant": "north"})),
        record(
            "digest",
            &super::numbered(6),
            json!({"secrets": [{"digest": "sha256:00", "expires_at": "2099-01-01T00:00:00Z"}]}),
        ),
        record("also-good", &super::numbered(7), json!({})),
    ];
    store.publish(1, &keys);
    let lab = polling(store.address(), &json!({})).start();
    eventually("the key", || {
        (get(&lab, "/things/1", &[("appkey", KEY)]).status == 200).then_some(())
    });
    store.wait();
    assert!(is_known(&lab, KEY) && is_known(&lab, &super::numbered(7)));
    for key in [OTHER, GUID].map(str::to_owned).into_iter().chain((1..7).map(super::numbered)) {
        assert!(!is_known(&lab, &key), "{key}");
    }
    // They are counted, and no log shows a key.
    eventually("the gauge", || {
        (lab.envoy.stat("wasmcustom.tenantgate.application_keys.invalid").unwrap() == 9)
            .then_some(())
    });
    eventually("a line in the access log", || {
        lab.logs().contains("reason=appkey_record").then_some(())
    });
    let log = lab.logs();
    for key in [OTHER, GUID] {
        assert!(!log.contains(key));
    }
    lab.assert_unharmed();
}

#[test]
fn keys_that_are_too_old_let_nobody_in_until_the_store_is_back() {
    let store = Scripted::start();
    store.publish(1, &[record("pump-17", KEY, json!({}))]);
    let lab = polling(store.address(), &json!({"max_stale": "10s"})).start();
    eventually("the key", || {
        (get(&lab, "/things/1", &[("appkey", KEY)]).status == 200).then_some(())
    });
    store.fail(Fault::Closed);
    let since = now();
    let answer = loop {
        let answer = get(&lab, "/things/1", &[("appkey", KEY)]);
        let age = now() - since;
        if age < Duration::from_secs(7) {
            forwarded(&answer);
        }
        if answer.status != 200 {
            println!("keys of a store that is away: refused after {age:.1?} with max_stale 10s");
            break answer;
        }
        assert!(age < Duration::from_secs(13), "stale keys are used");
        thread::sleep(Duration::from_millis(50));
    };
    assert_eq!(refused(&answer), (503, "key_store_unavailable".to_owned()));
    store.publish(1, &[record("pump-17", KEY, json!({}))]);
    eventually("the key again", || {
        (get(&lab, "/things/1", &[("appkey", KEY)]).status == 200).then_some(())
    });
    lab.assert_unharmed();
}

#[test]
fn the_store_is_asked_once_in_each_refresh_however_many_workers_there_are() {
    let store = Scripted::start();
    store.publish(1, &[record("pump-17", KEY, json!({}))]);
    let mut setup = polling(store.address(), &json!({"refresh": "4s"}));
    setup.workers = 4;
    let lab = setup.start();
    store.wait();
    let before = store.state.requests.load(Ordering::SeqCst);
    thread::sleep(Duration::from_secs(12));
    let asked = store.state.requests.load(Ordering::SeqCst) - before;
    println!("the store was asked {asked} times in 12 s with refresh 4s");
    // A look may be up to a second early, so that its time is never missed.
    assert!((3..=5).contains(&asked), "{asked} times");
    lab.assert_unharmed();
}
