#include "network.hpp"

#include <cmath>
#include <cstdio>
#include <tapegrad/tapegrad.hpp>
#include <vector>

namespace {

using namespace tapegrad;

// Reads every parameter as an array and adds up its squares, with loops of our own.
double squares(const std::vector<Parameter>& parameters) {
  double total = 0;
  for (const Parameter& parameter : parameters) {
    const xt::xarray<double> value = parameter.value();
    for (std::size_t i = 0; i < value.size(); ++i) {
      total += value.flat(i) * value.flat(i);
    }
  }
  return total;
}

}  // namespace

bool network() {
  nn::Sequential model(nn::Linear(2, 16), nn::ReLU(), nn::Linear(16, 3));
  optim::SGD sgd(model.parameters(), 0.1, 0.9);
  xt::xarray<double> inputs = {{0.0, 1.0}, {1.0, 0.0}, {-1.0, -1.0}, {0.1, 0.9}, {0.8, 0.1}};
  const std::vector<int> labels = {0, 1, 2, 0, 1};
  double first = 0;
  double last = 0;
  const double before = squares(model.parameters());
  for (int step = 0; step < 60; ++step) {
    Tape tape;
    Var loss = nn::cross_entropy(model(tape.data(inputs)), labels);
    sgd.zero_grad();
    loss.backward();
    sgd.step();
    last = loss.item();
    if (step == 0) first = last;
  }
  if (!(last < 0.1 * first)) std::fprintf(stderr, "loss %g, then %g\n", first, last);

  // What reading and writing files is linked with must be found by those who link the library.
  const double trained = squares(model.parameters());
  data::save_npz("network.npz", nn::state_dict(model));
  data::save_safetensors("network.safetensors", nn::state_dict(model));
  nn::Sequential other(nn::Linear(2, 16), nn::ReLU(), nn::Linear(16, 3));
  nn::load_state_dict(other, data::load_npz("network.npz"));
  if (squares(other.parameters()) != trained) return false;
  nn::load_state_dict(other, data::load_safetensors("network.safetensors"));
  if (squares(other.parameters()) != trained) return false;
  const Array<float> picture(std::vector<std::size_t>{3, 2, 2}, 1.0F);
  data::save_png("picture.png", picture);
  if (data::load_image("picture.png") != picture) return false;

  return last < 0.1 * first && std::isfinite(before) && squares(model.parameters()) != before;
}
