// The scalar workloads, written once for every library: the same operations in the same order.
#pragma once

#include <cmath>
#include <cstddef>
#include <vector>

#include "workloads.hpp"

namespace bench {

/// The five leaves w0, x0, w1, x1, w2 of the sigmoid circuit.
constexpr double sigmoid_leaves[] = {2.0, -1.0, -3.0, -2.0, -3.0};

/// 1 / (1 + e^-(w0 x0 + w1 x1 + w2)) in eight gates.
template <class Scalar>
Scalar sigmoid_circuit(const Scalar& w0, const Scalar& x0, const Scalar& w1, const Scalar& x1,
                       const Scalar& w2) {
  return reciprocal(exp(-(w0 * x0 + w1 * x1 + w2)) + 1.0);
}

/// Its powers neither vanish nor overflow: a gradient of 0 would be passed over, which is no work.
constexpr double chain_leaf = -1;

/// A chain of as many gates, alternately mul and add, each on the one before and the leaf.
template <class Scalar>
Scalar chain(const Scalar& leaf, int gates) {
  Scalar y = leaf;
  for (int i = 0; i < gates; i += 2) y = y * leaf + leaf;
  return y;
}

/// The sample of the scalar network.
constexpr double tanh_mlp_inputs[] = {0.5, -0.25};
constexpr double tanh_mlp_target = 0.75;

/// The initial values in the order in which tanh_mlp_loss reads them: for each neuron its weights,
/// then its bias.
inline std::vector<double> tanh_mlp_weights(const std::vector<int>& sizes) {
  std::vector<double> ordered;
  const auto layers = initial_weights<double>(sizes);
  for (std::size_t layer = 0; layer < layers.size(); ++layer) {
    auto weight = layers[layer].begin();
    for (int neuron = 0; neuron < sizes[layer + 1]; ++neuron) {
      ordered.insert(ordered.end(), weight, weight + sizes[layer]);
      weight += sizes[layer];
      ordered.push_back(0.0);
    }
  }
  return ordered;
}

/// The sum of weight * input, plus the bias; `weight` moves on to the next neuron's.
template <class Scalar, class Input>
Scalar neuron(const Scalar*& weight, const std::vector<Input>& inputs) {
  Scalar sum = *weight++ * inputs[0];
  for (std::size_t i = 1; i < inputs.size(); ++i) sum += *weight++ * inputs[i];
  sum += *weight++;
  return sum;
}

/// (y - t)^2 of the tanh network, whose last layer is one linear neuron.
template <class Scalar, class Input>
Scalar tanh_mlp_loss(const std::vector<int>& sizes, const std::vector<Scalar>& weights,
                     const std::vector<Input>& inputs) {
  const Scalar* weight = weights.data();
  std::vector<Scalar> values;
  values.reserve(sizes[1]);  // growing would copy variables, and some libraries record a copy
  for (int i = 0; i < sizes[1]; ++i) values.push_back(tanh(neuron(weight, inputs)));
  for (std::size_t layer = 2; layer + 1 < sizes.size(); ++layer) {
    std::vector<Scalar> next;
    next.reserve(sizes[layer]);
    for (int i = 0; i < sizes[layer]; ++i) next.push_back(tanh(neuron(weight, values)));
    values.swap(next);
  }
  const Scalar error = neuron(weight, values) - tanh_mlp_target;
  return error * error;
}

}  // namespace bench
