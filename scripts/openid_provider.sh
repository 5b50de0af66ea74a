#!/usr/bin/env bash
# Installs the OpenID provider that end-to-end tests obtain tokens from (tests/openid_provider), exactly as its lock
# file says, and prints the path of its program.
set -euo pipefail
# shellcheck source=scripts/say.sh
source "$(dirname "${BASH_SOURCE[0]}")/say.sh"

readonly source=tests/openid_provider folder=$PWD/target/openid_provider

command -v npm >/dev/null || give_up "the tests against an OpenID provider need Node and npm"
mkdir -p "$folder"
if ! cmp -s $source/package-lock.json "$folder/installed"; then
  rm -rf "$folder/node_modules" "$folder/installed"
  cp $source/package.json $source/package-lock.json "$folder"
  if ! npm ci --prefix "$folder" --ignore-scripts --no-audit --no-fund >"$folder/log" 2>&1; then
    tail -n 5 "$folder/log" >&2
    give_up "npm could not install the OpenID provider"
  fi
  cp $source/package-lock.json "$folder/installed"
  say_once openid_provider "npm's oidc-provider, under target/"
fi
cp $source/provider.mjs "$folder"
echo "$folder/provider.mjs"
