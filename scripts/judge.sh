#!/usr/bin/env bash
# Builds the filter that tests ask about signatures (examples/judge), and prints its path.
set -euo pipefail
# shellcheck source=scripts/toolchain.sh
source "$(dirname "${BASH_SOURCE[0]}")/toolchain.sh"

use_wasm_target wasm32-wasip1 >&2
cargo build --quiet --release --locked --features library --example judge --target wasm32-wasip1
echo "$PWD/target/wasm32-wasip1/release/examples/judge.wasm"
