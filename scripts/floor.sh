#!/usr/bin/env bash
# Builds the filter that does next to nothing (examples/floor), and prints its path.
set -euo pipefail
# shellcheck source=scripts/toolchain.sh
source "$(dirname "${BASH_SOURCE[0]}")/toolchain.sh"

# Only what it needs, for each callback that a host finds costs time in every request.
readonly names=(
  memory _initialize proxy_abi_version_0_2_1 proxy_on_memory_allocate
  proxy_on_configure proxy_on_context_create proxy_on_request_headers proxy_on_delete
)

use_wasm_target wasm32-wasip1 >&2
cargo rustc --quiet --release --locked --features library --example floor --target wasm32-wasip1 -- \
  -C "linker=$PWD/scripts/wasm-ld.sh" "${names[@]/#/-Clink-arg=--allowed-export=}"
echo "$PWD/target/wasm32-wasip1/release/examples/floor.wasm"
