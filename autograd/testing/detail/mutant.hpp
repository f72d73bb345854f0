#pragma once

#include <tapegrad/autograd/custom_gate.hpp>

// Gates with one wrong gradient rule: what a gradient checker must notice.

namespace tapegrad::testing {

/// How the gradient in one operand is wrong.
enum class Mutation {
  scaled,   ///< times 1.001
  dropped,  ///< never sent
  swapped,  ///< the gradient of the next operand instead
};

/// What all mutants know: which operand's rule is wrong, and how.
template <class G>
struct MutantBase {
  static constexpr const char* name = "mutant";
  static constexpr double factor = 1.001;

  MutantBase(const G& right, int k, Mutation how) : gate(right), operand(k), mutation(how) {}

  G gate;
  int operand;
  Mutation mutation;
};

template <class G, class = void>
struct Mutant;

/// A pointwise gate whose rule for one operand is wrong.
template <class G>
struct Mutant<G, std::enable_if_t<G::pointwise>> : ops::Pointwise<G::arity>, MutantBase<G> {
  using MutantBase<G>::MutantBase;
  template <class... T>
  auto forward(T... x) const {
    return this->gate.forward(x...);
  }
  template <int k, class T, class... Rest,
            class = std::enable_if_t<detail::has_gradient_rule<G, k> &&
                                     sizeof...(Rest) == static_cast<std::size_t>(G::arity) + 1>>
  T gradient(ops::At<k> at, T g, Rest... rest) const {
    if (k != this->operand) return this->gate.gradient(at, g, rest...);
    switch (this->mutation) {
      case Mutation::scaled:
        return static_cast<T>(this->gate.gradient(at, g, rest...) * this->factor);
      case Mutation::dropped:
        return static_cast<T>(this->gate.gradient(at, g, rest...) * 0.0);
      case Mutation::swapped:
        break;
    }
    constexpr int next = (k + 1) % G::arity;
    if constexpr (detail::has_gradient_rule<G, next>) {
      return this->gate.gradient(ops::At<next>{}, g, rest...);
    } else {
      return this->gate.gradient(at, g, rest...);
    }
  }
};

/// Stands between a whole-tensor gate's backward rule and the executor.
template <class Executor>
class MutatingExecutor {
 public:
  MutatingExecutor(Executor& executor, int operand, Mutation mutation, double factor)
      : executor_(executor), operand_(operand), mutation_(mutation), factor_(factor) {}

  int operand_count() const { return executor_.operand_count(); }
  auto operand(int k) const { return executor_.operand(k); }
  auto output() const { return executor_.output(); }
  auto upstream() const { return executor_.upstream(); }
  bool needs(int k) const { return executor_.needs(k); }
  template <class G, class... Values>
  auto eval(const G& gate, const Values&... values) {
    return executor_.eval(gate, values...);
  }
  template <class G, class... Values>
  void add(int k, const G& gate, const Values&... values) {
    mutate(
        k, [&](int to) { executor_.add(to, gate, values...); },
        [&] { return executor_.eval(gate, values...); });
  }
  template <class G, class Value>
  void add_list(int k, const G& gate, const Value* values, int count) {
    mutate(
        k, [&](int to) { executor_.add_list(to, gate, values, count); },
        [&] { return executor_.eval_list(gate, values, count); });
  }

 private:
  template <class Add, class Eval>
  void mutate(int k, Add add, Eval eval) {
    if (k != operand_) return add(k);
    if (mutation_ == Mutation::dropped) return;
    if (mutation_ == Mutation::swapped) return add((k + 1) % operand_count());
    executor_.add(k, ops::MulConstant{factor_}, eval());
  }

  Executor& executor_;
  int operand_;
  Mutation mutation_;
  double factor_;
};

/// A whole-tensor gate whose rule for one operand is wrong.
template <class G>
struct Mutant<G, std::enable_if_t<!G::pointwise>> : ops::Whole<G::arity, G::differentiable>,
                                                    MutantBase<G> {
  using MutantBase<G>::MutantBase;
  Shape shape(ops::Shapes x) const { return this->gate.shape(x); }
  template <class T>
  void forward(ops::Out<T> y, ops::Operands<T> x) const {
    this->gate.forward(y, x);
  }
  template <class Executor>
  void backward(Executor& e) const {
    MutatingExecutor<Executor> mutating(e, this->operand, this->mutation, this->factor);
    this->gate.backward(mutating);
  }
};

}  // namespace tapegrad::testing
