#include <tapegrad/autograd/functional.hpp>

#include <algorithm>

#include <fmt/core.h>

#include <tapegrad/autograd/detail/record.hpp>
#include <tapegrad/autograd/functions.hpp>
#include <tapegrad/autograd/grad.hpp>
#include <tapegrad/autograd/tape.hpp>

namespace tapegrad {

namespace {

/// A function, recorded at x.
class Recorded {
 public:
  Recorded(const VectorFunction& f, const Array<double>& at, const char* who, Place place)
      : tape_(f64, inspect, place) {
    tape_.block().private_grads = true;
    x = tape_.variable(at, place);
    y = f(x);
    if (&detail::live_block(y, who, place) != &tape_.block()) {
      throw TapeError(
          fmt::format("[{}] needs a function that computes its output from its "
                      "argument, got an output on another tape ({})",
                      who, to_string(place)));
    }
  }

  Var x, y;

  Var variable(const Array<double>& value, Place place) { return tape_.variable(value, place); }

  /// uᵀ ∂of/∂to, zeros if `of` does not depend on it.
  Array<double> backward(const Var& of, const Array<double>& u, const Var& to, Place place) {
    tape_.zero_grad();
    if (of.requires_grad()) of.backward(u, place);
    return to.grad(place);
  }

 private:
  Tape tape_;
};

void check_shape(const Array<double>& v, const Var& like, const char* who, const char* what,
                 Place place) {
  const Shape shape(v.shape().begin(), v.shape().end());
  if (shape == like.shape()) return;
  throw ShapeError(fmt::format("[{}] needs a v of the shape of the function's {}, {}, got {} ({})",
                               who, what, to_string(like.shape()), to_string(shape),
                               to_string(place)));
}

void check_single(const Var& y, const char* who, Place place) {
  if (y.size() == 1) return;
  throw ShapeError(
      fmt::format("[{}] needs a function with a single element, got shape {}; sum it "
                  "up, or take its jacobian ({})",
                  who, to_string(y.shape()), to_string(place)));
}

/// The gradient in x of a function with a single element, as gates; zeros if it is none of x.
Var gradient(Recorded& f, Place place) {
  if (f.y.requires_grad()) return grad(f.y, {f.x}, place).front();
  return constant(Array<double>(f.x.value().shape(), 0.0), place);
}

/// A row per element of `of`.
Array<double> rows(Recorded& f, const Var& of, Place place) {
  const Array<double> value = of.value(place), x = f.x.value(place);
  std::vector<std::size_t> shape(value.shape().begin(), value.shape().end());
  shape.insert(shape.end(), x.shape().begin(), x.shape().end());
  Array<double> result(shape, 0.0);
  Array<double> one(value.shape(), 0.0);
  for (std::size_t i = 0; i < value.size(); ++i) {
    one.data()[i] = 1;
    const Array<double> row = f.backward(of, one, f.x, place);
    std::copy(row.begin(), row.end(), result.data() + i * x.size());
    one.data()[i] = 0;
  }
  return result;
}

}  // namespace

Array<double> jacobian(const VectorFunction& f, const Array<double>& x, Place place) {
  Recorded recorded(f, x, "jacobian", place);
  return rows(recorded, recorded.y, place);
}

Array<double> hessian(const VectorFunction& f, const Array<double>& x, Place place) {
  Recorded recorded(f, x, "hessian", place);
  check_single(recorded.y, "hessian", place);
  return rows(recorded, gradient(recorded, place), place);
}

ValueAndProduct vjp(const VectorFunction& f, const Array<double>& x, const Array<double>& v,
                    Place place) {
  Recorded recorded(f, x, "vjp", place);
  check_shape(v, recorded.y, "vjp", "output", place);
  return {recorded.y.value(), recorded.backward(recorded.y, v, recorded.x, place)};
}

ValueAndProduct jvp(const VectorFunction& f, const Array<double>& x, const Array<double>& v,
                    Place place) {
  Recorded recorded(f, x, "jvp", place);
  check_shape(v, recorded.x, "jvp", "argument", place);
  const Array<double> value = recorded.y.value();
  if (!recorded.y.requires_grad()) return {value, Array<double>(value.shape(), 0.0)};
  const Var u = recorded.variable(Array<double>(value.shape(), 0.0), place);
  const Var product = grad(recorded.y, {recorded.x}, u, place).front();
  return {value, recorded.backward(product, v, u, place)};
}

ValueAndProduct hvp(const VectorFunction& f, const Array<double>& x, const Array<double>& v,
                    Place place) {
  Recorded recorded(f, x, "hvp", place);
  check_single(recorded.y, "hvp", place);
  check_shape(v, recorded.x, "hvp", "argument", place);
  const Array<double> value = recorded.y.value();
  return {value, recorded.backward(gradient(recorded, place), v, recorded.x, place)};
}

}  // namespace tapegrad
