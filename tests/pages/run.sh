#!/usr/bin/env bash
# Opens the pages that the library writes in headless Chromium and uses them as a reader does.
#
#   tests/pages/run.sh BUILD      (a build tree with the program tests/pages/drawings)
set -euo pipefail
build=$(realpath "$1")
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
source scripts/report.sh
folder=$build/tests/pages/written
rm -rf "$folder"
mkdir -p "$folder"

chromium=$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)
if [[ ! -f $build/pages/installed || ! -s $build/pages/circuit.html ]]; then
  skip "pages in a browser: the library was built without npm (Debian: npm)"
elif [[ -z $chromium ]]; then
  skip "pages in a browser: there is no Chromium (Debian: chromium)"
elif ! "$build/tests/pages/drawings" "$folder" >"$folder/log" 2>&1; then
  fail "pages: they cannot be written" "$folder/log"
else
  for tests in tests/pages/*_test.mjs; do
    # Each test is one line of TAP, `ok 1 - NAME` or `not ok 1 - NAME`.
    before=$((passed + failed))
    PAGES=$folder PACKAGES=$build/pages CHROMIUM=$chromium timeout 300 \
      node --test-reporter=tap "$tests" >"$folder/log" 2>&1 || true
    while IFS= read -r line; do
      name=${line#*- }
      if [[ $line == ok* ]]; then pass "page: $name"; else fail "page: $name" "$folder/log"; fi
    done < <(grep -E '^(not )?ok ' "$folder/log" || true)
    if [[ $((passed + failed)) -eq $before ]]; then fail "pages: no test of $tests was run" "$folder/log"; fi
  done
fi
closing_line
