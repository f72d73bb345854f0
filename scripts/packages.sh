# Sourced by the scripts that build: which Debian packages tapegrad needs, and installing what is
# missing of them. Each list is written here and nowhere else.

# To build the library, the examples and the tests.
packages_build=(g++ cmake ninja-build ccache
  libxtensor-dev libxsimd-dev libfmt-dev libopenblas-dev zlib1g-dev
  libzip-dev libpng-dev libturbojpeg0-dev libhnswlib-dev nlohmann-json3-dev
  libcli11-dev libgtest-dev)
# What docs/run.sh needs besides.
packages_docs=(doxygen)
# To draw circuits as SVG images and as HTML pages, and to test the pages in a browser. npm may also
# have come with a nodejs from elsewhere.
packages_pages=(graphviz chromium)
if ! command -v npm >/dev/null; then packages_pages+=(npm); fi
# What .ci/run needs besides.
packages_ci=(clang clang-format clang-tidy libclang-rt-dev python3-numpy
  "${packages_docs[@]}" "${packages_pages[@]}")

# install_packages NAME...: installs those that are missing, as root or through sudo. When nothing is
# missing it asks dpkg only, which takes milliseconds.
install_packages() {
  local missing=() name
  for name in "$@"; do
    if [[ $(dpkg-query --show --showformat='${db:Status-Status}' "$name" 2>/dev/null) != installed ]]; then
      missing+=("$name")
    fi
  done
  if [[ ${#missing[@]} -eq 0 ]]; then return 0; fi

  local as_root=()
  if [[ $(id -u) -ne 0 ]]; then
    if ! command -v sudo >/dev/null; then
      echo "These Debian packages are missing: ${missing[*]}" >&2
      echo "Run this script as root, install sudo, or install them by hand." >&2
      return 1
    fi
    as_root=(sudo)
  fi
  echo "installing ${missing[*]}"
  local log
  log=$(mktemp)
  # No questions: CI has no standard input. Recommended packages are not needed.
  if ! { "${as_root[@]}" apt-get update &&
         "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
           apt-get install --yes --no-install-recommends "${missing[@]}"; } \
         >"$log" 2>&1 </dev/null; then
    cat "$log" >&2
    rm -f "$log"
    echo "Installing ${missing[*]} failed: see above" >&2
    return 1
  fi
  rm -f "$log"
}
