#!/usr/bin/env bash
# Installs what is missing, builds one example and runs it.
#
#   examples/run.sh [EXAMPLE ARGS...]
#
# Without a name, or when the first word is an option, the example is `train`.
set -euo pipefail
# The example itself runs where the user is: relative paths in its arguments mean what they say.
here=$PWD
cd "$(dirname "${BASH_SOURCE[0]}")/.."
root=$PWD
source scripts/packages.sh
source scripts/build.sh

example=train
if [[ $# -gt 0 && $1 != -* ]]; then
  example=$1
  shift
fi
if [[ ! -f examples/$example.cpp ]]; then
  {
    echo "There is no example '$example'. The examples are:"
    for source in examples/*.cpp; do
      echo "  $(basename "$source" .cpp)"
    done
  } >&2
  exit 2
fi

install_packages "${packages_build[@]}"
build_tapegrad release "$example"
cd "$here"
exec "$root/build/release/examples/$example" "$@"
