//! Signatures that take long, and what the requests beside them feel of it.

use std::io::{self, Write as _};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::development::http_client::{Connection, request};
use crate::development::idaas::IdaasProvider;
use crate::development::idaas::method::Method;
use crate::lab::{Lab, eventually, now};

#[test]
fn no_worker_that_serves_makes_a_signature_that_takes_long() {
    let idaas = crate::idaas::provider();
    idaas.set_lifetime(2);
    let lab = start(&idaas, Some("rsa3072"), Sharing::Process);
    let beside = serve(&lab, Duration::from_secs(8));
    let signed = |by: &str| {
        lab.envoy.stat(&format!("wasmcustom.tenantgate.signatures.{by}")).expect("a number")
    };
    // Metrics are written down once a second.
    let counted = || signed("quick") + signed("by_idle_root");
    let calls = eventually("number of all signatures", || {
        let calls = u64::try_from(idaas.grants().len()).unwrap();
        (counted() == calls).then_some(calls)
    });
    assert!(calls >= 4, "{calls} fetches:\n{}", lab.logs());
    assert_eq!(signed("by_worker"), 0, "{}", lab.logs());
    // The host signs from Envoy 1.37 on; which one this is tells the log.
    let is_hosts = lab.envoy.log().contains("signed by the host's sign");
    let of_root = if is_hosts { 0 } else { calls };
    assert_eq!((signed("by_idle_root"), signed("quick")), (of_root, calls - of_root));
    assert_eq!((beside.refused, idaas.refusals()), (0, Vec::new()));
    lab.assert_nothing_leaked(&[]);
}

#[test]
#[ignore = "a measurement, not a test"]
fn the_worst_stall_of_a_worker_that_serves() {
    let mut output = io::stdout().lock();
    writeln!(
        output,
        "\n| key | who signs | signatures | worst turn of a worker's loop, ms | worst request, ms | 99.9 % of requests, ms |"
    )
    .unwrap();
    for key in [None, Some("rsa2048"), Some("rsa3072"), Some("rsa4096")] {
        for sharing in [Sharing::Process, Sharing::None] {
            if key.is_none() && sharing == Sharing::None {
                continue;
            }
            let mut runs: Vec<_> = (0..ROUNDS).map(|_| measure(key, sharing)).collect();
            runs.sort_by(|one, other| one.turn.total_cmp(&other.turn));
            let all = |figure: &dyn Fn(&Run) -> f64| {
                runs.iter().map(|run| format!("{:.1}", figure(run))).collect::<Vec<_>>().join(" ")
            };
            let [idle, worker, quick] =
                [0, 1, 2].map(|by| runs.iter().map(|run| run.signed[by]).sum::<u64>());
            let signatures =
                format!("{idle} by an idle root, {worker} by workers, {quick} quickly");
            let turns = all(&|run| run.turn);
            let (worst, most) = (all(&|run| run.requests.worst), all(&|run| run.requests.most));
            let (key, who) = (key.unwrap_or("none"), sharing.name());
            writeln!(output, "| {key} | {who} | {signatures} | {turns} | {worst} | {most} |")
                .unwrap();
        }
    }
}

/// What workers have in common.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Sharing {
    /// Nothing: each one signs for itself.
    None,
    Process,
}

impl Sharing {
    const fn name(self) -> &'static str {
        match self {
            Self::None => "each worker for itself",
            Self::Process => "whoever is asked",
        }
    }
}

/// What one run felt, in milliseconds.
struct Run {
    /// The longest turn of the event loop of any worker while it served.
    turn: f64,
    requests: Beside,
    signed: [u64; 3],
}

/// What requests felt that need no token, in milliseconds.
struct Beside {
    worst: f64,
    most: f64,
    refused: usize,
}

fn measure(key: Option<&str>, sharing: Sharing) -> Run {
    let idaas = crate::idaas::provider();
    idaas.set_lifetime(2);
    let lab = start(&idaas, key, sharing);
    // Envoy sums its histograms up every five seconds.
    serve(&lab, Duration::from_secs(6));
    let before = turns(&lab);
    let requests = serve(&lab, Duration::from_secs(10));
    let turn = longest(&before, &turns(&lab));
    thread::sleep(Duration::from_millis(1500));
    let signed = ["by_idle_root", "by_worker", "quick"].map(|by| {
        lab.envoy.stat(&format!("wasmcustom.tenantgate.signatures.{by}")).expect("a number")
    });
    Run { turn, requests, signed }
}

/// The turns of the workers' event loops: upper bounds in microseconds, with their number.
type Turns = Vec<(f64, u64)>;

fn turns(lab: &Lab) -> Vec<Turns> {
    let page = lab
        .envoy
        .admin(
            "GET",
            "/stats?histogram_buckets=detailed&filter=worker_.*loop_duration_us&format=json",
        )
        .expect("an answer");
    let document = page.json();
    let details = document["stats"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|stat| stat["histograms"]["details"].as_array())
        .flatten();
    let numbers = |bucket: &Value| {
        let number = |name: &str| bucket[name].as_f64().expect("a number");
        (number("lower_bound") + number("width"), bucket["count"].as_u64().expect("a number"))
    };
    let turns = |one: &Value| one["totals"].as_array().into_iter().flatten().map(numbers).collect();
    let turns: Vec<Turns> = details.map(turns).collect();
    assert_eq!(turns.len(), 2, "one for each worker: {}", page.text());
    turns
}

/// The longest turn that came in between, rounded up to the bound of its bucket.
fn longest(before: &[Turns], after: &[Turns]) -> f64 {
    let of_worker = |(before, after): (&Turns, &Turns)| {
        let known =
            |bound: f64| before.iter().find(|(other, _)| *other == bound).map_or(0, |one| one.1);
        let new = after.iter().filter(|(bound, count)| *count > known(*bound));
        new.map(|(bound, _)| *bound).fold(0.0, f64::max)
    };
    before.iter().zip(after).map(of_worker).fold(0.0, f64::max) / 1000.0
}

/// Has all workers serve requests that need no token, one after the other on each connection; and some that do, so
/// that the token is in use.
fn serve(lab: &Lab, span: Duration) -> Beside {
    let is_over = AtomicBool::new(false);
    let (mut felt, mut refused) = (Vec::new(), 0);
    thread::scope(|scope| {
        let beside: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| ask(lab, "/free", Duration::from_millis(2), &is_over)))
            .collect();
        // The listener spreads connections evenly, so these are on both workers.
        let users: Vec<_> = (0..2)
            .map(|_| scope.spawn(|| ask(lab, "/signing", Duration::from_millis(50), &is_over)))
            .collect();
        thread::sleep(span);
        is_over.store(true, Ordering::Relaxed);
        for one in beside {
            let (times, bad) = one.join().expect("answers");
            felt.extend(times);
            refused += bad;
        }
        for one in users {
            refused += one.join().expect("answers").1;
        }
    });
    felt.sort_unstable();
    let milliseconds = |time: &Duration| time.as_secs_f64() * 1000.0;
    let most = felt.len() * 999 / 1000;
    Beside {
        worst: felt.last().map_or(0.0, milliseconds),
        most: felt.get(most).map_or(0.0, milliseconds),
        refused,
    }
}

/// How long each request took, and how many were not answered by the upstream.
fn ask(lab: &Lab, path: &str, pause: Duration, is_over: &AtomicBool) -> (Vec<Duration>, usize) {
    let mut connection = Connection::open(lab.gateway).expect("a connection");
    let bytes = request("GET", path, &[], "");
    let (mut times, mut refused) = (Vec::new(), 0);
    while !is_over.load(Ordering::Relaxed) {
        let start = now();
        connection.send(&bytes).expect("a request");
        refused += usize::from(connection.receive().expect("an answer").status != 200);
        times.push(now() - start);
        thread::sleep(pause);
    }
    (times, refused)
}

/// Without a key, a client with a secret: what everything but signatures costs.
fn start(idaas: &IdaasProvider, key: Option<&str>, sharing: Sharing) -> Lab {
    let client = match key {
        Some(key) => idaas
            .client(Method::PrivateKeyJwt)
            .unwrap()
            .with_private_key(&idaas.captures().keys[key].pkcs8),
        None => idaas.client(Method::ClientSecretPost).unwrap(),
    };
    let mut setup = crate::idaas::setup(
        vec![client.named("signing").join(idaas.address())],
        move |document| {
            document["enable_dispatcher_stats"] = json!(true);
            let manager = &mut document["static_resources"]["listeners"][0]["filter_chains"][0]["filters"]
                [0]["typed_config"];
            let plugin = &mut manager["http_filters"][0]["typed_config"]["config"];
            if sharing == Sharing::None {
                plugin["vm_config"].as_object_mut().unwrap().remove("vm_id");
            }
        },
    );
    setup.filter["routes"].as_array_mut().unwrap().push(json!({
        "name": "free", "match": {"hosts": ["*"], "path": "/free", "methods": ["GET"]},
        "authentication": "none", "upstream": {"caller_token": "remove"},
    }));
    setup.start()
}

const ROUNDS: usize = 3;
