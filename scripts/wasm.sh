#!/usr/bin/env bash
# Builds target/tenantgate.wasm: cargo links the module and decides what is out of date, wasm-opt makes it smaller.
set -euo pipefail
# shellcheck source=scripts/toolchain.sh
source "$(dirname "${BASH_SOURCE[0]}")/toolchain.sh"
# shellcheck source=scripts/exports.sh
source scripts/exports.sh

use_wasm_target wasm32-wasip1

cargo rustc --quiet --release --locked --lib --crate-type cdylib --target wasm32-wasip1 -- "${EXPORTS[@]}"

module=$(scripts/wasm_opt.sh target/wasm32-wasip1/release/tenantgate.wasm)
cmp --silent "$module" target/tenantgate.wasm || cp "$module" target/tenantgate.wasm
