#!/usr/bin/env bash
# Installs what is missing, builds, and runs every test. The last line reads `N passed, M failed`
# (`, K skipped` follows where something was skipped); the exit code is 0 when nothing failed.
#
#   tests/run.sh [--preset NAME] [GTEST OPTIONS...]
#
# NAME is one of CMakePresets.json (release when not given). Another preset than release, or options
# such as --gtest_filter=Tape.*, run the gtest suite alone: the examples, the consumer project, the
# programs that must not compile and the documents' programs belong to the whole run.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source scripts/packages.sh
source scripts/build.sh
source scripts/report.sh

preset=release
options=()
while [[ $# -gt 0 ]]; do
  case $1 in
    --preset)
      if [[ $# -lt 2 ]]; then echo "--preset needs a name" >&2; exit 2; fi
      preset=$2
      shift 2 ;;
    --preset=*) preset=${1#*=}; shift ;;
    -h | --help) sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "$0"; exit 0 ;;
    --gtest_*) options+=("$1"); shift ;;
    *) echo "--preset NAME and GoogleTest's --gtest_... are known here, $1 is not" >&2; exit 2 ;;
  esac
done

# A run that cannot begin ends with the same line: nobody has to search a log for what happened.
give_up() {
  echo "$1"
  echo "0 passed, 1 failed"
  exit 1
}

install_packages "${packages_build[@]}" || give_up "The packages that tapegrad needs could not be installed."
build_tapegrad "$preset" || give_up "The build failed; no test was run."

# A program that dies prints no summary: then its lines are counted, and the test that was running is
# named and counts as failed.
run_suite() {
  local program=build/$preset/tests/tapegrad_tests log=build/$preset/tests/log.txt status=0
  if [[ ! -x $program ]]; then
    echo "There is no gtest suite: $program was not built."
    failed=$((failed + 1))
    return
  fi
  # The whole of it into the log; failures and what was skipped to the reader.
  { "$program" --gtest_color=no "${options[@]}" 2>&1 || status=$?; echo "$status" >"$log.status"; } |
    tee "$log" |
    sed -uE '/^\[( RUN  |       OK|-----)/d; /^Running main|^Note: |^$/d'
  status=$(<"$log.status")

  # count WORD: the number on the summary's line [WORD].
  count() { sed -nE "s/^\[$1\] ([0-9]+) tests?\b.*/\1/p" "$log" | tail -n 1; }
  local suite_passed suite_failed suite_skipped
  suite_passed=$(count '  PASSED  ')
  if [[ -n $suite_passed ]]; then
    suite_failed=$(count '  FAILED  ')
    suite_skipped=$(count '  SKIPPED ')
  else
    suite_passed=$(grep -c '^\[       OK \]' "$log" || true)
    suite_failed=$(grep -c '^\[  FAILED  \]' "$log" || true)
    suite_skipped=$(grep -c '^\[  SKIPPED \]' "$log" || true)
    if [[ $status -ne 0 ]]; then
      echo "The suite died (exit code $status) in $(sed -n 's/^\[ RUN      \] //p' "$log" | tail -n 1)"
      suite_failed=$((suite_failed + 1))
    fi
  fi
  # A sanitizer's verdict at the program's end.
  if [[ $status -ne 0 && ${suite_failed:-0} -eq 0 ]]; then
    echo "Every test passed, but the suite ended with exit code $status."
    suite_failed=1
  fi
  if [[ $((suite_passed + ${suite_failed:-0} + ${suite_skipped:-0})) -eq 0 ]]; then
    echo "No test was run: does the filter match one?"
    suite_failed=1
  fi
  passed=$((passed + suite_passed))
  failed=$((failed + ${suite_failed:-0}))
  skipped=$((skipped + ${suite_skipped:-0}))
}

# run_part SCRIPT ARGUMENTS...: another test script, whose closing line is added to ours and not shown.
run_part() {
  local log=build/$preset/part.log
  "$@" 2>&1 | tee "$log" | sed -uE '/^[0-9]+ passed, [0-9]+ failed/d' || true
  if ! add_counts "$(tail -n 1 "$log")"; then
    fail "$1 stopped before its end"
  fi
}

echo "--- gtest suite ($preset)"
run_suite

if [[ $preset == release && ${#options[@]} -eq 0 ]]; then
  echo "--- examples"
  run_part tests/examples/run.sh build/release/examples
  # What a user would install, for the consumer project and the documents' programs.
  prefix=$PWD/build/release/prefix
  rm -rf "$prefix"
  cmake --install build/release --prefix "$prefix" >build/release/install.log
  echo "--- consumer project"
  run_part tests/consumer/run.sh "$prefix"
  echo "--- programs that must not compile"
  run_part tests/compile_fail/run.sh "$prefix"
  echo "--- pages in a browser"
  run_part tests/pages/run.sh build/release
  echo "--- the documents' programs"
  run_part tests/docs/run.sh "$prefix"
fi

closing_line
