#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <tapegrad/autograd/gradcheck.hpp>

namespace tapegrad {

namespace {

constexpr std::array verdicts = {
    Verdict::ok,          Verdict::suspicious,       Verdict::wrong, Verdict::kink, Verdict::tie,
    Verdict::below_noise, Verdict::non_deterministic};

bool finite_in_float(const GradcheckReport& report) {
  return std::all_of(report.leaves.begin(), report.leaves.end(),
                     [](const LeafCheck& leaf) { return std::isfinite(leaf.float_error); });
}

bool enough_ok(const GradcheckReport& report) {
  const auto total = static_cast<double>(report.coordinates.size());
  return static_cast<double>(report.count(Verdict::ok)) >= report.options.ok_share * total;
}

std::string counts(const GradcheckReport& report) {
  std::string text = fmt::format(
      "{} {}:", report.coordinates.size(),
      report.options.directions > 0 || report.options.taylor ? "random directions" : "coordinates");
  const char* separator = " ";
  for (const Verdict verdict : verdicts) {
    text += fmt::format("{}{} {}", separator, report.count(verdict), to_string(verdict));
    separator = ", ";
  }
  return text;
}

std::string leaf_line(const LeafCheck& leaf) {
  std::string text = fmt::format("{} {} ({}): {} of {} checked, error {:.1e} in norm", leaf.name,
                                 to_string(leaf.shape), to_string(leaf.place), leaf.checked,
                                 leaf.shape.size(), leaf.error);
  if (!std::isfinite(leaf.float_error)) {
    text += "; the gradient in float is not finite";
  } else if (leaf.float_error > 0) {
    text +=
        fmt::format("; the gradient in float is {:.1e} from the one in double", leaf.float_error);
  }
  return text;
}

std::string blame(const WrongRule& rule) {
  const std::string where =
      rule.element < 0 ? "all elements together" : fmt::format("element {}", rule.element);
  return fmt::format(
      "[{}] at {}, gate {}, has a wrong gradient in operand {}: {}, expected {:g}, got "
      "{:g}",
      rule.name, to_string(rule.place), rule.gate, rule.operand, where, rule.expected, rule.got);
}

/// ` [1, 3]` for an element of a leaf; nothing for the only one of a scalar.
std::string index_text(std::int64_t element, const Shape& shape) {
  if (shape.rank() == 0) return "";
  std::vector<std::int64_t> index;
  for (int axis = shape.rank() - 1; axis >= 0; --axis) {
    index.push_back(element % shape[axis]);
    element /= shape[axis];
  }
  std::reverse(index.begin(), index.end());
  return fmt::format(" [{}]", fmt::join(index, ", "));
}

std::string coordinate_line(const GradcheckReport& report, const CoordinateCheck& c) {
  const auto leaf = std::find_if(report.leaves.begin(), report.leaves.end(),
                                 [&](const LeafCheck& l) { return l.leaf == c.leaf; });
  const std::string where = c.element < 0 ? " direction" : index_text(c.element, leaf->shape);
  const std::string order =
      std::isnan(c.order) ? "" : fmt::format(", remainder of order {:.2f}", c.order);
  const std::string numeric = std::isfinite(c.uncertainty)
                                  ? fmt::format("{:.8g} ± {:.1g} (h = {:g}), error {:.1e}",
                                                c.numeric, c.uncertainty, c.h, c.error)
                                  : "unknown";
  return fmt::format("{}{}: analytic {:.8g}, numeric {}{}: {}", leaf->name, where, c.analytic,
                     numeric, order, to_string(c.verdict));
}

/// The coordinates that are not ok, the gravest first; else the worst one.
std::vector<CoordinateCheck> telling(const GradcheckReport& report) {
  std::vector<CoordinateCheck> chosen;
  for (const CoordinateCheck& c : report.coordinates) {
    if (c.verdict != Verdict::ok) chosen.push_back(c);
  }
  if (chosen.empty() && !report.coordinates.empty()) chosen.push_back(report.worst());
  std::stable_sort(
      chosen.begin(), chosen.end(),
      [](const CoordinateCheck& a, const CoordinateCheck& b) { return a.verdict > b.verdict; });
  return chosen;
}

/// Why a check failed, in the order of gravity.
std::string reason(const GradcheckReport& report) {
  if (report.count(Verdict::non_deterministic) > 0) return "the output is not deterministic";
  if (report.wrong_rule) return "a gate's rule is wrong";
  if (report.count(Verdict::wrong) > 0) return "gradients are wrong";
  const bool allowed = !report.options.allow_suspicious.empty();
  if (report.count(Verdict::suspicious) > 0 && !allowed) return "gradients are suspicious";
  if (!finite_in_float(report)) return "the gradient in float is not finite";
  if (report.coordinates.empty()) return "there is nothing to check";
  if (!enough_ok(report)) {
    return fmt::format("{} of {} coordinates are ok, {:g} % must be", report.count(Verdict::ok),
                       report.coordinates.size(), 100 * report.options.ok_share);
  }
  return "a term of the output failed";
}

void append(std::string& text, const GradcheckReport& report, const std::string& indent) {
  const auto line = [&](const std::string& content) { text += indent + "  " + content + "\n"; };
  text += fmt::format("{}gradcheck of {} {}\n", indent, report.output,
                      report.passed() ? "passed" : "failed: " + reason(report));
  line(counts(report));
  if (!report.options.allow_suspicious.empty()) {
    line("suspicious ones are allowed: " + report.options.allow_suspicious);
  }
  if (report.wrong_rule) line(blame(*report.wrong_rule));
  for (const LeafCheck& leaf : report.leaves) line(leaf_line(leaf));
  const std::vector<CoordinateCheck> shown = telling(report);
  constexpr std::size_t most = 10;
  for (std::size_t i = 0; i < std::min(shown.size(), most); ++i) {
    line(coordinate_line(report, shown[i]));
  }
  if (shown.size() > most) {
    line(fmt::format("and {} more not ok", shown.size() - most));
  }
  if (!report.branch_differences.empty()) {
    const BranchDifference& first = report.branch_differences.front();
    line(
        fmt::format("{} elements take another branch of a kink in double than in float, the first "
                    "is element {} of gate {}",
                    report.branch_differences.size(), first.element, first.gate));
  }
  for (const std::string& note : report.notes) line("note: " + note);
  for (const GradcheckReport& term : report.terms) append(text, term, indent + "  ");
}

}  // namespace

const char* to_string(Verdict verdict) {
  switch (verdict) {
    case Verdict::ok:
      return "ok";
    case Verdict::below_noise:
      return "below noise";
    case Verdict::kink:
      return "kink";
    case Verdict::tie:
      return "tie";
    case Verdict::suspicious:
      return "suspicious";
    case Verdict::wrong:
      return "wrong";
    case Verdict::non_deterministic:
      break;
  }
  return "non-deterministic";
}

std::int64_t GradcheckReport::count(Verdict verdict) const {
  return std::count_if(coordinates.begin(), coordinates.end(),
                       [&](const CoordinateCheck& c) { return c.verdict == verdict; });
}

bool GradcheckReport::passed() const {
  const bool bad = count(Verdict::wrong) > 0 || count(Verdict::non_deterministic) > 0 ||
                   (count(Verdict::suspicious) > 0 && options.allow_suspicious.empty());
  return !coordinates.empty() && !bad && !wrong_rule && finite_in_float(*this) &&
         enough_ok(*this) &&
         std::all_of(terms.begin(), terms.end(),
                     [](const GradcheckReport& term) { return term.passed(); });
}

const CoordinateCheck& GradcheckReport::worst() const {
  if (coordinates.empty()) {
    throw ValueError(
        "[gradcheck] needs at least one checked coordinate to name the worst, got "
        "none: nothing upstream of the output is a variable or parameter with elements");
  }
  return *std::max_element(coordinates.begin(), coordinates.end(),
                           [](const CoordinateCheck& a, const CoordinateCheck& b) {
                             if (a.verdict != b.verdict) return a.verdict < b.verdict;
                             return a.error < b.error;
                           });
}

std::string to_string(const GradcheckReport& report) {
  std::string text;
  append(text, report, "");
  return text;
}

}  // namespace tapegrad
