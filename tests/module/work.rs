//! How many instructions the module takes on its main paths: no more than the committed numbers and 5 %.
//!
//! They are the same in every run and on every machine, but another compiler makes another module. So the numbers
//! name the compiler that built theirs, and whether wasm-opt was there; with another module they say nothing, and that
//! is said on standard error. `TENANTGATE_WRITE_GOLDEN=1` writes them anew, for review.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;

use serde_json::json;

use crate::artifact;
use crate::host::Host;
use crate::provider::{expired, grants, user, user_in_subtenant};
use crate::requests::{Fields, get};
use crate::scene::{
    KEY, UNKNOWN_KEY, configuration, configured, profile, profile_by_key, ready, reports, with_keys,
};
use crate::vm::Vm;

#[test]
fn no_main_path_has_grown_by_more_than_a_twentieth() {
    let work = measured();
    if std::env::var_os("TENANTGATE_WRITE_GOLDEN").is_some() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/module_work.txt");
        let origin = origin().expect("a compiler whose commit the module tells");
        std::fs::write(path, written(&origin, &work)).unwrap();
        return;
    }
    let (theirs, committed) = read(COMMITTED);
    assert_eq!(committed.keys().collect::<Vec<_>>(), work.keys().collect::<Vec<_>>());
    let ours = origin().unwrap_or_else(|| "a compiler that it does not name".to_owned());
    if theirs != ours {
        // Not captured, so that nobody takes this for a comparison.
        let mut stderr = std::io::stderr();
        writeln!(stderr, "{NOT_COMPARED}: those are of {theirs}, this module is of {ours}")
            .unwrap();
        return;
    }
    let grown: Vec<_> = work
        .iter()
        .map(|(path, now)| (path, committed[path], *now))
        .filter(|(_, before, now)| *now * 100 > before * 105)
        .collect();
    assert!(grown.is_empty(), "path, before, now: {grown:?}");
}

#[test]
fn the_committed_numbers_are_read_as_they_are_written() {
    let (origin, work) = read(COMMITTED);
    assert_eq!(written(&origin, &work), COMMITTED);
}

/// Instructions by path. Each is taken from a module of its own, for where its allocator finds room moves
/// them by a few percent.
fn measured() -> BTreeMap<String, u64> {
    let tokens = || ready();
    let keys = || configured(Host::default(), &with_keys());
    let rows = [
        ("token first seen", first(tokens(), profile(&user("ann")))),
        ("token repeated", repeated(tokens(), profile(&user("ann")))),
        ("technical token injected", repeated(with_technical_token(), reports(&user("ann")))),
        ("application key", repeated(keys(), profile_by_key(KEY))),
        ("application key counted", repeated(counting(), profile_by_key(KEY))),
        ("application key unknown", repeated(keys(), profile_by_key(UNKNOWN_KEY))),
        ("expired token first seen", first(tokens(), profile(&expired("ann")))),
        ("expired token repeated", repeated(tokens(), profile(&expired("ann")))),
        ("subtenant refused", repeated(tokens(), profile(&user_in_subtenant("ann")))),
        ("token missing", repeated(tokens(), get("/profile", &[]))),
        ("no route", repeated(tokens(), get("/elsewhere", &[]))),
        ("configuration", configuring()),
    ];
    rows.map(|(path, work)| (path.to_owned(), work)).into()
}

/// The work of the first such request, after another one has made the module set up what all need.
fn first(mut vm: Vm, headers: Fields) -> u64 {
    vm.request(2, profile(&user("someone else")));
    used(&mut vm, 3, headers)
}

/// The work of the third such request.
fn repeated(mut vm: Vm, headers: Fields) -> u64 {
    vm.request(2, headers.clone());
    vm.request(3, headers.clone());
    used(&mut vm, 4, headers)
}

/// The work of one request, up to its end.
fn used(vm: &mut Vm, stream: u32, headers: Fields) -> u64 {
    let before = vm.work();
    if vm.request(stream, headers) {
        assert!(vm.respond(stream, 200));
    }
    vm.close(stream);
    vm.work() - before
}

/// Keys whose use is reported, and told in the log when it is the first one.
fn counting() -> Vm {
    let mut document = with_keys();
    document["client_address"] = json!("use_remote_address");
    document["application_keys"]["log_first_use"] = json!(true);
    document["application_keys"]["usage"] =
        json!({ "cluster": "usage", "uri": "https://usage.example/keys/usage" });
    configured(Host::default(), &document)
}

fn with_technical_token() -> Vm {
    let mut vm = ready();
    vm.request(100, reports(&user("ann")));
    vm.queue_ready();
    vm.answer(1, grants("technical"));
    vm
}

fn configuring() -> u64 {
    let mut vm = Vm::start(Host::default());
    let before = vm.work();
    assert!(vm.configure(configuration().to_string().as_bytes()), "{:?}", vm.host().log);
    vm.work() - before
}

/// Who built the module: the compiler's commit, which it leaves in the places of panics of its library, and
/// wasm-opt. None for a library that was built from sources, as Debian's is: it does not name its compiler.
fn origin() -> Option<String> {
    let module = artifact::bytes();
    let place = module.windows(BEFORE_COMMIT.len()).position(|bytes| bytes == BEFORE_COMMIT)?;
    let commit = module.get(place + BEFORE_COMMIT.len()..)?.get(..COMMIT_LENGTH)?;
    let wasm_opt = if artifact::is_optimised(&module) { "with" } else { "without" };
    Some(format!("compiler {} {wasm_opt} wasm-opt", String::from_utf8_lossy(commit)))
}

fn written(origin: &str, work: &BTreeMap<String, u64>) -> String {
    let mut text = format!("{origin}\n");
    for (path, work) in work {
        writeln!(text, "{path}: {work}").unwrap();
    }
    text
}

fn read(text: &str) -> (String, BTreeMap<String, u64>) {
    let (origin, lines) = text.split_once('\n').expect("a first line");
    let row = |line: &str| {
        let (path, work) = line.rsplit_once(": ").expect("a path and its work");
        (path.to_owned(), work.parse().expect("a number"))
    };
    (origin.to_owned(), lines.lines().map(row).collect())
}

const NOT_COMPARED: &str = "instructions are not compared with the committed ones";
const COMMITTED: &str = include_str!("../fixtures/module_work.txt");
const BEFORE_COMMIT: &[u8] = b"/rustc/";
const COMMIT_LENGTH: usize = 40;
