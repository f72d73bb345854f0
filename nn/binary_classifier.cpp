#include <tapegrad/nn/binary_classifier.hpp>

#include <cmath>
#include <string>

#include <tapegrad/autograd/detail/operand_at.hpp>
#include <tapegrad/nn/penalty.hpp>

namespace tapegrad::nn {

using detail::at;

Var binary_svm_loss(Operand outputs, Operand targets, double c, const NamedParameters& weights,
                    const HingeOptions& options) {
  const Place place = outputs.place();
  if (!(c > 0) || !std::isfinite(c)) {
    throw ValueError("[binary_svm_loss] needs a finite C above 0, got " + ops::number_text(c) +
                     " (" + to_string(place) + ")");
  }
  const Var data_loss = mul_constant(at(hinge_loss(outputs, targets, options), place), c);
  return add(at(data_loss, place), at(l2_penalty(weights, 1, place), place));
}

std::vector<int> binary_decisions(const Var& outputs, double threshold) {
  if (!(threshold >= 0 && threshold <= 1)) {
    throw ValueError("[binary_decisions] needs a threshold from 0 to 1, got " +
                     ops::number_text(threshold));
  }
  // σ(f) > p where f > log(p / (1 − p)): exact also where σ(f) is rounded to 0 or 1.
  const double least = std::log(threshold) - std::log1p(-threshold);
  const Array<double> numbers = outputs.value();
  std::vector<int> classes;
  classes.reserve(numbers.size());
  for (const double f : numbers) classes.push_back(f > least ? 1 : 0);
  return classes;
}

}  // namespace tapegrad::nn
