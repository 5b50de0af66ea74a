#!/usr/bin/env bash
# Builds the filter that traps when a test tells it to (examples/fragile), and prints its path.
set -euo pipefail
# shellcheck source=scripts/toolchain.sh
source "$(dirname "${BASH_SOURCE[0]}")/toolchain.sh"
# shellcheck source=scripts/exports.sh
source scripts/exports.sh

use_wasm_target wasm32-wasip1 >&2
cargo rustc --quiet --release --locked --features library --example fragile --target wasm32-wasip1 -- "${EXPORTS[@]}"
echo "$PWD/target/wasm32-wasip1/release/examples/fragile.wasm"
