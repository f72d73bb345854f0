// Compile time as a workload: one step compiles one file of compiled/.
#pragma once

#include <cstdlib>
#include <stdexcept>
#include <string>
#include <vector>

#include "worker.hpp"

namespace bench {

/// Compiles BENCH_COMPILED_FILE with BENCH_COMPILER (both set by CMake) and throws the result away.
class Compilation {
 public:
  explicit Compilation(const Task&) {}

  void step() {
    const std::string command =
        std::string(BENCH_COMPILER) + " -o /dev/null -c " + BENCH_COMPILED_FILE;
    if (std::system(command.c_str()) != 0) throw std::runtime_error("failed: " + command);
  }

  /// Nothing to compare: the files differ on purpose.
  std::vector<double> results() const { return {0.0}; }
};

}  // namespace bench
