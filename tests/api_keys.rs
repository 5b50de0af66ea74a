//! Keys that upstreams know their clients by, in the simulated world: beside a token on one route, from a
//! variable and from a file that changes.

#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test stops by panicking; clippy spares only functions that carry `#[test]`"
)]

mod support;

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use serde_json::{Value, json};
use support::{Answer, Asked, CONFIGURATION, Fate, Request, World};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

/// A world whose route `/both/x` takes a token and a key, and `/key/x` a key alone.
struct Scene {
    world: World,
    /// The file of the key.
    file: Rc<RefCell<Answer>>,
}

impl Scene {
    fn new(workers: usize, key: Value) -> Self {
        let mut world = World::of(workers, &configuration(key).to_string());
        let file = Rc::new(RefCell::new(Answer::http(200, "text/plain", "old-key\n")));
        let read = Rc::clone(&file);
        world
            .provider
            .script(move |asked, _| (*asked == key_file()).then(|| read.borrow().clone()));
        world.pass(SECOND);
        Self { world, file }
    }

    fn write(&self, content: &str) {
        *self.file.borrow_mut() = Answer::http(200, "text/plain", content);
    }

    fn ask(&mut self, worker: usize, path: &str) -> Request {
        let token = self.world.mint.token("acme", None, self.world.now);
        self.world.request(worker, path, Some(&token))
    }

    /// The key on a request that is forwarded at once or after a short while.
    fn key(&mut self, worker: usize) -> String {
        let request = self.ask(worker, "/key/x");
        if self.world.fate(request) == Fate::Waiting {
            self.world.settle();
        }
        sent(&self.world.fate(request), "x-api-key").unwrap()
    }

    fn reads(&self) -> usize {
        self.world.provider.count(&key_file())
    }
}

fn sent(fate: &Fate, name: &str) -> Option<String> {
    fate.header(name).map(str::to_owned)
}

fn key_file() -> Asked {
    Asked::KeysOf("secrets.internal".to_owned())
}

fn from_variable() -> Value {
    json!({"key_env": "PARTNER_KEY"})
}

fn from_file() -> Value {
    json!({"secret": {
        "cluster": "secret_files", "uri": "http://secrets.internal/partner",
        "allow_plaintext": true, "refresh": "1m", "timeout": "500ms",
    }})
}

fn configuration(key: Value) -> Value {
    let mut document: Value = serde_json::from_str(CONFIGURATION).unwrap();
    let credential = json!({"name": "partner-key", "callers": ["acme"], "api_key": key});
    document["credentials"].as_array_mut().unwrap().push(credential);
    let header = json!({"credential": "partner-key", "header": "x-api-key", "prefix": "Key "});
    let token = json!({"credential": "acme-svc"});
    let route = |name: &str, inject: Value| {
        json!({
            "name": name,
            "match": {"hosts": ["*"], "path": format!("/{name}/**"), "methods": ["GET"]},
            "authentication": "required", "scopes": "not_needed",
            "upstream": {"caller_token": "remove", "inject": inject},
        })
    };
    let routes = [route("both", json!([token, header])), route("key", json!([header]))];
    document["routes"].as_array_mut().unwrap().extend(routes);
    document
}

#[test]
fn a_key_stands_beside_a_token_and_one_from_a_variable_costs_no_call() {
    for (key, value, reads) in
        [(from_variable(), "Key value-of-PARTNER_KEY", 0), (from_file(), "Key old-key", 1)]
    {
        let mut scene = Scene::new(2, key);
        let requests = [0, 1].map(|worker| scene.ask(worker, "/both/x"));
        scene.world.settle();
        for request in requests {
            let fate = scene.world.fate(request);
            assert_eq!(sent(&fate, "x-api-key").as_deref(), Some(value), "{fate:?}");
            assert!(sent(&fate, "authorization").unwrap().starts_with("Bearer eyJ"));
        }
        assert_eq!((scene.reads(), scene.world.provider.token_calls()), (reads, 1 + reads));
    }
}

#[test]
fn without_the_key_nothing_goes_out_though_there_be_a_token_and_the_other_way_round() {
    let mut scene = Scene::new(1, from_file());
    *scene.file.borrow_mut() = Answer::status(404);
    let request = scene.ask(0, "/both/x");
    scene.world.settle();
    assert_eq!(scene.world.fate(request), Fate::Refused(503, "token_unavailable"));
    let told =
        "fetching key of credential `partner-key` from cluster `secret_files` failed: status_4xx";
    assert!(scene.world.log().iter().any(|line| line.contains(told)), "{:?}", scene.world.log());
    let token = scene.ask(0, "/tenant/x");
    assert!(sent(&scene.world.fate(token), "authorization").is_some(), "the token is there");
    scene.write("old-key");
    scene.world.pass(2 * SECOND);
    let request = scene.ask(0, "/both/x");
    scene.world.settle();
    assert!(sent(&scene.world.fate(request), "x-api-key").is_some(), "{:?}", scene.world.log());

    let mut scene = Scene::new(1, from_variable());
    scene
        .world
        .provider
        .script(|asked, _| matches!(asked, Asked::Token(_)).then(|| Answer::status(500)));
    let request = scene.ask(0, "/both/x");
    scene.world.settle();
    assert_eq!(scene.world.fate(request), Fate::Refused(503, "token_unavailable"));
    assert!(scene.world.log().iter().all(|line| !line.contains("partner-key")));
    assert_eq!(scene.key(0), "Key value-of-PARTNER_KEY");
}

#[test]
fn a_subtenant_and_another_tenant_are_refused_before_any_call() {
    for key in [from_variable(), from_file()] {
        let mut scene = Scene::new(1, key);
        let rows = [
            ("acme", Some("north"), "route_not_subtenancy_aware"),
            ("beta", None, "tenant_not_served_by_credential"),
        ];
        for (tenant, subtenant, reason) in rows {
            let token = scene.world.mint.token(tenant, subtenant, scene.world.now);
            let request = scene.world.request(0, "/key/x", Some(&token));
            assert_eq!(scene.world.fate(request), Fate::Refused(403, reason));
        }
        assert_eq!(scene.reads(), 0);
    }
}

#[test]
fn a_stated_key_stays_for_days_whether_it_is_used_or_not() {
    let mut scene = Scene::new(1, from_variable());
    for hour in 0..26 {
        let request = scene.ask(0, "/key/x");
        let fate = scene.world.fate(request);
        assert!(sent(&fate, "x-api-key").is_some(), "hour {hour}: {fate:?}");
        scene.world.pass(60 * MINUTE);
    }
    scene.world.pass(26 * 60 * MINUTE);
    assert_eq!(scene.key(0), "Key value-of-PARTNER_KEY");
    assert_eq!(scene.world.provider.token_calls(), 0);
    for (key, (value, _)) in &scene.world.shared.values {
        let is_there = value.windows(11).any(|part| part == b"PARTNER_KEY");
        assert!(!is_there, "a stated key is not shared: {key}");
    }
}

#[test]
fn a_stated_key_that_an_upstream_refuses_stays_and_costs_nothing() {
    let mut scene = Scene::new(1, from_variable());
    for _ in 0..100 {
        let request = scene.ask(0, "/key/x");
        assert_eq!(
            sent(&scene.world.fate(request), "x-api-key").unwrap(),
            "Key value-of-PARTNER_KEY"
        );
        scene.world.respond(request, 401);
        scene.world.settle();
    }
    assert_eq!(scene.world.provider.token_calls(), 0);
}

#[test]
fn a_key_that_is_replaced_in_its_file_is_in_use_within_the_time_it_is_believed() {
    let mut scene = Scene::new(2, from_file());
    assert_eq!([scene.key(0), scene.key(1)], ["Key old-key", "Key old-key"]);
    assert_eq!(scene.reads(), 1, "it is shared");
    scene.write("new-key");
    let mut last = scene.world.now;
    let start = scene.world.now;
    while scene.world.now.since(start) < MINUTE {
        for worker in [0, 1] {
            let request = scene.ask(worker, "/key/x");
            let fate = scene.world.fate(request);
            let key = sent(&fate, "x-api-key").unwrap_or_else(|| panic!("nobody waits: {fate:?}"));
            if key == "Key old-key" {
                last = scene.world.now;
            }
        }
        scene.world.pass(SECOND);
    }
    assert!(last.since(start) < Duration::from_secs(40), "{:?}", last.since(start));
    assert!(scene.reads() <= 4, "{}", scene.reads());
    // One that nobody asks for is not read.
    scene.world.pass(2 * MINUTE);
    let reads = scene.reads();
    scene.world.pass(10 * MINUTE);
    assert_eq!(scene.reads(), reads);
}

#[test]
fn while_the_file_cannot_be_read_the_last_key_serves_for_as_long_as_it_is_believed() {
    let mut scene = Scene::new(1, from_file());
    assert_eq!(scene.key(0), "Key old-key");
    scene.write("");
    for second in 0..50 {
        assert_eq!(scene.key(0), "Key old-key", "second {second}");
        scene.world.pass(SECOND);
    }
    scene.world.pass(10 * SECOND);
    let request = scene.ask(0, "/key/x");
    scene.world.pass(6 * SECOND);
    assert_eq!(scene.world.fate(request), Fate::Refused(503, "token_unavailable"));
    scene.write("new-key");
    scene.world.pass(MINUTE);
    assert_eq!(scene.key(0), "Key new-key");
    assert!(scene.world.log().iter().all(|line| !line.contains("old-key")));
}

#[test]
fn a_key_that_an_upstream_refuses_is_read_again_but_not_again_and_again() {
    let mut scene = Scene::new(1, from_file());
    scene.key(0);
    // It believes the file for a minute, so other readings are not told apart from those of a doubt.
    let refuse = |scene: &mut Scene| {
        let request = scene.ask(0, "/key/x");
        assert!(matches!(scene.world.fate(request), Fate::Forwarded(_)), "no request waits for it");
        scene.world.respond(request, 401);
        scene.world.settle();
    };
    refuse(&mut scene);
    assert_eq!(scene.reads(), 2);
    for _ in 0..20 {
        refuse(&mut scene);
    }
    assert_eq!(scene.reads(), 2, "not again within 30 s");
    scene.write("new-key");
    scene.world.pass(25 * SECOND);
    refuse(&mut scene);
    assert_eq!(scene.key(0), "Key new-key");
}

#[test]
fn a_key_that_was_refused_and_replaced_may_come_back() {
    let mut scene = Scene::new(2, from_file());
    let request = scene.ask(0, "/key/x");
    scene.world.settle();
    scene.write("new-key");
    scene.world.respond(request, 401);
    scene.world.settle();
    assert_eq!(scene.key(0), "Key new-key");
    // The operator goes back.
    scene.write("old-key");
    let mut last = String::new();
    for _ in 0..60 {
        last = scene.key(0);
        scene.world.pass(SECOND);
    }
    assert_eq!(last, "Key old-key");
    for _ in 0..5 {
        scene.world.pass(MINUTE);
        assert_eq!([scene.key(0), scene.key(1)], ["Key old-key", "Key old-key"]);
    }
    assert!(scene.world.log().iter().all(|line| !line.contains("token_purged")));
}
