//! Routes: no two spellings of one resource are decided differently, and the tree finds what a scan
//! of all routes finds.

mod choices;
mod reference;
mod server;
mod spelling;
mod table;

use std::collections::HashMap;

use tenantgate::message::{CanonicalPath, RequestHead};
use tenantgate::policy::{Denial, Policy};

use choices::Choices;
use reference::Reference;
use table::Table;

/// Makes routes of `data`, then requests, and compares.
pub fn run(data: &[u8]) {
    compare(data, 64);
}

/// How much was compared.
#[derive(Debug, Default)]
pub struct Tally {
    /// Spellings that were made.
    pub spellings: usize,
    /// Spellings that passed the canonical form.
    pub canonical: usize,
    /// Decisions on a spelling of a resource that another spelling was decided on before.
    pub pairs: usize,
    /// Requests that came to a route.
    pub located: usize,
}

/// Makes one table of routes of `data`, and `groups` times some spellings of one path.
pub fn compare(data: &[u8], groups: usize) -> Tally {
    let mut choices = Choices::new(data);
    let table = Table::make(&mut choices);
    let reference = Reference::new(&table);
    let policy = table.policy(&reference);
    let servers = server::all(table.spelling);
    let mut tally = Tally::default();
    for _ in 0..groups {
        let request = Request::make(&mut choices);
        let mut decided: Vec<(String, String)> = Vec::new();
        // By server, the first of the decisions on a resource.
        let mut seen: Vec<HashMap<Vec<u8>, usize>> = vec![HashMap::new(); servers.len()];
        for raw in spelling::some(&mut choices, &table) {
            tally.spellings += 1;
            let Some(decision) = request.decide(&raw, &policy, &reference) else { continue };
            tally.canonical += 1;
            tally.located += usize::from(decision.starts_with("route"));
            for (server, seen) in servers.iter().zip(&mut seen) {
                let Some(resource) = server.resource(raw.as_bytes()) else { continue };
                let first = *seen.entry(resource).or_insert(decided.len());
                let Some((other, before)) = decided.get(first) else { continue };
                if *other != raw {
                    tally.pairs += 1;
                    assert_eq!(
                        &decision, before,
                        "`{raw}` and `{other}` are one resource for {} behind {table:?}",
                        server.name,
                    );
                }
            }
            decided.push((raw, decision));
        }
    }
    tally
}

/// All of a request but its path.
struct Request {
    method: &'static str,
    host: &'static str,
    /// Names and values of fields.
    fields: Vec<(&'static str, &'static str)>,
}

impl Request {
    fn make(choices: &mut Choices<'_>) -> Self {
        let hosts =
            ["api.acme.example", "x.eu.acme.example", "w.acme.example:8443", "acme.example"];
        let mut fields = Vec::new();
        for name in ["x-a", "x-b", "x_a"] {
            if choices.one_in(3) {
                fields.push((name, choices.of(&["1", "1", "1", ""])));
            }
        }
        let method = choices.of(&["GET", "HEAD", "PUT", "POST"]);
        Self { method, host: choices.of(&hosts), fields }
    }

    /// What becomes of the request, as a text; `None` when the path is refused before any route is
    /// looked at, or with the same answer.
    fn decide(&self, path: &str, policy: &Policy, reference: &Reference<'_>) -> Option<String> {
        let mut fields: Vec<(&[u8], &[u8])> = vec![
            (b":method", self.method.as_bytes()),
            (b":authority", self.host.as_bytes()),
            (b":path", path.as_bytes()),
        ];
        fields.extend(self.fields.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes())));
        let head = RequestHead::new(fields);
        let target = policy.target(&head).ok()?;
        let segments: Vec<&str> = target.path().segments().collect();
        let expected = reference.locate(self.method, target.host(), &segments, &self.fields);
        match policy.locate(&target, &head) {
            Ok(route) => {
                let route = route.route();
                assert_eq!(Ok(&*route.name), expected.as_deref(), "{path}");
                let captured = |name| captured(&route.path, name, target.path());
                let captures: Vec<_> = route.path.captures().map(captured).collect();
                Some(format!("route {} {captures:?}", route.name))
            }
            Err(Denial::PathAmbiguous(_)) => {
                assert_eq!(expected, Err("ambiguous"), "{path}");
                None
            }
            Err(denial) => {
                assert_eq!(expected, Err(denial.reason()), "{path}");
                Some(denial.reason().to_owned())
            }
        }
    }
}

fn captured(
    pattern: &tenantgate::policy::PathPattern,
    name: &str,
    path: &CanonicalPath<'_>,
) -> String {
    let segment = pattern.capture(name, path).expect("a segment in its place");
    assert!(!segment.is_empty() && !segment.contains([';', '/']), "{segment}");
    segment.to_owned()
}
