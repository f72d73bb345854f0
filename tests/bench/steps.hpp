// Steps of training with tapegrad as its users write them: a tape for each.
#pragma once

#include <tapegrad/tapegrad.hpp>

#include "circuits.hpp"
#include "worker.hpp"

namespace bench {

using namespace tapegrad;

class TanhMlp {
 public:
  explicit TanhMlp(const Task& task)
      : sizes_(task.workload.sizes),
        inputs_(std::begin(tanh_mlp_inputs), std::end(tanh_mlp_inputs)),
        weights_(tanh_mlp_weights(sizes_)),
        variables_(weights_.size()) {}

  void step() {
    Tape tape;
    for (std::size_t i = 0; i < weights_.size(); ++i) variables_[i] = tape.variable(weights_[i]);
    tanh_mlp_loss(sizes_, variables_, inputs_).backward();
    for (std::size_t i = 0; i < weights_.size(); ++i) {
      weights_[i] -= learning_rate * variables_[i].grad_item();
    }
  }

  std::vector<double> results() const { return weights_; }

 private:
  std::vector<int> sizes_;
  std::vector<double> inputs_;
  std::vector<double> weights_;
  std::vector<Var> variables_;
};

class Chain {
 public:
  explicit Chain(const Task& task) : gates_(task.workload.sizes.front()) {}

  void step() {
    Tape tape;
    const Var leaf = tape.variable(chain_leaf);
    chain(leaf, gates_).backward();
    gradient_ = leaf.grad_item();
  }

  std::vector<double> results() const { return {gradient_}; }

 private:
  int gates_;
  double gradient_ = 0;
};

/// The network from which every library starts.
nn::Sequential network(const std::vector<int>& sizes) {
  set_default_precision(f32);
  nn::Sequential layers;
  const auto weights = initial_weights<float>(sizes);
  for (std::size_t i = 0; i < weights.size(); ++i) {
    if (i > 0) layers.add(nn::ReLU());
    Parameter weight = layers.add(nn::Linear(sizes[i], sizes[i + 1]))->weight();
    weight.set_value(ArrayRef(weights[i].data(), weight.shape()));
  }
  return layers;
}

/// Trains a network on one batch again and again.
class Training {
 public:
  /// The parameter number `shown` tells after some steps whether the work was the same.
  Training(const Task& task, nn::Sequential model, const Shape& inputs_shape, std::size_t shown = 1)
      : part_(task.workload.part),
        mode_(task.mode == "lean" ? lean : inspect),
        model_(std::move(model)),
        sgd_(model_.parameters(), learning_rate, momentum),
        inputs_(batch_inputs(task.workload)),
        inputs_shape_(inputs_shape),
        labels_(batch_labels(task.workload)),
        shown_(shown) {
    set_num_threads(task.threads);
  }

  void step() {
    sgd_.zero_grad();
    Tape tape(f32, mode_);
    const Var inputs = tape.data(ArrayRef(inputs_.data(), inputs_shape_));
    const Var loss = nn::cross_entropy(model_(inputs), labels_);
    loss_ = loss.item();
    if (part_ != Part::forward) loss.backward();
    if (part_ == Part::step) sgd_.step();
  }

  std::vector<double> results() const {
    if (part_ == Part::forward) return {loss_};
    const Parameter parameter = model_.parameters()[shown_];
    const auto numbers = part_ == Part::step ? parameter.value() : parameter.grad();
    return {numbers.begin(), numbers.end()};
  }

 private:
  Part part_;
  Mode mode_;
  nn::Sequential model_;
  optim::SGD sgd_;
  std::vector<float> inputs_;
  Shape inputs_shape_;
  std::vector<int> labels_;
  std::size_t shown_;
  double loss_ = 0;
};

class Mlp : public Training {
 public:
  explicit Mlp(const Task& task)
      : Training(task, network(task.workload.sizes),
                 {task.workload.batch, task.workload.sizes.front()}) {}
};

/// A model with the weights of convnet_weights(): layers' weights are its parameters of more than
/// one axis.
inline nn::Sequential with_weights(nn::Sequential model, const std::vector<LayerWeights>& weights) {
  auto next = weights.begin();
  for (Parameter& parameter : model.parameters()) {
    if (parameter.shape().rank() < 2) continue;
    parameter.set_value(ArrayRef(next->numbers.data(), parameter.shape()));
    ++next;
  }
  return model;
}

class ConvNet : public Training {
 public:
  explicit ConvNet(const Task& task) : Training(task, model(), {task.workload.batch, 3, 32, 32}) {}

 private:
  static nn::Sequential model() {
    set_default_precision(f32);
    return with_weights(
        nn::Sequential(nn::Conv2d(3, 32, 3, {1, 1}), nn::ReLU(), nn::MaxPool2d(2),
                       nn::Conv2d(32, 64, 3, {1, 1}), nn::ReLU(), nn::MaxPool2d(2), nn::Flatten(),
                       nn::Linear(64 * 8 * 8, 128), nn::ReLU(), nn::Linear(128, 10)),
        convnet_weights());
  }
};

/// Shown is a bias of its batch normalisation: that of a convolution before it has no effect.
class NormalizedConvNet : public Training {
 public:
  explicit NormalizedConvNet(const Task& task)
      : Training(task, model(), {task.workload.batch, 3, 32, 32}, 3) {}

 private:
  static nn::Sequential model() {
    set_default_precision(f32);
    return with_weights(
        nn::Sequential(nn::Conv2d(3, 32, 3, {1, 1}), nn::BatchNorm2d(32), nn::ReLU(),
                       nn::MaxPool2d(2), nn::Conv2d(32, 64, 3, {1, 1}), nn::BatchNorm2d(64),
                       nn::ReLU(), nn::MaxPool2d(2), nn::Flatten(), nn::Linear(64 * 8 * 8, 10)),
        normalized_convnet_weights());
  }
};

}  // namespace bench
