// Two libraries at the same work: rounds that alternate, and the ratio of their times.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "workloads.hpp"

namespace bench {

/// What is measured: one line of the table for each peer that can do the workload.
struct Row {
  Workload workload;
  int threads;
  std::string mode;  ///< of tapegrad's tapes
};

using Environment = std::map<std::string, std::string>;

/// A library and how its worker is started. Of several environments the fastest one counts.
struct Library {
  std::string name;
  std::filesystem::path worker;
  std::vector<Environment> environments;
  bool yardstick = false;     ///< does other work on as much memory, or on other sizes
  std::string workload = {};  ///< in place of the row's
  int threads = 0;            ///< in place of the row's
};

struct Quartiles {
  double lower;
  double median;
  double upper;
};

/// In seconds per unit of work, or in MiB: see Measure.
struct Result {
  double ours;      ///< median
  double peers;     ///< the same
  Quartiles ratio;  ///< peer's figure / ours in each round
};

/// Throws std::runtime_error when a worker fails or when the two do not do the same work.
Result measure(const Row& row, const Library& ours, const Library& peer, int rounds);

}  // namespace bench
