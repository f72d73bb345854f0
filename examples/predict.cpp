// Says what a trained network sees in one's own images:
//
//     train --data cifar10 --data-dir DIR --save cifar
//     predict cifar cat.jpg frog.png

#include <algorithm>
#include <numeric>
#include <string>
#include <vector>

#include <fmt/core.h>
#include <CLI/CLI.hpp>

#include "trained_model.hpp"

using namespace tapegrad;

namespace {

/// The image as the network takes it: resized, its colours or greys, prepared as in training.
Array<float> input_of(const TrainedModel& model, const std::string& path) {
  const Shape& shape = model.architecture.input();
  if (shape.rank() != 3 || (shape[0] != 1 && shape[0] != 3)) {
    throw ShapeError(
        "[predict] needs a model of grey or coloured images (1 or 3, H, W), got one of " +
        to_string(shape));
  }
  data::Dataset one;
  one.inputs = data::load_image(
      path, {shape[1], shape[2], shape[0] == 1 ? data::Colors::grey : data::Colors::rgb});
  one.inputs.reshape(
      {std::size_t{1}, one.inputs.shape()[0], one.inputs.shape()[1], one.inputs.shape()[2]});
  one.labels = {0};  // Nobody knows, and nobody asks.
  one.classes = 1;
  model.preprocessing.apply(one);
  return one.inputs;
}

/// The likeliest classes, `count` of them, with their probabilities.
std::string answer(TrainedModel& model, const std::string& path, int count) {
  const NoGrad no_grad;
  Tape tape;
  const Array<float> input = input_of(model, path);
  const Array<double> probability = nn::softmax(model.network(tape.data(input))).value();
  std::vector<std::size_t> order(probability.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return probability.data()[a] > probability.data()[b];
  });
  order.resize(std::min(order.size(), static_cast<std::size_t>(count)));
  std::string text;
  for (const std::size_t label : order) {
    const std::string name =
        label < model.classes.size() ? model.classes[label] : "class " + std::to_string(label);
    text += fmt::format("{}{} {:.3f}", text.empty() ? "" : ", ", name, probability.data()[label]);
  }
  return text;
}

}  // namespace

int main(int argc, char** argv) {
  std::string folder;
  std::vector<std::string> images;
  int count = 3;
  CLI::App app("Classifies image files by a network that `train --save` has saved.");
  app.add_option("MODEL", folder, "the folder that `train --save` has written")->required();
  app.add_option("IMAGE", images, "PNG or JPEG files")->required();
  app.add_option("--top", count, "how many classes to name")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  try {
    set_default_precision(f32);
    TrainedModel model = TrainedModel::load(folder);
    for (const std::string& image : images) {
      fmt::print("{}: {}\n", image, answer(model, image, count));
    }
  } catch (const Error& error) {
    fmt::print(stderr, "predict: {}\n", error.what());
    return 1;
  }
}
