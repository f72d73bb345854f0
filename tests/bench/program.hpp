// A program's size as a workload.
#pragma once

#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

#include "worker.hpp"

namespace bench {

/// The files of BENCH_PROGRAM (set by CMake, separated by colons): a stripped program, and the
/// libraries of the peer that it cannot run without.
class Program {
 public:
  explicit Program(const Task&) {}

  void step() {}

  /// In MiB.
  std::vector<double> results() const {
    double bytes = 0;
    std::istringstream files(BENCH_PROGRAM);
    for (std::string file; std::getline(files, file, ':');) {
      bytes += static_cast<double>(std::filesystem::file_size(file));
    }
    return {bytes / (1 << 20)};
  }
};

}  // namespace bench
