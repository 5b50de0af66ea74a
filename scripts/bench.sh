#!/usr/bin/env bash
# Measures what a request costs Envoy with tenantgate and with native filters: a table, and target/bench/results.json.
# Argument: --rounds NUMBER.
set -euo pipefail
# shellcheck source=scripts/say.sh
source "$(dirname "${BASH_SOURCE[0]}")/say.sh"

scripts/wasm.sh
ENVOY=$(scripts/envoy.sh)
export ENVOY WASM=$PWD/target/tenantgate.wasm
exec cargo run --quiet --release --locked --example bench -- "$@"
