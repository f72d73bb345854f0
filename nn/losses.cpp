#include <tapegrad/nn/losses.hpp>

#include <algorithm>
#include <cmath>
#include <string>

#include <tapegrad/autograd/detail/operand_at.hpp>
#include <tapegrad/autograd/functions.hpp>
#include <tapegrad/nn/detail/batch.hpp>
#include <tapegrad/nn/detail/beside.hpp>
#include <tapegrad/nn/functional.hpp>

namespace tapegrad::nn {

namespace {

using detail::as_rows;
using detail::at;
using detail::checked_labels;
using detail::data_beside;
using detail::numbers_of;
using detail::reduced;

std::string start(const char* who) {
  return std::string("[") + who + "] ";
}

std::string end(Place place) {
  return " (" + to_string(place) + ")";
}

/// One weight for each of some classes, or none at all.
void check_weights(const std::vector<double>& weights, std::int64_t classes, const char* who,
                   Place place) {
  if (weights.empty()) return;
  if (static_cast<std::int64_t>(weights.size()) != classes) {
    throw ShapeError(start(who) + "needs a weight for each of " + std::to_string(classes) +
                     " classes, got " + std::to_string(weights.size()) + end(place));
  }
  for (const double weight : weights) {
    if (!(weight >= 0) || !std::isfinite(weight)) {
      throw ValueError(start(who) + "needs finite weights of 0 or more, got " +
                       ops::number_text(weight) + end(place));
    }
  }
}

void check_targets(const Operand& outputs, const Operand& targets, const char* who) {
  if (outputs.shape() == targets.shape()) return;
  throw ShapeError(start(who) + "needs outputs and targets of one shape, got " +
                   to_string(outputs.shape()) + " and " + to_string(targets.shape()) +
                   "; reshape one of them" + end(outputs.place()));
}

/// Throws ValueError unless every target is one.
template <class Good>
void check_targets(const Operand& targets, Good good, const char* needed, const char* who) {
  const Array<double>& numbers = numbers_of(targets);
  const auto bad = std::find_if_not(numbers.begin(), numbers.end(), good);
  if (bad == numbers.end()) return;
  throw ValueError(start(who) + "needs targets " + needed + ", got " + ops::number_text(*bad) +
                   " as element " + std::to_string(bad - numbers.begin()) + end(targets.place()));
}

void check_margin(const HingeOptions& options, const char* who, Place place) {
  if (options.margin >= 0 && std::isfinite(options.margin)) return;
  throw ValueError(start(who) + "needs a finite margin of 0 or more, got " +
                   ops::number_text(options.margin) + end(place));
}

/// max(0, x), squared if wanted.
Var hinge(Operand x, bool squared) {
  const Var y = relu(x);
  return squared ? square(at(y, x.place())) : y;
}

/// f − y for outputs and targets of one shape.
Operand difference(const Operand& outputs, const Operand& targets, const char* who) {
  check_targets(outputs, targets, who);
  return at(sub(outputs, targets), outputs.place());
}

/// Σ over each row.
Var sum_of_rows(const Var& x, Place place) {
  return sum(at(as_rows(x, place), place), 1);
}

}  // namespace

Var cross_entropy(Operand scores, Operand labels) {
  return mean(at(softmax_cross_entropy(scores, labels), scores.place()));
}

Var cross_entropy(Operand scores, Operand labels, const CrossEntropyOptions& options) {
  constexpr const char* who = "cross_entropy";
  const Place place = scores.place();
  const double smoothing = options.label_smoothing;
  const Array<double>& label_numbers = checked_labels(scores.shape(), labels, who, place);
  const std::int64_t classes = scores.shape()[1];
  if (!(smoothing >= 0 && smoothing <= 1)) {
    throw ValueError(start(who) + "needs a label smoothing from 0 to 1, got " +
                     ops::number_text(smoothing) + end(place));
  }
  check_weights(options.class_weights, classes, who, place);
  const bool is_weighted = !options.class_weights.empty();
  const bool is_weighted_mean = is_weighted && options.reduction == Reduction::mean;
  const auto counts = [&](double y) {
    return options.class_weights[static_cast<std::size_t>(y)] > 0;
  };
  if (is_weighted_mean && std::none_of(label_numbers.begin(), label_numbers.end(), counts)) {
    throw ValueError(start(who) +
                     "needs a sample whose class has a weight above 0 for the weighted mean, got "
                     "none among " +
                     std::to_string(label_numbers.size()) + end(place));
  }

  // Of the labels: the gate keeps its digits where the classifier is sure.
  Var losses = softmax_cross_entropy(scores, labels);
  Var class_weights, sample_weights;
  if (is_weighted) {
    class_weights = data_beside(losses, options.class_weights, place);
    sample_weights = index_select(at(class_weights, place), labels);
    losses = mul(at(losses, place), sample_weights);
  }
  if (smoothing > 0) {
    Var every_class = log_softmax(scores, 1);
    if (is_weighted) every_class = mul(at(every_class, place), class_weights);
    const Var spread = sum(at(every_class, place), 1);
    losses = add(at(mul_constant(at(losses, place), 1 - smoothing), place),
                 mul_constant(at(spread, place), -smoothing / static_cast<double>(classes)));
  }
  if (!is_weighted_mean) return reduced(losses, options.reduction, place);
  const Var total = sum(at(sample_weights, place));
  return div(at(sum(at(losses, place)), place), total);
}

Var multiclass_hinge_loss(Operand scores, Operand labels, const HingeOptions& options) {
  constexpr const char* who = "multiclass_hinge_loss";
  const Place place = scores.place();
  checked_labels(scores.shape(), labels, who, place);
  const std::int64_t samples = scores.shape()[0], classes = scores.shape()[1];
  check_margin(options, who, place);
  check_weights(options.class_weights, classes, who, place);

  const Var true_scores = pick(scores, labels);
  const Var lead = sub(scores, reshape(at(true_scores, place), {samples, 1}));
  const Var short_of = add_constant(at(lead, place), options.margin);
  // A class is no rival of itself: where the hinge is flat, its score gets no gradient.
  const Var one = data_beside(true_scores, 1.0, place);
  const Var ones = broadcast_to(at(one, place), {samples});
  const Var is_label = pick_scatter(at(ones, place), labels, ops::PickScatter(classes));
  const Var rivals = where(at(is_label, place), at(-1, place), at(short_of, place));
  Var losses = sum(at(hinge(at(rivals, place), options.squared), place), 1);
  if (!options.class_weights.empty()) {
    const Var weights = data_beside(losses, options.class_weights, place);
    losses = mul(at(losses, place), index_select(at(weights, place), labels));
  }
  return reduced(losses, options.reduction, place);
}

Var hinge_loss(Operand outputs, Operand targets, const HingeOptions& options) {
  constexpr const char* who = "hinge_loss";
  const Place place = outputs.place();
  check_targets(outputs, targets, who);
  const Shape shape = outputs.shape();
  if (shape.rank() != 1 && shape.rank() != 2) {
    throw ShapeError(start(who) + "needs outputs (N) or (N, K), got " + to_string(shape) +
                     end(place));
  }
  check_margin(options, who, place);
  check_weights(options.class_weights, shape.rank() == 2 ? shape[1] : 1, who, place);
  check_targets(
      targets, [](double y) { return y == 1 || y == -1; }, "1 or -1", who);

  const Var agreement = neg(at(mul(outputs, targets), place));
  const Var short_of = add_constant(at(agreement, place), options.margin);
  Var terms = as_rows(hinge(at(short_of, place), options.squared), place);
  if (!options.class_weights.empty()) {
    terms = mul(at(terms, place), data_beside(terms, options.class_weights, place));
  }
  return reduced(sum(at(terms, place), 1), options.reduction, place);
}

Var binary_cross_entropy_with_logits(Operand logits, Operand targets,
                                     const BinaryCrossEntropyOptions& options) {
  constexpr const char* who = "binary_cross_entropy_with_logits";
  const Place place = logits.place();
  check_targets(logits, targets, who);
  const Shape shape = logits.shape();
  check_weights(options.positive_weights, shape.rank() == 0 ? 1 : shape.back(), who, place);
  check_targets(
      targets, [](double y) { return y >= 0 && y <= 1; }, "from 0 to 1", who);

  // −log σ(f) = softplus(−f) and −log(1 − σ(f)) = softplus(f): each keeps its digits where it is
  // small, which their difference, f, would lose.
  Var if_one = mul(at(softplus(at(neg(logits), place)), place), targets);
  if (!options.positive_weights.empty()) {
    const Var weights = data_beside(if_one, options.positive_weights, place);
    if_one =
        mul(at(if_one, place), shape.rank() == 0 ? reshape(at(weights, place), Shape{}) : weights);
  }
  const Operand cost_of_one = at(softplus(logits), place);
  const Var if_zero = sub(cost_of_one, mul(cost_of_one, targets));
  return reduced(add(at(if_one, place), if_zero), options.reduction, place);
}

Var mse_loss(Operand outputs, Operand targets, Reduction reduction) {
  return reduced(square(difference(outputs, targets, "mse_loss")), reduction, outputs.place());
}

Var l1_loss(Operand outputs, Operand targets, Reduction reduction) {
  return reduced(abs(difference(outputs, targets, "l1_loss")), reduction, outputs.place());
}

Var squared_error(Operand outputs, Operand targets, Reduction reduction) {
  const Var squares = square(difference(outputs, targets, "squared_error"));
  return reduced(sum_of_rows(squares, outputs.place()), reduction, outputs.place());
}

Var absolute_error(Operand outputs, Operand targets, Reduction reduction) {
  const Var sizes = abs(difference(outputs, targets, "absolute_error"));
  return reduced(sum_of_rows(sizes, outputs.place()), reduction, outputs.place());
}

}  // namespace tapegrad::nn
