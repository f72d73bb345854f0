#include <tapegrad/nn/functional.hpp>

#include <cmath>
#include <limits>

#include <tapegrad/autograd/detail/operand_at.hpp>
#include <tapegrad/autograd/detail/with_place.hpp>
#include <tapegrad/ops/strides.hpp>

namespace tapegrad::nn {

namespace {

using detail::at;

/// x − mean(x).
Var deviation(Operand x, const Axes& axes) {
  return sub(x, at(mean(x, axes, true), x.place()));
}

/// n − correction.
double degrees_of_freedom(Operand x, const Axes& axes, int correction, const char* who) {
  const Shape shape = x.shape();
  const std::int64_t count = detail::with_place(
      x.place(), [&] { return ops::split_reduction(shape, axes, who).reduced.size(); });
  if (count <= correction) {
    throw ShapeError(std::string("[") + who + "] needs more than " + std::to_string(correction) +
                     " elements, got " + std::to_string(count) + " of " + to_string(shape) + " (" +
                     to_string(x.place()) + ")");
  }
  return static_cast<double>(count - correction);
}

}  // namespace

Var softmax(Operand x, std::int64_t axis) {
  const Shape shape = x.shape();
  const bool last = shape.rank() > 0 && (axis == -1 || axis == shape.rank() - 1);
  return last ? tapegrad::softmax(x) : exp(at(log_softmax(x, axis), x.place()));
}

Var log_softmax(Operand x, std::int64_t axis) {
  // Shifted first: a logsumexp far from zero has lost the digits that tell the classes apart.
  const Place place = x.place();
  const Operand largest = at(amax(x, Axes{axis}, true), place);
  const Operand shifted = at(sub(x, at(detach(largest), place)), place);
  return sub(shifted, at(logsumexp(shifted, Axes{axis}, true), place));
}

Var variance(Operand x, const Axes& axes, bool keepdims, int correction) {
  const double n = degrees_of_freedom(x, axes, correction, "variance");
  const Var squares = square(at(deviation(x, axes), x.place()));
  return mul_constant(at(sum(at(squares, x.place()), axes, keepdims), x.place()), 1 / n);
}

Var standard_deviation(Operand x, const Axes& axes, bool keepdims, int correction) {
  const double n = degrees_of_freedom(x, axes, correction, "standard_deviation");
  const Var length = norm(at(deviation(x, axes), x.place()), axes, keepdims);
  return mul_constant(at(length, x.place()), 1 / std::sqrt(n));
}

Var vector_norm(Operand x, double p, const Axes& axes, bool keepdims) {
  const Place place = x.place();
  if (!(p > 0)) {
    throw ValueError("[vector_norm] needs p > 0, got " + ops::number_text(p) + " (" +
                     to_string(place) + ")");
  }
  if (p == 2) return norm(x, axes, keepdims);
  const Operand size = at(abs(x), place);
  if (p == 1) return sum(size, axes, keepdims);
  if (p == std::numeric_limits<double>::infinity()) return amax(size, axes, keepdims);
  const Operand zero = at(0, place), one = at(1, place);
  // Relative to the largest, so that no power leaves the range of numbers.
  const Operand largest = at(detach(at(amax(size, axes, true), place)), place);
  const Operand scale = at(where(at(equal(largest, zero), place), one, largest), place);
  const Operand powers = at(pow(at(div(size, scale), place), at(p, place)), place);
  const Operand total = at(sum(powers, axes, true), place);
  // Of zeros alone the root has a kink: slope 0.
  const Operand none = at(equal(total, zero), place);
  const Operand root = at(pow(at(where(none, one, total), place), at(1 / p, place)), place);
  const Var norms = mul(at(where(none, zero, root), place), scale);
  return keepdims
             ? norms
             : reshape(at(norms, place), ops::reduced_shape(x.shape(), axes, false, "vector_norm"));
}

Var cosine_similarity(Operand a, Operand b, std::int64_t axis, double eps) {
  const Place place = a.place();
  const Var products = mul(a, b);
  const auto length = [&](Operand x) {
    const Operand whole = at(broadcast_to(x, products.shape()), place);
    return at(max(at(norm(whole, Axes{axis}), place), at(eps, place)), place);
  };
  const Operand sums = at(sum(at(products, place), Axes{axis}), place);
  return div(sums, at(mul(length(a), length(b)), place));
}

Var pairwise_distance(Operand a, Operand b, double p) {
  return vector_norm(at(sub(a, b), a.place()), p, Axes{-1});
}

Var cdist(Operand a, Operand b) {
  const Place place = a.place();
  if (a.shape().rank() != 2 || b.shape().rank() != 2 || a.shape()[1] != b.shape()[1]) {
    throw ShapeError("[cdist] needs rows (N, D) and (M, D), got " + to_string(a.shape()) + " and " +
                     to_string(b.shape()) + " (" + to_string(place) + ")");
  }
  const Var squares_a = sum(at(square(a), place), 1, true);
  const Var squares_b = sum(at(square(b), place), 1);
  const Var products = mul_constant(at(matmul(a, b, {false, true}), place), -2);
  const Operand squares = at(add(at(add(at(squares_a, place), squares_b), place), products), place);
  // The square root of a one in place of what rounding made 0 or less: its slope there is finite.
  const Operand zero = at(0, place), one = at(1, place);
  const Operand none = at(less_equal(squares, zero), place);
  const Operand safe = at(where(none, one, squares), place);
  return where(none, zero, at(sqrt(safe), place));
}

}  // namespace tapegrad::nn
