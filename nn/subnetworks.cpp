#include <tapegrad/nn/subnetworks.hpp>

#include <string>

#include <tapegrad/nn/mode_guard.hpp>

namespace tapegrad::nn {

Var mean_of_subnetworks(Module& model, const Var& x, int samples) {
  if (samples < 1) {
    throw ValueError("[mean_of_subnetworks] needs at least one sample, got " +
                     std::to_string(samples));
  }
  const ModeGuard mode(model, false);
  model.apply([](Module& part) {
    if (part.is_random()) part.train();
  });
  Var total = model(x);
  for (int i = 1; i < samples; ++i) total = total + model(x);
  return total * (1.0 / samples);
}

}  // namespace tapegrad::nn
