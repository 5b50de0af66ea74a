# shellcheck shell=bash
# Sourced, after say.sh.

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
