#!/usr/bin/env bash
# Optimises a linked module with Binaryen's wasm-opt, and prints the path of the result. Where wasm-opt cannot be had, it
# says so and prints the path of the module as it was linked: that one does the same, and is larger.
# Argument: the linked module.
set -euo pipefail
# shellcheck source=scripts/say.sh
source "$(dirname "${BASH_SOURCE[0]}")/say.sh"

readonly linked=$1 source=scripts/wasm-opt folder=$PWD/target/wasm-opt
readonly program=$folder/node_modules/binaryen/bin/wasm-opt optimised=$folder/tenantgate.wasm

# The level was chosen by measurement (docs/performance.md). The features are those that the linked module uses: wasm-opt
# brings in no other, and refuses a module that needs one, for an old Envoy might refuse it too.
readonly OPTIONS=(-Os --mvp-features --enable-bulk-memory-opt --enable-nontrapping-float-to-int --enable-sign-ext)

main() {
  if ! install; then
    echo "wasm-opt: ${reason}; the module stays as it was linked, which is correct and about a tenth larger" >&2
    echo "$linked"
    return
  fi
  is_current || optimise
  echo "$optimised"
}

# Exactly as the lock file says, checksum included.
install() {
  mkdir -p "$folder"
  if ! command -v npm >/dev/null || ! command -v node >/dev/null; then
    reason="it needs Node and npm"
    return 1
  fi
  if [[ ! -f $program ]] || ! cmp -s $source/package-lock.json "$folder/installed"; then
    rm -rf "$folder/node_modules" "$folder/installed" "$folder/options"
    cp $source/package.json $source/package-lock.json "$folder"
    reason="npm could not install it (target/wasm-opt/log)"
    npm ci --prefix "$folder" --ignore-scripts --no-audit --no-fund --fetch-retries 1 >"$folder/log" 2>&1 || return 1
    reason="this Node cannot run it (target/wasm-opt/log)"
    node "$program" --version >"$folder/log" 2>&1 || return 1
    cp $source/package-lock.json "$folder/installed"
    say_once wasm-opt "npm's binaryen, under target/"
  fi
}

# Optimising takes as long as linking, and most calls find the module that the last one left.
is_current() {
  cmp -s "$linked" "$folder/linked.wasm" && [[ -f $optimised && -f $folder/options ]] &&
    [[ $(<"$folder/options") == "${OPTIONS[*]}" ]]
}

optimise() {
  rm -f "$folder/options"
  if ! node "$program" "${OPTIONS[@]}" "$linked" -o "$folder/new.wasm" >"$folder/log" 2>&1; then
    head -n 1 "$folder/log" >&2
    give_up "wasm-opt refused the linked module (target/wasm-opt/log)"
  fi
  cp "$linked" "$folder/linked.wasm"
  mv "$folder/new.wasm" "$optimised"
  printf '%s\n' "${OPTIONS[*]}" >"$folder/options"
}

main
