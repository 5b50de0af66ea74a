//! The module as a file: what it exports, what it imports, how large it is.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use wasmi::{CompilationMode, Config, Engine, Module};

/// Half of what loading it costs Envoy is its size: 0.5 s per 640 kB.
const LARGEST: usize = 1_200_000;

/// The limit where wasm-opt, which takes a tenth off, could not be had.
const LARGEST_AS_LINKED: usize = LARGEST / 9 * 10;

#[test]
fn the_module_exports_exactly_the_allowed_names() {
    let allowed: BTreeSet<&str> = include_str!("../../scripts/exports.txt")
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .collect();

    let exports: BTreeSet<&str> = module().exports().map(|export| export.name()).collect();

    assert_eq!(exports, allowed);
}

/// A host refuses a module that imports what it lacks; these two spaces every host offers.
#[test]
fn the_module_imports_only_proxy_wasm_and_wasi_functions() {
    let imports: BTreeSet<(&str, &str)> =
        module().imports().map(|import| (import.module(), import.name())).collect();
    let known = |(space, name): &&(&str, &str)| {
        (*space == "env" && name.starts_with("proxy_")) || *space == "wasi_snapshot_preview1"
    };

    assert!(imports.contains(&("env", "proxy_log")));
    assert_eq!(imports.iter().find(|import| !known(import)), None);
    assert!(module().imports().all(|import| import.ty().func().is_some()));
}

/// No names of functions and no traces of the build: they are bytes that each proxy loads. A panic tells
/// its place in the log by itself.
#[test]
fn the_module_has_no_custom_sections() {
    let names: Vec<&str> = module().custom_sections().map(|section| section.name()).collect();

    assert_eq!(names, [""; 0]);
}

#[test]
fn the_module_is_under_the_size_limit() {
    let module = bytes();
    let (size, limit) =
        (module.len(), if is_optimised(&module) { LARGEST } else { LARGEST_AS_LINKED });

    assert!(size < limit, "{size} bytes, the limit is {limit}");
}

/// The module, compiled once for all scenarios.
pub fn module() -> &'static Module {
    static MODULE: OnceLock<Module> = OnceLock::new();
    MODULE.get_or_init(|| {
        // So that instructions are counted; translating on demand would count as work of whichever
        // scenario calls a function first.
        let mode = CompilationMode::Eager;
        let engine = Engine::new(Config::default().consume_fuel(true).compilation_mode(mode));
        Module::new(&engine, bytes()).expect("a module")
    })
}

/// Whether the module is what wasm-opt has made.
pub fn is_optimised(module: &[u8]) -> bool {
    std::fs::read(in_target("wasm-opt/tenantgate.wasm")).is_ok_and(|it| it == module)
}

pub fn bytes() -> Vec<u8> {
    let path = std::env::var_os("WASM").map_or_else(|| in_target("tenantgate.wasm"), PathBuf::from);
    std::fs::read(&path)
        .unwrap_or_else(|error| panic!("{}: {error}; run `make wasm`", path.display()))
}

fn in_target(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("target").join(name)
}
