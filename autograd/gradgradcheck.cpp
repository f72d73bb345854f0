#include <tapegrad/autograd/gradgradcheck.hpp>

#include <tapegrad/autograd/detail/backward.hpp>
#include <tapegrad/autograd/detail/record.hpp>
#include <tapegrad/autograd/detail/replay.hpp>
#include <tapegrad/autograd/functions.hpp>
#include <tapegrad/autograd/grad.hpp>
#include <tapegrad/ops/philox.hpp>

namespace tapegrad {

namespace {

/// Σ c·∂y/∂x over all xs, for random weights c of either sign.
Var weighted_gradients(const Var& y, const std::vector<Var>& xs, std::uint64_t seed, Place place) {
  const std::vector<Var> gradients = grad(y, xs, place);
  Var total;
  for (std::size_t k = 0; k < xs.size(); ++k) {
    Generator generator(seed, k);
    Array<double> weights = xs[k].value();
    for (double& weight : weights) {
      weight = generator.uniform(0.5, 1.5) * (generator.below(2) == 0 ? 1 : -1);
    }
    // A constant gradient, that of a linear function, has a derivative all the same: zero.
    const Var term = sum(gradients[k] * constant(weights)) + 0 * sum(xs[k]);
    total = total.valid() ? total + term : term;
  }
  return total;
}

}  // namespace

GradcheckReport gradgradcheck(const Var& output, const GradcheckOptions& options, Place place) {
  const detail::Block& recorded = detail::live_block(output, "gradgradcheck", place);
  Tape tape(f64, inspect, place);
  detail::Block& copy = tape.block();
  detail::replay_into(recorded, copy, place);
  detail::hold_detached(copy);
  const std::vector<char> upstream =
      detail::upstream_of(copy, output.index(), detail::Path::differentiable);
  std::vector<Var> leaves;
  for (std::uint32_t i = 0; i <= output.index(); ++i) {
    const bool checked = upstream[i] != 0 && copy.is_leaf(i) && copy.requires_grad(i);
    if (checked) leaves.push_back(detail::handle(copy, i));
  }
  const Var y = detail::handle(copy, output.index());
  return gradcheck(weighted_gradients(y, leaves, options.seed, place), options, place);
}

GradcheckReport gradgradcheck(const ScalarFunction& function,
                              const std::vector<Array<double>>& inputs,
                              const GradcheckOptions& options, Place place) {
  const ScalarFunction gradients = [&](const std::vector<Var>& xs) {
    return weighted_gradients(function(xs), xs, options.seed, place);
  };
  return gradcheck(gradients, inputs, options, place);
}

}  // namespace tapegrad
