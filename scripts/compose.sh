#!/usr/bin/env bash
# Calls docker-compose with the arguments; before `up` it makes ready what docker-compose.yaml needs.
# ENVOY_IMAGE names the gateway's image; by default the public one, and where that cannot be pulled one made here.
set -euo pipefail
# shellcheck source=scripts/say.sh
source "$(dirname "${BASH_SOURCE[0]}")/say.sh"

readonly public_image=envoyproxy/envoy:v1.40.0 local_image=tenantgate-envoy

main() {
  compose version >/dev/null 2>&1 || give_up "docker-compose is missing; Debian has it in the package docker-compose"
  docker info >/dev/null 2>&1 || give_up "no Docker engine answers"
  mkdir -p target/compose
  if [[ ${1:-} == up ]]; then
    put_gateway_files
    put_demo_image
    if [[ -z ${ENVOY_IMAGE:-} ]]; then choose_envoy_image; fi
  fi
  # One secret for as long as the containers may live, so that a second `up` changes nothing.
  local secret=target/compose/secret
  [[ -s $secret ]] || (umask 077 && od -An -N16 -tx1 /dev/urandom | tr -d ' \n' >"$secret")
  MINDSPHERE_CLIENT_SECRET=$(<"$secret") compose "$@"
}

compose() {
  if command -v docker-compose >/dev/null; then docker-compose "$@"; else docker compose "$@"; fi
}

# The example's own configuration; only addresses and the module's place differ between loopback and containers.
put_gateway_files() {
  local folder=target/compose/gateway
  mkdir -p "$folder"
  scripts/wasm.sh
  cp target/tenantgate.wasm "$folder"
  sed -e 's#filename: .*tenantgate\.wasm#filename: /etc/tenantgate/tenantgate.wasm#' \
    -e 's#127\.0\.0\.1, port_value: 18000#0.0.0.0, port_value: 18000#' \
    -e 's#127\.0\.0\.1, port_value: 18001#identity-provider, port_value: 18001#' \
    -e 's#127\.0\.0\.1, port_value: 18002#upstream, port_value: 18002#' \
    -e 's#type: STATIC#type: STRICT_DNS#' envoy/ingress.yaml >"$folder/ingress.yaml"
}

put_demo_image() {
  local host
  host=$(rustc -vV | sed -n 's/^host: //p')
  RUSTFLAGS="-C target-feature=+crt-static" cargo build --quiet --release --locked --example demo --target "$host"
  import_image tenantgate-demo demo "target/$host/release/examples/demo"
}

choose_envoy_image() {
  export ENVOY_IMAGE=$public_image
  docker image inspect "$public_image" >/dev/null 2>&1 && return
  docker pull --quiet "$public_image" >/dev/null 2>&1 && return
  say_once envoy-image "$public_image cannot be pulled, one is made from the binary at hand"
  ENVOY_IMAGE=$local_image
  import_image "$local_image" envoy "$(scripts/envoy.sh)"
}

# import_image NAME PROGRAM BINARY: an image with nothing but the binary and the libraries that it loads.
import_image() {
  local root=target/compose/$1 library
  rm -rf "$root"
  mkdir -p "$root/usr/local/bin" "$root/tmp"
  cp "$3" "$root/usr/local/bin/$2"
  while read -r library; do
    install -D "$library" "$root$library"
  done < <(ldd "$3" | grep -o '/[^ ]*' || true)
  tar --create --directory "$root" . |
    docker import --change "ENTRYPOINT [\"/usr/local/bin/$2\"]" - "$1" >/dev/null
}

main "$@"
