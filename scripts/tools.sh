# shellcheck shell=bash
# Sourced. `use_tool CRATE VERSION [OPTION...]` puts a cargo tool of that version under target/tools and on the PATH.

# Built without optimisation: these tools are built once and run for seconds, and full builds take four times as long.
use_tool() {
  local crate=$1 version=$2 root=$PWD/target/tools/$1-$2
  shift 2
  if [[ ! -f $root/.crates.toml ]]; then
    say_once "$crate" "built once, $version under target/tools"
    mkdir -p "$root"
    if ! cargo install --quiet --debug --root "$root" --target-dir "$root/build" "$@" "$crate@$version" 2>"$root/log"; then
      tail -n 20 "$root/log" >&2
      give_up "cannot build $crate $version"
    fi
    rm -rf "$root/build"
  fi
  PATH=$root/bin:$PATH
}
