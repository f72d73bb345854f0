// The table on the screen, and the same figures as CSV.
#pragma once

#include <fstream>
#include <string>

#include "contest.hpp"

namespace bench {

class Report {
 public:
  /// Prints the head of the table. Without a path there is no CSV file.
  explicit Report(const std::string& csv_path);

  void add(const Row& row, const std::string& peer, const Result& result);
  /// A line that says why there is no figure.
  void add_failure(const Row& row, const std::string& peer, const std::string& reason);

  int failures() const { return failures_; }

 private:
  std::ofstream csv_;
  int failures_ = 0;
};

}  // namespace bench
