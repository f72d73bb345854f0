// A worker's side of the benchmark: one process per library, started as
//
//     bench_LIBRARY WORKLOAD THREADS MODE
//
// It builds the workload, takes a few steps and answers `ready FINGERPRINT`; then, for each line it
// reads, it runs one round of about 0.1 s and answers with the seconds per unit of work, or, for
// rows in MiB, with those of the few steps.
#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <exception>
#include <fstream>
#include <functional>
#include <iomanip>
#include <iostream>
#include <limits>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "gates.hpp"

namespace bench {

struct Task {
  Workload workload;
  int threads = 1;
  std::string mode;  ///< tapegrad's; peers ignore it
};

/// A workload in progress: how to take many steps, and which numbers came out.
struct Work {
  std::function<void(long)> steps;
  std::function<std::vector<double>()> results;
};

using Factory = std::function<Work(const Task&)>;

/// Factory of a class with a constructor from a Task, `step()` and `results()`. The loop over the
/// steps stands here, inside the one indirect call, so that a step of 80 ns is not charged for it.
template <class Steps>
Work work(const Task& task) {
  auto object = std::make_shared<Steps>(task);
  return {[object](long count) {
            for (; count > 0; --count) object->step();
          },
          [object] { return object->results(); }};
}

/// NOTE [Same work] One number out of all results, taken after the same few steps in every library:
/// where it differs, the libraries did different work, and the driver refuses to compare their
/// times.
inline double fingerprint(const std::vector<double>& results) {
  double sum = 0;
  for (std::size_t i = 0; i < results.size(); ++i) sum += static_cast<double>(i + 1) * results[i];
  return sum;
}

class Rounds {
 public:
  Rounds(Work work, double units) : work_(std::move(work)), units_(units) { calibrate(); }

  double seconds_per_unit() { return time(count_) / (static_cast<double>(count_) * units_); }

 private:
  static constexpr double round_seconds = 0.1;

  double time(long count) {
    const auto start = std::chrono::steady_clock::now();
    work_.steps(count);
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  }

  /// Doubles the number of steps until half a round is full; the trials are the warm-up.
  void calibrate() {
    double seconds = time(count_);
    while (seconds < round_seconds / 2) {
      count_ *= 2;
      seconds = time(count_);
    }
    count_ = std::max(1L, std::lround(static_cast<double>(count_) * round_seconds / seconds));
  }

  Work work_;
  double units_;
  long count_ = 1;
};

/// A line of /proc/self/status, in MiB.
inline double memory_of_process(const std::string& name) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.rfind(name + ":", 0) == 0) return std::stod(line.substr(name.size() + 1)) / 1024;
  }
  throw std::runtime_error("no " + name + " in /proc/self/status");
}

/// By how many MiB this process grows in a few steps, at their peak. Pages of files, such as code
/// that runs for the first time, do not count.
inline double growth(const Work& work, long steps) {
  // The peak begins again.
  if (!(std::ofstream("/proc/self/clear_refs") << 5 << std::flush)) {
    throw std::runtime_error("cannot write to /proc/self/clear_refs");
  }
  const double before = memory_of_process("VmRSS"), files = memory_of_process("RssFile");
  work.steps(steps);
  return memory_of_process("VmHWM") - before - (memory_of_process("RssFile") - files);
}

/// The main function of a worker; `factories` has an entry for each kind of workload it can do.
inline int run_worker(int argc, char** argv, const std::map<std::string, Factory>& factories) try {
  if (argc != 4) throw std::invalid_argument("usage: WORKER WORKLOAD THREADS MODE");
  const Task task{find_workload(argv[1]), std::stoi(argv[2]), argv[3]};
  const auto factory = factories.find(task.workload.kind);
  if (factory == factories.end()) {
    throw std::invalid_argument("this worker cannot do " + task.workload.name);
  }
  const Work work = factory->second(task);

  constexpr long common_steps = 5;
  const bool grows = task.workload.measure == Measure::growth;
  const double grown = grows ? growth(work, common_steps) : 0;
  if (!grows) work.steps(common_steps);
  const double common_result = fingerprint(work.results());
  std::function<double()> figure;
  switch (task.workload.measure) {
    case Measure::time:
      figure = [rounds = Rounds(work, task.workload.units)]() mutable {
        return rounds.seconds_per_unit();
      };
      break;
    case Measure::growth:
      figure = [=] { return grown; };
      break;
    case Measure::size:
      figure = [=] { return work.results().front(); };
      break;
  }
  std::cout << std::setprecision(std::numeric_limits<double>::max_digits10);
  std::cout << "ready " << common_result << std::endl;
  for (std::string line; std::getline(std::cin, line);) std::cout << figure() << std::endl;
  return 0;
} catch (const std::exception& error) {
  std::cerr << argv[0] << ": " << error.what() << '\n';
  return 1;
}

}  // namespace bench
