# shellcheck shell=bash
# Sourced. `use_wasm_target TARGET` makes the cargo calls that follow able to build for TARGET:
#
#   1. with the compiler in use, when it has the target already, or when rustup can add it;
#   2. else with Debian's compiler for the web, which builds the standard library from its own sources.
#
# TENANTGATE_TOOLCHAIN=rustup or =debian forces one way; that is for trying out this file.
# There is no rust-toolchain.toml on purpose: rustup would try a download at every cargo call.

# shellcheck source=scripts/say.sh
source "$(dirname "${BASH_SOURCE[0]}")/say.sh"
# shellcheck source=scripts/packages.sh
source scripts/packages.sh

readonly DEBIAN_PACKAGES=(rustc-web rust-web-src rust-web-clippy wasi-libc lld-19)
readonly DEBIAN_RUSTC=/usr/bin/rustc DEBIAN_CLIPPY=/usr/bin/clippy-driver
readonly DEBIAN_LINKER=/usr/bin/wasm-ld-19 WASI_LIBC=/usr/lib/wasm32-wasi

# After it: RUSTC and its like are set, WASM_LD is the linker, and `wasm_clippy ARGUMENT...` lints with the same compiler.
use_wasm_target() {
  local target=$1 way=${TENANTGATE_TOOLCHAIN:-}
  if [[ $way != debian ]] && { has_target "$target" || rustup_adds "$target"; }; then
    use_compiler_in_use "$target"
  elif [[ $way == rustup ]]; then
    give_up "rustup cannot add the target $target"
  else
    use_debian "$target"
  fi
  # Panic messages name files: as they are in the registry, not where this machine keeps them.
  add_rustflag "--remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}/registry/src="
}

# For the target alone: cargo gives these flags to nothing that it builds for the host.
add_rustflag() {
  export CARGO_ENCODED_RUSTFLAGS=${CARGO_ENCODED_RUSTFLAGS:+$CARGO_ENCODED_RUSTFLAGS$'\x1f'}$1
}

has_target() {
  compgen -G "$(rustc --print target-libdir --target "$1" 2>/dev/null)/libstd-*.rlib" >/dev/null
}

# Without a way to the Rust download site this is tried once, for it may take its time to fail.
rustup_adds() {
  if debian_is_complete && grep -qs "Debian's" target/said/wasm32-*; then return 1; fi
  command -v rustup >/dev/null && timeout 300 rustup target add "$1" >/dev/null 2>&1 && has_target "$1"
}

use_compiler_in_use() {
  WASM_LD=$(rustc --print sysroot)/lib/rustlib/$(rustc -vV | sed -n 's/^host: //p')/bin/rust-lld
  [[ -x $WASM_LD ]] || WASM_LD=wasm-ld
  export WASM_LD
  say_once "$1" "built with the compiler in use, $(rustc --version)"
}

use_debian() {
  debian_is_complete || install_packages "building for $1" "${DEBIAN_PACKAGES[@]}"
  debian_is_complete || give_up "Debian's compiler was installed but has no library sources"
  local name=${1^^}
  name=CARGO_TARGET_${name//-/_}
  export RUSTC=$DEBIAN_RUSTC RUSTDOC=/usr/bin/rustdoc WASM_LD=$DEBIAN_LINKER
  # Building the standard library is an unstable option of cargo; this variable lets the stable one take it.
  export RUSTC_BOOTSTRAP=1 CARGO_UNSTABLE_BUILD_STD=std,panic_abort
  export "${name}_LINKER=$DEBIAN_LINKER"
  if [[ $1 == *-wasip1 ]]; then add_rustflag "-Lnative=$WASI_LIBC"; fi
  say_once "$1" "built with Debian's compiler, $("$RUSTC" --version)"
}

debian_is_complete() {
  [[ -x $DEBIAN_RUSTC && -x $DEBIAN_CLIPPY && -x $DEBIAN_LINKER && -d $WASI_LIBC ]] &&
    [[ -d $("$DEBIAN_RUSTC" --print sysroot)/lib/rustlib/src/rust/library ]]
}

wasm_clippy() {
  if [[ ${RUSTC:-} == "$DEBIAN_RUSTC" ]]; then
    # The driver takes its own flags from this variable, each followed by this separator.
    CLIPPY_ARGS="-Dwarnings__CLIPPY_HACKERY__" RUSTC_WORKSPACE_WRAPPER=$DEBIAN_CLIPPY cargo check "$@"
  else
    cargo clippy "$@" -- -D warnings
  fi
}
