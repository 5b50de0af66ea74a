#!/usr/bin/env bash
# Runs all tests: natively (unit, integration, the module, real Envoy), then the library's compiled to Wasm in Node.
# With arguments, runs `cargo test ARGUMENTS` alone, with the module and Envoy at hand.
set -euo pipefail
# shellcheck source=scripts/toolchain.sh
source "$(dirname "${BASH_SOURCE[0]}")/toolchain.sh"
# shellcheck source=scripts/tools.sh
source scripts/tools.sh

scripts/wasm.sh
ENVOY=$(scripts/envoy.sh)
export ENVOY WASM=$PWD/target/tenantgate.wasm

if (($# > 0)); then
  exec cargo test --quiet --locked "$@"
fi

cargo test --quiet --locked --no-fail-fast && native=0 || native=$?

command -v node >/dev/null || give_up "the tests compiled to Wasm need Node"
use_tool wasm-bindgen-cli "$(sed -n '/^name = "wasm-bindgen"$/{n;s/^version = "\(.*\)"$/\1/p}' Cargo.lock)"
use_wasm_target wasm32-unknown-unknown
export CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER=wasm-bindgen-test-runner
# Quietly in two steps, for cargo would hand `--quiet` on to the runner, which does not know it.
cargo test --quiet --locked --lib --target wasm32-unknown-unknown --no-run
cargo test --locked --lib --target wasm32-unknown-unknown

exit "$native"
