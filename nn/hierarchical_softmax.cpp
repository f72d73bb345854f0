#include <tapegrad/nn/hierarchical_softmax.hpp>

#include <algorithm>
#include <string>
#include <utility>

#include <tapegrad/autograd/composed.hpp>
#include <tapegrad/autograd/detail/operand_at.hpp>
#include <tapegrad/autograd/no_grad.hpp>
#include <tapegrad/nn/detail/batch.hpp>
#include <tapegrad/nn/detail/beside.hpp>
#include <tapegrad/nn/functional.hpp>
#include <tapegrad/nn/init.hpp>

namespace tapegrad::nn {

namespace {

using detail::at;

/// The score of a child that does not exist: beside the first child's 0 its probability is exactly
/// 0, in double too.
constexpr double never = -1000;

using Numbers = std::vector<std::int64_t>;

Parameter table(const Numbers& numbers, const Shape& shape) {
  return Parameter(ArrayRef(numbers.data(), shape), f32);
}

/// A table on the tape of x.
Operand table_beside(const Var& x, const Parameter& table, Place place) {
  const NoGrad no_grad;
  return at(detail::parameter_beside(x, table, place), place);
}

/// The number of a node's first unit, for every inner node.
Numbers first_units(const LabelTree& tree) {
  Numbers result;
  std::int64_t units = 0;
  for (std::int64_t node = tree.classes(); node < tree.size(); ++node) {
    result.push_back(units);
    units += static_cast<std::int64_t>(tree.children(node).size()) - 1;
  }
  return result;
}

std::int64_t most_children(const LabelTree& tree) {
  std::size_t most = 0;
  for (const std::int64_t node : tree.from_root()) {
    most = std::max(most, tree.children(node).size());
  }
  return static_cast<std::int64_t>(most);
}

/// How many decisions lead from the root to its farthest leaf.
std::int64_t height(const LabelTree& tree) {
  Numbers depth(static_cast<std::size_t>(tree.size()), 0);
  std::int64_t most = 0;
  for (const std::int64_t node : tree.from_root()) {
    for (const std::int64_t child : tree.children(node)) {
      depth[static_cast<std::size_t>(child)] = depth[static_cast<std::size_t>(node)] + 1;
      most = std::max(most, depth[static_cast<std::size_t>(child)]);
    }
  }
  return most;
}

/// Which child of the node above it a node is.
std::int64_t position(const LabelTree& tree, std::int64_t node) {
  const Numbers& siblings = tree.children(tree.parent(node));
  return std::lower_bound(siblings.begin(), siblings.end(), node) - siblings.begin();
}

Parameter new_weight(std::int64_t in, std::int64_t units) {
  if (in < 1) {
    throw ValueError("[HierarchicalSoftmax] needs at least one input, got " + std::to_string(in));
  }
  Parameter weight = Parameter::zeros({units, in});
  init::he_normal(weight);
  return weight;
}

void check_input(const Var& x, const Parameter& weight, const char* who, Place place) {
  const Shape shape = x.shape(place);
  if (shape.rank() == 2 && shape[1] == weight.shape()[1]) return;
  throw ShapeError(std::string("[") + who + "] needs x (N, " + std::to_string(weight.shape()[1]) +
                   "), got " + to_string(shape) + " (" + to_string(place) + ")");
}

}  // namespace

HierarchicalSoftmax::Ways::Ways(const LabelTree& tree)
    : steps(height(tree)),
      units_per_step(most_children(tree) - 1),
      units(Parameter::zeros({})),
      is_unit(units),
      children(units) {
  const Numbers first = first_units(tree);
  const std::int64_t classes = tree.classes(), width = steps * units_per_step;
  Numbers unit(static_cast<std::size_t>(classes * width), 0), is(unit);
  Numbers child(static_cast<std::size_t>(classes * steps), 0);
  for (std::int64_t label = 0; label < classes; ++label) {
    // From the leaf up: in which order decisions are multiplied does not matter.
    std::int64_t node = label;
    for (std::int64_t step = 0; tree.parent(node) >= 0; ++step, node = tree.parent(node)) {
      const std::int64_t above = tree.parent(node);
      child[static_cast<std::size_t>(label * steps + step)] = position(tree, node);
      const auto count = static_cast<std::int64_t>(tree.children(above).size()) - 1;
      for (std::int64_t k = 0; k < count; ++k) {
        const auto entry = static_cast<std::size_t>(label * width + step * units_per_step + k);
        unit[entry] = first[static_cast<std::size_t>(above - classes)] + k;
        is[entry] = 1;
      }
    }
  }
  units = table(unit, {classes, width});
  is_unit = table(is, {classes, width});
  children = table(child, {classes, steps});
}

HierarchicalSoftmax::Levels::Levels(const LabelTree& tree) : scores(Parameter::zeros({})) {
  const Numbers first = first_units(tree);
  const std::int64_t classes = tree.classes(), inner = tree.size() - classes;
  const std::int64_t width = most_children(tree);
  const std::int64_t of_first_child = classes - 1, of_none = classes;
  Numbers columns;
  for (std::int64_t node = classes; node < tree.size(); ++node) {
    const auto count = static_cast<std::int64_t>(tree.children(node).size());
    columns.push_back(of_first_child);
    for (std::int64_t child = 1; child < width; ++child) {
      const std::int64_t unit = first[static_cast<std::size_t>(node - classes)] + child - 1;
      columns.push_back(child < count ? unit : of_none);
    }
  }
  scores = table(columns, {inner, width});

  struct Entry {
    std::int64_t node, origin, decision;
  };
  std::vector<Entry> level = {{tree.from_root().front(), 0, 0}};
  for (std::int64_t steps = height(tree); steps > 0; --steps) {
    std::vector<Entry> next;
    for (std::size_t k = 0; k < level.size(); ++k) {
      const auto origin = static_cast<std::int64_t>(k);
      const std::int64_t node = level[k].node;
      if (node < classes) next.push_back({node, origin, inner * width});
      std::int64_t decision = (node - classes) * width;
      for (const std::int64_t child : tree.children(node)) {
        next.push_back({child, origin, decision++});
      }
    }
    // In the last level all are leaves, which shall stand in the order of their labels.
    const auto by_node = [](const Entry& a, const Entry& b) { return a.node < b.node; };
    if (steps == 1) std::sort(next.begin(), next.end(), by_node);
    Numbers from, by;
    for (const Entry& entry : next) {
      from.push_back(entry.origin);
      by.push_back(entry.decision);
    }
    const Shape shape{static_cast<std::int64_t>(next.size())};
    origins.push_back(table(from, shape));
    decisions.push_back(table(by, shape));
    level = std::move(next);
  }
}

HierarchicalSoftmax::HierarchicalSoftmax(std::int64_t in, LabelTree tree)
    : tree_(std::move(tree)),
      ways_(tree_),
      levels_(tree_),
      weight_(register_parameter("weight", new_weight(in, tree_.classes() - 1))),
      bias_(register_parameter("bias", Parameter::zeros({tree_.classes() - 1}))) {}

Var HierarchicalSoftmax::loss(const Var& x, Operand labels, Reduction reduction, Place place) {
  constexpr const char* who = "HierarchicalSoftmax";
  check_input(x, weight_, who, place);
  const std::int64_t samples = x.shape()[0], in = x.shape()[1];
  detail::checked_labels({samples, tree_.classes()}, labels, who, place);
  const auto of_labels = [&](const Parameter& table) {
    return at(index_select(table_beside(x, table, place), labels), place);
  };
  const auto of_units = [&](const Parameter& parameter, const Operand& units) {
    return at(index_select(Operand(parameter, place.file, place.line), units), place);
  };

  const Operand units = of_labels(ways_.units);
  const Operand columns = at(reshape(at(x, place), {samples, in, 1}), place);
  const Operand products = at(matmul(of_units(weight_, units), columns), place);
  const Operand scores =
      at(add(at(reshape(products, units.shape()), place), of_units(bias_, units)), place);
  const Operand is_unit = of_labels(ways_.is_unit), children = of_labels(ways_.children);
  Operand costs_of_steps = at(0, place);
  if (ways_.units_per_step == 1) {
    // Logistic units alone, −log σ(±s): the same as below, without its rows of two.
    const Operand signs = at(add_constant(at(mul_constant(children, -2), place), 1), place);
    const Operand costs = at(softplus(at(mul(scores, signs), place)), place);
    costs_of_steps = at(where(is_unit, costs, at(0, place)), place);
  } else {
    // One row per decision. A step that only fills up has one child, of probability 1.
    const std::int64_t rows = samples * ways_.steps;
    const Operand known = at(where(is_unit, scores, at(never, place)), place);
    const Operand others = at(reshape(known, {rows, ways_.units_per_step}), place);
    const Operand all = at(pad(others, {{0, 0}, {1, 0}}), place);
    const Operand costs =
        at(softmax_cross_entropy(all, at(reshape(children, {rows}), place)), place);
    costs_of_steps = at(reshape(costs, {samples, ways_.steps}), place);
  }
  const Var losses = sum(costs_of_steps, 1);
  return detail::reduced(losses, reduction, place);
}

Var HierarchicalSoftmax::log_prob(const Var& x) {
  const Place place = Place::here();
  check_input(x, weight_, "HierarchicalSoftmax", place);
  const std::int64_t samples = x.shape()[0];
  const Var units = linear(x, weight_, bias_);
  const Var fixed = detail::data_beside(x, {0, never}, place);
  const Var columns = concat({units, broadcast_to(fixed, {samples, 2})}, 1);
  const Var scores = index_select(columns, table_beside(x, levels_.scores, place), {1});
  const Var of_nodes = log_softmax(scores, 2);
  // Behind the decisions comes the 0 of a leaf that has none to make.
  const Var decisions = pad(reshape(of_nodes, {samples, levels_.scores.size()}), {{0, 0}, {0, 1}});
  Var log_p = index_select(decisions, table_beside(x, levels_.decisions[0], place), {1});
  for (std::size_t level = 1; level < levels_.origins.size(); ++level) {
    const Var before = index_select(log_p, table_beside(x, levels_.origins[level], place), {1});
    const Operand by = table_beside(x, levels_.decisions[level], place);
    log_p = before + index_select(decisions, by, {1});
  }
  return log_p;
}

}  // namespace tapegrad::nn
