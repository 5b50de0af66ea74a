#!/usr/bin/env bash
# Runs every fuzz target, or those named as arguments, for FUZZ_SECONDS each (30). A finding ends it; the input is
# printed with its path under target/fuzz/findings: mend it, and keep the input in fuzz/corpus/<target>/.
set -euo pipefail
# shellcheck source=scripts/say.sh
source "$(dirname "${BASH_SOURCE[0]}")/say.sh"
# shellcheck source=scripts/packages.sh
source scripts/packages.sh
# shellcheck source=scripts/tools.sh
source scripts/tools.sh

readonly seconds=${FUZZ_SECONDS:-30} out=target/fuzz

command -v g++ >/dev/null || install_packages "building libFuzzer" g++
use_tool cargo-fuzz 0.13.2 --locked
# Unsafe code is forbidden, so the address sanitizer has nothing to find; without it any compiler will do.
readonly options=(--sanitizer none --target-dir "$out/build")
cargo fetch --quiet --locked --manifest-path fuzz/Cargo.toml
cargo fuzz build "${options[@]}" >"$out.log" 2>&1 || { tail -n 20 "$out.log" >&2; give_up "cannot build the targets"; }
# Run as they are: cargo would build them again if somebody edits a file meanwhile.
programs=$out/build/$(rustc -vV | sed -n 's/^host: //p')/release

if (($# > 0)); then targets=("$@"); else mapfile -t targets < <(cargo fuzz list); fi
total=0
for target in "${targets[@]}"; do
  mkdir -p "$out/corpus/$target" "$out/findings/$target"
  log=$out/$target.log
  # What it learns goes to the first folder; the seeds stay as they are.
  if ! "$programs/$target" "$out/corpus/$target" "fuzz/corpus/$target" \
    -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
    -artifact_prefix="$PWD/$out/findings/$target/" >"$log" 2>&1; then
    grep -vE '^(#|INFO:)' "$log" | tail -n 40 >&2
    give_up "$target has a finding"
  fi
  executions=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
  printf '%-14s %12d executions in %d s\n' "$target" "$executions" "$seconds"
  total=$((total + executions))
done
printf '%-14s %12d executions without a finding\n' total "$total"
