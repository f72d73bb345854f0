#include "contest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <memory>
#include <sstream>
#include <stdexcept>

#include "child.hpp"

namespace bench {

namespace {

/// A library's worker, started on a row and warmed up.
class Contestant {
 public:
  Contestant(const Library& library, Environment environment, const Row& row)
      : name_(library.name) {
    const std::string threads = std::to_string(library.threads > 0 ? library.threads : row.threads);
    environment["OMP_NUM_THREADS"] = threads;
    environment["OPENBLAS_NUM_THREADS"] = threads;
    named([&] {
      child_ = std::make_unique<Child>(
          std::vector<std::string>{library.worker,
                                   library.workload.empty() ? row.workload.name : library.workload,
                                   threads, row.mode},
          environment);
      const std::string answer = child_->read_line();
      std::string ready;
      if (!(std::istringstream(answer) >> ready >> fingerprint_) || ready != "ready") {
        throw std::runtime_error("answers '" + answer + "' instead of 'ready'");
      }
    });
  }

  void run_round() {
    named([&] {
      child_->write_line("round");
      const std::string answer = child_->read_line();
      double figure = 0;
      if (!(std::istringstream(answer) >> figure) || figure <= 0) {
        throw std::runtime_error("answers '" + answer + "' instead of a figure");
      }
      figures_.push_back(figure);
    });
  }

  double fingerprint() const { return fingerprint_; }
  const std::vector<double>& figures() const { return figures_; }

 private:
  /// Puts the library's name before what an error says.
  template <class Action>
  void named(Action action) {
    try {
      action();
    } catch (const std::exception& error) {
      throw std::runtime_error(fmt::format("{}: {}", name_, error.what()));
    }
  }

  std::string name_;
  std::unique_ptr<Child> child_;
  double fingerprint_ = 0;
  std::vector<double> figures_;
};

/// See NOTE [Same work] in worker.hpp.
void require_same_work(const Row& row, const Contestant& ours, const Contestant& peer) {
  if (row.workload.measure == Measure::size) return;  // The figure itself.
  const double difference = std::abs(ours.fingerprint() - peer.fingerprint());
  if (difference <= row.workload.tolerance * std::abs(ours.fingerprint())) return;
  throw std::runtime_error(fmt::format("not the same work: our fingerprint {}, the peer's {}",
                                       ours.fingerprint(), peer.fingerprint()));
}

Quartiles quartiles(std::vector<double> numbers) {
  std::sort(numbers.begin(), numbers.end());
  const auto at = [&](double fraction) {
    const double position = fraction * static_cast<double>(numbers.size() - 1);
    const auto below = static_cast<std::size_t>(position);
    const std::size_t above = std::min(below + 1, numbers.size() - 1);
    return numbers[below] + (position - std::floor(position)) * (numbers[above] - numbers[below]);
  };
  return {at(0.25), at(0.5), at(0.75)};
}

Result compare(const Contestant& ours, const Contestant& peer) {
  std::vector<double> ratios;
  for (std::size_t i = 0; i < ours.figures().size(); ++i) {
    ratios.push_back(peer.figures()[i] / ours.figures()[i]);
  }
  return {quartiles(ours.figures()).median, quartiles(peer.figures()).median, quartiles(ratios)};
}

}  // namespace

Result measure(const Row& row, const Library& ours, const Library& peer, int rounds) {
  // One after the other: a warm-up beside another's would calibrate wrongly.
  std::vector<std::unique_ptr<Contestant>> contestants;
  contestants.push_back(std::make_unique<Contestant>(ours, ours.environments.front(), row));
  for (const Environment& environment : peer.environments) {
    contestants.push_back(std::make_unique<Contestant>(peer, environment, row));
    if (!peer.yardstick) require_same_work(row, *contestants.front(), *contestants.back());
  }

  for (int round = 0; round < rounds; ++round) {
    for (std::size_t i = 0; i < contestants.size(); ++i) {
      // Whoever runs second meets a processor that is warmer, or a neighbour that has woken up.
      const bool forward = round % 2 == 0;
      contestants[forward ? i : contestants.size() - 1 - i]->run_round();
    }
  }

  Result best = compare(*contestants[0], *contestants[1]);
  for (std::size_t i = 2; i < contestants.size(); ++i) {
    const Result other = compare(*contestants[0], *contestants[i]);
    if (other.ratio.median < best.ratio.median) best = other;
  }
  return best;
}

}  // namespace bench
