//! What `docs/security.md` names exists: each file, and each test that says a defence works.
#![allow(
    clippy::expect_used,
    clippy::panic,
    reason = "a test stops by panicking; clippy spares only functions that carry `#[test]`"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The first cells of the tables whose rows are defences.
const HEAD: &str = "| check | file | test |";

#[test]
fn every_defence_names_files_and_tests_that_exist() {
    let tests = test_names();
    let defences = defences();
    assert!(defences.len() > 60, "{} defences were found", defences.len());
    for [threat, files, named] in defences {
        let files = quoted(&files);
        assert!(!files.is_empty(), "`{threat}` names no file");
        for file in files {
            assert!(root().join(&file).is_file(), "`{threat}` names `{file}`");
        }
        let named = quoted(&named);
        assert!(!named.is_empty(), "`{threat}` names no test");
        for test in named {
            assert!(tests.contains(&test), "`{threat}` names the test `{test}`");
        }
    }
}

#[test]
fn every_threat_of_rfc_8725_has_a_row() {
    let threats: Vec<String> = defences().into_iter().map(|[threat, ..]| threat).collect();
    let sections = (1..=10).map(|number| format!("§2.{number} "));
    for section in sections.chain((1..=12).map(|number| format!("§3.{number} "))) {
        assert!(threats.iter().any(|threat| threat.starts_with(&section)), "{section}has none");
    }
}

/// Threat, files and tests of each row.
fn defences() -> Vec<[String; 3]> {
    let page = fs::read_to_string(root().join("docs/security.md")).expect("a readable page");
    let mut defences = Vec::new();
    let mut is_inside = false;
    for line in page.lines() {
        is_inside = line.ends_with(HEAD) || is_inside && line.starts_with('|');
        if !is_inside || line.ends_with(HEAD) || line.starts_with("| ---") {
            continue;
        }
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        let [threat, _, files, tests] = cells.as_slice() else {
            panic!("`{line}` does not have four cells");
        };
        defences.push([threat, files, tests].map(|cell| (*cell).to_owned()));
    }
    defences
}

/// The functions that carry `#[test]`, and those that the end-to-end tests list.
fn test_names() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for folder in ["src", "tests", "examples"] {
        for file in rust_files(&root().join(folder)) {
            let text = fs::read_to_string(file).expect("a readable source");
            let lines: Vec<&str> = text.lines().map(str::trim).collect();
            for pair in lines.windows(2) {
                let [attribute, function] = pair else { continue };
                let name = function.strip_prefix("fn ").and_then(|rest| rest.split('(').next());
                if let (true, Some(name)) = (attribute.starts_with("#[test]"), name) {
                    names.insert(name.to_owned());
                }
            }
        }
    }
    names
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a readable folder");
    let paths = entries.map(|entry| entry.expect("a readable entry").path());
    paths
        .flat_map(|path| match path.is_dir() {
            true => rust_files(&path),
            false if path.extension().is_some_and(|extension| extension == "rs") => vec![path],
            false => Vec::new(),
        })
        .collect()
}

/// What stands between backticks.
fn quoted(cell: &str) -> Vec<String> {
    cell.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
