//! The whole life of a key: through the tool, the served store and a gateway of four workers.

use std::thread;
use std::time::Duration;

use serde_json::Value;

use super::serving::{KeyFile, Served, Workers, polling};
use crate::development::clock;
use crate::lab::{Lab, eventually, now, variable};

const WORKERS: usize = 4;

/// How often a key is disabled.
const ROUNDS: u8 = 8;

/// Within which a change has to be known to all workers: `refresh` and two seconds.
const BOUND: Duration = Duration::from_secs(4);

fn gateway(served: &Served) -> Lab {
    let mut setup = polling(served.address, &serde_json::json!({}));
    setup.workers = u32::try_from(WORKERS).unwrap();
    let module = variable("FRAGILE");
    setup.module =
        Some(module.expect("`FRAGILE` names the filter that tells its VM: run `make e2e`"));
    setup.start()
}

/// Does something to the file; how long after that each worker answers so.
#[allow(clippy::print_stdout, reason = "the figures are what it is for")]
fn measured(
    workers: &mut Workers,
    what: &str,
    key: &str,
    expected: (u16, &str),
    act: impl FnOnce(),
) -> Vec<Duration> {
    act();
    let after = workers.until(now(), key, expected);
    println!("{what}: each of {WORKERS} workers after {after:.2?}");
    assert!(after.iter().all(|after| *after <= BOUND), "{what}: {after:?}");
    after
}

#[test]
fn a_key_lives_from_its_creation_to_its_removal_as_the_tool_says() {
    let file = KeyFile::new();
    let served = Served::start(&file.path());
    let lab = gateway(&served);
    let mut workers = Workers::of(&lab, WORKERS);
    let unknown = (401, "app_key_invalid");
    let (let_in, expired) = ((200, ""), (401, "app_key_expired"));
    let owner = "--user user-of-acme --tenant acme --scope assets.read";

    let first = file.key(&format!("create pump-17 {owner} --ttl 1h"));
    measured(&mut workers, "created", &first, let_in, || {});

    // Both are good in the overlap, and then the new one alone.
    let second = file.key("rotate pump-17 --overlap 10s --ttl 1h");
    assert_ne!(first, second);
    let ends = end_of(&file, 0);
    measured(&mut workers, "rotated, the new secret", &second, let_in, || {});
    workers.assert_all(&first, 200, "");
    assert_end(&mut workers, &first, ends);
    workers.assert_all(&second, 200, "");

    // A key that is extended outlives its first end, and one that is not ends at the second.
    let short = file.key(&format!("create pump-18 {owner} --ttl 12s"));
    let brief = file.key(&format!("create pump-19 {owner} --ttl 12s"));
    let ends = end_of(&file, 2);
    measured(&mut workers, "created, to be extended", &short, let_in, || {});
    file.key("extend pump-18 --by 1h --reason tested");
    measured(&mut workers, "created, to end soon", &brief, let_in, || {});
    assert_end(&mut workers, &brief, ends);
    workers.assert_all(&short, 200, "");
    measured(&mut workers, "expired by hand", &short, expired, || {
        file.key("expire pump-18");
    });

    measured(&mut workers, "disabled", &second, unknown, || {
        file.key("disable pump-17");
    });
    measured(&mut workers, "enabled", &second, let_in, || {
        file.key("enable pump-17");
    });
    measured(&mut workers, "deleted", &second, unknown, || {
        file.key("delete pump-17 --yes");
    });
    workers.assert_all(&first, 401, "app_key_invalid");

    // Expired ones are known until they are pruned.
    workers.assert_all(&short, 401, "app_key_expired");
    thread::sleep(Duration::from_millis(1100));
    measured(&mut workers, "pruned", &short, unknown, || {
        file.key("prune --older-than 1s");
    });
    let left: Value = serde_json::from_str(&file.text()).unwrap();
    assert_eq!(left["keys"], serde_json::json!([]));

    let logs = format!("{}{}{}", lab.logs(), served.end(), file.text());
    for key in [&first, &second, &short, &brief] {
        assert!(!logs.contains(&key[8..40]), "a key is in a log or the file");
    }
    lab.assert_unharmed();
}

/// The end of the first secret of the record at this place of the file, in milliseconds since 1970.
fn end_of(file: &KeyFile, record: usize) -> i128 {
    let document: Value = serde_json::from_str(&file.text()).unwrap();
    let end = document["keys"][record]["secrets"][0]["expires_at"].as_str().unwrap();
    i128::from(tenantgate::tool::key::time(end).unwrap().as_millis())
}

/// Asserts that the key is good on every worker until the end, and on none from then on.
fn assert_end(workers: &mut Workers, key: &str, end: i128) {
    let millis = || i128::try_from(clock::since_1970().as_millis()).unwrap();
    let (mut before, mut after) = (0, 0);
    while millis() < end + 300 {
        let sent = millis();
        let answers = workers.ask(key);
        if millis() < end {
            assert!(answers.iter().all(|answer| answer.0 == 200), "{answers:?}");
            before += 1;
        } else if sent >= end {
            let is_expired = |answer: &(u16, String)| answer.1 == "app_key_expired";
            assert!(answers.iter().all(is_expired), "{answers:?}");
            after += 1;
        }
        thread::sleep(Duration::from_millis(2));
    }
    assert!(before > 0 && after > 0, "{before} {after}");
}

#[test]
fn whenever_a_key_is_disabled_each_worker_knows_it_in_time() {
    let file = KeyFile::new();
    let served = Served::start(&file.path());
    let lab = gateway(&served);
    let mut workers = Workers::of(&lab, WORKERS);
    let create = "create pump-17 --user user-of-acme --tenant acme --ttl 1h";
    let key = file.key(create);
    let mut all = vec![Vec::new(); WORKERS];
    for round in 0..ROUNDS {
        let what = format!("enabled, round {round}");
        measured(&mut workers, &what, &key, (200, ""), || {
            if round > 0 {
                file.key("enable pump-17");
            }
        });
        // At another moment between two looks of the gateway at the store.
        thread::sleep(Duration::from_millis(2000 / u64::from(ROUNDS) * u64::from(round)));
        let what = format!("disabled, round {round}");
        let after = measured(&mut workers, &what, &key, (401, "app_key_invalid"), || {
            file.key("disable pump-17");
        });
        for (all, after) in all.iter_mut().zip(after) {
            all.push(after);
        }
    }
    for (worker, mut all) in all.into_iter().enumerate() {
        all.sort();
        let [first, .., last] = &all[..] else { panic!("{all:?}") };
        let middle = all[all.len() / 2];
        println!(
            "revocation at worker {worker}: {first:.2?} to {last:.2?}, median {middle:.2?}, of {ROUNDS}"
        );
    }
    lab.assert_unharmed();
}

#[test]
fn of_twenty_thousand_keys_in_shards_each_is_known_and_one_that_is_deleted_is_gone_in_time() {
    let file = KeyFile::new();
    file.write(&super::many(20_000));
    let served = Served::start(&file.path());
    let start = now();
    let lab = gateway(&served);
    let mut workers = Workers::of(&lab, WORKERS);
    let key = super::numbered;
    let first = eventually("keys", || {
        let answers = workers.ask(&key(0));
        answers.iter().all(|answer| answer.0 == 200).then(|| now() - start)
    });
    println!("20,000 keys: known to all workers {first:.2?} after Envoy was started");
    for number in (0..20_000).step_by(997).chain([19_999]) {
        workers.assert_all(&key(number), 200, "");
    }
    workers.assert_all(&key(20_000), 401, "app_key_invalid");
    // The bound counts from when the store says it, which here takes time to read its file.
    let before = served.read();
    file.key("delete key-4711 --yes");
    let unknown = (401, "app_key_invalid");
    let gone = measured(&mut workers, "deleted of 20,000", &key(4_711), unknown, || {
        eventually("a change at the store", || (served.read() != before).then_some(()));
    });
    assert_eq!(gone.len(), WORKERS);
    workers.assert_all(&key(4_712), 200, "");
    lab.assert_unharmed();
}
