#include <tapegrad/train/sanity_checks.hpp>

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include <tapegrad/autograd/no_grad.hpp>
#include <tapegrad/autograd/tape.hpp>
#include <tapegrad/data/batches.hpp>
#include <tapegrad/nn/losses.hpp>
#include <tapegrad/nn/penalty.hpp>
#include <tapegrad/nn/weights.hpp>
#include <tapegrad/optim/adam.hpp>
#include <tapegrad/train/detail/model_guard.hpp>
#include <tapegrad/train/detail/scores.hpp>

namespace tapegrad::train {

namespace {

// The initial loss varies with the first weights; a tenth is what small last weights keep within.
constexpr double loss_tolerance = 0.1;
// Of the first loss.
constexpr double learned_by_heart = 0.01;
constexpr std::size_t most_samples = 1000;

void check(const data::Dataset& dataset, const SanityOptions& options) {
  dataset.validate();
  if (dataset.size() == 0) {
    throw ValueError("[sanity_checks] needs a data set with samples, got an empty one");
  }
  if (!(options.lambda > 0) || std::isinf(options.lambda)) {
    throw ValueError(
        fmt::format("[sanity_checks] needs a finite λ above 0, got {}", options.lambda));
  }
  if (options.samples < 1 || options.steps < 1) {
    throw ValueError(
        fmt::format("[sanity_checks] needs at least one sample and one step, got {} "
                    "and {}",
                    options.samples, options.steps));
  }
  if (options.learning_rates.empty()) {
    throw ValueError("[sanity_checks] needs at least one learning rate, got none");
  }
}

/// What the checks share.
class Checks {
 public:
  Checks(nn::Module& model, const data::Dataset& dataset, const SanityOptions& options)
      : model_(model), dataset_(dataset), options_(options), guard_(model) {
    // Training behaviour, as batch normalisation needs it, without what is random.
    model.apply([](nn::Module& part) {
      if (part.is_random()) part.eval();
    });
  }

  SanityCheck initial_loss() {
    const data::Batch batch = random_samples(most_samples);
    const NoGrad no_grad;
    Tape tape(options_.precision);
    const double loss = data_loss(scores_of(tape, batch), batch.labels).item();
    const Array<double> equal =
        xt::zeros<double>({batch.size(), static_cast<std::size_t>(dataset_.classes)});
    const double expected = data_loss(tape.data(Array<double>(equal)), batch.labels).item();
    const std::string text =
        fmt::format("{:.4f}, and {:.4f} for scores that prefer no class", loss, expected);
    const std::string name = "initial loss";
    if (!std::isfinite(loss)) {
      return {name, Verdict::fail, text + "; look for numbers in the data that are none"};
    }
    if (std::abs(loss - expected) > loss_tolerance * std::abs(expected)) {
      return {name, Verdict::warning,
              text +
                  "; begin with smaller weights in the last layer, and look at the scale of the "
                  "inputs"};
    }
    return {name, Verdict::pass, text};
  }

  SanityCheck regularization() {
    const data::Batch batch = random_samples(most_samples);
    const NoGrad no_grad;
    std::vector<double> losses;
    for (const double lambda : {0.0, options_.lambda, 10 * options_.lambda}) {
      Tape tape(options_.precision);
      const Var loss = data_loss(scores_of(tape, batch), batch.labels);
      losses.push_back(loss.item() + penalty(lambda).item());  // In double.
      guard_.restore();                                        // Running averages have moved.
    }
    const std::string text =
        fmt::format("the loss is {:.6g} with λ = 0, {:.6g} with {:.3g} and {:.6g} with {:.3g}",
                    losses[0], losses[1], options_.lambda, losses[2], 10 * options_.lambda);
    const bool rises = losses[0] < losses[1] && losses[1] < losses[2];
    return {"regularisation", rises ? Verdict::pass : Verdict::fail,
            rises ? text
                  : text +
                        "; a larger λ must raise it: look whether the penalty is added, "
                        "with its sign, and whether all weights are 0"};
  }

  SanityCheck overfitting() {
    const data::Batch batch = random_samples(static_cast<std::size_t>(options_.samples));
    const std::string name = fmt::format("overfitting {} samples", batch.size());
    std::string text;
    for (const double rate : options_.learning_rates) {
      guard_.restore();
      const Lesson lesson = learn_by_heart(batch, rate);
      if (!text.empty()) text += "; ";
      text += fmt::format("{} right after {} steps of Adam at {:.3g}, loss {:.4g} to {:.4g}",
                          lesson.correct == static_cast<std::int64_t>(batch.size())
                              ? "all"
                              : fmt::format("{} of {}", lesson.correct, batch.size()),
                          lesson.steps, rate, lesson.first_loss, lesson.loss);
      if (lesson.succeeded) return {name, Verdict::pass, text};
    }
    return {name, Verdict::fail,
            text +
                "; a network that cannot learn a few samples by heart is too small, or "
                "something in it is wrong: check its gradients, and look whether equal samples "
                "have different labels"};
  }

 private:
  /// How learning a few samples went.
  struct Lesson {
    double first_loss = 0, loss = 0;
    std::int64_t correct = 0;
    int steps = 0;
    bool succeeded = false;
  };

  Lesson learn_by_heart(const data::Batch& batch, double rate) {
    std::vector<Parameter> parameters = model_.parameters();
    Lesson lesson;
    if (parameters.empty()) return lesson;
    optim::Adam adam(std::move(parameters), rate);
    Array<double> numbers;
    for (;;) {
      Tape tape(options_.precision, lean);
      const Var scores = scores_of(tape, batch);
      const Var loss = data_loss(scores, batch.labels);
      lesson.loss = loss.item();
      scores.value_to(numbers);
      lesson.correct = detail::count_correct(numbers, batch.labels);
      if (lesson.steps == 0) lesson.first_loss = lesson.loss;
      const bool all_right = lesson.correct == static_cast<std::int64_t>(batch.size());
      const bool is_small = lesson.loss < learned_by_heart * lesson.first_loss || lesson.loss == 0;
      lesson.succeeded = all_right && is_small;
      if (lesson.succeeded || lesson.steps == options_.steps || !std::isfinite(lesson.loss)) {
        return lesson;
      }
      adam.zero_grad();
      loss.backward();
      adam.step();
      ++lesson.steps;
    }
  }

  /// Samples in random order, the same for the same number.
  data::Batch random_samples(std::size_t count) const {
    const auto size = static_cast<std::int64_t>(std::min(count, dataset_.size()));
    data::Batches batches(dataset_, size, options_.seed);
    return *batches.begin();
  }

  Var scores_of(Tape& tape, const data::Batch& batch) {
    const Var scores = model_(tape.data(batch.inputs));
    detail::check_scores(scores, batch.size(), dataset_.classes, "sanity_checks");
    return scores;
  }

  Var data_loss(const Var& scores, const std::vector<int>& labels) const {
    return options_.loss ? options_.loss(scores, labels) : nn::cross_entropy(scores, labels);
  }

  Var penalty(double lambda) const {
    return options_.penalty ? options_.penalty(lambda) : nn::l2_penalty(model_, lambda);
  }

  nn::Module& model_;
  const data::Dataset& dataset_;
  const SanityOptions& options_;
  detail::ModelGuard guard_;
};

}  // namespace

bool SanityReport::passed() const {
  return std::none_of(checks.begin(), checks.end(),
                      [](const SanityCheck& check) { return check.verdict == Verdict::fail; });
}

std::string SanityReport::to_text() const {
  std::string text;
  for (const SanityCheck& check : checks) {
    const char* word = check.verdict == Verdict::pass      ? "pass"
                       : check.verdict == Verdict::warning ? "WARN"
                                                           : "FAIL";
    text += fmt::format("{}  {}: {}\n", word, check.name, check.text);
  }
  return text;
}

SanityReport sanity_checks(nn::Module& model, const data::Dataset& dataset,
                           const SanityOptions& options) {
  check(dataset, options);
  SanityReport report;
  Checks checks(model, dataset, options);
  report.checks.push_back(checks.initial_loss());
  if (options.penalty || !nn::weights(model).empty()) {
    report.checks.push_back(checks.regularization());
  }
  report.checks.push_back(checks.overfitting());
  return report;
}

}  // namespace tapegrad::train
