#include <tapegrad/nn/max_norm.hpp>

#include <algorithm>
#include <cmath>
#include <vector>

#include <tapegrad/ops/kernels.hpp>

namespace tapegrad::nn {

namespace {

/// The lengths of a parameter's weight vectors.
template <class T>
std::vector<T> lengths(const Parameter& weight) {
  const std::int64_t rows = weight.shape()[0];
  std::vector<T> result(static_cast<std::size_t>(rows));
  if (weight.size() == 0) return result;
  const T* const numbers = static_cast<const T*>(weight.state()->value);
  ops::kernels::norm({rows, weight.size() / rows}, {1}, numbers, result.data(), false);
  return result;
}

void check(const std::string& name, const Parameter& weight) {
  if (weight.shape().rank() < 2) {
    throw ValueError("[max_norm] needs weights (out, in, ...), got '" + name + "' of shape " +
                     to_string(weight.shape()) + "; choose with weights(module)");
  }
  with_precision(weight.precision(), [&](auto type) {
    using T = decltype(type);
    const T* const numbers = static_cast<const T*>(weight.state()->value);
    if (!std::all_of(numbers, numbers + weight.size(), [](T w) { return std::isfinite(w); })) {
      throw NonFiniteError("[max_norm] needs finite weights, got NaN or infinity in '" + name +
                           "'");
    }
  });
}

template <class T>
void shorten(Parameter weight, double c) {
  const std::vector<T> long_ones = lengths<T>(weight);
  if (std::none_of(long_ones.begin(), long_ones.end(), [c](T length) { return length > c; }))
    return;
  T* row = weight.mutable_view<T>().data();
  const std::int64_t inner = weight.size() / weight.shape()[0];
  for (const T length : long_ones) {
    const T factor = static_cast<T>(c) / length;
    if (length > c) std::transform(row, row + inner, row, [&](T w) { return w * factor; });
    row += inner;
  }
}

}  // namespace

void max_norm(const NamedParameters& parameters, double c) {
  if (!(c > 0) || !std::isfinite(c)) {
    throw ValueError("[max_norm] needs a positive, finite length, got " + ops::number_text(c));
  }
  for (const auto& [name, weight] : parameters) check(name, weight);
  for (const auto& [name, weight] : parameters) {
    with_precision(weight.precision(),
                   [&, &weight = weight](auto type) { shorten<decltype(type)>(weight, c); });
  }
}

void max_norm(const Module& module, double c) {
  max_norm(weights(module), c);
}

}  // namespace tapegrad::nn
