// tapegrad, written as its users write it.
#include <tapegrad/tapegrad.hpp>

#include "circuits.hpp"
#include "compilation.hpp"
#include "fashion_mnist.hpp"
#include "own_costs.hpp"
#include "steps.hpp"
#include "tapegrad_gates.hpp"
#include "worker.hpp"

namespace {

using namespace tapegrad;
using bench::network;

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

/// The convolutional network of convnet_weights().
class ConvNet {
 public:
  explicit ConvNet(const bench::Task& task)
      : mode_(task.mode == "lean" ? lean : inspect),
        model_(convnet()),
        sgd_(model_.parameters(), bench::learning_rate, bench::momentum),
        inputs_(bench::batch_inputs(task.workload)),
        inputs_shape_({task.workload.batch, 3, 32, 32}),
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
  static nn::Sequential convnet() {
    set_default_precision(f32);
    nn::Sequential model(nn::Conv2d(3, 32, 3, {1, 1}), nn::ReLU(), nn::MaxPool2d(2),
                         nn::Conv2d(32, 64, 3, {1, 1}), nn::ReLU(), nn::MaxPool2d(2), nn::Flatten(),
                         nn::Linear(64 * 8 * 8, 128), nn::ReLU(), nn::Linear(128, 10));
    const auto weights = bench::convnet_weights();
    std::vector<Parameter> parameters = model.parameters();
    for (std::size_t i = 0; i < weights.size(); ++i) {
      Parameter& weight = parameters[2 * i];  // A bias follows each.
      weight.set_value(ArrayRef(weights[i].numbers.data(), weight.shape()));
    }
    return model;
  }

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
                           {{"scalar-tanh-mlp", bench::work<bench::TanhMlp>},
                            {"sigmoid-circuit", bench::work<SigmoidCircuit>},
                            {"chain", bench::work<bench::Chain>},
                            {"mlp", bench::work<bench::Mlp>},
                            {"convnet", bench::work<ConvNet>},
                            {"epoch", bench::work<Epoch>},
                            {"gate", bench::work<bench::TapegradGate>},
                            {"copying gate", bench::work<bench::TapegradGate>},
                            {"own gate", bench::work<bench::TapegradGate>},
                            {"lines", bench::work<bench::TanhMlp>},
                            {"lines of a chain", bench::work<bench::Chain>},
                            {"replay", bench::work<bench::ReplayedTanhMlp>},
                            {"replay of a network", bench::work<bench::ReplayedMlp>},
                            {"second order", bench::work<bench::HessianProduct>},
                            {"compilation", bench::work<bench::Compilation>}});
}
