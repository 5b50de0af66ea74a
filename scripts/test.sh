#!/usr/bin/env bash
# Runs all tests: natively (unit, integration, the module, real Envoy), some in the oldest Envoy, then those of the
# library and the vectors of others compiled to Wasm in Node.
# With arguments, runs `cargo test ARGUMENTS` alone, with the module and Envoy at hand.
set -euo pipefail
# shellcheck source=scripts/toolchain.sh
source "$(dirname "${BASH_SOURCE[0]}")/toolchain.sh"
# shellcheck source=scripts/tools.sh
source scripts/tools.sh

scripts/wasm.sh
ENVOY=$(scripts/envoy.sh)
FRAGILE=$(scripts/fragile.sh)
JUDGE=$(scripts/judge.sh)
OPENID_PROVIDER=$(scripts/openid_provider.sh)
# It comes from Debian alone: where it cannot be had, its tests fail and say so, and all others run.
CHROMEDRIVER=$(scripts/chromium.sh) || CHROMEDRIVER=
export CHROMEDRIVER ENVOY FRAGILE JUDGE OPENID_PROVIDER WASM=$PWD/target/tenantgate.wasm

if (($# > 0)); then
  exec cargo test --quiet --locked "$@"
fi

cargo test --quiet --locked --no-fail-fast && native=0 || native=$?

# What an Envoy computes, and what it tells of a certificate, on the oldest one as well.
readonly OLDEST=1.36.4
oldest=$(env -u ENVOY ENVOY_VERSION=$OLDEST scripts/envoy.sh)
ENVOY=$oldest cargo test --quiet --locked --test e2e -- algorithms:: binding:: slow_signatures:: third_party:: || native=$?

command -v node >/dev/null || give_up "the tests compiled to Wasm need Node"
use_tool wasm-bindgen-cli "$(sed -n '/^name = "wasm-bindgen"$/{n;s/^version = "\(.*\)"$/\1/p}' Cargo.lock)"
use_wasm_target wasm32-unknown-unknown
export CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER=wasm-bindgen-test-runner
in_node=(--locked --target wasm32-unknown-unknown --lib --test jwt_vectors --test signature_vectors)
# Quietly in two steps, for cargo would hand `--quiet` on to the runner, which does not know it.
cargo test --quiet "${in_node[@]}" --no-run
cargo test "${in_node[@]}"

exit "$native"
