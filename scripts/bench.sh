#!/usr/bin/env bash
# Measures what a request costs Envoy with tenantgate and with native filters: tables, target/bench/results.json and chart.svg.
# Arguments: --rounds NUMBER; --docs renews docs/performance.md and its chart; --rows NAME[,NAME...] measures these rows
# alone. With --signatures alone: what one signature of each algorithm costs, by the host's function
# and by the Rust code in Wasm, each in Envoy. With --stalls alone: how long workers that serve stand still at most while
# client assertions are signed.
set -euo pipefail
# shellcheck source=scripts/say.sh
source "$(dirname "${BASH_SOURCE[0]}")/say.sh"

if [[ ${1:-} == --signatures ]]; then
  exec scripts/test.sh --test e2e -- --ignored --nocapture cost::
fi
if [[ ${1:-} == --stalls ]]; then
  exec scripts/test.sh --test e2e -- --ignored --nocapture slow_signatures::
fi

scripts/wasm.sh
cargo build --quiet --release --locked --bin tenantgate --example bench
ENVOY=$(scripts/envoy.sh)
FLOOR=$(scripts/floor.sh)
export ENVOY FLOOR WASM=$PWD/target/tenantgate.wasm TENANTGATE=$PWD/target/release/tenantgate
exec cargo run --quiet --release --locked --example bench -- "$@"
