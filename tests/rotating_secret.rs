//! Client secrets that are read from a file and change, in the simulated world.

#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test stops by panicking; clippy spares only functions that carry `#[test]`"
)]

mod support;

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use support::{Answer, Asked, CONFIGURATION, Fate, Request, World};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

/// A world whose credential reads its secret, and the file that it reads.
struct Scene {
    world: World,
    file: Rc<RefCell<Answer>>,
}

impl Scene {
    fn new(workers: usize) -> Self {
        let mut world = World::of(workers, &configuration().to_string());
        let file = Rc::new(RefCell::new(Answer::http(200, "text/plain", "old\n")));
        let read = Rc::clone(&file);
        world.provider.script(move |asked, _| (*asked == secret()).then(|| read.borrow().clone()));
        let mut scene = Self { world, file };
        scene.accept("old");
        scene.world.pass(SECOND);
        scene
    }

    /// The file holds this from now on.
    fn write(&mut self, content: &str) {
        *self.file.borrow_mut() = Answer::http(200, "text/plain", content);
    }

    /// The provider takes this secret alone from now on.
    fn accept(&mut self, secret: &str) {
        let pair = format!("value-of-CLIENT_ID:{secret}");
        self.world.provider.required_proof = Some(format!("Basic {}", STANDARD.encode(pair)));
    }

    /// A caller of a subtenant, whose token nobody has yet.
    fn ask(&mut self, worker: usize, subtenant: &str) -> Request {
        let token = self.world.mint.token("acme", Some(subtenant), self.world.now);
        let request = self.world.request(worker, "/sub/x", Some(&token));
        self.world.settle();
        request
    }

    fn is_forwarded(&self, request: Request) -> bool {
        matches!(self.world.fate(request), Fate::Forwarded(_))
    }

    /// How often the file was read, and tokens were asked for.
    fn calls(&self) -> (usize, usize) {
        let reads = self.world.provider.count(&secret());
        (reads, self.world.provider.token_calls() - reads)
    }
}

fn secret() -> Asked {
    Asked::KeysOf("secrets.internal".to_owned())
}

fn configuration() -> Value {
    let mut document: Value = serde_json::from_str(CONFIGURATION).unwrap();
    let kind = document["credentials"][0]["mindsphere_tenant"].as_object_mut().unwrap();
    kind.remove("client_secret_env");
    kind.insert("secret".to_owned(), json!({
        "cluster": "secret_files", "uri": "http://secrets.internal/acme", "allow_plaintext": true,
        "refresh": "1m", "timeout": "500ms",
    }));
    document
}

#[test]
fn a_secret_is_read_once_for_many_tokens_and_again_after_its_refresh() {
    let mut scene = Scene::new(1);
    for subtenant in ["a", "b", "c"] {
        let request = scene.ask(0, subtenant);
        assert!(scene.is_forwarded(request), "{:?}", scene.world.log());
    }
    assert_eq!(scene.calls(), (1, 3));
    scene.world.pass(MINUTE);
    let request = scene.ask(0, "d");
    assert!(scene.is_forwarded(request));
    assert_eq!(scene.calls(), (2, 4));
    assert!(
        scene
            .world
            .provider
            .targets
            .contains(&"secret_files http://secrets.internal/acme".to_owned())
    );
}

#[test]
fn a_secret_that_the_provider_has_replaced_is_read_again_in_the_same_fetch() {
    let mut scene = Scene::new(1);
    let request = scene.ask(0, "a");
    assert!(scene.is_forwarded(request));
    scene.write("new");
    scene.accept("new");
    let request = scene.ask(0, "b");
    assert!(scene.is_forwarded(request), "{:?}", scene.world.log());
    assert_eq!(scene.calls(), (2, 3), "one call with the old secret, and one with the new one");
    assert!(scene.world.log().iter().all(|line| !line.contains("fetching")), "nobody need know");
}

#[test]
fn a_file_that_lags_behind_the_provider_is_read_again_at_the_next_try() {
    let mut scene = Scene::new(1);
    scene.accept("new");
    let request = scene.ask(0, "a");
    assert_eq!(scene.world.fate(request), Fate::Refused(503, "token_unavailable"));
    assert_eq!(scene.calls(), (1, 1), "what was just read is not read again at once");
    scene.write("new");
    scene.world.pass(5 * SECOND);
    let request = scene.ask(0, "a");
    assert!(scene.is_forwarded(request), "{:?}", scene.world.log());
    assert_eq!(scene.calls(), (2, 2));
}

#[test]
fn tokens_that_were_granted_for_the_old_secret_serve_on_in_all_workers() {
    let mut scene = Scene::new(2);
    let request = scene.ask(0, "a");
    assert!(scene.is_forwarded(request));
    scene.write("new");
    scene.accept("new");
    for worker in [0, 1] {
        let request = scene.ask(worker, "a");
        assert!(scene.is_forwarded(request));
    }
    assert_eq!(scene.calls(), (1, 1));
}

#[test]
fn each_worker_reads_for_itself_and_nothing_of_a_secret_is_shared_or_logged() {
    let mut scene = Scene::new(2);
    scene.write("hunter2hunter2");
    scene.accept("hunter2hunter2");
    for (worker, subtenant) in [(0, "a"), (1, "b")] {
        let request = scene.ask(worker, subtenant);
        assert!(scene.is_forwarded(request));
    }
    assert_eq!(scene.calls(), (2, 2));
    let values = &scene.world.shared.values;
    assert!(values.keys().any(|key| key.contains("/token/")), "tokens are shared");
    for (value, _) in values.values() {
        assert!(!value.windows(14).any(|part| part == b"hunter2hunter2"));
    }
    assert!(scene.world.log().iter().all(|line| !line.contains("hunter2")));
}

#[test]
fn while_a_secret_cannot_be_read_callers_get_503_and_the_log_says_why() {
    let rows = [
        (Answer::http(200, "text/plain", ""), "reading_empty"),
        (Answer::http(200, "text/plain", "a\nb\n"), "reading_unusable"),
        (Answer::http(200, "text/plain", "s".repeat(4097)), "reading_too_long"),
        (Answer::status(404), "status_4xx"),
        (Answer::timeout(), "unavailable_or_timeout"),
    ];
    for (answer, reason) in rows {
        let mut scene = Scene::new(1);
        *scene.file.borrow_mut() = answer;
        let request = scene.ask(0, "a");
        assert_eq!(scene.world.fate(request), Fate::Refused(503, "token_unavailable"), "{reason}");
        let log = scene.world.log().join("\n");
        let told = format!(
            "fetching secret of credential `acme-svc` from cluster `secret_files` failed: {reason}"
        );
        assert!(log.contains(&told), "{log}");
        assert_eq!(scene.calls(), (1, 0));

        // It backs off, and recovers by itself.
        let request = scene.ask(0, "a");
        assert!(!scene.is_forwarded(request));
        assert_eq!(scene.calls(), (1, 0));
        scene.write("old");
        scene.world.pass(SECOND);
        let request = scene.ask(0, "a");
        assert!(scene.is_forwarded(request), "{reason}: {:?}", scene.world.log());
        assert_eq!(scene.calls(), (2, 1));
    }
}

#[test]
fn while_a_secret_cannot_be_read_one_call_tells_it_for_all_subtenants_of_all_workers() {
    let mut scene = Scene::new(2);
    scene.write("");
    scene.ask(0, "a");
    let requests = [(0, "b"), (1, "c"), (1, "a")].map(|(worker, subtenant)| {
        let token = scene.world.mint.token("acme", Some(subtenant), scene.world.now);
        scene.world.request(worker, "/sub/x", Some(&token))
    });
    scene.world.pass(Duration::from_millis(100));
    for request in requests {
        assert_eq!(scene.world.fate(request), Fate::Refused(503, "token_unavailable"));
    }
    assert_eq!(scene.calls(), (1, 0));
    scene.write("old");
    scene.world.pass(SECOND);
    for (worker, subtenant) in [(1, "a"), (0, "b")] {
        let request = scene.ask(worker, subtenant);
        assert!(scene.is_forwarded(request), "{:?}", scene.world.log());
    }
}

#[test]
fn the_lease_lasts_for_the_whole_chain_of_calls() {
    let mut document = configuration();
    document["credentials"][0]["mindsphere_tenant"]["secret"]["timeout"] = json!("5s");
    document["credentials"][0]["mindsphere_tenant"]["timeout"] = json!("5s");
    document["limits"] = json!({"waiting_deadline": "20s"});
    let mut world = World::of(2, &document.to_string());
    world
        .provider
        .script(|asked, _| (*asked == secret()).then(|| Answer::http(200, "text/plain", "old")));
    world.pass(SECOND);
    // Longer than a lease, for each of the calls.
    world.provider.latency = 4 * SECOND;
    let token = world.mint.token("acme", Some("a"), world.now);
    let requests = [0, 1].map(|worker| world.request(worker, "/sub/x", Some(&token)));
    world.pass(10 * SECOND);
    for request in requests {
        assert!(matches!(world.fate(request), Fate::Forwarded(_)), "{:?}", world.log());
    }
    let reads = world.provider.count(&secret());
    assert_eq!((reads, world.provider.token_calls() - reads), (1, 1), "nobody takes it over");
}

#[test]
fn without_randomness_of_the_host_a_client_that_needs_none_goes_on() {
    let mut scene = Scene::new(1);
    scene.world.random.is_missing.set(true);
    let request = scene.ask(0, "a");
    assert!(scene.is_forwarded(request));
    assert_eq!(scene.calls(), (1, 1));
    assert_eq!(scene.world.random.count.get(), 2, "one draw for each call, both in vain");
}
