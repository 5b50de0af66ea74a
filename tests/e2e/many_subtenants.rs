//! Many subtenants at once, while the provider of their tokens fails, is late, or mixes them up.
//!
//! `TENANTGATE_SUBTENANTS` sets how many subtenants there are, each with fifty requests;
//! `TENANTGATE_SEED` repeats a run; `--nocapture` shows the figures.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rsa::rand_core::{OsRng, RngCore as _};
use serde_json::json;

use crate::chance::Chance;
use crate::development::caller::Caller;
use crate::development::codes;
use crate::development::http_client::{Connection, Received, request};
use crate::lab::{Lab, Setup, now, variable};
use crate::outage::{assert_unavailable, recovers};
use crate::unsteady::{Calls, Fate, Unsteady, early_calls};
use crate::witness::Witness;

#[test]
fn of_many_subtenants_none_gets_a_wrong_token_waits_too_long_or_calls_too_often() {
    let number = |name, usual| variable(name).map_or(usual, |text| text.parse().expect("a number"));
    let seed = number("TENANTGATE_SEED", OsRng.next_u64());
    // Shown when the test fails.
    println!("TENANTGATE_SEED={seed}");
    let count = usize::try_from(number("TENANTGATE_SUBTENANTS", USUAL)).unwrap();
    let subtenants: Vec<_> = (0..count).map(|number| format!("sub-{number}")).collect();

    let mut setup = Setup::new();
    let key = setup.idp.signing_key();
    let provider = Unsteady::start(setup.clients(), key.clone(), subtenants.clone(), seed);
    let upstream = Witness::start();
    configure(&mut setup, &provider, &upstream);
    let lab = setup.start();
    let user = Caller::of_tenant("acme");
    recovers(|| lab.get("/api/profile/me", &user));
    let tokens: Vec<_> = subtenants
        .iter()
        .map(|subtenant| lab.idp.sign(&user.clone().in_subtenant(subtenant)))
        .collect();

    let plan = plan(count, seed);
    let start = now();
    let answers = send(&lab, &subtenants, &tokens, &plan);
    let took = now() - start;

    let calls = provider.calls();
    println!("{}", figures(&answers, &calls, took));
    for Answer { received, took, .. } in &answers {
        assert!(*took < DEADLINE, "answered after {took:?}");
        if received.status != 200 {
            assert_unavailable(received, codes::TOKEN_UNAVAILABLE);
        }
    }
    let arrivals = upstream.arrivals("/api/assets/");
    for arrival in &arrivals {
        let subtenant = arrival.path.split('/').nth(3).unwrap();
        arrival.assert_token_is_for(subtenant, &key);
    }
    let arrived: BTreeSet<_> = arrivals.iter().map(|arrival| arrival.path.as_str()).collect();
    let passed: BTreeSet<_> = answers
        .iter()
        .filter(|answer| answer.received.status == 200)
        .map(|one| one.path.as_str())
        .collect();
    assert_eq!(arrivals.len(), arrived.len(), "none arrived twice");
    assert_eq!(arrived, passed, "what passed has arrived, and nothing else");
    assert_eq!(answers.len(), plan.len());
    // How many depends on chance: a 429 holds all those back for a while whose tokens are not held.
    assert!(passed.len() > plan.len() / 10, "{} of {} passed", passed.len(), plan.len());
    assert!(calls.len() > count / 2, "{} subtenants were fetched for", calls.len());

    for (subtenant, calls) in &calls {
        // A worker that cannot see what the others do calls once for itself; any other call waits for
        // its time.
        let early = early_calls(calls);
        assert!(early.len() < WORKERS as usize, "`{subtenant}`: {early:?} of {calls:#?}");
        assert!(
            early.iter().all(|one| one.is_side_by_side),
            "`{subtenant}`: {early:?} of {calls:#?}"
        );
    }
    let tokens: BTreeSet<_> = arrivals.iter().map(|arrival| arrival.token().to_owned()).collect();
    lab.assert_nothing_leaked(&tokens.into_iter().collect::<Vec<_>>());
    lab.assert_unharmed();
}

/// Four workers; the token endpoint and the upstream are ours; deadlines are the usual ones.
fn configure(setup: &mut Setup, provider: &Unsteady, upstream: &Witness) {
    setup.workers = WORKERS;
    let filter = &mut setup.filter;
    filter["limits"].as_object_mut().unwrap().remove("waiting_deadline");
    let credential = &mut filter["credentials"][0]["mindsphere_tenant"];
    credential["cluster"] = json!("unsteady");
    // Longer than whoever waits for it may wait.
    credential["timeout"] = json!("8s");
    let ports = [("upstream", upstream.address().port()), ("unsteady", provider.address().port())];
    setup.edit = Some(Box::new(move |document, _| {
        let clusters = document["static_resources"]["clusters"].as_array_mut().unwrap();
        for (name, port) in ports {
            let mut cluster = clusters[0].clone();
            clusters.retain(|cluster| cluster["name"] != name);
            cluster["name"] = json!(name);
            let assignment = &mut cluster["load_assignment"];
            assignment["cluster_name"] = json!(name);
            assignment["endpoints"][0]["lb_endpoints"][0]["endpoint"]["address"]["socket_address"]
                ["port_value"] = json!(port);
            clusters.push(cluster);
        }
    }));
}

/// A request that is to be sent: when, and the subtenant by its number.
type Planned = (Duration, usize);

/// Requests come in bursts of one subtenant each, at a steady rate, every subtenant at the beginning.
fn plan(subtenants: usize, seed: u64) -> Vec<Planned> {
    let mut chance = Chance::new(!seed);
    let requests = subtenants * REQUESTS_EACH;
    let mut plan = Vec::new();
    let mut first: Vec<_> = (0..subtenants).collect();
    chance.shuffle(&mut first);
    while plan.len() < requests {
        let at = EACH * u32::try_from(plan.len()).unwrap();
        let subtenant = first.pop().unwrap_or_else(|| chance.below(subtenants));
        let burst = (1 + chance.below(9)).min(requests - plan.len());
        plan.extend((0..burst).map(|_| (at, subtenant)));
    }
    plan
}

/// What became of a request.
struct Answer {
    path: String,
    received: Received,
    took: Duration,
}

fn send(lab: &Lab, subtenants: &[String], tokens: &[String], plan: &[Planned]) -> Vec<Answer> {
    let next = AtomicUsize::new(0);
    let start = now();
    let client = || {
        let mut connection = Connection::open(lab.gateway).unwrap();
        let mut answers = Vec::new();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let Some((at, subtenant)) = plan.get(number) else { return answers };
            thread::sleep(at.saturating_sub(Instant::elapsed(&start)));
            let path = format!("/api/assets/{}/{number}", subtenants[*subtenant]);
            let authorization = format!("Bearer {}", tokens[*subtenant]);
            let sent_at = now();
            connection
                .send(&request("GET", &path, &[("authorization", &authorization)], ""))
                .unwrap();
            let received = connection.receive().unwrap();
            answers.push(Answer { path, received, took: now() - sent_at });
        }
    };
    thread::scope(|scope| {
        let clients: Vec<_> = (0..CONNECTIONS).map(|_| scope.spawn(client)).collect();
        clients.into_iter().flat_map(|client| client.join().unwrap()).collect()
    })
}

fn figures(answers: &[Answer], calls: &Calls, took: Duration) -> String {
    let mut fates: BTreeMap<Fate, usize> = BTreeMap::new();
    for call in calls.values().flatten() {
        *fates.entry(call.fate).or_default() += 1;
    }
    let total: usize = fates.values().sum();
    let early = calls.values().flat_map(|calls| early_calls(calls));
    let early: Vec<_> = early.map(|one| format!("{:.1?} after {:?}", one.by, one.after)).collect();
    let most = calls.values().map(Vec::len).max().unwrap_or(0);
    let times = |status| {
        let of_status = answers.iter().filter(|answer| answer.received.status == status);
        let mut times: Vec<_> = of_status.map(|answer| answer.took).collect();
        times.sort();
        let percentile =
            |part: usize| times.get((times.len() * part / 100).min(times.len().saturating_sub(1)));
        let [half, most, longest] =
            [50, 99, 100].map(|part| percentile(part).copied().unwrap_or_default());
        format!(
            "{} answered with {status}: p50 {half:.1?}, p99 {most:.1?}, longest {longest:.1?}",
            times.len()
        )
    };
    format!(
        "{} requests of {} subtenants in {took:.1?} on {WORKERS} workers\n{}\n{}\n\
         {total} calls to the provider, {most} at most for one subtenant, what became of them {fates:?}\n\
         {} of them early: {early:?}",
        answers.len(),
        calls.len(),
        times(200),
        times(503),
        early.len(),
    )
}

/// How many subtenants there are if nobody says otherwise.
const USUAL: u64 = 40;

const REQUESTS_EACH: usize = 50;
const WORKERS: u32 = 4;

/// Enough that others wait for nobody's token but their own.
const CONNECTIONS: usize = 128;

/// The time between two requests.
const EACH: Duration = Duration::from_millis(6);

/// The usual `limits.waiting_deadline`, five seconds, and what a busy machine adds.
const DEADLINE: Duration = Duration::from_millis(6000);
