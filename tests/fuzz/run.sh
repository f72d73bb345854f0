#!/usr/bin/env bash
# Feeds broken files to the readers: libFuzzer changes good ones at random and keeps what reaches new
# code; ASan, UBSan and the harness's own checks judge. The last line reads `N passed, M failed`.
#
#   tests/fuzz/run.sh [--runs N] [--seed N] [READER...]
#
# N inputs each (20000 when not given) for every reader, or for those named: npy npz safetensors idx
# cifar10 image. The same seed (1 when not given) makes the same inputs. An input that fails is kept in
# build/fuzz/failures; the program build/fuzz/tests/fuzz/READER takes its path to repeat it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
source scripts/packages.sh
source scripts/build.sh
source scripts/report.sh

runs=20000
seed=1
readers=()
while [[ $# -gt 0 ]]; do
  case $1 in
    --runs | --seed)
      if ! [[ ${2:-} =~ ^[0-9]+$ ]]; then echo "$1 needs a number" >&2; exit 2; fi
      declare "${1#--}=$2"
      shift 2 ;;
    -h | --help) sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "$0"; exit 0 ;;
    npy | npz | safetensors | idx | cifar10 | image) readers+=("$1"); shift ;;
    *) echo "'$1' is not known here: see --help" >&2; exit 2 ;;
  esac
done
if [[ ${#readers[@]} -eq 0 ]]; then readers=(npy npz safetensors idx cifar10 image); fi

install_packages "${packages_build[@]}" "${packages_ci[@]}"
build_tapegrad fuzz "${readers[@]/#/fuzz_}"
mkdir -p build/fuzz/failures

for reader in "${readers[@]}"; do
  log=build/fuzz/$reader.log
  start=$SECONDS
  # Ten seconds, or 256 MB at once, are far more than an input of 4 KB may cost.
  if build/fuzz/tests/fuzz/"$reader" -runs="$runs" -seed="$seed" -max_len=4096 -timeout=10 \
       -malloc_limit_mb=256 -artifact_prefix="build/fuzz/failures/$reader-" >"$log" 2>&1 </dev/null; then
    edges=$(sed -n 's/.*cov: \([0-9]*\).*/\1/p' "$log" | tail -n 1)
    pass "fuzz $reader: $runs inputs in $((SECONDS - start)) s, $edges branches reached"
  else
    grep -E '^==|^SUMMARY|does not hold|runtime error|Test unit' "$log" >"$log.short" || true
    fail "fuzz $reader, see $log" "$log.short"
  fi
done
closing_line
