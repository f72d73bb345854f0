// Stan Math: scalar variables on an arena, a virtual function per operation.
#include <stan/math/rev/core.hpp>
#include <stan/math/rev/scal/fun/tanh.hpp>

#include "circuits.hpp"
#include "worker.hpp"

namespace {

class TanhMlp {
 public:
  explicit TanhMlp(const bench::Task& task)
      : sizes_(task.workload.sizes),
        inputs_(std::begin(bench::tanh_mlp_inputs), std::end(bench::tanh_mlp_inputs)),
        weights_(bench::tanh_mlp_weights(sizes_)) {}

  void step() {
    variables_.assign(weights_.begin(), weights_.end());
    bench::tanh_mlp_loss(sizes_, variables_, inputs_).grad();
    for (std::size_t i = 0; i < weights_.size(); ++i) {
      weights_[i] -= bench::learning_rate * variables_[i].adj();
    }
    stan::math::recover_memory();
  }

  std::vector<double> results() const { return weights_; }

 private:
  std::vector<int> sizes_;
  std::vector<double> inputs_;
  std::vector<double> weights_;
  std::vector<stan::math::var> variables_;
};

class Chain {
 public:
  explicit Chain(const bench::Task& task) : gates_(task.workload.sizes.front()) {}

  void step() {
    const stan::math::var leaf = bench::chain_leaf;
    bench::chain(leaf, gates_).grad();
    gradient_ = leaf.adj();
    stan::math::recover_memory();
  }

  std::vector<double> results() const { return {gradient_}; }

 private:
  int gates_;
  double gradient_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  return bench::run_worker(
      argc, argv, {{"scalar-tanh-mlp", bench::work<TanhMlp>}, {"chain", bench::work<Chain>}});
}
