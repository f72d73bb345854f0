// The rows that time one gate by itself: forward, on operands of about a million floats.
#pragma once

#include <algorithm>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include "workloads.hpp"

namespace bench {

/// What an operand holds.
enum class Numbers {
  positive,  ///< between 0.5 and 1.5, where every gate has a value
  mask,      ///< 0 and 1, alternately
  indices    ///< whole numbers below `limit`
};

struct GateOperand {
  std::vector<int> shape;
  Numbers numbers = Numbers::positive;
  int limit = 0;
};

/// Whom a row is measured beside.
enum class Beside {
  libtorch,
  copy,  ///< of memory
  both
};

/// A gate at work. `name` begins with the gate's name in ops/gates.txt; what follows says which of
/// several rows it is.
struct GateRow {
  std::string name;
  std::vector<GateOperand> operands;
  Beside beside = Beside::both;
};

inline std::vector<GateRow> gate_rows() {
  const GateOperand flat{{1 << 20}};
  const GateOperand matrix{{1024, 1024}};
  const GateOperand row{{1024}};
  const GateOperand indices{{1024, 1024}, Numbers::indices, 1024};
  const GateOperand chosen{{1024}, Numbers::indices, 1024};
  const GateOperand scores{{65536, 16}};
  const GateOperand sample{{65536}};
  const GateOperand images{{64, 32, 16, 16}};
  const GateOperand channels{{32}};
  const GateOperand filters{{64, 32, 3, 3}};
  const GateOperand biases{{64}};
  const GateOperand outputs{{64, 64, 16, 16}};
  const GateOperand pooled{{64, 32, 8, 8}};
  const GateOperand winners{{64, 32, 8, 8}, Numbers::indices, 256};
  const GateOperand labels{{65536}, Numbers::indices, 16};
  std::vector<GateRow> rows;
  for (const char* name :
       {"add_constant", "mul_constant", "neg",    "reciprocal", "exp",   "expm1", "log", "log1p",
        "sqrt",         "rsqrt",        "square", "abs",        "sign",  "sin",   "cos", "tanh",
        "sigmoid",      "softplus",     "relu",   "leaky_relu", "clamp", "detach"}) {
    rows.push_back({name, {flat}});
  }
  for (const char* name : {"add", "sub", "mul", "div", "pow", "max", "min", "greater",
                           "greater_equal", "less", "less_equal", "equal", "not_equal"}) {
    rows.push_back({name, {flat, flat}});
  }
  rows.push_back({"where", {{{1 << 20}, Numbers::mask}, flat, flat}});
  rows.push_back({"add bias", {matrix, row}});
  for (const char* name : {"transpose", "flip", "slice"}) rows.push_back({name, {matrix}});
  for (const char* name : {"reshape", "slice_scatter"}) {
    rows.push_back({name, {matrix}, Beside::libtorch});
  }
  rows.push_back({"broadcast_to", {row}, Beside::libtorch});
  rows.push_back({"concat", {matrix, matrix}, Beside::libtorch});
  for (const char* name :
       {"sum", "mean", "prod", "norm", "logsumexp", "amax", "amin", "argmax", "cumsum"}) {
    for (const char* way : {" rows", " columns"}) {
      rows.push_back({std::string(name) + way, {matrix}, Beside::libtorch});
    }
  }
  rows.push_back({"sum_to", {matrix}, Beside::libtorch});
  rows.push_back({"prod_grad", {matrix}, Beside::copy});
  rows.push_back({"amax_take", {matrix}, Beside::copy});
  rows.push_back({"amax_scatter", {matrix, row}, Beside::copy});
  rows.push_back({"gather", {matrix, indices}, Beside::libtorch});
  rows.push_back({"scatter_add", {matrix, indices}, Beside::libtorch});
  rows.push_back({"index_select", {matrix, chosen}, Beside::libtorch});
  rows.push_back({"index_add", {matrix, chosen}, Beside::libtorch});
  rows.push_back({"pick", {scores, labels}, Beside::libtorch});
  rows.push_back({"pick_scatter", {sample, labels}, Beside::libtorch});
  rows.push_back({"matmul", {{{512, 512}}, {{512, 512}}}, Beside::libtorch});
  rows.push_back({"matmul batches", {{{64, 64, 64}}, {{64, 64, 64}}}, Beside::libtorch});
  rows.push_back({"linear", {{{512, 512}}, {{512, 512}}, {{512}}}, Beside::libtorch});
  rows.push_back({"dot", {flat, flat}, Beside::libtorch});
  rows.push_back({"conv2d", {images, filters}, Beside::libtorch});
  rows.push_back({"conv2d_bias", {images, filters, biases}, Beside::libtorch});
  rows.push_back({"conv2d_input_grad", {outputs, filters}, Beside::libtorch});
  rows.push_back({"conv2d_weight_grad", {images, outputs}, Beside::libtorch});
  rows.push_back({"max_pool2d_index", {images}, Beside::libtorch});
  rows.push_back({"max_pool2d_take", {images, winners}, Beside::libtorch});
  rows.push_back({"max_unpool2d", {pooled, winners}, Beside::libtorch});
  rows.push_back({"avg_pool2d", {images}, Beside::libtorch});
  rows.push_back({"avg_pool2d_grad", {pooled}, Beside::libtorch});
  rows.push_back({"channel_moments", {images}, Beside::libtorch});
  rows.push_back({"channel_affine", {images, channels, channels, channels}, Beside::libtorch});
  rows.push_back({"channel_sums", {images, images, channels}, Beside::copy});
  rows.push_back({"softmax", {scores}, Beside::libtorch});
  rows.push_back({"softmax_cross_entropy", {scores, labels}, Beside::libtorch});
  rows.push_back({"softmax_cross_entropy_grad", {scores, labels, sample}, Beside::copy});
  rows.push_back({"dropout_mask", {flat}, Beside::copy});
  return rows;
}

inline int element_count(const GateOperand& operand) {
  int count = 1;
  for (const int size : operand.shape) count *= size;
  return count;
}

inline std::vector<float> gate_numbers(const GateOperand& operand) {
  const int count = element_count(operand);
  std::vector<float> numbers(static_cast<std::size_t>(count));
  Uniform uniform(3);
  for (int i = 0; i < count; ++i) {
    float& number = numbers[static_cast<std::size_t>(i)];
    switch (operand.numbers) {
      case Numbers::positive:
        number = static_cast<float>(1 + 0.5 * uniform());
        break;
      case Numbers::mask:
        number = static_cast<float>(i % 2);
        break;
      case Numbers::indices:
        number = static_cast<float>(i * 7LL % operand.limit);
        break;
    }
  }
  return numbers;
}

inline GateRow find_gate_row(const Workload& workload) {
  for (const GateRow& row : gate_rows()) {
    if ("gate " + row.name == workload.name) return row;
  }
  throw std::invalid_argument("unknown gate row: " + workload.name);
}

/// The kinds of workloads by which workers are chosen.
inline const char* gate_kind(Beside beside) {
  return beside == Beside::libtorch ? "gate" : beside == Beside::copy ? "own gate" : "copying gate";
}

/// Times are per element of the largest operand.
inline std::vector<Workload> gate_workloads() {
  std::vector<Workload> workloads;
  for (const GateRow& row : gate_rows()) {
    int elements = 1;
    for (const GateOperand& operand : row.operands) {
      elements = std::max(elements, element_count(operand));
    }
    workloads.push_back(
        {"gate " + row.name, gate_kind(row.beside), "element", 1.0 * elements, {}, 1, 1e-3});
  }
  return workloads;
}

inline Workload find_workload(const std::string& name) {
  for (const auto& workloads :
       {step_workloads(), part_workloads(), growing_workloads(), second_thread_workloads(),
        memory_workloads(), gate_workloads(), own_cost_workloads()}) {
    for (const Workload& workload : workloads) {
      if (workload.name == name) return workload;
    }
  }
  throw std::invalid_argument("unknown workload: " + name);
}

/// What a result leaves in the fingerprint: a few of its numbers, so that the time is the gate's.
template <class T>
std::vector<double> gate_results(const T* numbers, std::int64_t count) {
  std::vector<double> results;
  for (std::int64_t i = 0; i < count; i += std::max<std::int64_t>(1, count / 100)) {
    results.push_back(static_cast<double>(numbers[i]));
  }
  return results;
}

}  // namespace bench
