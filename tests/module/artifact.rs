//! The built module (`make wasm`): what it exports, what it imports, how large it is.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test stops by panicking; clippy spares only functions that carry `#[test]`"
)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Half of what loading it costs Envoy is its size: 0.5 s per 640 kB.
const LARGEST: usize = 1_200_000;

#[test]
fn the_module_exports_exactly_the_allowed_names() {
    let allowed: BTreeSet<String> = include_str!("../scripts/exports.txt")
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(str::to_owned)
        .collect();

    assert_eq!(exports(&module()), allowed);
}

/// A host refuses a module that imports what it lacks; these two spaces every host offers.
#[test]
fn the_module_imports_only_proxy_wasm_and_wasi_functions() {
    let imports = imports(&module());
    let known = |(space, name): &&(String, String)| {
        (space == "env" && name.starts_with("proxy_")) || space == "wasi_snapshot_preview1"
    };

    assert!(imports.contains(&("env".to_owned(), "proxy_log".to_owned())));
    assert_eq!(imports.iter().find(|import| !known(import)), None);
}

#[test]
fn the_module_is_under_the_size_limit() {
    let size = module().len();

    assert!(size < LARGEST, "{size} bytes, the limit is {LARGEST}");
}

fn module() -> Vec<u8> {
    let path = std::env::var_os("WASM").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tenantgate.wasm"),
        PathBuf::from,
    );
    std::fs::read(&path)
        .unwrap_or_else(|error| panic!("{}: {error}; run `make wasm`", path.display()))
}

/// WebAssembly core specification, §5.5.10.
fn exports(module: &[u8]) -> BTreeSet<String> {
    let mut section = section(module, 7);
    (0..section.number())
        .map(|_| {
            let name = section.name();
            section.byte();
            section.number();
            name
        })
        .collect()
}

/// WebAssembly core specification, §5.5.5. Only functions: a memory or table from outside panics here.
fn imports(module: &[u8]) -> BTreeSet<(String, String)> {
    let mut section = section(module, 2);
    (0..section.number())
        .map(|_| {
            let import = (section.name(), section.name());
            assert_eq!(section.byte(), 0, "`{import:?}` is not a function");
            section.number();
            import
        })
        .collect()
}

/// WebAssembly core specification, §5.5.2.
fn section(module: &[u8], wanted: u8) -> Reader<'_> {
    let mut rest = Reader(module.strip_prefix(b"\0asm\x01\0\0\0").expect("a module of version 1"));
    loop {
        let id = rest.byte();
        let size = rest.number();
        let content = rest.take(size);
        if id == wanted {
            return Reader(content);
        }
    }
}

struct Reader<'m>(&'m [u8]);

impl<'m> Reader<'m> {
    fn take(&mut self, count: usize) -> &'m [u8] {
        let (taken, rest) = self.0.split_at(count);
        self.0 = rest;
        taken
    }

    fn byte(&mut self) -> u8 {
        self.take(1)[0]
    }

    /// Unsigned LEB128, §5.2.2.
    fn number(&mut self) -> usize {
        let mut value = 0;
        for shift in (0..).step_by(7) {
            let byte = self.byte();
            value |= usize::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                break;
            }
        }
        value
    }

    fn name(&mut self) -> String {
        let size = self.number();
        String::from_utf8(self.take(size).to_vec()).expect("a name in UTF-8")
    }
}
