#pragma once

#include <cstdint>
#include <optional>

#include <tapegrad/autograd/parameter.hpp>
#include <tapegrad/ops/array.hpp>
#include <tapegrad/train/history.hpp>

/// What a Recorder takes from arrays of numbers.
namespace tapegrad::detail {

/// How often the numbers fall into `bins` intervals between the smallest and the largest one; all
/// equal, they are in the first.
train::Histogram histogram(const Array<double>& numbers, int bins);

/// ‖numbers‖₂, in double.
double norm(const void* numbers, Precision precision, std::int64_t count);

/// ‖numbers − before‖₂, in double.
double distance(const void* numbers, const void* before, Precision precision, std::int64_t count);

/// ‖W − mean row‖/‖W‖ of a parameter with two axes or more; nothing if it has fewer, or fewer than
/// two rows, 0 if it is all 0.
std::optional<double> unit_spread(const Parameter& parameter);

/// For activations (N, units, …): which units were other than 0 for some sample, or all of (N, …)
/// with one axis. Adds to `active`, which has an element per unit.
void note_active(const Array<double>& activations, std::vector<char>& active);

}  // namespace tapegrad::detail
