//! A worker whose VM traps while it fetches a token, under `FAIL_RELOAD`.
//!
//! The filter is the shipped one, built with a way to make it trap (`examples/fragile`).

use std::cell::Cell;
use std::collections::BTreeMap;
use std::path::Path;
use std::thread;
use std::time::Duration;

use serde_json::json;

use crate::development::caller::Caller;
use crate::development::http_client::{Connection, Received, request};
use crate::development::upstream::seen;
use crate::lab::{Lab, Setup, eventually, now, variable};

#[test]
fn a_worker_that_traps_while_its_call_runs_is_replaced_and_another_fetches() {
    println!("{}", trap_in_mid_fetch("trap"));
}

#[test]
fn a_worker_that_traps_at_the_answer_is_replaced_and_another_fetches() {
    println!("{}", trap_in_mid_fetch("trap-at-answer"));
}

/// One worker fetches a token, two more wait for it, and the fourth has nothing to do with it. Then the
/// first one traps. The figures.
fn trap_in_mid_fetch(how: &str) -> String {
    let mut scene = Scene::start();
    let [mut leader, mut follower, mut other, mut bystander] = scene.workers();
    scene.lab.idp.set_token_delay(CALL);
    let keys = scene.lab.idp.calls("keys");

    leader.connections[0].send(&scene.north).unwrap();
    eventually("token call", || (scene.lab.idp.calls("token/north") > 0).then_some(()));
    let waiting_since = now();
    follower.connections[0].send(&scene.north).unwrap();
    other.connections[0].send(&scene.north).unwrap();
    let answer = ask(&mut leader.connections[1], &fragile(how));
    assert_eq!(answer.status, if how == "trap" { 503 } else { 200 }, "{}", answer.text());

    // Whoever needs no fetch notices nothing, with whichever other worker.
    let mut served = 0;
    while scene.lab.idp.calls("token/north") < 2 {
        for worker in [&mut follower, &mut other, &mut bystander] {
            scene.pass(&mut worker.connections[1], &scene.south);
            served += 1;
        }
        assert!(now() - waiting_since < Duration::from_secs(10), "nobody takes the lease over");
        thread::sleep(Duration::from_millis(20));
    }
    let taken_over_after = now() - waiting_since;
    let tokens = [&mut follower, &mut other].map(|worker| {
        let answer = worker.connections[0].receive().unwrap();
        assert_eq!(answer.status, 200, "{}", answer.text());
        scene.passed.set(scene.passed.get() + 1);
        seen(&answer.json(), "authorization")
    });
    let waited = now() - waiting_since;
    // Three seconds after the lease was last renewed, and a look every ten milliseconds.
    assert!(taken_over_after < LEASE + Duration::from_millis(1500), "{taken_over_after:?}");

    // The VM is replaced with the next request; what it had is found in the shared data.
    let number = eventually("new VM", || {
        let answer = ask(&mut leader.connections[2], &fragile("who"));
        (answer.status == 200).then(|| answer.text())
    });
    assert_ne!(number, leader.vm);
    for worker in [&mut follower, &mut other, &mut bystander] {
        assert_eq!(ask(&mut worker.connections[2], &fragile("who")).text(), worker.vm);
    }
    for worker in [&mut leader, &mut follower, &mut other, &mut bystander] {
        let answer = scene.pass(&mut worker.connections[2], &scene.north);
        assert_eq!(seen(&answer.json(), "authorization"), tokens[0]);
        scene.pass(&mut worker.connections[2], &scene.south);
    }
    assert_eq!(tokens[0], tokens[1], "one token for all");
    let calls = ["token/north", "token/south", "keys"].map(|name| scene.lab.idp.calls(name));
    assert_eq!(calls, [2, 1, keys], "one call was lost with its worker, and one made good for it");

    // Nobody is left to answer it: the proxy does, in its own time.
    let answer = leader.connections[0].receive().unwrap();
    assert!(matches!(answer.status, 503 | 504), "{}", answer.status);
    assert_eq!(scene.lab.upstream.requests(), scene.passed.get(), "and it was not forwarded");
    assert_eq!(scene.lab.envoy.log().matches("panicked at").count(), 1, "one trap, as told");
    format!(
        "{how}: the lease was taken over after {taken_over_after:.1?}, who waited went on after \
         {waited:.1?}; {served} requests were served meanwhile"
    )
}

/// A gateway of four workers that have the keys, and the token of one subtenant.
struct Scene {
    lab: Lab,
    /// How many requests were let pass.
    passed: Cell<usize>,
    north: Vec<u8>,
    south: Vec<u8>,
}

/// One thread of Envoy, by its VM, and connections that it serves.
struct Worker {
    vm: String,
    connections: Vec<Connection>,
}

impl Scene {
    fn start() -> Self {
        let mut setup = Setup::new();
        setup.workers = WORKERS;
        setup.module = Some(module());
        setup.filter["limits"].as_object_mut().unwrap().remove("waiting_deadline");
        setup.edit = Some(Box::new(|document, _| {
            let listener = &mut document["static_resources"]["listeners"][0];
            let manager = &mut listener["filter_chains"][0]["filters"][0]["typed_config"];
            manager["stream_idle_timeout"] = json!("8s");
        }));
        let lab = setup.start();
        let [north, south] = ["north", "south"].map(|subtenant| {
            let token = lab.idp.sign(&Caller::of_tenant("acme").in_subtenant(subtenant));
            let authorization = format!("Bearer {token}");
            request("GET", "/api/assets/1", &[("authorization", &authorization)], "")
        });
        Self { lab, passed: Cell::new(0), north, south }
    }

    /// The workers, each of which has served subtenant `south`.
    fn workers(&mut self) -> [Worker; WORKERS as usize] {
        let mut workers = BTreeMap::<_, Vec<_>>::new();
        // The listener spreads open connections evenly.
        for _ in 0..3 * WORKERS {
            let mut connection = Connection::open(self.lab.gateway).unwrap();
            let vm = ask(&mut connection, &fragile("who")).text();
            self.pass(&mut connection, &self.south);
            workers.entry(vm).or_default().push(connection);
        }
        let workers = workers.into_iter().map(|(vm, connections)| Worker { vm, connections });
        let workers: Vec<_> = workers.collect();
        assert!(workers.iter().all(|worker| worker.connections.len() == 3));
        workers.try_into().unwrap_or_else(|other: Vec<_>| panic!("{} workers", other.len()))
    }

    /// A request that must be let pass.
    fn pass(&self, connection: &mut Connection, request: &[u8]) -> Received {
        let answer = ask(connection, request);
        assert_eq!(answer.status, 200, "{}\n{}", answer.text(), self.lab.envoy.log());
        self.passed.set(self.passed.get() + 1);
        answer
    }
}

fn ask(connection: &mut Connection, request: &[u8]) -> Received {
    connection.send(request).unwrap();
    connection.receive().unwrap()
}

/// A request that the filter for tests answers itself, or traps at.
fn fragile(what: &str) -> Vec<u8> {
    request("GET", "/", &[("x-fragile", what)], "")
}

fn module() -> String {
    let path = variable("FRAGILE").expect(
        "`FRAGILE` does not name the filter that traps: run the end-to-end tests with `make e2e`",
    );
    assert!(Path::new(&path).is_file(), "there is no module at `{path}`");
    path
}

const WORKERS: u32 = 4;

/// How long a lease lasts.
const LEASE: Duration = Duration::from_secs(3);

/// How long the provider takes.
const CALL: Duration = Duration::from_millis(500);
