# shellcheck shell=bash
# Sourced by the other scripts: moves to the repository's root and says things once.

cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
export CARGO_TARGET_DIR=$PWD/target

# say_once SUBJECT SENTENCE: tells on stderr which of several ways was taken, again only when it changes.
say_once() {
  local memory=target/said/$1
  if [[ ! -f $memory || $(<"$memory") != "$2" ]]; then
    mkdir -p target/said
    printf '%s\n' "$2" >"$memory"
    printf '%s: %s\n' "$1" "$2" >&2
  fi
}

# give_up SENTENCE: the one line that says why nothing more can be done.
give_up() {
  printf '%s: %s\n' "$(basename "$0")" "$1" >&2
  exit 1
}
