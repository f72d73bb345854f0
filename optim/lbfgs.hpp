#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include <tapegrad/autograd/named_parameters.hpp>
#include <tapegrad/optim/detail/flat_parameters.hpp>

namespace tapegrad::optim {

/// How LBFGS steps; PyTorch's defaults with line_search_fn="strong_wolfe", but for the history
/// (PyTorch: 100). A number stands for options with that learning rate.
struct LBFGSOptions {
  /// Options with this learning rate.
  LBFGSOptions(double rate = 1.0) : learning_rate(rate) {}

  double learning_rate;            ///< The first trial of each line search; 1 is Newton's step.
  int max_iter = 20;               ///< Iterations in a step().
  int max_eval = 25;               ///< Calls of the closure after which a step() ends.
  int history_size = 10;           ///< Past changes that are remembered, each of twice the size.
  double tolerance_grad = 1e-7;    ///< A step() ends when no gradient is larger,
  double tolerance_change = 1e-9;  ///< or when neither the loss nor a parameter changes by more.
};

/// L-BFGS on the full batch: the direction is −H·g, where H, an estimate of the inverse Hessian, is
/// made of the last changes s of the parameters and y of the gradient and is never written out. A
/// line search finds a step that satisfies the strong Wolfe conditions. It computes in double.
///
///     optim::LBFGS lbfgs(model.parameters());
///     for (int i = 0; i < 10; ++i) {
///       lbfgs.step([&] {
///         lbfgs.zero_grad();
///         Tape tape;
///         Var loss = nn::cross_entropy(model(tape.data(x)), labels);
///         loss.backward();
///         return loss.item();
///       });
///     }
///
/// The closure must give the same numbers for the same parameters: no mini-batches, no dropout.
/// Source: Nocedal and Wright, "Numerical Optimization", 2006, algorithms 7.4 and 7.5.
class LBFGS {
 public:
  /// Computes the gradients at the parameters as they are and returns the loss.
  using Closure = std::function<double()>;

  /// Throws ValueError for an option out of its range, no parameters, or one that comes twice.
  explicit LBFGS(std::vector<Parameter> parameters, const LBFGSOptions& options = {});
  /// It can be moved but not copied: a copy would share its history unseen.
  LBFGS(LBFGS&&) = default;
  /// As above.
  LBFGS& operator=(LBFGS&&) = default;
  LBFGS(const LBFGS&) = delete;
  LBFGS& operator=(const LBFGS&) = delete;

  /// Up to max_iter iterations. Returns the loss before the first, as PyTorch does. A trial whose
  /// loss is not finite counts as too far. Throws TapeError if the closure brings no gradients,
  /// NonFiniteError if the loss is not finite to begin with, and whatever the closure throws: then
  /// parameters are where the last whole iteration has left them.
  double step(const Closure& closure);
  /// Forgets the gradients of all parameters.
  void zero_grad() { parameters_.zero_grad(); }

  /// The history: `s` and `y`, shape (history_size, numbers to train), handles to its own arrays,
  /// and how many pairs were ever put there, `count`.
  NamedParameters state_dict() const;
  /// Restores such a set. Throws ValueError that lists everything that does not fit, and changes
  /// nothing.
  void load_state_dict(const NamedParameters& state);

 private:
  /// The loss at a point, and its gradient.
  struct Evaluation {
    double loss;
    std::vector<double> gradient;
  };
  Evaluation evaluate(const Closure& closure);
  Evaluation evaluate_at(const std::vector<double>& x, const Closure& closure);
  std::vector<double> direction(const std::vector<double>& gradient) const;
  void remember(const std::vector<double>& s, const std::vector<double>& y);
  /// Row `which` modulo history_size.
  double* row(const Parameter& history, std::int64_t which) const;
  std::int64_t oldest() const;
  NamedParameters arrays() const { return {{"s", s_}, {"y", y_}}; }

  detail::FlatParameters parameters_;
  LBFGSOptions options_;
  Parameter s_, y_;
  std::int64_t count_ = 0;
};

}  // namespace tapegrad::optim
