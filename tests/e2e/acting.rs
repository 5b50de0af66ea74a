//! Programs that act for subtenants: one by one, and a hundred thousand of them over time.
//!
//! `TENANTGATE_SUBTENANTS` sets how many; `--nocapture` shows the figures.

use std::thread;

use serde_json::{Value, json};

use crate::development::codes;
use crate::development::http_client::{Connection, request};
use crate::development::signing_key::claims_of;
use crate::development::upstream::seen;
use crate::filter;
use crate::flood::resident;
use crate::lab::{Lab, Setup, now, variable};

#[test]
fn each_request_acts_for_the_subtenant_that_it_names_and_the_header_stays_here() {
    let lab = start(json!(["north", "a&b=c", "two words"]), 4096);
    for id in ["north", "a&b=c", "two words", "north"] {
        let answer = lab.send(&acting(id));
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(subtenant(&answer.json()), id);
        assert_eq!(seen(&answer.json(), HEADER), [""; 0]);
    }
    assert_eq!(lab.idp.calls("token"), 3);
    for (head, status, code) in [
        (request("GET", "/api/things", &[], ""), 403, "subtenant_required"),
        (acting("south"), 403, codes::SUBTENANCY_REFUSED),
        (acting(""), 400, codes::REQUEST_MALFORMED),
        (
            request("GET", "/api/things", &[(HEADER, "north"), (HEADER, "north")], ""),
            400,
            codes::REQUEST_MALFORMED,
        ),
    ] {
        let answer = lab.send(&head);
        assert_eq!((answer.status, answer.code().as_str()), (status, code), "{}", answer.text());
    }
    assert_eq!(lab.idp.calls("token"), 3);
    lab.assert_unharmed();
}

#[test]
fn many_subtenants_over_time_leave_the_memory_of_envoy_as_it_was() {
    let count =
        variable("TENANTGATE_SUBTENANTS").map_or(USUAL, |text| text.parse().expect("a number"));
    let lab = start(json!("any"), 256);
    // All slots and all buckets of the shared data are full, and both workers have compiled what they
    // run.
    let warm_up = count / 5;
    run(&lab, 0..warm_up);
    let (memory, before) = (resident(&lab), now());
    let mut line = vec![memory];
    for part in 1..5 {
        run(&lab, part * warm_up..(part + 1) * warm_up);
        line.push(resident(&lab));
    }
    let calls = lab.idp.calls("token");
    println!(
        "{count} subtenants, the last four fifths in {:.1?}; {calls} calls for tokens\nmemory in KiB after each fifth: {line:?}",
        now() - before,
    );
    assert_eq!(calls, 5 * warm_up, "one call each");
    let grown = line[4].saturating_sub(memory);
    assert!(grown <= GROWTH_LIMIT, "grown by {grown} KiB: {line:?}");
    lab.assert_unharmed();
}

/// One request for each of these subtenants, over several connections.
fn run(lab: &Lab, numbers: std::ops::Range<usize>) {
    thread::scope(|scope| {
        for part in 0..CLIENTS {
            let numbers = numbers.clone().filter(move |number| number % CLIENTS == part);
            scope.spawn(move || {
                let mut connection = Connection::open(lab.gateway).unwrap();
                for number in numbers {
                    let id = format!("subtenant-{number:06}");
                    connection.send(&acting(&id)).unwrap();
                    let answer = connection.receive().unwrap();
                    assert_eq!(answer.status, 200, "{id}: {}", answer.text());
                    assert_eq!(subtenant(&answer.json()), id);
                }
            });
        }
    });
}

fn acting(id: &str) -> Vec<u8> {
    request("GET", "/api/things", &[(HEADER, id)], "")
}

/// The subtenant of the token that the upstream saw.
fn subtenant(echo: &Value) -> Value {
    let authorization = seen(echo, "authorization");
    claims_of(authorization[0].strip_prefix("Bearer ").unwrap())["subtenant"].clone()
}

fn start(values: Value, slots: usize) -> Lab {
    let mut setup = Setup::new();
    setup.filter = filter::egress();
    setup.filter["limits"]["token_slots"] = json!(slots);
    let route = &mut setup.filter["routes"][0];
    route["subtenant"] = json!({"header": HEADER, "values": values});
    setup.start()
}

const HEADER: &str = "x-act-for-subtenant";

/// How many subtenants there are if nobody says otherwise.
const USUAL: usize = 2_000;

const CLIENTS: usize = 8;

/// By how much Envoy may grow, in KiB: what the allocator holds on to, and what is not full yet where
/// there are few subtenants.
const GROWTH_LIMIT: usize = 16 * 1024;
