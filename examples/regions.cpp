// Decision regions on the spiral: of nearest neighbours, of networks with more and more hidden
// units, and of one network under stronger and stronger weight decay.

#include <cstdlib>
#include <filesystem>
#include <limits>
#include <string>
#include <vector>

#include <fmt/core.h>
#include <CLI/CLI.hpp>
#include <tapegrad/tapegrad.hpp>

using namespace tapegrad;

namespace {

struct Arguments {
  std::string folder = "outputs", format = "html";
  int cells = 300, epochs = 400;
  std::vector<std::int64_t> ks = {1, 5}, units = {3, 6, 20};
  std::vector<double> decays = {0, 1e-3, 1e-2};
  double noise = 0.08;
  std::uint64_t seed = 0;
};

/// The spiral, its points moved a little so that the arms meet.
data::Dataset noisy_spiral(const Arguments& arguments) {
  data::Dataset points = data::spiral(100, 3, arguments.seed);
  Generator generator(arguments.seed);
  for (float& x : points.inputs) x += static_cast<float>(arguments.noise * generator.normal());
  return points;
}

/// Regions of k nearest neighbours.
train::DecisionRegions neighbours(const Arguments& arguments, const data::Dataset& points,
                                  std::int64_t k) {
  const train::KNeighborsClassifier classifier(points, k);
  train::DecisionRegions regions = train::decision_regions(
      [&](const Array<float>& places) { return classifier.predict(places); }, points,
      {arguments.cells});
  regions.title = fmt::format("{} nearest neighbour{}", k, k == 1 ? "" : "s");
  return regions;
}

/// Regions of a network with one hidden layer.
train::DecisionRegions network(const Arguments& arguments, const data::Dataset& points,
                               std::int64_t units, double decay) {
  nn::manual_seed(arguments.seed);
  nn::Sequential model(nn::Linear(2, units), nn::Tanh(), nn::Linear(units, points.classes));
  optim::AdamOptions rates(0.02);
  rates.weight_decay = decay;
  optim::Adam adam(optim::decay_only(nn::weights(model), model.parameters(), rates));
  train::Options options;
  options.epochs = arguments.epochs;
  options.seed = arguments.seed;
  train::fit(model, adam, points, options);
  return train::decision_regions(train::by_scores(model), points, {arguments.cells});
}

void write(const Arguments& arguments, const std::string& name, const std::string& title,
           const std::vector<train::DecisionRegions>& panels) {
  std::filesystem::create_directories(arguments.folder);
  const std::string file = fmt::format("regions-{}.{}", name, arguments.format);
  const std::string path = (std::filesystem::path(arguments.folder) / file).string();
  train::save_regions(path, title, panels);
  for (const train::DecisionRegions& regions : panels) {
    fmt::print("{:<24} accuracy {:.3f}, boundary {:>6.2f}\n", regions.title, regions.accuracy,
               regions.boundary());
  }
  fmt::print("{}\n\n", path);
}

void run(const Arguments& arguments) {
  set_default_precision(f32);
  const data::Dataset points = noisy_spiral(arguments);
  std::vector<train::DecisionRegions> panels;
  for (const std::int64_t k : arguments.ks) panels.push_back(neighbours(arguments, points, k));
  write(arguments, "neighbours", "Nearest neighbours on the spiral", panels);

  panels.clear();
  for (const std::int64_t units : arguments.units) {
    panels.push_back(network(arguments, points, units, 0));
    panels.back().title = fmt::format("{} hidden units", units);
  }
  write(arguments, "units", "More hidden units, more capacity", panels);

  panels.clear();
  for (const double decay : arguments.decays) {
    panels.push_back(network(arguments, points, arguments.units.back(), decay));
    panels.back().title = fmt::format("{} units, λ = {:g}", arguments.units.back(), decay);
  }
  write(arguments, "decay", "Stronger weight decay, smoother regions", panels);
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  CLI::App app("Draws decision regions of classifiers on the spiral");
  app.add_option("--folder", arguments.folder,
                 "for the pictures regions-neighbours, regions-units and regions-decay")
      ->capture_default_str();
  app.add_option("--format", arguments.format,
                 "html: pages; png: images without words; json, csv: the numbers")
      ->check(CLI::IsMember({"html", "png", "json", "csv"}))
      ->capture_default_str();
  app.add_option("--cells", arguments.cells, "along each side of the plane")
      ->check(CLI::Range(2, 2'000))
      ->capture_default_str();
  app.add_option("--epochs", arguments.epochs, "of training")
      ->check(CLI::Range(1, std::numeric_limits<int>::max()))
      ->capture_default_str();
  app.add_option("--k", arguments.ks, "numbers of neighbours")
      ->delimiter(',')
      ->check(CLI::Range(1, 300))
      ->capture_default_str();
  app.add_option("--units", arguments.units, "numbers of hidden units")
      ->delimiter(',')
      ->check(CLI::Range(1, 100'000))
      ->capture_default_str();
  app.add_option("--decay", arguments.decays,
                 "strengths λ of weight decay, for the last of --units")
      ->delimiter(',')
      ->check(CLI::Range(0.0, 1e6))
      ->capture_default_str();
  app.add_option("--noise", arguments.noise, "how far points are moved, a standard deviation")
      ->check(CLI::Range(0.0, 1e3))
      ->capture_default_str();
  app.add_option("--seed", arguments.seed, "of points, weights and order")
      ->check(CLI::Range(std::int64_t{0}, std::numeric_limits<std::int64_t>::max()))
      ->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  try {
    run(arguments);
  } catch (const std::exception& error) {
    fmt::print(stderr, "regions: {}\n", error.what());
    return EXIT_FAILURE;
  }
}
