// What is measured: the names, the sizes, the numbers that go in. Driver and workers share this
// file, so that every library does the same work on the same numbers.
#pragma once

#include <cmath>
#include <cstddef>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace bench {

/// How far a step of training goes.
enum class Part {
  forward,    ///< to the loss
  gradients,  ///< and backward
  step        ///< and the update of the weights
};

/// What a row compares.
enum class Measure {
  time,    ///< seconds per unit of work
  growth,  ///< MiB by which a process grows in its steps, at their peak
  size     ///< MiB of a stripped program with the library that it needs
};

/// One row's work. A step is forward, loss, backward and update of the weights; the time reported
/// is that of a step divided by `units`.
struct Workload {
  std::string name;
  std::string kind;  ///< which class of a worker does it
  std::string unit;
  double units = 1;        ///< in one step
  std::vector<int> sizes;  ///< of the network's layers, the input first; or the chain's length
  int batch = 1;
  double tolerance = 0;  ///< relative, of the fingerprints: see NOTE [Same work]
  Part part = Part::step;
  Measure measure = Measure::time;
};

/// Scalar operations that lead from the weights to the loss (y - t)^2 of one sample: a neuron of n
/// inputs is n mul and n add, a tanh follows in all layers but the last; the loss is sub and mul.
inline double tanh_mlp_ops(const std::vector<int>& sizes) {
  double ops = 2;
  for (std::size_t i = 1; i < sizes.size(); ++i) {
    ops += 2.0 * sizes[i - 1] * sizes[i];
    if (i + 1 < sizes.size()) ops += sizes[i];
  }
  return ops;
}

/// A network in float: sums in another order differ in the last digits, and steps spread that.
inline Workload mlp(const std::string& name, std::vector<int> sizes, int batch) {
  return {
      name + " batch " + std::to_string(batch), "mlp", "step", 1, std::move(sizes), batch, 1e-2};
}

/// Shows whether a gate costs the same however many there are.
inline Workload chain(int gates) {
  return {"chain of " + std::to_string(gates), "chain", "gate", 1.0 * gates, {gates}, 1, 1e-9};
}

/// Two convolutions and two dense layers on images of 3×32×32: see convnet_weights.
inline Workload convnet(int batch) {
  return {"convnet batch " + std::to_string(batch),
          "convnet",
          "step",
          1,
          {3 * 32 * 32, 10},
          batch,
          1e-2};
}

inline std::vector<Workload> step_workloads() {
  const std::vector<int> scalar_sizes = {2, 16, 16, 1};
  return {
      {"scalar-tanh-mlp", "scalar-tanh-mlp", "op", tanh_mlp_ops(scalar_sizes), scalar_sizes, 1,
       1e-9},
      {"sigmoid-circuit", "sigmoid-circuit", "gate", 8, {}, 1, 1e-9},
      chain(1000),
      chain(1000000),
      mlp("mlp-2-16-16-2", {2, 16, 16, 2}, 4),
      mlp("mlp-784-128-64-10", {784, 128, 64, 10}, 32),
      mlp("mlp-3072-50-10", {3072, 50, 10}, 200),
      mlp("mlp-1024-1024-1024-1024-10", {1024, 1024, 1024, 1024, 10}, 128),
      convnet(64),
      {"convnet with batch norm batch 64",
       "normalized convnet",
       "step",
       1,
       {3 * 32 * 32, 10},
       64,
       1e-2},
      {"sum(sigmoid(a*x+b)*tanh(x)) of 1M", "pointwise", "step", 1, {1 << 20}, 1, 1e-3},
      // Its fingerprint is the test accuracy; every library shuffles in its own order.
      {"fashion-mnist-epoch", "epoch", "epoch", 1, {784, 128, 64, 10}, 32, 3e-2},
      {"compile-user-program", "compilation", "file", 1, {}, 1, 1e-9},
  };
}

/// Forward, and forward and backward, of all networks.
inline std::vector<Workload> part_workloads() {
  std::vector<Workload> workloads;
  for (Workload workload : step_workloads()) {
    if (workload.kind != "mlp" && workload.kind.find("convnet") == std::string::npos) continue;
    const std::string name = workload.name;
    workload.name = "forward of " + name;
    workload.part = Part::forward;
    workloads.push_back(workload);
    workload.name = "gradients of " + name;
    workload.part = Part::gradients;
    workloads.push_back(workload);
  }
  return workloads;
}

/// The sizes from which the others' time per unit is not to differ.
constexpr int base_gates = 100'000;
constexpr int base_batch = 64;

inline Workload growing_chain(int gates) {
  Workload workload = chain(gates);
  workload.kind = "growing chain";
  workload.name = "growing " + workload.name;
  return workload;
}

inline Workload growing_batch(int batch) {
  Workload workload = convnet(batch);
  workload.kind = "growing convnet";
  workload.name = "growing " + workload.name;
  workload.unit = "image";
  workload.units = batch;
  return workload;
}

/// Whether work costs the same, gate by gate and image by image, however much of it there is.
inline std::vector<Workload> growing_workloads() {
  std::vector<Workload> workloads;
  for (int gates = 1000; gates <= 10'000'000; gates *= 10) {
    workloads.push_back(growing_chain(gates));
  }
  for (int batch = 16; batch <= 512; batch *= 2) workloads.push_back(growing_batch(batch));
  return workloads;
}

/// What a second thread is worth: to those steps that have work for it, and to a bare product of
/// matrices.
inline std::vector<Workload> second_thread_workloads() {
  std::vector<Workload> workloads = {{"sgemm 1024", "sgemm", "product", 1, {1024}, 1, 1e-9}};
  for (const Workload& workload : step_workloads()) {
    const bool large = workload.kind == "mlp" && workload.sizes.front() == 1024;
    if (large || workload.kind == "pointwise" ||
        workload.kind.find("convnet") != std::string::npos) {
      workloads.push_back(workload);
    }
  }
  for (Workload& workload : workloads) {
    workload.kind = "second thread of " + workload.kind;
    workload.name = "second thread of " + workload.name;
  }
  return workloads;
}

/// What is measured in MiB.
inline std::vector<Workload> memory_workloads() {
  Workload network = convnet(64);
  network.name = "memory of " + network.name;
  network.measure = Measure::growth;
  Workload program{"size of a user's program", "program", "program", 1, {}, 1, 1e-9};
  program.measure = Measure::size;
  return {network, program};
}

/// A layer's initial weights: filters (K, C, F, F) or a matrix (out, in).
struct LayerWeights {
  std::vector<int> shape;
  std::vector<float> numbers;
};

/// What tapegrad's own features cost: the lines of gates, replay, second order.
inline std::vector<Workload> own_cost_workloads() {
  const std::vector<int> scalar_sizes = {2, 16, 16, 1};
  const double ops = tanh_mlp_ops(scalar_sizes);
  return {
      {"lines of scalar-tanh-mlp", "lines", "op", ops, scalar_sizes, 1, 1e-9},
      {"lines of chain of 1000", "lines of a chain", "gate", 1000, {1000}, 1, 1e-9},
      {"replay of scalar-tanh-mlp", "replay", "op", ops, scalar_sizes, 1, 1e-9},
      {"replay of mlp-2-16-16-2 batch 4",
       "replay of a network",
       "step",
       1,
       {2, 16, 16, 2},
       4,
       1e-2},
      {"replay of mlp-784-128-64-10 batch 32",
       "replay of a network",
       "step",
       1,
       {784, 128, 64, 10},
       32,
       1e-2},
      {"hvp of tanh 784-128-10 batch 32", "second order", "product", 1, {784, 128, 10}, 32, 1e-9},
      {"hvp of tanh 20-50-3 batch 8", "second order", "product", 1, {20, 50, 3}, 8, 1e-9},
      // Nearest by L2 of so many points with so many numbers, to as many queries as a batch.
      {"distances of 5000 images to 500", "distances", "search", 1, {5000, 3072}, 500, 1e-9},
  };
}

/// Uniform numbers in [-1, 1), the same with every compiler (std::uniform_real_distribution is
/// not).
class Uniform {
 public:
  explicit Uniform(unsigned seed) : generator_(seed) {}

  double operator()() { return std::ldexp(static_cast<double>(generator_()), -31) - 1.0; }

  template <class T>
  std::vector<T> vector(std::size_t count, double scale = 1.0) {
    std::vector<T> numbers(count);
    for (T& number : numbers) number = static_cast<T>(scale * (*this)());
    return numbers;
  }

 private:
  std::mt19937 generator_;
};

/// The initial weights of all layers, one after the other, each (out, in) row by row; biases are 0.
template <class T>
std::vector<std::vector<T>> initial_weights(const std::vector<int>& sizes) {
  Uniform uniform(1);
  std::vector<std::vector<T>> weights;
  for (std::size_t i = 1; i < sizes.size(); ++i) {
    const std::size_t count = static_cast<std::size_t>(sizes[i - 1]) * sizes[i];
    weights.push_back(uniform.vector<T>(count, std::sqrt(6.0 / sizes[i - 1])));
  }
  return weights;
}

/// Weights of the given shapes, the outputs along the first axis.
inline std::vector<LayerWeights> layer_weights(const std::vector<std::vector<int>>& shapes) {
  Uniform uniform(1);
  std::vector<LayerWeights> layers;
  for (const std::vector<int>& shape : shapes) {
    int fan_in = 1;
    for (std::size_t axis = 1; axis < shape.size(); ++axis) fan_in *= shape[axis];
    const auto count = static_cast<std::size_t>(shape[0]) * static_cast<std::size_t>(fan_in);
    layers.push_back({shape, uniform.vector<float>(count, std::sqrt(6.0 / fan_in))});
  }
  return layers;
}

/// Of the convolutional network: 32 and 64 filters of 3×3 on images of 3×32×32, each followed by
/// ReLU and a max pool of 2, then 128 units, ReLU and 10 scores. Biases are 0.
inline std::vector<LayerWeights> convnet_weights() {
  return layer_weights({{32, 3, 3, 3}, {64, 32, 3, 3}, {128, 64 * 8 * 8}, {10, 128}});
}

/// Of the same with batch normalisation after each convolution and without the 128 units.
inline std::vector<LayerWeights> normalized_convnet_weights() {
  return layer_weights({{32, 3, 3, 3}, {64, 32, 3, 3}, {10, 64 * 8 * 8}});
}

/// Inputs of a batch, (batch, features) row by row.
inline std::vector<float> batch_inputs(const Workload& workload) {
  return Uniform(2).vector<float>(static_cast<std::size_t>(workload.batch) *
                                  workload.sizes.front());
}

inline std::vector<int> batch_labels(const Workload& workload) {
  std::vector<int> labels(workload.batch);
  for (int i = 0; i < workload.batch; ++i) labels[i] = i * 7 % workload.sizes.back();
  return labels;
}

// Small enough that hundreds of thousands of steps on one batch neither diverge nor end in weights
// and velocities so small (denormal) that arithmetic itself slows down.
constexpr double learning_rate = 0.01;
constexpr double momentum = 0.9;

}  // namespace bench
