//! The structure of the sources, checked by reading them: which module may name which, and how long a file may be.
#![allow(
    clippy::expect_used,
    clippy::panic,
    reason = "a test stops by panicking; clippy spares only functions that carry `#[test]`"
)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

/// Top-level modules from the ground up. A module may name those of the rows above its own: not its
/// siblings, and nothing below. A new module needs a place here.
const LAYERS: [&[&str]; 12] = [
    &["order"],
    &["sorted", "table", "time", "secret", "tenancy", "crypto"],
    &["message", "json", "shared"],
    &["jwt"],
    &["credential", "technical_token", "application_key"],
    &["principal"],
    &["policy"],
    &["presets"],
    &["config"],
    &["problem", "telemetry"],
    &["gateway"],
    &["host", "tool"],
];

/// These read everyone's errors. The gateway alone makes replies and notices of them; the host writes the notices down.
const USED_ONLY_BY: [(&str, &[&str]); 2] =
    [("problem", &["gateway"]), ("telemetry", &["gateway", "host"])];

const CRYPTO_CRATES: [&str; 9] =
    ["ecdsa", "ed25519_dalek", "hmac", "jwt_compact", "p256", "p384", "p521", "rsa", "sha2"];

const LONGEST_FILE: usize = 400;

#[test]
fn no_module_names_one_of_its_own_layer_or_above() {
    for source in sources() {
        let from = layer(&source.module);
        for named in source.named_modules() {
            assert!(
                named == source.module || layer(&named) < from,
                "`{}` names `crate::{named}`",
                source.path
            );
        }
    }
}

#[test]
fn problems_and_telemetry_have_no_other_users() {
    for source in sources() {
        for (module, users) in USED_ONLY_BY {
            let may = source.module == module || users.contains(&source.module.as_str());
            assert!(
                may || !source.named_modules().contains(module),
                "`{}` names `crate::{module}`",
                source.path
            );
        }
    }
}

/// Its callbacks stop the worker over a context that they do not know, its hostcalls over a status. `proxy_on_…` are
/// names of the ABI.
#[test]
fn nothing_names_the_sdk_and_only_the_host_names_the_abi() {
    for source in sources() {
        assert!(!source.code.contains("proxy_wasm"), "`{}` names the SDK", source.path);
        assert!(
            source.module == "host" || !source.code.contains("proxy_on_"),
            "`{}` names callbacks of proxy-wasm",
            source.path
        );
    }
}

#[test]
fn only_crypto_names_the_cryptographic_crates() {
    for source in sources() {
        for name in CRYPTO_CRATES {
            assert!(
                source.module == "crypto" || !names(&source.code, name),
                "`{}` names `{name}`",
                source.path
            );
        }
    }
}

/// Whether a path begins with this name, or leads through a module called so.
fn names(code: &str, name: &str) -> bool {
    let is_part = |before: &str| before.ends_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
    let path = format!("{name}::");
    code.match_indices(&path).any(|(at, _)| !is_part(code.get(..at).unwrap_or_default()))
}

#[test]
fn a_crates_name_is_told_from_the_end_of_a_longer_one() {
    for code in ["use rsa::x;", "rsa::x", "::rsa::x", "(rsa::x)"] {
        assert!(names(code, "rsa"), "{code}");
    }
    for code in ["use rrsa::x;", "my_rsa::x", "rsa2::x", "rsa"] {
        assert!(!names(code, "rsa"), "{code}");
    }
}

#[test]
fn no_file_is_too_long() {
    for source in sources() {
        let lines = source.code.lines().count();
        assert!(
            lines <= LONGEST_FILE,
            "`{}` has {lines} lines without its tests, the limit is {LONGEST_FILE}",
            source.path
        );
    }
}

/// What is committed says nothing about the machine it was written on.
#[test]
fn no_tracked_file_names_a_path_of_this_machine() {
    let tracked = Command::new("git")
        .args(["ls-files", "-z"])
        .current_dir(root())
        .output()
        .expect("git lists the tracked files");
    assert!(tracked.status.success(), "{}", String::from_utf8_lossy(&tracked.stderr));
    let tracked = String::from_utf8(tracked.stdout).expect("file names in UTF-8");

    for path in tracked.split_terminator('\0') {
        // A tracked file that was deleted and not committed names nothing.
        let content = fs::read(root().join(path)).unwrap_or_default();
        let content = String::from_utf8_lossy(&content);
        for folder in this_machines_folders() {
            assert!(!content.contains(&folder), "`{path}` names `{folder}`");
        }
    }
}

#[test]
fn imports_are_found_in_every_form() {
    let code = "use crate::time::Timestamp;\n\
                use crate::{message::{Head, Reply}, secret::Secret,\n    jwt};\n\
                pub(crate) fn f() -> crate::policy::Decision {}\n";

    let found = named_modules(code);

    let expected = ["jwt", "message", "policy", "secret", "time"].map(str::to_owned);
    assert_eq!(found, BTreeSet::from(expected));
}

struct Source {
    /// From the repository's root.
    path: String,
    /// The top-level module that it belongs to.
    module: String,
    /// Without comments, and without the tests at the foot.
    code: String,
}

impl Source {
    fn named_modules(&self) -> BTreeSet<String> {
        named_modules(&self.code)
    }
}

/// All of `src/` but the crate's own file and the command-line tool, which may name everything.
fn sources() -> Vec<Source> {
    let src = root().join("src");
    let sources: Vec<Source> = rust_files(&src)
        .into_iter()
        .filter_map(|file| {
            let inside = file.strip_prefix(&src).expect("a file in src");
            let first = inside.iter().next()?.to_str()?;
            let module = first.trim_end_matches(".rs").to_owned();
            let text = fs::read_to_string(&file).expect("a readable source");
            let path = format!("src/{}", inside.display());
            (!matches!(module.as_str(), "bin" | "lib")).then(|| Source {
                path,
                module,
                code: without_tests(&text),
            })
        })
        .collect();
    assert!(sources.len() > 1, "no sources were found");
    sources
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("a readable folder") {
        let path = entry.expect("a readable entry").path();
        let is_source = path.extension().is_some_and(|extension| extension == "rs");
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if is_source && path.file_name().is_some_and(|name| name != "tests.rs") {
            files.push(path);
        }
    }
    files
}

fn without_tests(text: &str) -> String {
    let foot = text.find("#[cfg(test)]\nmod tests").unwrap_or(text.len());
    text.get(..foot)
        .unwrap_or(text)
        .lines()
        .map(|line| if line.trim_start().starts_with("//") { "" } else { line })
        .map(|line| format!("{line}\n"))
        .collect()
}

/// The first names behind each `crate::`, also where several stand in braces.
fn named_modules(code: &str) -> BTreeSet<String> {
    code.split("crate::").skip(1).flat_map(first_names).collect()
}

fn first_names(path: &str) -> BTreeSet<String> {
    let Some(group) = path.strip_prefix('{') else {
        return BTreeSet::from([first_name(path)]);
    };
    let mut depth = 0;
    group
        .split_inclusive([',', '{', '}'])
        .map_while(|piece| {
            let outermost = depth == 0;
            match piece.chars().last() {
                Some('{') => depth += 1,
                Some('}') => depth -= 1,
                Some(_) | None => {}
            }
            (depth >= 0 || outermost).then(|| outermost.then(|| first_name(piece.trim_start())))
        })
        .flatten()
        .filter(|name| !name.is_empty())
        .collect()
}

fn first_name(path: &str) -> String {
    path.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect()
}

fn layer(module: &str) -> usize {
    LAYERS
        .iter()
        .position(|layer| layer.contains(&module))
        .unwrap_or_else(|| panic!("`{module}` has no place in LAYERS"))
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Where the user's files, temporary files and this checkout lie.
fn this_machines_folders() -> BTreeSet<String> {
    let home = env::var_os("HOME").map(PathBuf::from);
    let around = root().parent().map(Path::to_owned);
    [home, around, Some(env::temp_dir())]
        .into_iter()
        .flatten()
        .filter(|folder| folder.parent().is_some())
        .map(|folder| format!("{}/", folder.display()))
        .collect()
}
