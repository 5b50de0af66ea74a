#!/usr/bin/env bash
# `demo.sh run` starts the demo and prints curl lines until Ctrl-C; `demo.sh tour` walks through them by itself.
set -euo pipefail
# shellcheck source=scripts/say.sh
source "$(dirname "${BASH_SOURCE[0]}")/say.sh"

# A silent build of some minutes looks like a hang.
if [[ ! -x target/release/examples/demo || ! -x target/release/tenantgate ]]; then
  echo "demo: the first build takes some minutes; nothing is printed until it is done" >&2
fi
scripts/wasm.sh
ENVOY=$(scripts/envoy.sh)
export ENVOY WASM=$PWD/target/tenantgate.wasm TENANTGATE=$PWD/target/release/tenantgate
cargo build --quiet --release --locked --bin tenantgate --example demo
exec target/release/examples/demo "$@"
