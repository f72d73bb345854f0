# Sourced by the test scripts: counting what passed, and the closing line
# `N passed, M failed[, K skipped]`.

passed=0
failed=0
skipped=0

pass() {
  passed=$((passed + 1))
  echo "pass  $1"
}

# fail NAME [FILE]: FILE holds what the reader needs to see. Compilers say much about a template: of a
# long file the lines that name an error are shown, and where the rest is.
fail() {
  failed=$((failed + 1))
  echo "FAIL  $1"
  if [[ $# -lt 2 || ! -s $2 ]]; then return; fi
  if [[ $(wc -l <"$2") -le 20 ]]; then
    cut -c 1-300 "$2"
  else
    # grep counts by itself: killed by `head`, it would end a script that stops at failures.
    { grep -m 12 -E 'error|Error|wrong|undefined reference' "$2" || tail -n 12 "$2"; } | cut -c 1-300
    echo "... all of it: $2"
  fi | sed 's/^/      /'
}

skip() {
  skipped=$((skipped + 1))
  echo "skip  $1"
}

# add_counts LINE: adds what another script's closing line says; false when it is no such line.
add_counts() {
  local pattern='^([0-9]+) passed, ([0-9]+) failed(, ([0-9]+) skipped)?$'
  [[ $1 =~ $pattern ]] || return 1
  passed=$((passed + BASH_REMATCH[1]))
  failed=$((failed + BASH_REMATCH[2]))
  skipped=$((skipped + ${BASH_REMATCH[4]:-0}))
}

# Prints the closing line; false when something failed.
closing_line() {
  if [[ $skipped -gt 0 ]]; then
    echo "$passed passed, $failed failed, $skipped skipped"
  else
    echo "$passed passed, $failed failed"
  fi
  [[ $failed -eq 0 ]]
}
