// tapegrad, written as its users write it: a tape for each step.
#include <tapegrad/tapegrad.hpp>

#include "circuits.hpp"
#include "compilation.hpp"
#include "fashion_mnist.hpp"
#include "tapegrad_gates.hpp"
#include "worker.hpp"

namespace {

using namespace tapegrad;

class TanhMlp {
 public:
  explicit TanhMlp(const bench::Task& task)
      : sizes_(task.workload.sizes),
        inputs_(std::begin(bench::tanh_mlp_inputs), std::end(bench::tanh_mlp_inputs)),
        weights_(bench::tanh_mlp_weights(sizes_)),
        variables_(weights_.size()) {}

  void step() {
    Tape tape;
    for (std::size_t i = 0; i < weights_.size(); ++i) variables_[i] = tape.variable(weights_[i]);
    bench::tanh_mlp_loss(sizes_, variables_, inputs_).backward();
    for (std::size_t i = 0; i < weights_.size(); ++i) {
      weights_[i] -= bench::learning_rate * variables_[i].grad_item();
    }
  }

  std::vector<double> results() const { return weights_; }

 private:
  std::vector<int> sizes_;
  std::vector<double> inputs_;
  std::vector<double> weights_;
  std::vector<Var> variables_;
};

class SigmoidCircuit {
 public:
  explicit SigmoidCircuit(const bench::Task&) : gradients_(std::size(bench::sigmoid_leaves)) {}

  void step() {
    Tape tape;
    Var leaves[std::size(bench::sigmoid_leaves)];
    for (std::size_t i = 0; i < gradients_.size(); ++i) {
      leaves[i] = tape.variable(bench::sigmoid_leaves[i]);
    }
    bench::sigmoid_circuit(leaves[0], leaves[1], leaves[2], leaves[3], leaves[4]).backward();
    for (std::size_t i = 0; i < gradients_.size(); ++i) gradients_[i] = leaves[i].grad_item();
  }

  std::vector<double> results() const { return gradients_; }

 private:
  std::vector<double> gradients_;
};

class Chain {
 public:
  explicit Chain(const bench::Task& task) : gates_(task.workload.sizes.front()) {}

  void step() {
    Tape tape;
    const Var leaf = tape.variable(bench::chain_leaf);
    bench::chain(leaf, gates_).backward();
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
  const auto weights = bench::initial_weights<float>(sizes);
  for (std::size_t i = 0; i < weights.size(); ++i) {
    if (i > 0) layers.add(nn::ReLU());
    Parameter weight = layers.add(nn::Linear(sizes[i], sizes[i + 1]))->weight();
    weight.set_value(ArrayRef(weights[i].data(), weight.shape()));
  }
  return layers;
}

class Mlp {
 public:
  explicit Mlp(const bench::Task& task)
      : mode_(task.mode == "lean" ? lean : inspect),
        model_(network(task.workload.sizes)),
        sgd_(model_.parameters(), bench::learning_rate, bench::momentum),
        inputs_(bench::batch_inputs(task.workload)),
        inputs_shape_({task.workload.batch, task.workload.sizes.front()}),
        labels_(bench::batch_labels(task.workload)) {
    set_num_threads(task.threads);
  }

  void step() {
    sgd_.zero_grad();
    Tape tape(f32, mode_);
    const Var inputs = tape.data(ArrayRef(inputs_.data(), inputs_shape_));
    nn::cross_entropy(model_(inputs), labels_).backward();
    sgd_.step();
  }

  std::vector<double> results() const {
    const auto first_bias = model_.parameters()[1].value();
    return {first_bias.begin(), first_bias.end()};
  }

 private:
  Mode mode_;
  nn::Sequential model_;
  optim::SGD sgd_;
  std::vector<float> inputs_;
  Shape inputs_shape_;
  std::vector<int> labels_;
};

/// A step is an epoch over Fashion-MNIST in shuffled batches.
class Epoch {
 public:
  explicit Epoch(const bench::Task& task)
      : train_(bench::fashion_mnist(data::Split::train)),
        test_(bench::fashion_mnist(data::Split::test)),
        model_(network(task.workload.sizes)),
        sgd_(model_.parameters(), bench::learning_rate, bench::momentum) {
    set_num_threads(task.threads);
    options_.epochs = 1;
    options_.batch_size = task.workload.batch;
    options_.precision = f32;
  }

  void step() {
    ++options_.seed;
    train::fit(model_, sgd_, train_, options_);
  }

  std::vector<double> results() { return {train::accuracy(model_, test_, f32)}; }

 private:
  data::Dataset train_, test_;
  nn::Sequential model_;
  optim::SGD sgd_;
  train::Options options_;
};

}  // namespace

int main(int argc, char** argv) {
  return bench::run_worker(argc, argv,
                           {{"scalar-tanh-mlp", bench::work<TanhMlp>},
                            {"sigmoid-circuit", bench::work<SigmoidCircuit>},
                            {"chain", bench::work<Chain>},
                            {"mlp", bench::work<Mlp>},
                            {"epoch", bench::work<Epoch>},
                            {"gate", bench::work<bench::TapegradGate>},
                            {"copying gate", bench::work<bench::TapegradGate>},
                            {"own gate", bench::work<bench::TapegradGate>},
                            {"compilation", bench::work<bench::Compilation>}});
}
