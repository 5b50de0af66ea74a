//! Finding the route of a request, which should not depend on how many routes there are.

use std::hint::black_box;

use tenantgate::config;
use tenantgate::message::{RequestHead, RequestTarget};
use tenantgate::policy::Policy;

use crate::configuration::{document, environment};
use crate::measure::Row;

/// The same ten routes in turn among few and among many, and all of the many in turn, of which most
/// are in no cache of the processor.
pub fn rows() -> Vec<Row> {
    vec![
        row("lookup_10_routes", 10, 10),
        row("lookup_10000_routes", 10_000, 10),
        row("lookup_10000_routes_all_in_turn", 10_000, 10_000),
    ]
}

fn row(name: &'static str, routes: usize, asked: usize) -> Row {
    // Two routes of the document are others.
    let text = document(routes - 2).to_string();
    let compiled = config::compile(text.as_bytes(), &environment).expect("a valid configuration");
    let config: &'static _ = Box::leak(Box::new(compiled.config));
    let policy: &'static Policy = config.policy();
    let paths = (0..asked).map(|number| {
        // Each once, and neighbours never in a row.
        let number = number * 7 % asked * (routes - 2) / asked;
        format!("/api/service-{number}/v1/pump-4/items/7")
    });
    let requests: Vec<_> = paths.map(|path| request(policy, path)).collect();
    let mut requests = requests.into_iter().cycle();
    Row::new(name, move || {
        let (target, head) = requests.next().expect("a request");
        policy.locate(black_box(target), black_box(head)).expect("a route");
    })
}

fn request(
    policy: &Policy,
    path: String,
) -> &'static (RequestTarget<'static>, RequestHead<'static>) {
    let path: &'static str = path.leak();
    let fields = [(":method", "GET"), (":authority", "api.acme.example"), (":path", path)];
    let fields = fields.map(|(name, value)| (name.as_bytes(), value.as_bytes()));
    let head = RequestHead::new(fields.into());
    let target = policy.target(&head).expect("a canonical target");
    Box::leak(Box::new((target, head)))
}
