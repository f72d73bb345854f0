#include <tapegrad/nn/penalty.hpp>

#include <cmath>
#include <string>

#include <tapegrad/autograd/detail/operand_at.hpp>

namespace tapegrad::nn {

namespace {

using detail::at;

void check(const NamedParameters& parameters, std::initializer_list<double> factors,
           const char* who, Place place) {
  const auto fail = [&](const std::string& text) {
    throw ValueError(std::string("[") + who + "] needs " + text + " (" + to_string(place) + ")");
  };
  if (parameters.empty()) {
    fail("at least one parameter to penalise, got none; of a module these are its weights()");
  }
  for (const double factor : factors) {
    if (!(factor >= 0) || !std::isfinite(factor)) {
      fail("a finite factor of 0 or more, got " + ops::number_text(factor));
    }
  }
}

/// The sum of term(parameter) over all parameters.
template <class Term>
Operand total(const NamedParameters& parameters, Term term, Place place) {
  Var sum;
  for (const auto& [name, parameter] : parameters) {
    const Var next = term(Operand(parameter, place.file, place.line));
    sum = sum.valid() ? add(at(sum, place), next) : next;
  }
  return at(sum, place);
}

Operand sum_of_squares(const NamedParameters& parameters, Place place) {
  // A product of two vectors writes no squares.
  const auto squares = [&](Operand w) {
    const Operand flat = at(reshape(w, {w.shape().size()}), place);
    return dot(flat, flat);
  };
  return total(parameters, squares, place);
}

Operand sum_of_sizes(const NamedParameters& parameters, Place place) {
  return total(
      parameters, [&](Operand w) { return sum(at(abs(w), place)); }, place);
}

}  // namespace

Var l2_penalty(const NamedParameters& parameters, double lambda, Place place) {
  check(parameters, {lambda}, "l2_penalty", place);
  return mul_constant(sum_of_squares(parameters, place), lambda / 2);
}

Var l2_penalty(const Module& module, double lambda, Place place) {
  return l2_penalty(weights(module), lambda, place);
}

Var l1_penalty(const NamedParameters& parameters, double lambda, Place place) {
  check(parameters, {lambda}, "l1_penalty", place);
  return mul_constant(sum_of_sizes(parameters, place), lambda);
}

Var l1_penalty(const Module& module, double lambda, Place place) {
  return l1_penalty(weights(module), lambda, place);
}

Var elastic_penalty(const NamedParameters& parameters, double lambda1, double lambda2,
                    Place place) {
  check(parameters, {lambda1, lambda2}, "elastic_penalty", place);
  const Var sizes = mul_constant(sum_of_sizes(parameters, place), lambda1);
  return add(at(sizes, place), mul_constant(sum_of_squares(parameters, place), lambda2));
}

Var elastic_penalty(const Module& module, double lambda1, double lambda2, Place place) {
  return elastic_penalty(weights(module), lambda1, lambda2, place);
}

}  // namespace tapegrad::nn
