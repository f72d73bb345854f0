// What tapegrad's own features cost, beside tapegrad without them.
#pragma once

#include <tapegrad/tapegrad.hpp>

#include "circuits.hpp"
#include "steps.hpp"
#include "worker.hpp"

namespace bench {

/// TanhMlp on one tape that is replayed with other weights.
class ReplayedTanhMlp {
 public:
  explicit ReplayedTanhMlp(const Task& task) : weights_(tanh_mlp_weights(task.workload.sizes)) {
    for (const double weight : weights_) variables_.push_back(tape_.variable(weight));
    const std::vector<double> inputs(std::begin(tanh_mlp_inputs), std::end(tanh_mlp_inputs));
    loss_ = tanh_mlp_loss(task.workload.sizes, variables_, inputs);
  }

  void step() {
    for (std::size_t i = 0; i < weights_.size(); ++i) variables_[i].set_value(weights_[i]);
    tape_.replay();
    tape_.zero_grad();
    loss_.backward();
    for (std::size_t i = 0; i < weights_.size(); ++i) {
      weights_[i] -= learning_rate * variables_[i].grad_item();
    }
  }

  std::vector<double> results() const { return weights_; }

 private:
  Tape tape_;
  std::vector<double> weights_;
  std::vector<Var> variables_;
  Var loss_;
};

/// Mlp on one tape.
class ReplayedMlp {
 public:
  explicit ReplayedMlp(const Task& task)
      : model_(network(task.workload.sizes)),
        sgd_(model_.parameters(), learning_rate, momentum),
        inputs_(batch_inputs(task.workload)) {
    set_num_threads(task.threads);
    const Shape shape{task.workload.batch, task.workload.sizes.front()};
    const Var inputs = tape_.data(ArrayRef(inputs_.data(), shape));
    loss_ = nn::cross_entropy(model_(inputs), batch_labels(task.workload));
  }

  void step() {
    sgd_.zero_grad();
    tape_.replay();
    loss_.backward();
    sgd_.step();
  }

  std::vector<double> results() const {
    const auto first_bias = model_.parameters()[1].value();
    return {first_bias.begin(), first_bias.end()};
  }

 private:
  nn::Sequential model_;
  optim::SGD sgd_;
  std::vector<float> inputs_;
  Tape tape_{f32};
  Var loss_;
};

/// The loss of a tanh network with one hidden layer in its weights, and a direction.
class SecondOrder {
 public:
  explicit SecondOrder(const Task& task)
      : sizes_(task.workload.sizes), batch_(task.workload.batch) {
    set_num_threads(task.threads);
    Uniform uniform(3);
    const auto samples = static_cast<std::size_t>(batch_),
               inputs = static_cast<std::size_t>(sizes_[0]);
    inputs_ = Array<double>::from_shape({samples, inputs});
    for (double& x : inputs_) x = uniform();
    const int count = sizes_[0] * sizes_[1] + sizes_[1] * sizes_[2];
    weights_ = Array<double>::from_shape({static_cast<std::size_t>(count)});
    for (double& w : weights_) w = 0.1 * uniform();
    labels_ = batch_labels(task.workload);
  }

 protected:
  Var loss(const Var& weights) const {
    const int hidden = sizes_[0] * sizes_[1], all = hidden + sizes_[1] * sizes_[2];
    const Var first = reshape(slice(weights, 0, 0, hidden), {sizes_[0], sizes_[1]});
    const Var second = reshape(slice(weights, 0, hidden, all), {sizes_[1], sizes_[2]});
    return nn::cross_entropy(matmul(tanh(matmul(constant(inputs_), first)), second), labels_);
  }

  std::vector<int> sizes_;
  int batch_;
  Array<double> inputs_;
  Array<double> weights_;
  std::vector<int> labels_;
};

/// Its Hessian times its weights.
class HessianProduct : public SecondOrder {
 public:
  using SecondOrder::SecondOrder;

  void step() {
    value_ = hvp([&](const Var& w) { return loss(w); }, weights_, weights_).first();
  }
  std::vector<double> results() const { return {value_}; }

 private:
  double value_ = 0;
};

/// Its gradient.
class Gradient : public SecondOrder {
 public:
  using SecondOrder::SecondOrder;

  void step() {
    value_ = vjp([&](const Var& w) { return loss(w); }, weights_, Array<double>(1.0)).first();
  }
  std::vector<double> results() const { return {value_}; }

 private:
  double value_ = 0;
};

/// Points and queries as a workload's sizes and batch say.
struct PointsAndQueries {
  explicit PointsAndQueries(const Task& task) {
    set_num_threads(task.threads);
    Uniform uniform(3);
    const auto features = static_cast<std::size_t>(task.workload.sizes[1]);
    const auto fill = [&](int rows) {
      auto numbers = Array<float>::from_shape({static_cast<std::size_t>(rows), features});
      for (float& number : numbers) number = static_cast<float>(uniform());
      return numbers;
    };
    points = fill(task.workload.sizes[0]);
    queries = fill(task.workload.batch);
  }

  Array<float> points, queries;
};

/// The nearest point by L2 for each query.
class Distances {
 public:
  explicit Distances(const Task& task) : data_(task), search_(data_.points, train::Metric::l2) {}

  void step() { found_ = search_.kneighbors(data_.queries, 1); }
  std::vector<double> results() const { return {static_cast<double>(found_.indices(0, 0))}; }

 private:
  PointsAndQueries data_;
  train::NearestNeighbors search_;
  train::Neighbors found_;
};

/// The matrix product that it contains.
class ProductOfPoints {
 public:
  explicit ProductOfPoints(const Task& task) : data_(task) {}

  void step() {
    Tape tape(f32);
    const NoGrad no_grad;
    matmul(tape.data(data_.queries), tape.data(data_.points), {false, true});
  }
  std::vector<double> results() const { return {0}; }

 private:
  PointsAndQueries data_;
};

}  // namespace bench
