#include <tapegrad/autograd/detail/loss_terms.hpp>

#include <algorithm>
#include <cmath>
#include <optional>

#include <tapegrad/autograd/detail/arrays.hpp>
#include <tapegrad/autograd/detail/backward.hpp>

namespace tapegrad::detail {

namespace {

bool is_sum(const Block& block, std::uint32_t index) {
  const Op op = block.nodes[index].op();
  return op == op_of<ops::Add> || op == op_of<ops::Sub>;
}

/// The operand of which a gate is a multiple by a constant.
std::optional<std::uint32_t> scaled_operand(const Block& block, std::uint32_t index) {
  const Op op = block.nodes[index].op();
  if (op == op_of<ops::Neg> || op == op_of<ops::MulConstant>) return block.operand(index, 0);
  if (op != op_of<ops::Mul> && op != op_of<ops::Div>) return std::nullopt;
  const std::uint32_t a = block.operand(index, 0), b = block.operand(index, 1);
  if (!block.requires_grad(b)) return a;
  if (op == op_of<ops::Mul> && !block.requires_grad(a)) return b;
  return std::nullopt;
}

/// The sum of which a gate is a multiple, or the gate itself.
std::uint32_t sum_below(const Block& block, std::uint32_t index) {
  std::optional<std::uint32_t> below = index;
  while (below && !is_sum(block, *below)) below = scaled_operand(block, *below);
  return below.value_or(index);
}

/// The terms of a sum of single numbers, the last one first; none if there are more than `most`.
std::vector<std::uint32_t> terms_of(const Block& block, std::uint32_t output, std::size_t most) {
  std::vector<std::uint32_t> terms, sums{output};
  while (!sums.empty()) {
    const std::uint32_t index = sum_below(block, sums.back());
    sums.pop_back();
    if (!block.requires_grad(index) || block.count(index) != 1) continue;
    if (is_sum(block, index)) {
      sums.push_back(block.operand(index, 0));
      sums.push_back(block.operand(index, 1));
    } else {
      terms.push_back(index);
    }
    if (terms.size() + sums.size() > most) return {};
  }
  return terms;
}

/// |∂output/∂term| of each term, from the gradients that have arrived at them.
std::vector<double> weights_of(const Block& block, const std::vector<std::uint32_t>& terms) {
  std::vector<double> weights;
  weights.reserve(terms.size());
  for (const std::uint32_t term : terms) {
    const Block::Grad grad = block.grad(term);
    weights.push_back(
        grad.numbers == nullptr ? 0 : std::abs(first_number(grad.numbers, grad.precision)));
  }
  return weights;
}

/// The norm of each leaf's gradient for one term.
std::vector<double> gradient_norms(Block& block, std::uint32_t term, double weight,
                                   const std::vector<CheckedLeaf>& leaves, Place place) {
  clear_grads(block);
  run_backward(block, term, nullptr, place);
  std::vector<double> norms;
  norms.reserve(leaves.size());
  for (const CheckedLeaf& leaf : leaves) {
    norms.push_back(weight * norm(gradient_of(block, leaf.index)));
  }
  return norms;
}

}  // namespace

double norm(const std::vector<double>& numbers) {
  double sum = 0;
  for (const double x : numbers) sum += x * x;
  return std::sqrt(sum);
}

std::vector<DrownedTerm> drowned_terms(Block& block, std::uint32_t output,
                                       const std::vector<CheckedLeaf>& leaves, Place place) {
  // An error as large as such a gradient itself would still pass in the sum or be but suspicious.
  constexpr double drowned_below = 1e-3;
  // Each term costs a check of its own; a loss of more terms is better checked by its author.
  constexpr std::size_t most_terms = 8;
  const std::vector<std::uint32_t> terms = terms_of(block, output, most_terms);
  if (terms.size() < 2) return {};
  clear_grads(block);
  run_backward(block, output, nullptr, place);
  const std::vector<double> weights = weights_of(block, terms);
  std::vector<std::vector<double>> norms;
  norms.reserve(terms.size());
  for (std::size_t t = 0; t < terms.size(); ++t) {
    norms.push_back(gradient_norms(block, terms[t], weights[t], leaves, place));
  }
  std::vector<DrownedTerm> drowned;
  for (std::size_t t = 0; t < terms.size(); ++t) {
    for (std::size_t k = 0; k < leaves.size(); ++k) {
      const auto larger = std::max_element(
          norms.begin(), norms.end(), [&](const auto& a, const auto& b) { return a[k] < b[k]; });
      const double share = norms[t][k] / (*larger)[k];
      if (norms[t][k] == 0 || !(share < drowned_below)) continue;
      const std::uint32_t loud = terms[static_cast<std::size_t>(larger - norms.begin())];
      drowned.push_back({terms[t], loud, leaves[k].index, share});
      break;
    }
  }
  return drowned;
}

}  // namespace tapegrad::detail
