//! The seeds of the fuzz targets, and every input that was once a finding, without a fuzzer.
#![allow(clippy::unwrap_used, reason = "helpers of tests stop at the first surprise")]

#[path = "../fuzz/src/lib.rs"]
mod targets;

use std::fs;
use std::path::{Path, PathBuf};

use targets::TARGETS;

#[test]
fn every_input_of_the_corpus_keeps_the_promises_of_its_target() {
    for (name, run) in TARGETS {
        let inputs = files(&corpus().join(name));
        assert!(!inputs.is_empty(), "`{name}` has no seeds");
        for input in inputs {
            run(&fs::read(input).unwrap());
        }
    }
}

#[test]
fn every_folder_of_the_corpus_belongs_to_a_target() {
    let mut names: Vec<_> = TARGETS.map(|(name, _)| corpus().join(name)).into();
    names.sort();
    assert_eq!(files(&corpus()), names);
}

/// Whatever is in a folder, in order.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    files.sort();
    files
}

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus")
}
