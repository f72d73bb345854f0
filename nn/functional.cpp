#include <tapegrad/nn/functional.hpp>

#include <cmath>
#include <limits>

#include <tapegrad/autograd/detail/operand_at.hpp>
#include <tapegrad/ops/strides.hpp>

namespace tapegrad::nn {

namespace {

using detail::at;

std::int64_t elements_per_group(const Shape& shape, const Axes& axes, const char* who) {
  const std::int64_t groups = ops::reduced_shape(shape, axes, false, who).size();
  return groups == 0 ? 0 : shape.size() / groups;
}

/// x − mean(x).
Var deviation(Operand x, const Axes& axes) {
  return sub(x, at(mean(x, axes, true), x.place()));
}

/// n − correction.
double degrees_of_freedom(Operand x, const Axes& axes, int correction, const char* who) {
  const std::int64_t count = elements_per_group(x.shape(), axes, who);
  if (count <= correction) {
    throw ShapeError(std::string("[") + who + "] needs more than " + std::to_string(correction) +
                     " elements, got " + std::to_string(count) + " of " + to_string(x.shape()) +
                     " (" + to_string(x.place()) + ")");
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
  return sub(x, at(logsumexp(x, Axes{axis}, true), x.place()));
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
    throw ValueError("[vector_norm] needs p > 0, got " + std::to_string(p) + " (" +
                     to_string(place) + ")");
  }
  if (p == 2) return norm(x, axes, keepdims);
  const Operand size = at(abs(x), place);
  if (p == 1) return sum(size, axes, keepdims);
  if (p == std::numeric_limits<double>::infinity()) return amax(size, axes, keepdims);
  const Var powers = sum(at(pow(size, at(p, place)), place), axes, keepdims);
  return pow(at(powers, place), at(1 / p, place));
}

Var cosine_similarity(Operand a, Operand b, std::int64_t axis, double eps) {
  const Place place = a.place();
  const Var products = sum(at(mul(a, b), place), Axes{axis});
  const auto length = [&](Operand x) {
    return at(max(at(norm(x, Axes{axis}), place), at(eps, place)), place);
  };
  return div(at(products, place), at(mul(length(a), length(b)), place));
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
  const Var squares = squares_a + squares_b + products;
  // The square root of a one in place of what rounding made 0 or less: its slope there is finite.
  const Var positive = squares > 0;
  return where(positive, sqrt(where(positive, squares, 1)), 0);
}

Var cross_entropy(Operand scores, Operand labels) {
  return mean(at(softmax_cross_entropy(scores, labels), scores.place()));
}

}  // namespace tapegrad::nn
