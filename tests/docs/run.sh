#!/usr/bin/env bash
# Tests README.md's C++ blocks. What a block's fence says decides how:
#
#   ```cpp                   a whole program: it is compiled and run and must end with exit code 0. When
#                            the next block is ```text, its output must be that block's text.
#   ```cpp file=PATH         lines that stand in the repository's file PATH, one after the other (a
#                            gate's header, say)
#   ```cpp fragment          not tested
#
# A bare ```cpp block without `int main` is an error: nothing goes untested by oversight.
#
#   tests/readme/run.sh PREFIX      (where tapegrad is installed; tests/run.sh does that)
set -euo pipefail
prefix=$(realpath "$1")
root=$(realpath "$(dirname "${BASH_SOURCE[0]}")/../..")
cd "$root"
source scripts/report.sh

if [[ ! -f README.md ]]; then
  skip "README: there is no README.md"
  closing_line
  exit
fi

folder=$root/build/readme
blocks=$folder/blocks
rm -rf "$blocks"
mkdir -p "$blocks"
touch "$blocks/list"
awk -v dir="$blocks" -f tests/readme/blocks.awk README.md

# True when the lines of file $1 stand in file $2, one after the other.
contains() {
  awk 'FILENAME == ARGV[1] { want[++n] = $0; next }
       { have[++m] = $0 }
       END {
         for (start = 0; start + n <= m; ++start) {
           for (i = 1; i <= n && have[start + i] == want[i]; ++i) {}
           if (i > n) exit 0
         }
         exit 1
       }' "$1" "$2"
}

programs=()
declare -A expected
previous=
while read -r line info; do
  code=$blocks/line_$line.code
  name="README line $line"
  case $info in
    cpp)
      if grep -qE '\bint main\b' "$code"; then
        cp "$code" "$blocks/line_$line.cpp"
        programs+=("$line")
        previous=$line
        continue
      fi
      echo "It has no int main: complete it, or mark it \`\`\`cpp fragment." >"$code.log"
      fail "$name" "$code.log" ;;
    text*)
      if [[ -n $previous ]]; then expected[$previous]=$code; fi ;;
    'cpp fragment') ;;
    'cpp file='*)
      file=${info#cpp file=}
      if [[ ! -f $file ]]; then
        echo "There is no file $file." >"$code.log"
        fail "$name" "$code.log"
      elif contains "$code" "$file"; then
        pass "$name: stands in $file"
      else
        diff "$code" "$file" >"$code.log" || true
        fail "$name: differs from $file" "$code.log"
      fi ;;
    cpp*)
      echo "'$info' is not known here: cpp, cpp fragment, cpp file=PATH" >"$code.log"
      fail "$name" "$code.log" ;;
  esac
  previous=
done <"$blocks/list"

if [[ ${#programs[@]} -gt 0 ]]; then
  if command -v ccache >/dev/null; then export CMAKE_CXX_COMPILER_LAUNCHER=ccache; fi
  rm -f "$folder/build/CMakeCache.txt"
  build() {
    cmake -S tests/readme -B "$folder/build" -G Ninja -DBLOCKS="$blocks" \
      -DCMAKE_PREFIX_PATH="$prefix" -DCMAKE_BUILD_TYPE=Release &&
      # One program that does not compile must not hide the others.
      ninja -C "$folder/build" --quiet -k 0
  }
  rm -f "$folder"/build/line_*
  build >"$folder/build.log" 2>&1 </dev/null || true
fi

for line in "${programs[@]}"; do
  program=$folder/build/line_$line
  name="README line $line"
  output=$blocks/line_$line.output
  if [[ ! -x $program ]]; then
    fail "$name: does not compile" "$folder/build.log"
    continue
  fi
  # Run where it may write files.
  if ! (cd "$blocks" && timeout 120 "$program") >"$output" 2>&1 </dev/null; then
    fail "$name: the program failed" "$output"
  elif [[ -n ${expected[$line]:-} ]] &&
       ! diff <(sed 's/[[:space:]]*$//' "${expected[$line]}") <(sed 's/[[:space:]]*$//' "$output") \
         >"$output.diff"; then
    fail "$name: prints something else than README says (<)" "$output.diff"
  else
    pass "$name: compiles and runs${expected[$line]:+, prints what README says}"
  fi
done
# The table of gates in README says what ops/gates.txt says.
listed=$(sed 's/#.*//' ops/gates.txt | tr -s ' \n' '\n' | sed '/^$/d' | sort)
shown=$(sed -nE 's/^\| (pointwise|shapes|reductions|choices by index|networks) \| (.*) \|$/\2/p' README.md |
  tr ' ' '\n' | sort)
if [[ $listed == "$shown" ]]; then
  pass "README's table lists the gates of ops/gates.txt"
else
  diff <(echo "$listed") <(echo "$shown") >"$folder/gates.log" || true
  fail "README's table of gates differs from ops/gates.txt" "$folder/gates.log"
fi

closing_line
