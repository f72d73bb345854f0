// Pictures of losses: along one weight of a small SVM, where it is a sum of hinges, and around a
// network trained on the spiral, on a plane of two random directions.

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <limits>
#include <string>
#include <vector>

#include <fmt/core.h>
#include <CLI/CLI.hpp>
#include <tapegrad/tapegrad.hpp>

using namespace tapegrad;
using train::Direction;
using train::Landscape;

namespace {

struct Arguments {
  std::string what = "svm";
  std::string folder = "outputs", format = "html";
  int points = 0;
  int epochs = 200;
  double width = 1;
  std::string scaling = "filter";
  std::uint64_t seed = 0;
};

/// The three-class SVM on three points of the line, one of each class: a sum of six hinges, four of
/// which bend where class 0's weight passes them, so that the loss is piecewise linear.
Landscape svm(const Arguments& arguments) {
  const Parameter weights(Array<double>{0.5, -1.0, 1.0}, f64);
  const double points[] = {1.25, -0.8, 0.4};
  const std::vector<int> labels = {0, 1, 2};
  const auto loss = [&] {
    Tape tape(f64);
    return nn::multiclass_hinge_loss(tape.data({points, {3, 1}}) * weights, labels).item();
  };
  Landscape landscape = train::loss_landscape(
      loss, {Direction::weight(weights, {0}, "weight of class 0"), -3, 4, arguments.points});
  landscape.title = "Three-class SVM on three points: the loss along one weight";

  // A hinge of class 0 bends where its score is as far from the other's as the margin.
  const double w1 = weights.value()(1), w2 = weights.value()(2);
  struct Hinge {
    const char* name;
    double weight;
  };
  Parameter moved = weights;
  for (const Hinge& hinge : {Hinge{"hinge of point 0, class 1", w1 + 1 / points[0]},
                             Hinge{"hinge of point 0, class 2", w2 + 1 / points[0]},
                             Hinge{"hinge of point 1, class 0", w1 - 1 / points[1]},
                             Hinge{"hinge of point 2, class 0", w2 - 1 / points[2]}}) {
    moved.set_value({hinge.weight, w1, w2});
    landscape.paths.push_back({hinge.name, {{hinge.weight, 0, loss()}}});
  }
  return landscape;
}

/// The loss of a network around the weights that training has found.
Landscape spiral(const Arguments& arguments) {
  nn::manual_seed(arguments.seed);
  const data::Dataset points = data::spiral(100, 3, arguments.seed);
  nn::Sequential model = nn::mlp({2, 32, 32, 3});
  optim::SGD sgd(model.parameters(), 0.1, 0.9);
  train::Options options;
  options.epochs = arguments.epochs;
  options.seed = arguments.seed;
  if (options.epochs > 0) train::fit(model, sgd, points, options, train::ProgressBar());
  model.eval();

  const NoGrad no_grad;
  const auto loss = [&] {
    Tape tape;
    return nn::cross_entropy(model(tape.data(points.inputs)), points.labels).item();
  };
  const train::Scaling scaling = arguments.scaling == "filter"  ? train::Scaling::filter
                                 : arguments.scaling == "layer" ? train::Scaling::layer
                                                                : train::Scaling::none;
  const auto axis = [&](std::uint64_t seed) {
    return train::GridAxis{Direction::random(model.parameters(), seed, scaling), -arguments.width,
                           arguments.width, arguments.points};
  };
  Landscape landscape =
      train::loss_landscape(loss, axis(2 * arguments.seed), axis(2 * arguments.seed + 1));
  landscape.title = "A network on the spiral, around its weights after training";
  landscape.logarithmic = true;
  landscape.paths = {{"trained weights", {{0, 0, loss()}}}};
  return landscape;
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  CLI::App app("Draws a loss along one weight, or around a trained network");
  app.add_option("what", arguments.what, "svm: along one weight; spiral: around a trained network")
      ->check(CLI::IsMember({"svm", "spiral"}))
      ->capture_default_str();
  app.add_option("--folder", arguments.folder, "for the picture, landscape-WHAT.FORMAT")
      ->capture_default_str();
  app.add_option("--format", arguments.format, "html: a page; json, csv: the numbers")
      ->check(CLI::IsMember({"html", "json", "csv"}))
      ->capture_default_str();
  app.add_option("--points", arguments.points, "of the grid, along each axis; default 141 or 51")
      ->check(CLI::Range(2, 2000));
  app.add_option("--epochs", arguments.epochs, "of training")
      ->check(CLI::Range(0, std::numeric_limits<int>::max()))
      ->capture_default_str();
  app.add_option("--width", arguments.width, "how far the plane reaches from the trained weights")
      ->check(CLI::Range(1e-6, 1e6))
      ->capture_default_str();
  app.add_option("--scaling", arguments.scaling, "of the random directions")
      ->check(CLI::IsMember({"filter", "layer", "none"}))
      ->capture_default_str();
  app.add_option("--seed", arguments.seed, "of weights, order, spiral and directions")
      ->check(CLI::Range(std::int64_t{0}, std::numeric_limits<std::int64_t>::max()))
      ->capture_default_str();
  CLI11_PARSE(app, argc, argv);

  const bool is_svm = arguments.what == "svm";
  if (arguments.points == 0) arguments.points = is_svm ? 141 : 51;
  try {
    const Landscape landscape = is_svm ? svm(arguments) : spiral(arguments);
    std::filesystem::create_directories(arguments.folder);
    const std::filesystem::path file =
        std::filesystem::path(arguments.folder) /
        fmt::format("landscape-{}.{}", arguments.what, arguments.format);
    landscape.save(file.string());
    const auto [low, high] = std::minmax_element(landscape.losses.begin(), landscape.losses.end());
    fmt::print("{}: {} losses from {:.4f} to {:.4f}\n", file.string(), landscape.losses.size(),
               *low, *high);
  } catch (const std::exception& error) {
    fmt::print(stderr, "landscape: {}\n", error.what());
    return EXIT_FAILURE;
  }
}
