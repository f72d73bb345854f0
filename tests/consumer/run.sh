#!/usr/bin/env bash
# Builds and runs the project in this folder in every way that has gone wrong in some library: another
# language standard, another alignment or type of xt::xarray, other default arguments than the library
# was compiled with.
#
#   tests/consumer/run.sh PREFIX      (where tapegrad is installed; tests/run.sh does that)
set -euo pipefail
prefix=$(realpath "$1")
root=$(realpath "$(dirname "${BASH_SOURCE[0]}")/../..")
cd "$root"
source scripts/report.sh
folder=$root/build/consumer
mkdir -p "$folder"

# try_one NAME STANDARD FLAGS [CMAKE OPTIONS...]: configures, builds and runs one of them; true when
# the program did what it should.
try_one() {
  local name=$1 standard=$2 flags=$3
  shift 3
  local build=$folder/$name
  # In an empty folder, as a user's first build: it must not find anything of an older one.
  rm -rf "$build"
  cmake -S tests/consumer -B "$build" -G Ninja -DCMAKE_CXX_STANDARD="$standard" \
    -DCMAKE_CXX_STANDARD_REQUIRED=ON -DCMAKE_CXX_FLAGS="$flags" "$@" &&
    ninja -C "$build" --quiet && (cd "$build" && ./consumer) &&
    if [[ -e $build/gate_test ]]; then "$build/gate_test" --gtest_brief=1; fi
}

if command -v ccache >/dev/null; then export CMAKE_CXX_COMPILER_LAUNCHER=ccache; fi

names=()
start() {
  names+=("$1")
  (if try_one "$@"; then touch "$folder/$1.passed"; fi) >"$folder/$1.log" 2>&1 </dev/null &
  # Two at a time.
  if [[ $(jobs -rp | wc -l) -ge 2 ]]; then wait -n || true; fi
}

rm -f "$folder"/*.passed
installed=(-DCMAKE_PREFIX_PATH="$prefix" -DCMAKE_BUILD_TYPE=Release)
xsimd=-DXTENSOR_USE_XSIMD
# The longest first. It compiles the whole library, for any processor and unoptimised, inside a project
# that asks for C++20.
start add_subdirectory 20 "" -DTAPEGRAD_SOURCE="$root" -DTAPEGRAD_PRECOMPILE=ON \
  -DCMAKE_BUILD_TYPE=Debug -DCMAKE_CXX_FLAGS_DEBUG=-O0
start cxx17 17 "" "${installed[@]}"
start cxx17-native 17 "-march=native" "${installed[@]}"
start cxx17-xsimd 17 "$xsimd" "${installed[@]}"
start cxx17-xsimd-native 17 "$xsimd -march=native" "${installed[@]}"
start cxx17-no-places 17 "-DTAPEGRAD_NO_PLACES" "${installed[@]}" -DGATE_TEST=ON
start cxx20 20 "" "${installed[@]}" -DGATE_TEST=ON
start cxx20-xsimd-native 20 "$xsimd -march=native" "${installed[@]}"
# xtensor as it is laid out from 0.26 on, where what was its header has moved.
moved=$folder/moved-headers/xtensor
mkdir -p "$moved/containers"
for header in xadapt xarray; do
  echo "#include_next <xtensor/$header.hpp>" >"$moved/containers/$header.hpp"
  echo "#error this header is xtensor/containers/$header.hpp now" >"$moved/$header.hpp"
done
start cxx17-moved-headers 17 "-I$folder/moved-headers" "${installed[@]}"
# Another compiler than the library's.
if command -v clang++ >/dev/null; then
  start clang 17 "" "${installed[@]}" -DCMAKE_CXX_COMPILER=clang++ -DGATE_TEST=ON
else
  skip "consumer clang: clang++ is not installed"
fi
wait

for name in "${names[@]}"; do
  if [[ -e $folder/$name.passed ]]; then
    pass "consumer $name"
  else
    fail "consumer $name" "$folder/$name.log"
  fi
done

# A project that names no build type: configured only.
untyped=$folder/no-build-type
rm -rf "$untyped"
if cmake -S tests/consumer -B "$untyped" -G Ninja -DTAPEGRAD_SOURCE="$root" >"$untyped.log" 2>&1 &&
   grep -A9 '/autograd/var\.cpp\.o:' "$untyped/build.ninja" | grep -q -- ' -O3'; then
  pass "consumer no-build-type: the library is optimised"
else
  fail "consumer no-build-type: the library is not optimised" "$untyped.log"
fi
closing_line
