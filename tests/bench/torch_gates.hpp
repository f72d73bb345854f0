// Each gate of the list by itself, as libtorch calls it.
#pragma once

#include <torch/torch.h>

#include <map>
#include <string>
#include <vector>

#include "gates.hpp"
#include "worker.hpp"

namespace bench {

/// The rows of gates.hpp in libtorch's words. Rows that are missing have no counterpart there.
inline torch::Tensor torch_gate(const std::string& row,
                                const std::vector<torch::Tensor>& operands) {
  using T = torch::Tensor;
  using X = const std::vector<T>&;
  static const std::map<std::string, T (*)(X)> gates = {
#define BENCH_GATE(name) {#name, [](X x) { return torch::name(x[0]); }}
#define BENCH_GATE_OF_TWO(name)                        \
  {                                                    \
#name, [](X x) { return torch::name(x[0], x[1]); } \
  }
#define BENCH_COMPARISON(name, torch_name)                                       \
  {                                                                              \
#name, [](X x) { return torch::torch_name(x[0], x[1]).to(torch::kFloat32); } \
  }
#define BENCH_REDUCTION(name)                                  \
  {#name " rows", [](X x) { return torch::name(x[0], 1); }}, { \
#name " columns", [](X x) { return torch::name(x[0], 0); } \
  }
      {"add_constant", [](X x) { return x[0] + 1; }},
      {"mul_constant", [](X x) { return x[0] * 2; }},
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
      {"softplus", [](X x) { return torch::softplus(x[0]); }},
      BENCH_GATE(relu),
      {"leaky_relu", [](X x) { return torch::leaky_relu(x[0], 0.01); }},
      {"clamp", [](X x) { return torch::clamp(x[0], -1, 1); }},
      {"detach", [](X x) { return x[0].clone(); }},
      BENCH_GATE_OF_TWO(add),
      BENCH_GATE_OF_TWO(sub),
      BENCH_GATE_OF_TWO(mul),
      BENCH_GATE_OF_TWO(div),
      BENCH_GATE_OF_TWO(pow),
      {"max", [](X x) { return torch::maximum(x[0], x[1]); }},
      {"min", [](X x) { return torch::minimum(x[0], x[1]); }},
      BENCH_COMPARISON(greater, gt),
      BENCH_COMPARISON(greater_equal, ge),
      BENCH_COMPARISON(less, lt),
      BENCH_COMPARISON(less_equal, le),
      BENCH_COMPARISON(equal, eq),
      BENCH_COMPARISON(not_equal, ne),
      {"where", [](X x) { return torch::where(x[0], x[1], x[2]); }},
      {"add bias", [](X x) { return x[0] + x[1]; }},
      {"reshape", [](X x) { return x[0].reshape({-1}); }},
      {"broadcast_to",
       [](X x) {
         return x[0].broadcast_to({1024, 1024}).contiguous();
       }},
      {"transpose", [](X x) { return x[0].t().contiguous(); }},
      {"flip", [](X x) { return x[0].flip({1}); }},
      {"slice", [](X x) { return x[0].slice(1, 256, 768).contiguous(); }},
      {"slice_scatter",
       [](X x) {
         return torch::zeros({1024, 2048}).slice_scatter(x[0], 1, 512, 1536);
       }},
      {"concat",
       [](X x) {
         return torch::cat({x[0], x[1]}, 1);
       }},
      BENCH_REDUCTION(sum),
      BENCH_REDUCTION(mean),
      BENCH_REDUCTION(prod),
      {"norm rows", [](X x) { return torch::norm(x[0], 2, 1); }},
      {"norm columns", [](X x) { return torch::norm(x[0], 2, 0); }},
      BENCH_REDUCTION(logsumexp),
      BENCH_REDUCTION(amax),
      BENCH_REDUCTION(amin),
      {"argmax rows", [](X x) { return torch::argmax(x[0], 1).to(torch::kFloat32); }},
      {"argmax columns", [](X x) { return torch::argmax(x[0], 0).to(torch::kFloat32); }},
      BENCH_REDUCTION(cumsum),
      {"sum_to", [](X x) { return x[0].sum_to_size({1024}); }},
      {"gather", [](X x) { return torch::gather(x[0], 1, x[1]); }},
      {"scatter_add",
       [](X x) {
         return torch::zeros({1024, 1024}).scatter_add(1, x[1], x[0]);
       }},
      {"index_select", [](X x) { return torch::index_select(x[0], 0, x[1]); }},
      {"index_add",
       [](X x) {
         return torch::zeros({1024, 1024}).index_add(0, x[1], x[0]);
       }},
      {"pick", [](X x) { return torch::gather(x[0], 1, x[1].unsqueeze(1)).squeeze(1); }},
      {"pick_scatter",
       [](X x) {
         return torch::zeros({65536, 16}).scatter(1, x[1].unsqueeze(1), x[0].unsqueeze(1));
       }},
      BENCH_GATE_OF_TWO(matmul),
      {"matmul batches", [](X x) { return torch::bmm(x[0], x[1]); }},
      {"linear", [](X x) { return torch::linear(x[0], x[1], x[2]); }},
      BENCH_GATE_OF_TWO(dot),
      {"conv2d", [](X x) { return torch::conv2d(x[0], x[1], {}, 1, 1); }},
      {"conv2d_bias", [](X x) { return torch::conv2d(x[0], x[1], x[2], 1, 1); }},
      {"conv2d_input_grad", [](X x) { return torch::conv_transpose2d(x[0], x[1], {}, 1, 1); }},
      {"conv2d_weight_grad",
       [](X x) {
         const T filters = torch::empty({64, 32, 3, 3});
         return std::get<1>(at::convolution_backward(x[1], x[0], filters, {}, {1, 1}, {1, 1},
                                                     {1, 1}, false, {0, 0}, 1,
                                                     {false, true, false}));
       }},
      {"max_pool2d_index",
       [](X x) {
         return std::get<1>(torch::max_pool2d_with_indices(x[0], 2)).to(torch::kFloat32);
       }},
      {"max_pool2d_take",
       [](X x) {
         return torch::gather(x[0].flatten(2), 2, x[1].flatten(2)).view({64, 32, 8, 8});
       }},
      {"max_unpool2d",
       [](X x) {
         return torch::max_unpool2d(x[0], x[1], {16, 16});
       }},
      {"avg_pool2d", [](X x) { return torch::avg_pool2d(x[0], 2); }},
      {"avg_pool2d_grad",
       [](X x) {
         const T images = torch::empty({64, 32, 16, 16});
         return at::avg_pool2d_backward(x[0], images, {2, 2}, {2, 2}, {0, 0}, false, true, {});
       }},
      {"channel_moments",
       [](X x) {
         const auto [variance, mean] = torch::var_mean(x[0], {0, 2, 3}, false);
         return torch::stack({mean, variance});
       }},
      {"channel_affine",
       [](X x) {
         static const T ones = torch::ones(x[1].sizes());
         return std::get<0>(at::native_batch_norm(x[0], x[2], x[3], x[1], ones, false, 0, 0));
       }},
      {"softmax", [](X x) { return torch::softmax(x[0], 1); }},
      {"softmax_cross_entropy",
       [](X x) { return torch::cross_entropy_loss(x[0], x[1], {}, at::Reduction::None); }},
#undef BENCH_GATE
#undef BENCH_GATE_OF_TWO
#undef BENCH_COMPARISON
#undef BENCH_REDUCTION
  };
  const auto gate = gates.find(row);
  if (gate == gates.end()) throw std::invalid_argument("libtorch has no " + row);
  return gate->second(operands);
}

class TorchGate {
 public:
  explicit TorchGate(const Task& task) : row_(find_gate_row(task.workload)) {
    for (const GateOperand& operand : row_.operands) {
      const std::vector<std::int64_t> shape(operand.shape.begin(), operand.shape.end());
      const torch::Tensor numbers = torch::tensor(gate_numbers(operand)).view(shape);
      const bool mask = operand.numbers == Numbers::mask;
      operands_.push_back(operand.numbers == Numbers::positive ? numbers
                          : mask                               ? numbers.to(torch::kBool)
                                                               : numbers.to(torch::kInt64));
    }
  }

  void step() {
    const torch::NoGradGuard no_grad;
    y_ = torch_gate(row_.name, operands_);
  }

  std::vector<double> results() {
    step();
    const torch::Tensor y = y_.contiguous();
    return gate_results(y.data_ptr<float>(), y.numel());
  }

 private:
  GateRow row_;
  std::vector<torch::Tensor> operands_;
  torch::Tensor y_;
};

}  // namespace bench
