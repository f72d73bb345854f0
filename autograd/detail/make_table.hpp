#pragma once

#include <tapegrad/autograd/detail/executors.hpp>
#include <tapegrad/autograd/detail/gate_table.hpp>
#include <tapegrad/autograd/functions.hpp>
#include <tapegrad/ops/flatten.hpp>

namespace tapegrad::detail {

/// Elements one at a time: how gates outside the library run.
template <class T, int>
struct OneByOne {
  static constexpr std::int64_t width = 1;
  static T load(const T* from) { return *from; }
  static T load_part(const T* from, std::int64_t) { return *from; }
  static void store(T value, T* to) { *to = value; }
  static void store_part(T value, T* to, std::int64_t) { *to = value; }
};

/// Calls of value(position, load) for each register's worth of n elements, the incomplete last one
/// included, are stored in `out`.
template <template <class, int> class Step, class T, class Value>
void for_each_register(std::int64_t n, T* out, Value value) {
  using One = Step<T, 1>;
  using Two = Step<T, 2>;
  const auto load = [](const T* from) { return One::load(from); };
  const auto load_two = [](const T* from) { return Two::load(from); };
  std::int64_t i = 0;
  // Four registers are read before the first is written, which waits less for memory. Two of them
  // go through the rule together: see NOTE [Side by side].
  for (; i + 2 * Two::width <= n; i += 2 * Two::width) {
    const auto first = value(i, load_two);
    const auto second = value(i + Two::width, load_two);
    Two::store(first, out + i);
    Two::store(second, out + i + Two::width);
  }
  for (; i + One::width <= n; i += One::width) One::store(value(i, load), out + i);
  if (i < n) {
    const std::int64_t rest = n - i;
    const auto load_rest = [rest](const T* from) { return One::load_part(from, rest); };
    One::store_part(value(i, load_rest), out + i, rest);
  }
}

template <template <class, int> class Step, class T, class Value>
void run_block(std::int64_t n, T* out, bool accumulate, Value value) {
  if (accumulate) {
    for_each_register<Step>(
        n, out, [&](std::int64_t i, auto load) { return load(out + i) + value(i, load); });
  } else {
    for_each_register<Step>(n, out, value);
  }
}

template <class G, template <class, int> class Step, class T>
TAPEGRAD_FLATTEN void forward_block(const void* gate, std::int64_t n, const T* const* x, T* y,
                                    bool accumulate) {
  const G rule = *static_cast<const G*>(gate);
  run_block<Step>(n, y, accumulate, [&](std::int64_t i, auto load) {
    if constexpr (G::arity == 1) {
      return rule.forward(load(x[0] + i));
    } else if constexpr (G::arity == 2) {
      return rule.forward(load(x[0] + i), load(x[1] + i));
    } else {
      return rule.forward(load(x[0] + i), load(x[1] + i), load(x[2] + i));
    }
  });
}

template <class G, template <class, int> class Step, class T, int k>
TAPEGRAD_FLATTEN void gradient_block(const void* gate, std::int64_t n, const T* g,
                                     const T* const* x, const T* y, T* out, bool accumulate) {
  const G rule = *static_cast<const G*>(gate);
  constexpr ops::At<k> at{};
  run_block<Step>(n, out, accumulate, [&](std::int64_t i, auto load) {
    if constexpr (G::arity == 1) {
      return rule.gradient(at, load(g + i), load(x[0] + i), load(y + i));
    } else if constexpr (G::arity == 2) {
      return rule.gradient(at, load(g + i), load(x[0] + i), load(x[1] + i), load(y + i));
    } else {
      return rule.gradient(at, load(g + i), load(x[0] + i), load(x[1] + i), load(x[2] + i),
                           load(y + i));
    }
  });
}

template <class G, template <class, int> class Step, class T>
constexpr Loops<T> make_loops() {
  Loops<T> loops;
  if constexpr (G::pointwise) {
    loops.forward = &forward_block<G, Step, T>;
    if constexpr (has_gradient_rule<G, 0>) loops.gradient[0] = &gradient_block<G, Step, T, 0>;
    if constexpr (has_gradient_rule<G, 1>) loops.gradient[1] = &gradient_block<G, Step, T, 1>;
    if constexpr (has_gradient_rule<G, 2>) loops.gradient[2] = &gradient_block<G, Step, T, 2>;
  } else {
    loops.whole = [](const void* gate, ops::Out<T> y, ops::Operands<T> x) {
      static_cast<const G*>(gate)->forward(y, x);
    };
  }
  return loops;
}

/// The gradient rule of a pointwise gate, in one operand, applied to Vars.
template <class G, int k>
void record_pointwise_gradient(const G& rule, RecordExecutor& e) {
  if constexpr (has_gradient_rule<G, k>) {
    if (!e.needs(k)) return;
    constexpr ops::At<k> at{};
    const Var g = e.upstream();
    const Var y = e.output();
    if constexpr (G::arity == 1) {
      e.contribute(k, rule.gradient(at, g, e.operand(0), y));
    } else if constexpr (G::arity == 2) {
      e.contribute(k, rule.gradient(at, g, e.operand(0), e.operand(1), y));
    } else {
      e.contribute(k, rule.gradient(at, g, e.operand(0), e.operand(1), e.operand(2), y));
    }
  }
}

struct IgnoreBranch {
  void operator()(std::int64_t) const {}
};

template <class G, class = void>
struct HasBranch : std::false_type {};
template <class G>
struct HasBranch<G, std::void_t<decltype(&G::branch)>> : std::true_type {};

template <class G, class = void>
struct HasBranches : std::false_type {};
template <class G>
struct HasBranches<G, std::void_t<decltype(std::declval<G>().branches(
                          std::declval<ops::Operands<double>>(), IgnoreBranch{}))>>
    : std::true_type {};

template <class G>
void report_branches(const void* gate, std::int64_t n, ops::Operands<double> x,
                     std::vector<std::int64_t>& out) {
  const G& rule = *static_cast<const G*>(gate);
  if constexpr (!G::pointwise) {
    rule.branches(x, [&](std::int64_t branch) { out.push_back(branch); });
  } else {
    for (std::int64_t i = 0; i < n; ++i) {
      if constexpr (G::arity == 1) {
        out.push_back(rule.branch(x[0].data[i]));
      } else if constexpr (G::arity == 2) {
        out.push_back(rule.branch(x[0].data[i], x[1].data[i]));
      } else {
        out.push_back(rule.branch(x[0].data[i], x[1].data[i], x[2].data[i]));
      }
    }
  }
}

/// Builds the table of gate G, its loops running through registers of kind Step.
template <class G, template <class, int> class Step>
constexpr GateTable make_table(const char* name, Op op) {
  static_assert(std::is_trivially_copyable_v<G>, "a gate is copied bit by bit onto the tape");
  static_assert(!has_rule_of_no_operand<G>,
                "a gradient rule begins with its operand: gradient(At<0>, g, x, y)");
  GateTable table{};
  table.name = name;
  table.op = op;
  table.arity = G::arity;
  table.pointwise = G::pointwise;
  table.constant_second = constant_goes_second<G>;
  table.differentiable = differentiable_operands<G>();
  table.attribute_bytes = std::is_empty_v<G> ? 0 : sizeof(G);
  table.f32 = make_loops<G, Step, float>();
  table.f64 = make_loops<G, Step, double>();
  if constexpr (G::pointwise) {
    table.record_backward = [](const void* gate, RecordExecutor& e) {
      const G& rule = *static_cast<const G*>(gate);
      record_pointwise_gradient<G, 0>(rule, e);
      record_pointwise_gradient<G, 1>(rule, e);
      record_pointwise_gradient<G, 2>(rule, e);
    };
  } else {
    table.shape = [](const void* gate, ops::Shapes x) {
      return static_cast<const G*>(gate)->shape(x);
    };
    table.backward = [](const void* gate, ComputeExecutor& e) {
      static_cast<const G*>(gate)->backward(e);
    };
    table.record_backward = [](const void* gate, RecordExecutor& e) {
      static_cast<const G*>(gate)->backward(e);
    };
  }
  if constexpr (may_be_view<G>) {
    table.view_offset = [](const void* gate, const Shape& x) {
      return static_cast<const G*>(gate)->view_offset(x);
    };
  }
  if constexpr (HasBranch<G>::value || HasBranches<G>::value) table.branches = &report_branches<G>;
  return table;
}

}  // namespace tapegrad::detail
