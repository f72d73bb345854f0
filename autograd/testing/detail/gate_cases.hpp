#pragma once

#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include <tapegrad/autograd/detail/gate_table.hpp>
#include <tapegrad/autograd/functions.hpp>
#include <tapegrad/autograd/tape.hpp>
#include <tapegrad/ops/philox.hpp>

// What a gate is checked on: operands of many shapes, with numbers from the domains that its struct
// gives. Nobody adds a case by hand.

namespace tapegrad::testing {

/// One gate with fixed attributes and operand shapes.
struct GateCase {
  const detail::GateTable* table;
  std::shared_ptr<const void> attributes;
  std::vector<Shape> shapes;
  std::vector<ops::Domain> domains;
  /// Pointwise: one element computed by the rule itself, outside of any loop of the library.
  std::function<double(const double* x)> forward_element;
  std::function<float(const float* x)> forward_element_f32;  ///< The same in float.
  /// Pointwise: the gradient of one element in operand k, likewise.
  std::function<double(int k, double g, const double* x, double y)> gradient_element;
  /// The same in float.
  std::function<float(int k, float g, const float* x, float y)> gradient_element_f32;

  std::string name() const {
    std::string text = table->name;
    for (const Shape& shape : shapes) text += " " + to_string(shape);
    return text;
  }
  /// Operands that can have a gradient.
  std::vector<std::size_t> differentiable() const {
    std::vector<std::size_t> result;
    for (std::size_t k = 0; k < shapes.size(); ++k) {
      if (table->differentiable_in(static_cast<std::uint32_t>(k))) result.push_back(k);
    }
    return result;
  }
  bool has_elements() const {
    for (const Shape& shape : shapes) {
      if (shape.size() == 0) return false;
    }
    return true;
  }
};

inline std::ostream& operator<<(std::ostream& out, const GateCase& gate_case) {
  return out << gate_case.name();
}

/// Collects the cases of one gate.
class CaseCollector {
 public:
  template <class G>
  void add(const G& gate, std::initializer_list<Shape> shapes,
           std::initializer_list<ops::Domain> domains = {}) {
    GateCase result{};
    result.table = &detail::table_of<G>();
    result.attributes = std::make_shared<const G>(gate);
    result.shapes = shapes;
    result.domains = domains;
    result.domains.resize(result.shapes.size());
    cases.push_back(result);
  }

  std::vector<GateCase> cases;
};

template <class G, class T>
T apply_rule(const G& rule, const T* x) {
  if constexpr (G::arity == 1) {
    return rule.forward(x[0]);
  } else if constexpr (G::arity == 2) {
    return rule.forward(x[0], x[1]);
  } else {
    return rule.forward(x[0], x[1], x[2]);
  }
}

template <class G, class T, int k>
T apply_gradient_rule(const G& rule, T g, const T* x, T y) {
  constexpr ops::At<k> at{};
  if constexpr (!detail::has_gradient_rule<G, k>) {
    return 0;
  } else if constexpr (G::arity == 1) {
    return rule.gradient(at, g, x[0], y);
  } else if constexpr (G::arity == 2) {
    return rule.gradient(at, g, x[0], x[1], y);
  } else {
    return rule.gradient(at, g, x[0], x[1], x[2], y);
  }
}

template <class G, class T>
T apply_gradient(const G& rule, int k, T g, const T* x, T y) {
  switch (k) {
    case 0:
      return apply_gradient_rule<G, T, 0>(rule, g, x, y);
    case 1:
      return apply_gradient_rule<G, T, 1>(rule, g, x, y);
    default:
      return apply_gradient_rule<G, T, 2>(rule, g, x, y);
  }
}

/// Shapes for gates of one, two and three operands: every rank, size 0 and 1, lengths around the
/// width of a SIMD register and of the driver's blocks, and every kind of broadcast.
inline std::vector<std::vector<Shape>> pointwise_shapes(int arity) {
  const std::vector<Shape> alike = {{},     {1},       {0},          {7},
                                    {2, 3}, {2, 0, 3}, {2, 1, 3, 1}, {1, 2, 1, 2, 3}};
  std::vector<std::vector<Shape>> result;
  for (const Shape& shape : alike) {
    result.emplace_back(static_cast<std::size_t>(arity), shape);
  }
  if (arity == 1) result.push_back({{1030}});
  if (arity == 2) {
    const std::vector<std::pair<Shape, Shape>> pairs = {
        {{}, {5}},           {{3}, {}},         {{2, 3}, {3}},
        {{2, 1}, {2, 3}},    {{2, 1}, {1, 3}},  {{4, 2, 3}, {2, 1}},
        {{4, 1, 3}, {2, 1}}, {{1, 1}, {1}},     {{}, {1, 1}},
        {{1}, {0}},          {{2, 600}, {600}}, {{600, 2}, {600, 1}},
        {{1100}, {}},        {{3, 1}, {}},      {{2, 1, 2, 1, 2}, {3, 1, 2, 1}}};
    for (const auto& [a, b] : pairs) {
      result.push_back({a, b});
      if (a != b) result.push_back({b, a});
    }
  }
  if (arity == 3) {
    result.push_back({{}, {4}, {4}});
    result.push_back({{2, 3}, {3}, {}});
    result.push_back({{3, 1}, {1, 4}, {3, 4}});
    result.push_back({{2, 1, 2}, {3, 1}, {2, 3, 2}});
  }
  return result;
}

/// The domains of a pointwise gate's operands: those that it states, or the usual one.
template <class G, class = void>
struct DomainsOf {
  static std::vector<ops::Domain> get() {
    return std::vector<ops::Domain>(static_cast<std::size_t>(G::arity));
  }
};
template <class G>
struct DomainsOf<G, std::void_t<decltype(G::domain)>> {
  static_assert(std::size(G::domain) == G::arity, "a gate says a domain for each operand or none");
  static std::vector<ops::Domain> get() { return {std::begin(G::domain), std::end(G::domain)}; }
};

/// The cases of a gate: a pointwise one with the attributes of `rule`, on every kind of shape; a
/// whole-tensor gate as its `samples` say.
template <class G>
std::vector<GateCase> cases_of(const G& rule) {
  CaseCollector collector;
  if constexpr (!G::pointwise) {
    G::samples(collector);
  } else {
    for (const std::vector<Shape>& shapes : pointwise_shapes(G::arity)) {
      collector.cases.push_back({&detail::table_of<G>(), std::make_shared<const G>(rule), shapes,
                                 DomainsOf<G>::get(),
                                 [rule](const double* x) { return apply_rule(rule, x); },
                                 [rule](const float* x) { return apply_rule(rule, x); },
                                 [rule](int k, double g, const double* x, double y) {
                                   return apply_gradient(rule, k, g, x, y);
                                 },
                                 [rule](int k, float g, const float* x, float y) {
                                   return apply_gradient(rule, k, g, x, y);
                                 }});
    }
  }
  return collector.cases;
}

/// All cases of all listed gates.
inline const std::vector<GateCase>& all_cases() {
  static const std::vector<GateCase> cases = [] {
    std::vector<GateCase> all;
#define TAPEGRAD_GATE(name, Type) \
  for (GateCase & gate_case : cases_of(ops::Type{})) all.push_back(std::move(gate_case));
    TAPEGRAD_GATES(TAPEGRAD_GATE)
#undef TAPEGRAD_GATE
    return all;
  }();
  return cases;
}

/// Numbers from a domain. Gates with kinks are safe from them with near certainty: a difference of
/// step 1e-5 crosses one with a probability of about 1e-5 per element, and seeds are fixed.
inline std::vector<double> draw(const Shape& shape, const ops::Domain& domain,
                                Generator& generator) {
  std::vector<double> numbers(static_cast<std::size_t>(shape.size()));
  for (double& number : numbers) {
    number = domain.integral
                 ? domain.low + static_cast<double>(generator.below(
                                    static_cast<std::uint64_t>(domain.high - domain.low) + 1))
                 : generator.uniform(domain.low, domain.high);
  }
  return numbers;
}

inline std::vector<std::vector<double>> draw_operands(const GateCase& gate_case,
                                                      std::uint64_t seed) {
  Generator generator(seed);
  std::vector<std::vector<double>> result;
  for (std::size_t k = 0; k < gate_case.shapes.size(); ++k) {
    result.push_back(draw(gate_case.shapes[k], gate_case.domains[k], generator));
  }
  return result;
}

/// Upstream gradients that are all different: symmetric ones hide errors.
inline std::vector<double> asymmetric(std::int64_t size, double start = 0.7) {
  std::vector<double> numbers(static_cast<std::size_t>(size));
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    numbers[i] = start + 0.37 * static_cast<double>(i % 11) - 0.11 * static_cast<double>(i % 7);
  }
  return numbers;
}

/// A gate recorded on a tape, its operands variables where `variable` says so.
struct Recorded {
  std::vector<Var> operands;
  Var y;
};

inline Var record_case(const GateCase& gate_case, const std::vector<Var>& operands) {
  const std::vector<Operand> list(operands.begin(), operands.end());
  return detail::record(*gate_case.table, gate_case.attributes.get(), list.data(), list.size(),
                        Place::here());
}

/// The tape refers to `numbers`, which must therefore live as long as it does.
inline Recorded record_case(Tape& tape, const GateCase& gate_case,
                            const std::vector<std::vector<double>>& numbers,
                            const std::vector<bool>& variable) {
  Recorded result;
  for (std::size_t k = 0; k < numbers.size(); ++k) {
    const ArrayRef value(numbers[k].data(), gate_case.shapes[k]);
    result.operands.push_back(variable[k] ? tape.variable(value) : tape.data(value));
  }
  result.y = record_case(gate_case, result.operands);
  return result;
}
Recorded record_case(Tape& tape, const GateCase& gate_case,
                     std::vector<std::vector<double>>&& numbers,
                     const std::vector<bool>& variable) = delete;

/// Which operands are variables: all that can have a gradient.
inline std::vector<bool> all_variable(const GateCase& gate_case) {
  std::vector<bool> variable(gate_case.shapes.size(), false);
  for (const std::size_t k : gate_case.differentiable()) variable[k] = true;
  return variable;
}

/// Σ upstream · y.
inline double weighted_sum(const Array<double>& y, const std::vector<double>& upstream) {
  double total = 0;
  for (std::size_t i = 0; i < y.size(); ++i) total += y.data()[i] * upstream[i];
  return total;
}

}  // namespace tapegrad::testing
