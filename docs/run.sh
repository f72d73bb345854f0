#!/usr/bin/env bash
# Builds the documentation into build/docs: README, guide, a page for each gate, and the reference. It
# fails where a public name has no description, a link leads nowhere or a gate fails its tests. The last
# line says where to begin reading.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source scripts/packages.sh
source scripts/build.sh

install_packages "${packages_build[@]}" "${packages_docs[@]}"
build_tapegrad release tapegrad_gate_pages

folder=build/docs
rm -rf "$folder"
mkdir -p "$folder/input"
build/release/docs/tapegrad_gate_pages . "$folder/input"

TAPEGRAD_VERSION=$(sed -n 's/^CMAKE_PROJECT_VERSION:STATIC=//p' build/release/CMakeCache.txt)
export TAPEGRAD_VERSION
status=0
doxygen docs/Doxyfile >"$folder/log.txt" 2>&1 || status=$?
awk -f docs/undocumented.awk "$folder"/xml/{namespacetapegrad,{class,struct}*_1_1}*.xml >>"$folder/log.txt"
sed -E "s|^$PWD/(build/release/include/tapegrad/)?||" "$folder/log.txt" | awk '!seen[$0]++' >&2

if [[ $status -ne 0 || -s $folder/log.txt ]]; then
  echo "The documentation is not complete: see above" >&2
  exit 1
fi
echo "$PWD/$folder/html/index.html"
