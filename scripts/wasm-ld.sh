#!/usr/bin/env bash
# The linker of the module: the real one, with only the allowed exports and so without the code behind the others.
# rustc asks for `--export NAME` for every name that is not mangled, in filters made with the SDK for every callback
# of the ABI; `--allowed-export=NAME` is ours (scripts/wasm.sh).
set -euo pipefail

allowed=' '
for argument in "$@"; do
  if [[ $argument == --allowed-export=* ]]; then allowed+="${argument#*=} "; fi
done

arguments=()
while (($# > 0)); do
  case $1 in
    --allowed-export=*) ;;
    -flavor) shift ;;
    --export)
      if [[ $allowed == *" $2 "* ]]; then arguments+=(--export "$2"); fi
      shift
      ;;
    *) arguments+=("$1") ;;
  esac
  shift
done

exec "$WASM_LD" -flavor wasm "${arguments[@]}"
