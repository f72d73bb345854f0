// Newton's method with exact second derivatives, on Rosenbrock's valley.

#include <cmath>

#include <fmt/core.h>

#include <CLI/CLI.hpp>

#include <tapegrad/tapegrad.hpp>

using namespace tapegrad;

namespace {

/// (1 − x)² + 100·(y − x²)²: a curved valley with its lowest point at (1, 1).
Var rosenbrock(const Var& p) {
  const Var x = slice(p, 0, 0, 1), y = slice(p, 0, 1, 2);
  return sum(square(1 - x) + 100 * square(y - square(x)));
}

/// The step s with H·s = −g, by Cramer's rule.
Array<double> newton_step(const Array<double>& h, const Array<double>& g) {
  const double determinant = h(0, 0) * h(1, 1) - h(0, 1) * h(1, 0);
  return {(h(0, 1) * g(1) - h(1, 1) * g(0)) / determinant,
          (h(1, 0) * g(0) - h(0, 0) * g(1)) / determinant};
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Newton's method on Rosenbrock's function");
  double x = -1.2, y = 1;
  app.add_option("--x", x, "where to begin")->capture_default_str();
  app.add_option("--y", y, "where to begin")->capture_default_str();
  CLI11_PARSE(app, argc, argv);

  Array<double> p = {x, y};
  const Array<double> one = 1.0;
  for (int step = 0; step < 50; ++step) {
    const auto [value, gradient] = vjp(rosenbrock, p, one);
    const double slope = std::hypot(gradient(0), gradient(1));
    fmt::print("step {}: f({:.6f}, {:.6f}) = {:.3e}, |gradient| = {:.3e}\n", step, p(0), p(1),
               value(), slope);
    if (slope < 1e-10) break;
    const Array<double> move = newton_step(hessian(rosenbrock, p), gradient);
    p(0) += move(0);
    p(1) += move(1);
  }
}
