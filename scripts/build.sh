# Sourced by the scripts that build, from the repository's root, after scripts/packages.sh.

# build_tapegrad PRESET [TARGET...]: configures build/PRESET where needed and builds the targets (all
# of them when none is named).
build_tapegrad() {
  local preset=$1 folder=build/$1
  shift
  # Ninja configures again by itself when a CMake file changed, but it does not know the presets.
  if [[ ! -e $folder/build.ninja || CMakePresets.json -nt $folder/CMakeCache.txt ]]; then
    mkdir -p "$folder"
    if [[ ! -t 1 ]]; then echo "building $folder, a few minutes the first time"; fi
    if ! cmake --preset "$preset" >"$folder/configure.log" 2>&1; then
      cat "$folder/configure.log" >&2
      echo "Configuring build/$preset failed: see above" >&2
      return 1
    fi
    # A cache that did not have to change keeps its time: without this, every run would configure.
    touch "$folder/CMakeCache.txt"
  fi
  # On a terminal ninja counts on one line; in a log only what compilers say is worth keeping.
  local status=0 jobs=()
  if [[ -n ${CMAKE_BUILD_PARALLEL_LEVEL:-} ]]; then jobs=(-j "$CMAKE_BUILD_PARALLEL_LEVEL"); fi
  if [[ -t 1 ]]; then
    ninja -C "$folder" "${jobs[@]}" "$@" || status=$?
  else
    ninja -C "$folder" --quiet "${jobs[@]}" "$@" 2>&1 |
      { grep -vE '^(ninja: no work to do\.|-- (Configuring|Generating) done|-- Build files have been .*|-- GLOB mismatch!)$' || true; } ||
      status=$?
  fi
  if [[ $status -ne 0 ]]; then
    echo "Building $folder failed: see above" >&2
    return 1
  fi
}
