#!/usr/bin/env bash
# Measures tapegrad beside its peers: installs what is missing, builds and runs the benchmark.
#
#   tests/bench/run.sh [FILTER] [--threads 1|2] [--csv FILE] [--rounds N]
#                      [--all | --parts --growth --second-thread --memory --gates --itself]
#
# FILTER picks the workloads whose name contains it, --threads the rows of so many threads. Besides
# whole steps, or in their place: --parts measures forward alone, and forward and backward; --growth
# whether ever more gates and images cost the same each; --second-thread what that gains, beside a
# bare sgemm; --memory what a step and a program take; --gates each gate by itself; --itself what
# source lines, replay and second order cost. The picture in the README is drawn from the CSV: see
# picture.gp. The library itself never needs the peers.
set -euo pipefail
# The benchmark runs where the user is: a relative path after --csv means what it says.
here=$PWD
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
root=$PWD
source scripts/packages.sh

# Stan Math is headers that include Eigen's and Boost's.
packages_peers=(libtorch-dev libadolc-dev r-cran-stanheaders r-cran-rcppeigen libboost-dev)
install_packages "${packages_build[@]}" "${packages_peers[@]}"

# The row of a whole epoch needs Fashion-MNIST (see the README).
if [[ -z ${TAPEGRAD_DATA_DIR:-} && -d ../shared/data ]]; then
  export TAPEGRAD_DATA_DIR=$root/../shared/data
fi

build=build/bench
# A peer that was not found is looked for again: its package may have come since.
if [[ ! -e $build/build.ninja ]] || grep -q '^BENCH_.*-NOTFOUND$' $build/CMakeCache.txt; then
  cmake -S . -B $build -G Ninja -DCMAKE_BUILD_TYPE=Release -DTAPEGRAD_BENCH=ON \
    -DTAPEGRAD_TESTS=OFF -DTAPEGRAD_EXAMPLES=OFF
fi
cmake --build $build --target bench

cd "$here"
exec "$root/$build/tests/bench/bench" "$@"
