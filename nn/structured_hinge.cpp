#include <tapegrad/nn/structured_hinge.hpp>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include <tapegrad/autograd/detail/operand_at.hpp>
#include <tapegrad/autograd/functions.hpp>
#include <tapegrad/nn/detail/batch.hpp>
#include <tapegrad/nn/detail/beside.hpp>

namespace tapegrad::nn {

namespace {

using detail::at;

void check_rival(const Rival& rival, const Array<double>& scores, std::int64_t sample,
                 Place place) {
  const auto fail = [&](const std::string& text) {
    throw ValueError("[structured_hinge_loss] needs " + text + " for sample " +
                     std::to_string(sample) + " (" + to_string(place) + ")");
  };
  const Shape shape(rival.parts.shape().begin(), rival.parts.shape().end());
  const Shape needed(scores.shape().begin(), scores.shape().end());
  if (shape != needed) {
    fail("a rival with parts " + to_string(needed) + ", got " + to_string(shape));
  }
  if (!(rival.cost >= 0) || !std::isfinite(rival.cost)) {
    fail("a rival of a finite cost of 0 or more, got " + ops::number_text(rival.cost));
  }
}

}  // namespace

Var structured_hinge_loss(const Var& scores, Operand truths, const LossAugmentedSearch& search,
                          Reduction reduction, Place place) {
  const Shape shape = scores.shape(place);
  if (shape.rank() < 2 || truths.shape() != shape) {
    throw ShapeError("[structured_hinge_loss] needs scores (N, ...) and truths of one shape, got " +
                     to_string(shape) + " and " + to_string(truths.shape()) + " (" +
                     to_string(place) + ")");
  }
  // The search may use numbers_of() too, in losses of its own.
  Array<double> differences = detail::numbers_of(truths);
  const Array<double> all = scores.value(place);
  Array<double> one(std::vector<std::size_t>(shape.begin() + 1, shape.end()));
  const std::size_t parts = one.size();
  std::vector<double> costs;
  for (std::int64_t sample = 0; sample < shape[0]; ++sample) {
    const std::size_t first = static_cast<std::size_t>(sample) * parts;
    std::copy_n(all.data() + first, parts, one.data());
    const Rival rival = search(sample, one);
    check_rival(rival, one, sample, place);
    for (std::size_t k = 0; k < parts; ++k) {
      differences.data()[first + k] = rival.parts.data()[k] - differences.data()[first + k];
    }
    costs.push_back(rival.cost);
  }

  const Var rows = detail::as_rows(scores, place);
  const Var change = detail::data_beside(rows, ArrayRef(differences.data(), rows.shape()), place);
  const Var lead = sum(at(mul(at(rows, place), change), place), 1);
  const Var short_of = add(at(lead, place), detail::data_beside(rows, costs, place));
  return detail::reduced(relu(at(short_of, place)), reduction, place);
}

}  // namespace tapegrad::nn
