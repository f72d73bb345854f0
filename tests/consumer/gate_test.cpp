// Gates of a user, checked with the library's own checks.

#include <gtest/gtest.h>
#include <tapegrad/autograd/testing/check_gate.hpp>

using namespace tapegrad;

/// y = x/(1 + |x|); ∂y/∂x = (1 − |y|)².
struct Softsign : ops::Pointwise<1> {
  static constexpr const char* name = "softsign";
  template <class T>
  T forward(T x) const {
    using ops::abs;
    return x / (1 + abs(x));
  }
  template <class T>
  T gradient(ops::At<0>, T g, T, T y) const {
    using ops::abs;
    const T slope = 1 - abs(y);
    return g * slope * slope;
  }
};

/// y_i = (1 − 2w)·x_i + w·(x_{i−1} + x_{i+1}) along a vector that is 0 beyond its ends.
struct Smooth : ops::Whole<1> {
  static constexpr const char* name = "smooth";
  double weight = 0.25;  ///< w.

  Smooth() = default;
  explicit Smooth(double w) : weight(w) {}

  Shape shape(ops::Shapes x) const {
    if (x[0].rank() != 1) throw ShapeError("[smooth] needs a vector, got " + to_string(x[0]));
    return x[0];
  }
  template <class T>
  void forward(ops::Out<T> y, ops::Operands<T> x) const {
    const std::int64_t n = y.shape[0];
    const auto at = [&](std::int64_t i) { return i < 0 || i >= n ? T(0) : x[0].data[i]; };
    for (std::int64_t i = 0; i < n; ++i) {
      y.put(i, static_cast<T>((1 - 2 * weight) * at(i) + weight * (at(i - 1) + at(i + 1))));
    }
  }
  /// x_j enters y_i as x_i enters y_j, so the gradient of x is the upstream gradient, smoothed.
  template <class Executor>
  void backward(Executor& e) const {
    e.add(0, *this, e.upstream());
  }
  template <class Sampler>
  static void samples(Sampler& s) {
    s.add(Smooth{}, {{5}});
    s.add(Smooth{0.1}, {{1}});
    s.add(Smooth{}, {{0}});
  }
};

TAPEGRAD_CHECK_GATE(CheckSoftsign, Softsign{});
TAPEGRAD_CHECK_GATE(CheckSmooth, Smooth{});

TEST(Smooth, Values) {
  Tape tape;
  const Var y = gate(Smooth{0.25}, tape.variable({4, 8, 0}));
  const Array<double> expected = {4, 5, 2};
  EXPECT_EQ(y.value(), expected);
}
