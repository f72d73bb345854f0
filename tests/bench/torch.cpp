// libtorch: PyTorch's C++ side. The number of threads comes from the environment, since libtorch's
// own setting does not reach the threads of the BLAS under it.
#include <torch/torch.h>

#include "circuits.hpp"
#include "fashion_mnist.hpp"
#include "program.hpp"
#include "torch_gates.hpp"
#include "worker.hpp"

namespace {

torch::Tensor scalar(double value) {
  return torch::tensor(value, torch::kFloat64);
}

torch::Tensor scalar_leaf(double value) {
  return scalar(value).requires_grad_();
}

class TanhMlp {
 public:
  explicit TanhMlp(const bench::Task& task) : sizes_(task.workload.sizes) {
    for (double input : bench::tanh_mlp_inputs) inputs_.push_back(scalar(input));
    for (double weight : bench::tanh_mlp_weights(sizes_)) weights_.push_back(scalar_leaf(weight));
  }

  void step() {
    bench::tanh_mlp_loss(sizes_, weights_, inputs_).backward();
    torch::NoGradGuard no_grad;
    for (torch::Tensor& weight : weights_) {
      weight.sub_(weight.grad(), bench::learning_rate);
      weight.mutable_grad().reset();
    }
  }

  std::vector<double> results() const {
    std::vector<double> values;
    for (const torch::Tensor& weight : weights_) values.push_back(weight.item<double>());
    return values;
  }

 private:
  std::vector<int> sizes_;
  std::vector<torch::Tensor> inputs_;
  std::vector<torch::Tensor> weights_;
};

class SigmoidCircuit {
 public:
  explicit SigmoidCircuit(const bench::Task&) {
    for (double leaf : bench::sigmoid_leaves) leaves_.push_back(scalar_leaf(leaf));
  }

  void step() {
    for (torch::Tensor& leaf : leaves_) leaf.mutable_grad().reset();
    bench::sigmoid_circuit(leaves_[0], leaves_[1], leaves_[2], leaves_[3], leaves_[4]).backward();
  }

  std::vector<double> results() const {
    std::vector<double> gradients;
    for (const torch::Tensor& leaf : leaves_) gradients.push_back(leaf.grad().item<double>());
    return gradients;
  }

 private:
  std::vector<torch::Tensor> leaves_;
};

torch::nn::Sequential network(const std::vector<int>& sizes) {
  torch::NoGradGuard no_grad;
  const auto weights = bench::initial_weights<float>(sizes);
  torch::nn::Sequential layers;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    if (i > 0) layers->push_back(torch::nn::ReLU());
    torch::nn::Linear linear(sizes[i], sizes[i + 1]);
    linear->weight.copy_(torch::tensor(weights[i]).view({sizes[i + 1], sizes[i]}));
    linear->bias.zero_();
    layers->push_back(linear);
  }
  return layers;
}

/// Returns the loss.
double training_step(torch::nn::Sequential& model, torch::optim::SGD& sgd,
                     std::vector<torch::Tensor>& parameters, const torch::Tensor& inputs,
                     const torch::Tensor& labels, bench::Part part = bench::Part::step) {
  // Dropping gradients is faster than sgd.zero_grad(), which fills them with zeros.
  for (torch::Tensor& parameter : parameters) parameter.mutable_grad().reset();
  const torch::Tensor loss = torch::nn::functional::cross_entropy(model->forward(inputs), labels);
  if (part != bench::Part::forward) loss.backward();
  if (part == bench::Part::step) sgd.step();
  return loss.item<double>();
}

/// Trains a network on one batch again and again.
class Training {
 public:
  /// The parameter number `shown` tells after some steps whether the work was the same.
  Training(const bench::Task& task, torch::nn::Sequential model, std::vector<std::int64_t> shape,
           std::size_t shown = 1)
      : part_(task.workload.part),
        model_(std::move(model)),
        parameters_(model_->parameters()),
        sgd_(parameters_, torch::optim::SGDOptions(bench::learning_rate).momentum(bench::momentum)),
        inputs_(torch::tensor(bench::batch_inputs(task.workload)).view(shape)),
        labels_(torch::tensor(bench::batch_labels(task.workload)).to(torch::kInt64)),
        shown_(shown) {}

  void step() { loss_ = training_step(model_, sgd_, parameters_, inputs_, labels_, part_); }

  std::vector<double> results() const {
    if (part_ == bench::Part::forward) return {loss_};
    const torch::Tensor& parameter = parameters_[shown_];
    const torch::Tensor numbers =
        part_ == bench::Part::step ? parameter.detach() : parameter.grad();
    return {numbers.data_ptr<float>(), numbers.data_ptr<float>() + numbers.numel()};
  }

 private:
  bench::Part part_;
  torch::nn::Sequential model_;
  std::vector<torch::Tensor> parameters_;
  torch::optim::SGD sgd_;
  torch::Tensor inputs_;
  torch::Tensor labels_;
  std::size_t shown_;
  double loss_ = 0;
};

class Mlp : public Training {
 public:
  explicit Mlp(const bench::Task& task)
      : Training(task, network(task.workload.sizes),
                 {task.workload.batch, task.workload.sizes.front()}) {}
};

/// A model with the weights of convnet_weights(): layers' weights are its parameters of more than
/// one axis. The biases of layers are 0.
torch::nn::Sequential with_weights(torch::nn::Sequential model,
                                   const std::vector<bench::LayerWeights>& weights) {
  torch::NoGradGuard no_grad;
  auto next = weights.begin();
  for (auto& named : model->named_parameters()) {
    torch::Tensor& parameter = named.value();
    if (parameter.dim() > 1) {
      parameter.copy_(torch::tensor(next->numbers).view(parameter.sizes()));
      ++next;
    } else if (named.key().find("bias") != std::string::npos) {
      parameter.zero_();
    }
  }
  return model;
}

class ConvNet : public Training {
 public:
  explicit ConvNet(const bench::Task& task)
      : Training(task, model(), {task.workload.batch, 3, 32, 32}) {}

 private:
  static torch::nn::Sequential model() {
    using namespace torch::nn;
    return with_weights(
        Sequential(Conv2d(Conv2dOptions(3, 32, 3).padding(1)), ReLU(), MaxPool2d(2),
                   Conv2d(Conv2dOptions(32, 64, 3).padding(1)), ReLU(), MaxPool2d(2), Flatten(),
                   Linear(64 * 8 * 8, 128), ReLU(), Linear(128, 10)),
        bench::convnet_weights());
  }
};

/// Shown is a bias of its batch normalisation: that of a convolution before it has no effect.
class NormalizedConvNet : public Training {
 public:
  explicit NormalizedConvNet(const bench::Task& task)
      : Training(task, model(), {task.workload.batch, 3, 32, 32}, 3) {}

 private:
  static torch::nn::Sequential model() {
    using namespace torch::nn;
    return with_weights(
        Sequential(Conv2d(Conv2dOptions(3, 32, 3).padding(1)), BatchNorm2d(32), ReLU(),
                   MaxPool2d(2), Conv2d(Conv2dOptions(32, 64, 3).padding(1)), BatchNorm2d(64),
                   ReLU(), MaxPool2d(2), Flatten(), Linear(64 * 8 * 8, 10)),
        bench::normalized_convnet_weights());
  }
};

/// Three vectors, and the gradients of all of them.
class Pointwise {
 public:
  explicit Pointwise(const bench::Task& task) {
    const auto size = static_cast<std::size_t>(task.workload.sizes.front());
    bench::Uniform uniform(3);
    for (int i = 0; i < 3; ++i) {
      vectors_.push_back(torch::tensor(uniform.vector<float>(size)).requires_grad_());
    }
  }

  void step() {
    for (torch::Tensor& vector : vectors_) vector.mutable_grad().reset();
    const torch::Tensor &a = vectors_[0], &x = vectors_[1], &b = vectors_[2];
    torch::sum(torch::sigmoid(a * x + b) * torch::tanh(x)).backward();
  }

  std::vector<double> results() const {
    std::vector<double> sums;
    for (const torch::Tensor& vector : vectors_) {
      sums.push_back(vector.grad().to(torch::kFloat64).sum().item<double>());
    }
    return sums;
  }

 private:
  std::vector<torch::Tensor> vectors_;
};

/// A step is an epoch over Fashion-MNIST in shuffled batches.
class Epoch {
 public:
  explicit Epoch(const bench::Task& task)
      : batch_(task.workload.batch),
        train_(samples(tapegrad::data::Split::train)),
        test_(samples(tapegrad::data::Split::test)),
        model_(network(task.workload.sizes)),
        parameters_(model_->parameters()),
        sgd_(parameters_,
             torch::optim::SGDOptions(bench::learning_rate).momentum(bench::momentum)) {}

  void step() {
    const torch::Tensor order = torch::randperm(train_.labels.size(0), torch::kInt64);
    for (const torch::Tensor& batch : order.split(batch_)) {
      training_step(model_, sgd_, parameters_, train_.inputs.index_select(0, batch),
                    train_.labels.index_select(0, batch));
    }
  }

  std::vector<double> results() {
    const torch::NoGradGuard no_grad;
    const torch::Tensor predicted = model_->forward(test_.inputs).argmax(1);
    return {predicted.eq(test_.labels).to(torch::kFloat64).mean().item<double>()};
  }

 private:
  struct Samples {
    torch::Tensor inputs, labels;
  };

  static Samples samples(tapegrad::data::Split split) {
    tapegrad::data::Dataset dataset = bench::fashion_mnist(split);
    const auto count = static_cast<std::int64_t>(dataset.size());
    return {torch::from_blob(dataset.inputs.data(),
                             {count, static_cast<std::int64_t>(dataset.features())})
                .clone(),
            torch::tensor(dataset.labels).to(torch::kInt64)};
  }

  std::int64_t batch_;
  Samples train_, test_;
  torch::nn::Sequential model_;
  std::vector<torch::Tensor> parameters_;
  torch::optim::SGD sgd_;
};

}  // namespace

int main(int argc, char** argv) {
  return bench::run_worker(argc, argv,
                           {{"scalar-tanh-mlp", bench::work<TanhMlp>},
                            {"sigmoid-circuit", bench::work<SigmoidCircuit>},
                            {"mlp", bench::work<Mlp>},
                            {"convnet", bench::work<ConvNet>},
                            {"normalized convnet", bench::work<NormalizedConvNet>},
                            {"pointwise", bench::work<Pointwise>},
                            {"epoch", bench::work<Epoch>},
                            {"program", bench::work<bench::Program>},
                            {"gate", bench::work<bench::TorchGate>},
                            {"copying gate", bench::work<bench::TorchGate>}});
}
