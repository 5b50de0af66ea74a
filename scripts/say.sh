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

# install_packages PURPOSE PACKAGE...: Debian packages, by apt as root; anybody else is told the one command.
install_packages() {
  local purpose=$1 log=target/apt.log
  shift
  local command="apt-get install --yes --no-install-recommends $*"
  command -v apt-get >/dev/null || give_up "$purpose needs these Debian packages, and there is no apt-get here: $*"
  ((EUID == 0)) || give_up "$purpose needs packages; run this once, then try again: sudo $command"
  mkdir -p target
  if ! { apt-get update && DEBIAN_FRONTEND=noninteractive $command; } >"$log" 2>&1 </dev/null; then
    tail -n 5 "$log" >&2
    give_up "$purpose needs packages that apt-get could not install: $*"
  fi
}
