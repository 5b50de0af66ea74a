# shellcheck shell=bash
# Sourced. EXPORTS are the arguments of rustc that link a filter with the exports of scripts/exports.txt alone.

# As arguments of the linker the names are part of what cargo compares: a changed list links again.
EXPORTS=(-C "linker=$PWD/scripts/wasm-ld.sh")
while read -r name; do
  EXPORTS+=(-C "link-arg=--allowed-export=$name")
done < <(grep -v -e '^#' -e '^$' scripts/exports.txt)
