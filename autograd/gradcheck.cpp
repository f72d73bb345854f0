#include <tapegrad/autograd/gradcheck.hpp>

#include <algorithm>
#include <cmath>

#include <fmt/core.h>

#include <tapegrad/autograd/detail/arrays.hpp>
#include <tapegrad/autograd/detail/backward.hpp>
#include <tapegrad/autograd/detail/branches.hpp>
#include <tapegrad/autograd/detail/comparison.hpp>
#include <tapegrad/autograd/detail/gradcheck_notes.hpp>
#include <tapegrad/autograd/detail/loss_terms.hpp>
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

using detail::name_and_place;
using detail::name_of;
using detail::norm;

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
  detail::note_small_gradients(leaves, block, options, report.notes);
  detail::note_random_gates(block, objective.output(), report.notes);

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
  detail::note_kinks(report, report.notes);
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

/// Checks those terms of a sum apart whose gradients others hide.
void check_drowned_terms(Objective& objective, GradcheckReport& report, Place place) {
  Block& block = objective.block();
  for (const detail::DrownedTerm& drowned :
       detail::drowned_terms(block, objective.output(), objective.leaves(), place)) {
    report.notes.push_back(
        fmt::format("in {}, the gradient of {} is {:.0e} of that of {}: its mistakes would not "
                    "show, so it is checked apart",
                    name_of(block, drowned.leaf), name_and_place(block, drowned.term),
                    drowned.share, name_and_place(block, drowned.larger)));
    ReplayedCircuit apart(block, drowned.term, place);
    report.terms.push_back(run(apart, report.options));
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
  detail::note_initial_parameters(recorded, output.index(), report.notes);
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
