// libtorch: PyTorch's C++ side. The number of threads comes from the environment, since libtorch's
// own setting does not reach the threads of the BLAS under it.
#include <torch/torch.h>

#include "circuits.hpp"
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

class Mlp {
 public:
  explicit Mlp(const bench::Task& task)
      : model_(network(task.workload.sizes)),
        parameters_(model_->parameters()),
        sgd_(parameters_, torch::optim::SGDOptions(bench::learning_rate).momentum(bench::momentum)),
        inputs_(torch::tensor(bench::batch_inputs(task.workload))
                    .view({task.workload.batch, task.workload.sizes.front()})),
        labels_(torch::tensor(bench::batch_labels(task.workload)).to(torch::kInt64)) {}

  void step() {
    // Dropping gradients is faster than sgd_.zero_grad(), which fills them with zeros.
    for (torch::Tensor& parameter : parameters_) parameter.mutable_grad().reset();
    torch::nn::functional::cross_entropy(model_->forward(inputs_), labels_).backward();
    sgd_.step();
  }

  std::vector<double> results() const {
    const torch::Tensor first_bias = parameters_[1].detach();
    return {first_bias.data_ptr<float>(), first_bias.data_ptr<float>() + first_bias.numel()};
  }

 private:
  static torch::nn::Sequential network(const std::vector<int>& sizes) {
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

  torch::nn::Sequential model_;
  std::vector<torch::Tensor> parameters_;
  torch::optim::SGD sgd_;
  torch::Tensor inputs_;
  torch::Tensor labels_;
};

}  // namespace

int main(int argc, char** argv) {
  return bench::run_worker(argc, argv,
                           {{"scalar-tanh-mlp", bench::work<TanhMlp>},
                            {"sigmoid-circuit", bench::work<SigmoidCircuit>},
                            {"mlp", bench::work<Mlp>}});
}
