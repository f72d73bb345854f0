// Each gate of the list by itself, on tapegrad.
#pragma once

#include <map>
#include <string>
#include <vector>

#include <tapegrad/tapegrad.hpp>

#include "gates.hpp"
#include "worker.hpp"

namespace bench {

/// The rows of gates.hpp as a user writes them.
inline tapegrad::Var tapegrad_gate(const std::string& row,
                                   const std::vector<tapegrad::Var>& operands) {
  using namespace tapegrad;
  using X = const std::vector<Var>&;
  static const std::map<std::string, Var (*)(X)> gates = {
#define BENCH_GATE(name)                  \
  {                                       \
#name, [](X x) { return name(x[0]); } \
  }
#define BENCH_GATE_OF_TWO(name)                 \
  {                                             \
#name, [](X x) { return name(x[0], x[1]); } \
  }
#define BENCH_REDUCTION(name)                           \
  {#name " rows", [](X x) { return name(x[0], 1); }}, { \
#name " columns", [](X x) { return name(x[0], 0); } \
  }
      BENCH_GATE(add_constant),
      BENCH_GATE(mul_constant),
      BENCH_GATE(neg),
      BENCH_GATE(reciprocal),
      BENCH_GATE(exp),
      BENCH_GATE(expm1),
      BENCH_GATE(log),
      BENCH_GATE(log1p),
      BENCH_GATE(sqrt),
      BENCH_GATE(rsqrt),
      BENCH_GATE(square),
      BENCH_GATE(abs),
      BENCH_GATE(sign),
      BENCH_GATE(sin),
      BENCH_GATE(cos),
      BENCH_GATE(tanh),
      BENCH_GATE(sigmoid),
      BENCH_GATE(softplus),
      BENCH_GATE(relu),
      BENCH_GATE(leaky_relu),
      BENCH_GATE(clamp),
      BENCH_GATE(detach),
      BENCH_GATE_OF_TWO(add),
      BENCH_GATE_OF_TWO(sub),
      BENCH_GATE_OF_TWO(mul),
      BENCH_GATE_OF_TWO(div),
      BENCH_GATE_OF_TWO(pow),
      BENCH_GATE_OF_TWO(max),
      BENCH_GATE_OF_TWO(min),
      BENCH_GATE_OF_TWO(greater),
      BENCH_GATE_OF_TWO(greater_equal),
      BENCH_GATE_OF_TWO(less),
      BENCH_GATE_OF_TWO(less_equal),
      BENCH_GATE_OF_TWO(equal),
      BENCH_GATE_OF_TWO(not_equal),
      {"where", [](X x) { return where(x[0], x[1], x[2]); }},
      {"add bias", [](X x) { return x[0] + x[1]; }},
      {"reshape", [](X x) { return reshape(x[0], {-1}); }},
      {"broadcast_to",
       [](X x) {
         return broadcast_to(x[0], {1024, 1024});
       }},
      BENCH_GATE(transpose),
      {"flip", [](X x) { return flip(x[0], {1}); }},
      {"slice", [](X x) { return slice(x[0], 1, 256, 768); }},
      {"slice_scatter",
       [](X x) {
         return slice_scatter(x[0], {1, 512, 2048});
       }},
      {"concat",
       [](X x) {
         return concat({x[0], x[1]}, 1);
       }},
      BENCH_REDUCTION(sum),
      BENCH_REDUCTION(mean),
      BENCH_REDUCTION(prod),
      BENCH_REDUCTION(norm),
      BENCH_REDUCTION(logsumexp),
      BENCH_REDUCTION(amax),
      BENCH_REDUCTION(amin),
      BENCH_REDUCTION(argmax),
      {"cumsum rows", [](X x) { return cumsum(x[0], 1); }},
      {"cumsum columns", [](X x) { return cumsum(x[0], 0); }},
      {"sum_to", [](X x) { return sum_to(x[0], {1024}); }},
      {"prod_grad", [](X x) { return prod_grad({x[0]}, Axes{1}); }},
      {"amax_take", [](X x) { return amax_take(x[0], x[0], ops::AmaxTake{{1}}); }},
      {"amax_scatter", [](X x) { return amax_scatter(x[0], x[1], ops::AmaxScatter{{1}}); }},
      {"gather", [](X x) { return gather(x[0], x[1], 1); }},
      {"scatter_add",
       [](X x) {
         return scatter_add(x[0], x[1], {{1024, 1024}, 1});
       }},
      {"index_select", [](X x) { return index_select(x[0], x[1]); }},
      {"index_add",
       [](X x) {
         return index_add(x[0], x[1], {0, 1024});
       }},
      BENCH_GATE_OF_TWO(pick),
      {"pick_scatter", [](X x) { return pick_scatter(x[0], x[1], ops::PickScatter{16}); }},
      BENCH_GATE_OF_TWO(matmul),
      {"matmul batches", [](X x) { return matmul(x[0], x[1]); }},
      {"linear", [](X x) { return linear(x[0], x[1], x[2]); }},
      BENCH_GATE_OF_TWO(dot),
      {"conv2d",
       [](X x) {
         return conv2d(x[0], x[1], {1, 1});
       }},
      {"conv2d_bias",
       [](X x) {
         return conv2d_bias(x[0], x[1], x[2], {1, 1});
       }},
      {"conv2d_input_grad",
       [](X x) {
         return conv2d_input_grad(x[0], x[1], {{{1, 1}, 1}, {64, 32, 16, 16}});
       }},
      {"conv2d_weight_grad",
       [](X x) {
         return conv2d_weight_grad(x[0], x[1], {{{1, 1}, 1}, {64, 32, 3, 3}});
       }},
      BENCH_GATE(max_pool2d_index),
      BENCH_GATE_OF_TWO(max_pool2d_take),
      {"max_unpool2d", [](X x) { return max_unpool2d(x[0], x[1], ops::MaxUnpool2d{16}); }},
      BENCH_GATE(avg_pool2d),
      {"avg_pool2d_grad",
       [](X x) {
         return avg_pool2d_grad(x[0], {{}, {64, 32, 16, 16}});
       }},
      BENCH_GATE(channel_moments),
      {"channel_affine", [](X x) { return channel_affine(x[0], x[1], x[2], x[3]); }},
      {"channel_sums", [](X x) { return channel_sums(x[0], x[1], x[2]); }},
      BENCH_GATE(softmax),
      BENCH_GATE_OF_TWO(softmax_cross_entropy),
      {"softmax_cross_entropy_grad",
       [](X x) { return softmax_cross_entropy_grad(x[0], x[1], x[2]); }},
      {"dropout_mask",
       [](X x) {
         return dropout_mask({x[0].shape(), 0.5, 1});
       }},
#undef BENCH_GATE
#undef BENCH_GATE_OF_TWO
#undef BENCH_REDUCTION
  };
  return gates.at(row)(operands);
}

class TapegradGate {
 public:
  explicit TapegradGate(const Task& task) : row_(find_gate_row(task.workload)) {
    tapegrad::set_num_threads(task.threads);
    for (const GateOperand& operand : row_.operands) numbers_.push_back(gate_numbers(operand));
  }

  void step() {
    tapegrad::Tape tape(tapegrad::f32);
    record(tape);
  }

  std::vector<double> results() {
    tapegrad::Tape tape(tapegrad::f32);
    const auto value = record(tape).value();
    return gate_results(value.data(), static_cast<std::int64_t>(value.size()));
  }

 private:
  tapegrad::Var record(tapegrad::Tape& tape) {
    operands_.clear();
    for (std::size_t k = 0; k < numbers_.size(); ++k) {
      const std::vector<int>& sizes = row_.operands[k].shape;
      const tapegrad::Shape shape(sizes.begin(), sizes.end());
      operands_.push_back(tape.data(tapegrad::ArrayRef(numbers_[k].data(), shape)));
    }
    return tapegrad_gate(row_.name, operands_);
  }

  GateRow row_;
  std::vector<std::vector<float>> numbers_;
  std::vector<tapegrad::Var> operands_;
};

}  // namespace bench
