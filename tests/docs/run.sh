#!/usr/bin/env bash
# Tests the C++ blocks of README.md and docs/guide.md. What a block's fence says decides how:
#
#   ```cpp                   a whole program: it is compiled and run and must end with exit code 0. When
#                            the next block is ```text, its output must be that block's text.
#   ```cpp file=PATH         lines that stand in the repository's file PATH, one after the other (a
#                            gate's header, say)
#   ```cpp fragment          not tested
#
# A bare ```cpp block without `int main` is an error: nothing goes untested by oversight.
#
#   tests/docs/run.sh PREFIX      (where tapegrad is installed; tests/run.sh does that)
set -euo pipefail
prefix=$(realpath "$1")
root=$(realpath "$(dirname "${BASH_SOURCE[0]}")/../..")
cd "$root"
source scripts/report.sh

documents=(README.md docs/guide.md)
folder=$root/build/documents
blocks=$folder/blocks
rm -rf "$blocks"
mkdir -p "$blocks"
touch "$blocks/list"
awk -v dir="$blocks" -f tests/docs/blocks.awk "${documents[@]}"

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
while read -r document line info; do
  code=$blocks/${document}_line_$line.code
  name="$document line $line"
  case $info in
    cpp)
      if grep -qE '\bint main\b' "$code"; then
        # Messages name the line within the block, which does not move with the text around it.
        { echo '#line 1 "main.cpp"'; cat "$code"; } >"${code%.code}.cpp"
        previous=${document}_line_$line
        programs+=("$previous")
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
    cmake -S tests/docs -B "$folder/build" -G Ninja -DBLOCKS="$blocks" \
      -DCMAKE_PREFIX_PATH="$prefix" -DCMAKE_BUILD_TYPE=Release &&
      # One program that does not compile must not hide the others.
      ninja -C "$folder/build" --quiet -k 0
  }
  rm -f "$folder"/build/*_line_*
  build >"$folder/build.log" 2>&1 </dev/null || true
fi

for stem in "${programs[@]}"; do
  program=$folder/build/$stem
  name=${stem//_/ }
  output=$blocks/$stem.output
  if [[ ! -x $program ]]; then
    fail "$name: does not compile" "$folder/build.log"
    continue
  fi
  # Run where it may write files.
  if ! (cd "$blocks" && timeout 120 "$program") >"$output" 2>&1 </dev/null; then
    fail "$name: the program failed" "$output"
  elif [[ -n ${expected[$stem]:-} ]] &&
       ! diff <(sed 's/[[:space:]]*$//' "${expected[$stem]}") <(sed 's/[[:space:]]*$//' "$output") \
         >"$output.diff"; then
    fail "$name: prints something else than the text says (<)" "$output.diff"
  else
    pass "$name: compiles and runs${expected[$stem]:+, prints what the text says}"
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
