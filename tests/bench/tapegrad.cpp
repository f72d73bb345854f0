// tapegrad, written as its users write it.
#include <cblas.h>

#include <tapegrad/tapegrad.hpp>

#include "circuits.hpp"
#include "compilation.hpp"
#include "fashion_mnist.hpp"
#include "own_costs.hpp"
#include "program.hpp"
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

/// Three vectors, and the gradients of all of them.
class Pointwise {
 public:
  explicit Pointwise(const bench::Task& task) : mode_(task.mode == "lean" ? lean : inspect) {
    set_num_threads(task.threads);
    const auto size = static_cast<std::size_t>(task.workload.sizes.front());
    bench::Uniform uniform(3);
    for (int i = 0; i < 3; ++i) vectors_.emplace_back(uniform.vector<float>(size), f32);
  }

  void step() {
    for (Parameter& vector : vectors_) vector.zero_grad();
    Tape tape(f32, mode_);
    const Parameter &a = vectors_[0], &x = vectors_[1], &b = vectors_[2];
    sum(sigmoid(a * x + b) * tanh(x)).backward();
  }

  std::vector<double> results() const {
    std::vector<double> sums;
    for (const Parameter& vector : vectors_) sums.push_back(xt::sum(vector.grad())());
    return sums;
  }

 private:
  Mode mode_;
  std::vector<Parameter> vectors_;
};

/// A product of square matrices by OpenBLAS, nothing else.
class Sgemm {
 public:
  explicit Sgemm(const bench::Task& task) : size_(task.workload.sizes.front()) {
    openblas_set_num_threads(task.threads);
    const auto count = static_cast<std::size_t>(size_) * static_cast<std::size_t>(size_);
    bench::Uniform uniform(3);
    for (auto* matrix : {&a_, &b_}) *matrix = uniform.vector<float>(count);
    c_.resize(count);
  }

  void step() {
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, size_, size_, size_, 1.0F, a_.data(),
                size_, b_.data(), size_, 0.0F, c_.data(), size_);
  }

  std::vector<double> results() const { return {c_.front()}; }

 private:
  int size_;
  std::vector<float> a_, b_, c_;
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
  return bench::run_worker(
      argc, argv,
      {{"scalar-tanh-mlp", bench::work<bench::TanhMlp>},
       {"sigmoid-circuit", bench::work<SigmoidCircuit>},
       {"chain", bench::work<bench::Chain>},
       {"mlp", bench::work<bench::Mlp>},
       {"convnet", bench::work<bench::ConvNet>},
       {"normalized convnet", bench::work<bench::NormalizedConvNet>},
       {"pointwise", bench::work<Pointwise>},
       {"epoch", bench::work<Epoch>},
       {"gate", bench::work<bench::TapegradGate>},
       {"copying gate", bench::work<bench::TapegradGate>},
       {"own gate", bench::work<bench::TapegradGate>},
       {"lines", bench::work<bench::TanhMlp>},
       {"lines of a chain", bench::work<bench::Chain>},
       {"replay", bench::work<bench::ReplayedTanhMlp>},
       {"replay of a network", bench::work<bench::ReplayedMlp>},
       {"second order", bench::work<bench::HessianProduct>},
       {"distances", bench::work<bench::Distances>},
       {"growing chain", bench::work<bench::Chain>},
       {"growing convnet", bench::work<bench::ConvNet>},
       {"second thread of sgemm", bench::work<Sgemm>},
       {"second thread of mlp", bench::work<bench::Mlp>},
       {"second thread of convnet", bench::work<bench::ConvNet>},
       {"second thread of normalized convnet", bench::work<bench::NormalizedConvNet>},
       {"second thread of pointwise", bench::work<Pointwise>},
       {"program", bench::work<bench::Program>},
       {"compilation", bench::work<bench::Compilation>}});
}
