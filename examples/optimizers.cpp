// Optimizers on their way across surfaces with two parameters: how fast they leave a saddle, and
// how they get to the end of a long narrow valley. Prints a table and draws the paths.

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include <fmt/core.h>
#include <CLI/CLI.hpp>
#include <tapegrad/tapegrad.hpp>

using namespace tapegrad;
using train::Direction;
using train::Landscape;
using train::LandscapePath;

namespace {

/// The parts of p = (x, y).
Var x_of(const Var& p) {
  return slice(p, 0, 0, 1);
}
Var y_of(const Var& p) {
  return slice(p, 0, 1, 2);
}

/// x² − y²: a hollow along x, a ridge along y.
Var saddle(const Var& p) {
  return sum(square(x_of(p)) - square(y_of(p)));
}

/// (x² + 50·y²)/2: fifty times as steep across the valley as along it.
Var valley(const Var& p) {
  return 0.5 * sum(square(x_of(p)) + 50 * square(y_of(p)));
}

/// (1 − x)² + 100·(y − x²)²: a valley with a bend, its lowest point at (1, 1).
Var rosenbrock(const Var& p) {
  return sum(square(1 - x_of(p)) + 100 * square(y_of(p) - square(x_of(p))));
}

bool has_left_saddle(double, double y) {
  return std::abs(y) >= 1;
}

bool is_at_origin(double x, double y) {
  return std::hypot(x, y) < 0.05;
}

bool is_at_one(double x, double y) {
  return std::hypot(x - 1, y - 1) < 0.05;
}

/// Learning rates with which an optimizer does well.
struct Rates {
  double saddle, valley, rosenbrock;
};

struct Surface {
  const char* name;
  const char* title;
  Var (*loss)(const Var&);
  double start[2];
  double x_range[2], y_range[2];
  const char* landmark;
  double landmark_place[2];
  const char* goal;
  bool (*has_arrived)(double x, double y);
  int steps;  ///< At most.
  bool logarithmic;
  double Rates::*rate;
};

constexpr Surface surfaces[] = {
    {"saddle",
     "From the ridge of a saddle, x² − y²",
     saddle,
     {-1.2, 0.001},
     {-1.5, 1.5},
     {-0.6, 1.4},
     "saddle point",
     {0, 0},
     "it has left the saddle, |y| ≥ 1",
     has_left_saddle,
     200,
     false,
     &Rates::saddle},
    {"valley",
     "Through a narrow valley, (x² + 50·y²)/2",
     valley,
     {-9, 1.4},
     {-10, 3},
     {-2, 2},
     "minimum",
     {0, 0},
     "it is less than 0.05 from the minimum",
     is_at_origin,
     1000,
     true,
     &Rates::valley},
    {"rosenbrock",
     "Through Rosenbrock's valley, (1 − x)² + 100·(y − x²)²",
     rosenbrock,
     {-1.2, 1},
     {-1.6, 1.6},
     {-0.6, 1.8},
     "minimum",
     {1, 1},
     "it is less than 0.05 from the minimum",
     is_at_one,
     20000,
     true,
     &Rates::rosenbrock},
};

using MakeOptimizer =
    std::function<std::unique_ptr<optim::Optimizer>(const Parameter&, double rate)>;

struct Contestant {
  const char* name;
  Rates rates;
  MakeOptimizer make;
};

/// Makes an optimizer of its class, with further arguments after the learning rate.
template <class Rule, class... Arguments>
MakeOptimizer rule(Arguments... arguments) {
  return [=](const Parameter& p, double rate) {
    return std::make_unique<Rule>(std::vector{p}, rate, arguments...);
  };
}

std::unique_ptr<optim::Optimizer> nesterov(const Parameter& p, double rate) {
  optim::SGDOptions options(rate, 0.9);
  options.nesterov = true;
  return std::make_unique<optim::SGD>(std::vector{p}, options);
}

const std::vector<Contestant>& contestants() {
  static const std::vector<Contestant> all = {
      {"SGD", {0.05, 0.035, 0.001}, rule<optim::SGD>()},
      {"momentum", {0.05, 0.01, 0.0005}, rule<optim::SGD>(0.9)},
      {"Nesterov", {0.05, 0.01, 0.0005}, nesterov},
      {"Adagrad", {0.2, 1.5, 0.3}, rule<optim::Adagrad>()},
      {"RMSprop", {0.01, 0.2, 0.002}, rule<optim::RMSprop>()},
      {"Adam", {0.05, 0.3, 0.02}, rule<optim::Adam>()},
  };
  return all;
}

/// All places from the start until it has arrived or given up.
LandscapePath walk(const Surface& surface, Parameter p, const Contestant& contestant, int steps) {
  p.set_value({surface.start[0], surface.start[1]});
  const auto optimizer = contestant.make(p, contestant.rates.*surface.rate);
  LandscapePath path{contestant.name, {}};
  for (int step = 0;; ++step) {
    Tape tape(f64);
    const Var loss = surface.loss(tape.parameter(p));
    const double x = p.view<double>()(0), y = p.view<double>()(1);
    path.points.push_back({x, y, loss.item()});
    if (step == steps || surface.has_arrived(x, y) || !std::isfinite(loss.item())) return path;
    optimizer->zero_grad();
    loss.backward();
    optimizer->step();
  }
}

Landscape compare(const Surface& surface, int steps) {
  Parameter p({surface.start[0], surface.start[1]}, f64);
  const auto loss = [&] {
    Tape tape(f64);
    return surface.loss(tape.parameter(p)).item();
  };
  Landscape landscape = train::loss_landscape(
      loss, {Direction::weight(p, {0}, "x"), surface.x_range[0], surface.x_range[1], 201},
      {Direction::weight(p, {1}, "y"), surface.y_range[0], surface.y_range[1], 201});
  landscape.title = surface.title;
  landscape.logarithmic = surface.logarithmic;

  fmt::print("{}\nfrom ({}, {}) until {}\n", surface.title, surface.start[0], surface.start[1],
             surface.goal);
  fmt::print("  {:<10} {:>13} {:>11} {:>12}\n", "optimizer", "learning rate", "steps", "loss");
  for (const Contestant& contestant : contestants()) {
    const LandscapePath path = walk(surface, p, contestant, steps);
    const train::LandscapePoint& end = path.points.back();
    const std::size_t taken = path.points.size() - 1;
    fmt::print(
        "  {:<10} {:>13} {:>11} {:>12.3e}\n", contestant.name, contestant.rates.*surface.rate,
        (surface.has_arrived(end.x, end.y) ? "" : "not in ") + std::to_string(taken), end.loss);
    landscape.paths.push_back(path);
  }
  fmt::print("\n");
  const auto [x, y] = surface.landmark_place;
  p.set_value({x, y});
  landscape.paths.push_back({surface.landmark, {{x, y, loss()}}});
  return landscape;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Compares optimizers on a saddle and in narrow valleys");
  std::string only, folder = "outputs", format = "html";
  int steps = 0;
  std::vector<std::string> names;
  for (const Surface& surface : surfaces) names.emplace_back(surface.name);
  app.add_option("surface", only, "this one alone; without it all")->check(CLI::IsMember(names));
  app.add_option("--folder", folder, "for the pictures, optimizers-SURFACE.FORMAT")
      ->capture_default_str();
  app.add_option("--format", format, "html: a page; json, csv: the numbers; none: no files")
      ->check(CLI::IsMember({"html", "json", "csv", "none"}))
      ->capture_default_str();
  app.add_option("--steps", steps, "at most; default suits the surface")
      ->check(CLI::Range(1, std::numeric_limits<int>::max()));
  CLI11_PARSE(app, argc, argv);

  try {
    for (const Surface& surface : surfaces) {
      if (!only.empty() && only != surface.name) continue;
      const Landscape landscape = compare(surface, steps > 0 ? steps : surface.steps);
      if (format == "none") continue;
      std::filesystem::create_directories(folder);
      const std::filesystem::path file =
          std::filesystem::path(folder) / fmt::format("optimizers-{}.{}", surface.name, format);
      landscape.save(file.string());
      fmt::print("paths drawn in {}\n\n", file.string());
    }
  } catch (const std::exception& error) {
    fmt::print(stderr, "optimizers: {}\n", error.what());
    return EXIT_FAILURE;
  }
}
