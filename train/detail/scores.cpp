#include <tapegrad/train/detail/scores.hpp>

#include <algorithm>
#include <string>

#include <tapegrad/ops/error.hpp>

namespace tapegrad::detail {

namespace {

/// The first of the largest scores of a row.
int winner(const double* row, std::size_t classes) {
  return static_cast<int>(std::max_element(row, row + classes) - row);
}

}  // namespace

void check_scores(const Var& scores, std::size_t batch, int classes, const char* who) {
  const Shape needed{static_cast<std::int64_t>(batch), classes};
  if (scores.shape() != needed) {
    throw ShapeError(std::string("[") + who +
                     "] needs a model whose output is (batch, classes) = " + to_string(needed) +
                     ", got " + to_string(scores.shape()) +
                     "; let the last layer have one output per class");
  }
}

void predicted_classes(const Array<double>& scores, std::vector<int>& classes) {
  const std::size_t count = scores.shape()[1];
  classes.resize(scores.shape()[0]);
  const double* row = scores.data();
  for (int& chosen : classes) {
    chosen = winner(row, count);
    row += count;
  }
}

std::int64_t count_correct(const Array<double>& scores, const std::vector<int>& labels) {
  const std::size_t count = scores.shape()[1];
  const double* row = scores.data();
  std::int64_t correct = 0;
  for (const int label : labels) {
    correct += winner(row, count) == label ? 1 : 0;
    row += count;
  }
  return correct;
}

}  // namespace tapegrad::detail
