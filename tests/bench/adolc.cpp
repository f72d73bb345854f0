// ADOL-C: a tape of operations, interpreted by separate sweeps. Tracing with keep = 1 stores what
// the reverse sweep needs, which saves a forward sweep over the tape.
#include <adolc/adolc.h>

#include "circuits.hpp"
#include "worker.hpp"

namespace {

class TanhMlp {
 public:
  explicit TanhMlp(const bench::Task& task)
      : sizes_(task.workload.sizes),
        inputs_(std::begin(bench::tanh_mlp_inputs), std::end(bench::tanh_mlp_inputs)),
        weights_(bench::tanh_mlp_weights(sizes_)),
        gradients_(weights_.size()),
        variables_(weights_.size()) {}

  void step() {
    constexpr short tag = 1;
    constexpr int keep = 1;
    trace_on(tag, keep);
    for (std::size_t i = 0; i < weights_.size(); ++i) variables_[i] <<= weights_[i];
    adouble loss = bench::tanh_mlp_loss(sizes_, variables_, inputs_);
    double value;
    loss >>= value;
    trace_off();
    double seed = 1.0;
    fos_reverse(tag, 1, static_cast<int>(weights_.size()), &seed, gradients_.data());
    for (std::size_t i = 0; i < weights_.size(); ++i) {
      weights_[i] -= bench::learning_rate * gradients_[i];
    }
  }

  std::vector<double> results() const { return weights_; }

 private:
  std::vector<int> sizes_;
  std::vector<double> inputs_;
  std::vector<double> weights_;
  std::vector<double> gradients_;
  std::vector<adouble> variables_;
};

}  // namespace

int main(int argc, char** argv) {
  return bench::run_worker(argc, argv, {{"scalar-tanh-mlp", bench::work<TanhMlp>}});
}
