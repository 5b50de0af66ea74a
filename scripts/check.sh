#!/usr/bin/env bash
# Everything that needs no running: format, lints for both targets, documentation, dependencies, shell scripts.
set -euo pipefail
# shellcheck source=scripts/toolchain.sh
source "$(dirname "${BASH_SOURCE[0]}")/toolchain.sh"
# shellcheck source=scripts/tools.sh
source scripts/tools.sh

cargo fmt --all --check
cargo fmt --manifest-path fuzz/Cargo.toml --check
cargo clippy --quiet --locked --all-targets -- -D warnings
(
  use_wasm_target wasm32-wasip1
  wasm_clippy --quiet --locked --lib --target wasm32-wasip1
  wasm_clippy --quiet --locked --features library --example floor --example fragile --example judge --target wasm32-wasip1
)
# The fuzz targets have a lock file of their own; their code is linted as part of tests/corpus.rs.
cargo metadata --quiet --locked --format-version 1 --manifest-path fuzz/Cargo.toml >/dev/null
RUSTDOCFLAGS="-D warnings" cargo doc --quiet --locked --no-deps

use_tool cargo-deny 0.20.2 --locked
cargo deny --log-level error --locked check licenses bans sources >/dev/null
# The advisory database lives on a code-hosting site, which not every network reaches.
if cargo deny --locked fetch db >/dev/null 2>&1; then
  cargo deny --log-level error --locked check --disable-fetch advisories >/dev/null
else
  echo "check: advisories were not checked, their database cannot be reached" >&2
fi

if command -v shellcheck >/dev/null; then
  shellcheck --external-sources scripts/*.sh .ci/run
fi
