#include <tapegrad/autograd/gradcheck.hpp>

#include <algorithm>
#include <cmath>

#include <fmt/core.h>

#include <tapegrad/autograd/detail/arrays.hpp>
#include <tapegrad/autograd/detail/backward.hpp>
#include <tapegrad/autograd/detail/branches.hpp>
#include <tapegrad/autograd/detail/comparison.hpp>
#include <tapegrad/autograd/detail/record.hpp>
#include <tapegrad/autograd/detail/replay.hpp>
#include <tapegrad/autograd/detail/rule_check.hpp>

namespace tapegrad {

namespace {

using detail::Block;
using detail::CheckedLeaf;
using detail::Comparison;
using detail::Line;
using detail::Objective;
using detail::RecordedFunction;
using detail::ReplayedCircuit;

void check_options(const GradcheckOptions& options) {
  if (!(options.h >= 0) || !std::isfinite(options.h)) {
    throw ValueError(fmt::format(
        "[gradcheck] needs a step h above 0, such as 1e-5, or 0 for a ladder of steps, got {}",
        options.h));
  }
  if (options.coordinates < 1 || options.directions < 0) {
    throw ValueError(fmt::format(
        "[gradcheck] needs at least 1 coordinate per leaf and no negative number of directions, "
        "got {} and {}",
        options.coordinates, options.directions));
  }
  if (!(options.loss_scale > 0) || !std::isfinite(options.loss_scale)) {
    throw ValueError(
        fmt::format("[gradcheck] needs a loss_scale above 0, got {}", options.loss_scale));
  }
  if (!(options.ok_share >= 0 && options.ok_share <= 1)) {
    throw ValueError(
        fmt::format("[gradcheck] needs an ok_share from 0 to 1, got {}", options.ok_share));
  }
}

std::string name_of(const Block& block, std::uint32_t index) {
  const std::string given = block.given_name(index);
  return given.empty() ? fmt::format("{} %{}", block.name(index), index) : given;
}

std::string name_and_place(const Block& block, std::uint32_t index) {
  return fmt::format("{} at {}", name_of(block, index), to_string(block.place(index)));
}

double norm(const std::vector<double>& numbers) {
  double sum = 0;
  for (const double x : numbers) sum += x * x;
  return std::sqrt(sum);
}

double norm_of_difference(const std::vector<double>& a, const std::vector<double>& b) {
  std::vector<double> difference;
  difference.reserve(a.size());
  for (std::size_t i = 0; i < a.size(); ++i) difference.push_back(a[i] - b[i]);
  return norm(difference);
}

/// A distance beside what it is a distance from; 0 for two zeros.
double ratio(double distance, double scale) {
  return distance == 0 ? 0 : distance / scale;
}

/// Sums up the coordinates of a leaf.
LeafCheck summary(const Block& block, std::uint32_t leaf,
                  const std::vector<CoordinateCheck>& coordinates) {
  std::vector<double> analytic, numeric;
  for (const CoordinateCheck& c : coordinates) {
    if (c.verdict == Verdict::kink || c.verdict == Verdict::tie) continue;
    analytic.push_back(c.analytic);
    numeric.push_back(c.numeric);
  }
  return {leaf,
          name_of(block, leaf),
          block.shape(leaf),
          block.place(leaf),
          static_cast<std::int64_t>(coordinates.size()),
          ratio(norm_of_difference(analytic, numeric), std::max(norm(analytic), norm(numeric))),
          0};
}

void note_small_gradients(const std::vector<CheckedLeaf>& leaves, const Block& block,
                          const GradcheckOptions& options, std::vector<std::string>& notes) {
  for (const CheckedLeaf& leaf : leaves) {
    const double largest = options.loss_scale * leaf.largest();
    if (largest == 0 || largest >= 1e-10) continue;
    notes.push_back(fmt::format(
        "the gradient of {} is at most {:.1e}: too small beside rounding, in float above all; "
        "scale the loss up, here with loss_scale = {:.0e}",
        name_of(block, leaf.index), largest, options.loss_scale * 1e-3 / largest));
  }
}

void note_random_gates(const Block& block, std::uint32_t output, std::vector<std::string>& notes) {
  const std::vector<char>& upstream = detail::upstream_of(block, output, detail::Path::any);
  for (std::uint32_t i = 0; i <= output; ++i) {
    if (upstream[i] == 0 || block.nodes[i].op() != detail::op_of<ops::DropoutMask>) continue;
    notes.push_back(
        fmt::format("dropout at {} is active: every replay repeats its draws, so one "
                    "mask is checked; model.eval() leaves dropout out",
                    to_string(block.place(i))));
  }
}

/// Says so where no parameter has been changed since it was initialised.
void note_initial_parameters(const Block& recorded, std::uint32_t output,
                             std::vector<std::string>& notes) {
  bool any = false;
  for (const detail::Leaf& leaf : recorded.leaves) {
    if (leaf.parameter == nullptr || leaf.index > output) continue;
    if (leaf.parameter->version > 1) return;  // The first change is the initialiser's.
    any = true;
  }
  if (!any) return;
  notes.emplace_back(
      "the parameters have their initial values, where gradients may be unlike those of training: "
      "check again after some steps");
}

void note_kinks(const GradcheckReport& report, std::vector<std::string>& notes) {
  const std::int64_t kinks = report.count(Verdict::kink) + report.count(Verdict::tie);
  if (10 * kinks <= static_cast<std::int64_t>(report.coordinates.size())) return;
  notes.push_back(
      fmt::format("{} of {} coordinates lie next to kinks: a check on two or three "
                  "samples meets fewer",
                  kinks, report.coordinates.size()));
}

/// Whether differences contradict a coordinate, by however little. Once a gate's rule is known to
/// be wrong, nothing else is likelier to be the reason.
bool is_contradicted(const CoordinateCheck& check) {
  const bool compared = check.verdict == Verdict::ok || check.verdict == Verdict::suspicious;
  return compared && verdict(check.error) != Verdict::ok &&
         std::abs(check.analytic - check.numeric) > 4 * check.uncertainty;
}

GradcheckReport run(Objective& objective, const GradcheckOptions& options) {
  Block& block = objective.block();
  GradcheckReport report;
  report.options = options;
  report.output = name_and_place(block, objective.output());
  const std::optional<detail::RuleError> error =
      detail::first_wrong_rule(block, objective.output());
  if (error) {
    report.wrong_rule = WrongRule{error->gate,    block.name(error->gate), block.place(error->gate),
                                  error->operand, error->element,          error->expected,
                                  error->got};
  }
  const std::vector<CheckedLeaf> leaves = objective.leaves();
  note_small_gradients(leaves, block, options, report.notes);
  note_random_gates(block, objective.output(), report.notes);

  Comparison comparison(objective, options);
  const bool deterministic = comparison.is_deterministic();
  if (!deterministic) {
    report.notes.emplace_back(
        "the same inputs gave another output: draw random numbers once and pass them in, or let a "
        "gate with a seed draw them, such as dropout_mask");
  }
  for (const CheckedLeaf& leaf : leaves) {
    std::vector<CoordinateCheck> own;
    for (const Line& line : detail::lines_of(leaf, options)) {
      CoordinateCheck check = comparison.check(line);
      if (error && is_contradicted(check)) check.verdict = Verdict::wrong;
      if (!deterministic) check.verdict = Verdict::non_deterministic;
      own.push_back(check);
    }
    report.leaves.push_back(summary(block, leaf.index, own));
    report.coordinates.insert(report.coordinates.end(), own.begin(), own.end());
  }
  objective.evaluate();  // Where everything was.
  note_kinks(report, report.notes);
  if (options.directions > 0 && !options.taylor) {
    report.notes.emplace_back(
        "random directions are a weaker check than coordinates: errors may cancel");
  }
  return report;
}

/// How far the gradients of a tape of floats are from those in double, and where the two take
/// different branches.
void compare_precisions(const Block& recorded, std::uint32_t output, Objective& wide,
                        GradcheckReport& report, Place place) {
  Tape tape(f32, inspect, place);
  Block& narrow = tape.block();
  detail::replay_into(recorded, narrow, place);
  detail::run_backward(narrow, output, nullptr, place);
  const std::vector<CheckedLeaf> leaves = wide.leaves();
  for (std::size_t k = 0; k < leaves.size(); ++k) {
    const Array<double> gradient =
        detail::to_array(narrow.shape(leaves[k].index), narrow.grad(leaves[k].index).numbers, f32);
    const std::vector<double> own(gradient.begin(), gradient.end());
    const std::vector<double>& expected = leaves[k].analytic;
    report.leaves[k].float_error = ratio(norm_of_difference(own, expected), norm(expected));
  }
  for (const auto& change : detail::BranchTrace(wide.block(), output).changes(narrow)) {
    report.branch_differences.push_back({change.gate, change.element});
  }
}

// --- Terms ----------------------------------------------------------------------------------

/// The terms of a sum of single numbers, the last one first; none if there are more than `most`.
std::vector<std::uint32_t> terms_of(const Block& block, std::uint32_t output, std::size_t most) {
  std::vector<std::uint32_t> terms, sums{output};
  while (!sums.empty()) {
    const std::uint32_t index = sums.back();
    sums.pop_back();
    if (!block.requires_grad(index) || block.count(index) != 1) continue;
    const detail::Op op = block.nodes[index].op();
    if (op == detail::op_of<ops::Add> || op == detail::op_of<ops::Sub>) {
      sums.push_back(block.operand(index, 0));
      sums.push_back(block.operand(index, 1));
    } else {
      terms.push_back(index);
    }
    if (terms.size() + sums.size() > most) return {};
  }
  return terms;
}

/// The norm of each leaf's gradient for one term.
std::vector<double> gradient_norms(Block& block, std::uint32_t term,
                                   const std::vector<CheckedLeaf>& leaves, Place place) {
  detail::clear_grads(block);
  detail::run_backward(block, term, nullptr, place);
  std::vector<double> norms;
  norms.reserve(leaves.size());
  for (const CheckedLeaf& leaf : leaves)
    norms.push_back(norm(detail::gradient_of(block, leaf.index)));
  return norms;
}

/// Checks those terms of a sum apart whose gradient in some leaf another term's hides.
void check_drowned_terms(Objective& objective, GradcheckReport& report, Place place) {
  // An error as large as such a gradient itself would still pass in the sum or be but suspicious.
  constexpr double drowned = 1e-3;
  // Each term costs a check of its own; a loss of more terms is better checked by its author.
  constexpr std::size_t most_terms = 8;
  Block& block = objective.block();
  const std::vector<std::uint32_t> terms = terms_of(block, objective.output(), most_terms);
  if (terms.size() < 2) return;
  const std::vector<CheckedLeaf> leaves = objective.leaves();
  std::vector<std::vector<double>> norms;
  norms.reserve(terms.size());
  for (const std::uint32_t term : terms) {
    norms.push_back(gradient_norms(block, term, leaves, place));
  }
  for (std::size_t t = 0; t < terms.size(); ++t) {
    for (std::size_t k = 0; k < leaves.size(); ++k) {
      const auto larger = std::max_element(
          norms.begin(), norms.end(), [&](const auto& a, const auto& b) { return a[k] < b[k]; });
      const double share = norms[t][k] / (*larger)[k];
      if (norms[t][k] == 0 || !(share < drowned)) continue;
      const std::uint32_t loud = terms[static_cast<std::size_t>(larger - norms.begin())];
      report.notes.push_back(
          fmt::format("in {}, the gradient of {} is {:.0e} of that of {}: its mistakes would not "
                      "show, so it is checked apart",
                      name_of(block, leaves[k].index), name_and_place(block, terms[t]), share,
                      name_and_place(block, loud)));
      ReplayedCircuit apart(block, terms[t], place);
      report.terms.push_back(run(apart, report.options));
      break;
    }
  }
}

}  // namespace

Verdict verdict(double relative_error, bool kinks, int depth) {
  const double ok = kinks ? 1e-4 : std::min(1e-4, 1e-7 * std::max(1, depth));
  if (relative_error <= ok) return Verdict::ok;
  if (relative_error <= 1e-2) return Verdict::suspicious;
  return Verdict::wrong;
}

GradcheckReport gradcheck(const Var& output, const GradcheckOptions& options, Place place) {
  check_options(options);
  const Block& recorded = detail::live_block(output, "gradcheck", place);
  ReplayedCircuit circuit(recorded, output.index(), place);
  GradcheckReport report = run(circuit, options);
  if (recorded.precision == f32) {
    compare_precisions(recorded, output.index(), circuit, report, place);
  }
  note_initial_parameters(recorded, output.index(), report.notes);
  check_drowned_terms(circuit, report, place);
  return report;
}

GradcheckReport gradcheck(const ScalarFunction& function, const std::vector<Array<double>>& inputs,
                          const GradcheckOptions& options, Place place) {
  check_options(options);
  RecordedFunction recorded(function, inputs, place);
  GradcheckReport report = run(recorded, options);
  if (report.count(Verdict::non_deterministic) == 0 && recorded.control_flow_depends_on_inputs()) {
    report.notes.emplace_back(
        "the function records other gates or constants nearby: its control flow depends on the "
        "inputs, or numbers are taken out of them, and differences across that are no evidence");
  }
  check_drowned_terms(recorded, report, place);
  return report;
}

}  // namespace tapegrad
