#!/usr/bin/env bash
# Walks the tour through docker-compose.yaml with a real engine: the running one, else one of Debian's started for it.
set -euo pipefail
# shellcheck source=scripts/say.sh
source "$(dirname "${BASH_SOURCE[0]}")/say.sh"
# shellcheck source=scripts/packages.sh
source scripts/packages.sh

# Ports that are free, so that a demo may run beside it; and containers of its own.
export GATEWAY_PORT=0 IDENTITY_PROVIDER_PORT=0 COMPOSE_PROJECT_NAME=tenantgate-test
engine='' workspace=''

main() {
  trap stop EXIT
  find_engine
  if ! scripts/compose.sh up --detach >target/compose.log 2>&1; then
    tail -n 20 target/compose.log >&2
    give_up "the containers did not start"
  fi
  scripts/compose.sh run --rm tour 2>>target/compose.log || failed
}

find_engine() {
  docker info >/dev/null 2>&1 && return
  ((EUID == 0)) || give_up "no Docker engine answers; start one, or run this as root, who may start Debian's"
  if ! command -v dockerd >/dev/null || ! command -v docker-compose >/dev/null; then
    install_packages "a Docker engine" docker.io docker-compose iptables
  fi
  # Debian's package starts its engine where the machine has an init system.
  wait_for_engine 5 && return
  start_engine
}

# An engine with a socket, a state and images of its own, for as long as this script runs.
start_engine() {
  workspace=$(mktemp -d)
  export DOCKER_HOST=unix://$workspace/docker.sock
  dockerd --host "$DOCKER_HOST" --exec-root "$workspace/exec" --pidfile "$workspace/pid" \
    --data-root "$PWD/target/docker" >target/dockerd.log 2>&1 &
  engine=$!
  say_once docker "no engine was running, Debian's was started for the test"
  wait_for_engine 60 && return
  tail -n 5 target/dockerd.log >&2
  give_up "the Docker engine does not start here"
}

wait_for_engine() {
  local second
  for ((second = 0; second < $1; second++)); do
    docker info >/dev/null 2>&1 && return
    sleep 1
  done
  return 1
}

failed() {
  scripts/compose.sh logs --no-color --tail 30 gateway >&2 || true
  give_up "the tour through the containers failed"
}

stop() {
  if docker info >/dev/null 2>&1; then scripts/compose.sh down --volumes >>target/compose.log 2>&1 || true; fi
  if [[ -n $engine ]]; then
    kill "$engine"
    wait "$engine" || true
  fi
  if [[ -n $workspace ]]; then rm -rf "$workspace"; fi
}

main
