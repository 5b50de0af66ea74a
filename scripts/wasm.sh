#!/usr/bin/env bash
# Builds target/tenantgate.wasm; cargo decides what is out of date.
set -euo pipefail
# shellcheck source=scripts/toolchain.sh
source "$(dirname "${BASH_SOURCE[0]}")/toolchain.sh"
# shellcheck source=scripts/exports.sh
source scripts/exports.sh

use_wasm_target wasm32-wasip1

cargo rustc --quiet --release --locked --lib --crate-type cdylib --target wasm32-wasip1 -- "${EXPORTS[@]}"

built=target/wasm32-wasip1/release/tenantgate.wasm
cmp --silent "$built" target/tenantgate.wasm || cp "$built" target/tenantgate.wasm
