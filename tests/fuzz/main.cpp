// The part that all harnesses share: libFuzzer's entry points.
//
// There is no corpus on the disk. Now and then an input is thrown away for a good file, which a
// harness makes, so that the search goes on from files that readers accept.

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <tapegrad/data/detail/numbers.hpp>

#include "fuzz.hpp"

namespace tapegrad::fuzz {

void check(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %s\n", what);
  std::abort();
}

std::string path_of(const std::string& content) {
  static const int file = memfd_create("input", 0);
  check(ftruncate(file, 0) == 0 &&
            pwrite(file, content.data(), content.size(), 0) == static_cast<ssize_t>(content.size()),
        "a file in memory can be written");
  return "/proc/self/fd/" + std::to_string(file);
}

bool are_pixels(const Array<float>& numbers) {
  return std::all_of(numbers.begin(), numbers.end(),
                     [](float number) { return number >= 0 && number <= 1; });
}

bool same_bits(const NamedParameters& a, const NamedParameters& b) {
  bool same = a.size() == b.size();
  for (std::size_t i = 0; same && i < a.size(); ++i) {
    const auto& [name, parameter] = a[i];
    const auto& [other_name, other] = b[i];
    same = name == other_name && parameter.shape() == other.shape() &&
           parameter.precision() == other.precision() &&
           data::detail::bytes_of(parameter) == data::detail::bytes_of(other);
  }
  return same;
}

NamedParameters sample_set() {
  return {{"0.weight", Parameter({1, -0.0, INFINITY, NAN}, f32)},
          {"0.bias", Parameter(0.5, f64)},
          {"1", Parameter::zeros({2, 0}, f32)}};
}

}  // namespace tapegrad::fuzz

extern "C" {

std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t max_size);

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tapegrad;
  try {
    fuzz::try_input({reinterpret_cast<const char*>(data), size});
  } catch (const FileError& error) {
    const std::string_view text = error.what();
    fuzz::check(text.substr(0, 1) == "[" && text.find("] needs ") != text.npos,
                "an error says who needs what");
    fuzz::check(text.size() < 1000, "an error is short");
  }
  return 0;
}

std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max_size,
                                    unsigned random) {
  static const std::vector<std::string> seeds = tapegrad::fuzz::seeds();
  constexpr unsigned every = 16;
  if (random % every == 0) {
    const std::string& seed = seeds[random / every % seeds.size()];
    size = std::min(seed.size(), max_size);
    std::memcpy(data, seed.data(), size);
  }
  return LLVMFuzzerMutate(data, size, max_size);
}

}  // extern "C"
