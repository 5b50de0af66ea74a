#!/usr/bin/env bash
# Prints the path of a driver of Chromium (WebDriver), after both are there: those on the PATH, else Debian's.
# CHROMEDRIVER=path takes that one, which finds its browser itself.
set -euo pipefail
# shellcheck source=scripts/say.sh
source "$(dirname "${BASH_SOURCE[0]}")/say.sh"
# shellcheck source=scripts/packages.sh
source scripts/packages.sh

main() {
  if [[ -n ${CHROMEDRIVER:-} ]]; then
    echo "$CHROMEDRIVER"
  elif has_browser; then
    command -v chromedriver
    say_once chromium "the one on the PATH, with its driver"
  else
    install_packages "the tests in a browser" chromium chromium-driver
    has_browser || give_up "the packages chromium and chromium-driver brought no browser with a driver"
    command -v chromedriver
    say_once chromium "Debian's, with its driver"
  fi
}

has_browser() {
  local name
  command -v chromedriver >/dev/null || return 1
  for name in chromium chromium-browser google-chrome chrome; do
    command -v "$name" >/dev/null && return
  done
  return 1
}

main
