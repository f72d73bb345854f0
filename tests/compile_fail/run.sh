#!/usr/bin/env bash
# Checks that what must not compile does not, and says why. Each .cpp file in this folder begins with
# one line for each compiler that says it in words of its own
#
#   // must not compile: REGEX
#
# and holds the wrong program, and under `#ifdef CONTROL` the right one that differs from it in that
# point alone. The right one must compile, or a missing header would pass for the error we want; the
# wrong one must not, with a message that one REGEX (grep -E) matches. A line that fits into 100
# columns is left alone by clang-format, which would break a longer one in two.
#
#   tests/compile_fail/run.sh PREFIX      (where tapegrad is installed; tests/run.sh does that)
#
# CXX names the compiler, g++ when not given.
set -euo pipefail
prefix=$(realpath "$1")
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
source scripts/report.sh
folder=build/compile_fail
rm -rf "$folder"
mkdir -p "$folder"

# Plain quotes in messages, whatever the user's language.
export LC_ALL=C
compile=("${CXX:-g++}" -std=c++17 -fsyntax-only -Wall -I "$prefix/include")

# Writes why this file is wrong; nothing where all is as it should be.
check() {
  local file=$1 log=$2 pattern
  pattern=$(sed -nE '/^\/\//!q; s|^// must not compile: (.+)$|\1|p' "$file" | paste -sd '|')
  if [[ -z $pattern ]]; then
    echo "its first line must read: // must not compile: REGEX"
  elif ! grep -q '^#ifdef CONTROL' "$file"; then
    echo "it has no right variant under #ifdef CONTROL"
  elif ! "${compile[@]}" -DCONTROL "$file" >"$log" 2>&1; then
    echo "its right variant does not compile:"
    head -n 20 "$log"
  elif "${compile[@]}" "$file" >"$log" 2>&1; then
    echo "it compiles"
  elif ! grep -qE -- "$pattern" "$log"; then
    echo "the compiler's message does not match '$pattern':"
    head -n 20 "$log"
  fi
}

shopt -s nullglob
files=(tests/compile_fail/*.cpp)
for file in "${files[@]}"; do
  name=$(basename "$file" .cpp)
  check "$file" "$folder/$name.log" >"$folder/$name.txt" 2>&1 </dev/null &
  # Two at a time.
  if [[ $(jobs -rp | wc -l) -ge 2 ]]; then wait -n || true; fi
done
wait

for file in "${files[@]}"; do
  name=$(basename "$file" .cpp)
  if [[ -s $folder/$name.txt ]]; then
    fail "compile_fail $name" "$folder/$name.txt"
  else
    pass "compile_fail $name"
  fi
done
closing_line
