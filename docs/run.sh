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
sed -E "s|^$PWD/(build/release/include/tapegrad/)?||" "$folder/log.txt" >&2

# Doxygen 1.9.4 does not miss the descriptions of an enumeration's values.
awk '/<memberdef kind="enum"/ { type = "" }
     /<qualifiedname>/ { type = $0; gsub(/ *<[^>]*>/, "", type) }
     /<enumvalue /, /<\/enumvalue>/ {
       if (/<name>/) { name = $0; gsub(/ *<[^>]*>/, "", name) }
       if (/<para>/) described[type "::" name] = 1
       if (/<\/enumvalue>/ && !((type "::" name) in described)) print type "::" name " is not documented"
     }' "$folder"/xml/namespace*.xml "$folder"/xml/class*.xml >"$folder/values.txt"
cat "$folder/values.txt" >&2

if [[ $status -ne 0 || -s $folder/log.txt || -s $folder/values.txt ]]; then
  echo "The documentation is not complete: see above" >&2
  exit 1
fi
echo "$PWD/$folder/html/index.html"
