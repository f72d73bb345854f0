#pragma once

#include <chrono>
#include <cstdio>

#include <tapegrad/train/fit.hpp>

namespace tapegrad::train {

/// Shows training as one line that rewrites itself: epoch, bar, loss, accuracy, at an epoch's end
/// that of the validation set, samples per second, the memory of a step and the time left. Where
/// the stream is no terminal it writes at most a line per second, at the end of an epoch. Debian
/// packages no C++ library for this.
class ProgressBar {
 public:
  /// Draws to a stream, which must live as long.
  explicit ProgressBar(std::FILE* stream = stderr);
  /// To be given to `fit` as its monitor.
  void operator()(const Progress& progress);

 private:
  std::FILE* stream_;
  bool terminal_;
  std::chrono::steady_clock::time_point last_drawn_{};
  std::chrono::steady_clock::time_point last_line_;
};

}  // namespace tapegrad::train
