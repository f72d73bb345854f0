#pragma once

#include <cstdint>
#include <vector>

#include <tapegrad/autograd/var.hpp>
#include <tapegrad/ops/array.hpp>

namespace tapegrad::detail {

/// Throws ShapeError, in the name of `who`, unless scores are (batch, classes).
void check_scores(const Var& scores, std::size_t batch, int classes, const char* who);

/// The class with the largest score of each row of (batch, classes); of equal ones the first.
void predicted_classes(const Array<double>& scores, std::vector<int>& classes);

/// How many samples have their largest score at their label.
std::int64_t count_correct(const Array<double>& scores, const std::vector<int>& labels);

}  // namespace tapegrad::detail
