// Trains a fully connected network on the spiral (built in) or on images, and ends with its
// accuracy. `train --help` lists the options.

#include <cstdlib>
#include <limits>
#include <new>
#include <string>

#include <fmt/core.h>
#include <CLI/CLI.hpp>
#include <tapegrad/tapegrad.hpp>

using namespace tapegrad;

namespace {

struct Arguments {
  std::string data = "spiral";
  std::string data_dir;
  std::string model;
  train::Options fit;
  double learning_rate = 0;
  double momentum = 0.9;
  int threads = 1;
  std::string precision = "f32";
};

/// What is trained on, and what is measured at the end.
struct Task {
  data::Dataset train;
  data::Dataset test;
  std::string measured;  ///< `train` or `test`.
};

/// Defaults that suit the data set, for what was not given on the command line.
void fill_defaults(Arguments& arguments, const CLI::App& app) {
  const bool spiral = arguments.data == "spiral";
  if (app.count("--model") == 0) arguments.model = spiral ? "mlp:2-100-3" : "mlp:784-128-64-10";
  if (app.count("--epochs") == 0) arguments.fit.epochs = spiral ? 200 : 5;
  if (app.count("--lr") == 0) arguments.learning_rate = spiral ? 0.1 : 0.05;
  if (arguments.data_dir.empty()) {
    if (const char* dir = std::getenv("TAPEGRAD_DATA_DIR")) arguments.data_dir = dir;
  }
  arguments.fit.precision = arguments.precision == "f64" ? f64 : f32;
}

Task load(const Arguments& arguments) {
  if (arguments.data == "spiral") {
    const data::Dataset spiral = data::spiral(100, 3, arguments.fit.seed);
    return {spiral, spiral, "train"};
  }
  if (arguments.data_dir.empty()) {
    throw FileError("[train] needs the folder of the image files for --data " + arguments.data +
                    "; give it with --data-dir DIR or TAPEGRAD_DATA_DIR=DIR. Fashion-MNIST's four "
                    "files (train-images-idx3-ubyte.gz, …) are published at "
                    "https://github.com/zalandoresearch/fashion-mnist; --data spiral needs none");
  }
  const int classes = arguments.data == "fashion-mnist" ? 10 : 0;
  Task task{
      flatten(data::load_idx_folder(arguments.data_dir, data::Split::train, classes)), {}, "test"};
  task.test =
      flatten(data::load_idx_folder(arguments.data_dir, data::Split::test, task.train.classes));
  const data::MeanSubtraction centre(task.train);
  centre.apply(task.train);
  centre.apply(task.test);
  return task;
}

void run(const Arguments& arguments) {
  set_num_threads(arguments.threads);
  set_default_precision(arguments.fit.precision);
  nn::manual_seed(arguments.fit.seed);

  const Task task = load(arguments);
  const auto sizes = nn::parse_mlp(arguments.model);
  const auto features = static_cast<std::int64_t>(task.train.features());
  if (sizes.front() != features || sizes.back() != task.train.classes) {
    throw ValueError(
        fmt::format("[train] needs a model with {} inputs and {} outputs for this "
                    "data, got {}; write mlp:{}-…-{}",
                    features, task.train.classes, arguments.model, features, task.train.classes));
  }
  nn::Sequential model = nn::mlp(sizes);
  optim::SGD sgd(model.parameters(), arguments.learning_rate, arguments.momentum);

  train::fit(model, sgd, task.train, arguments.fit, train::ProgressBar());
  fmt::print("{} accuracy {:.4f}\n", task.measured,
             train::accuracy(model, task.test, arguments.fit.precision));
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  CLI::App app("Trains a fully connected network and prints its accuracy.");
  app.add_option("--data", arguments.data,
                 "spiral (built in), fashion-mnist, or idx: any data set in MNIST's four files")
      ->check(CLI::IsMember({"spiral", "fashion-mnist", "idx"}))
      ->capture_default_str();
  app.add_option("--data-dir", arguments.data_dir,
                 "folder of the image files; default TAPEGRAD_DATA_DIR");
  app.add_option("--model", arguments.model,
                 "layer sizes, such as mlp:784-128-64-10; default suits the data");
  const CLI::Range one_or_more(1, std::numeric_limits<int>::max());
  app.add_option("--epochs", arguments.fit.epochs, "passes over the data; default suits the data")
      ->check(one_or_more);
  app.add_option("--batch-size", arguments.fit.batch_size, "samples per step")
      ->check(one_or_more)
      ->capture_default_str();
  app.add_option("--lr", arguments.learning_rate, "learning rate; default suits the data")
      ->check(CLI::Range(0.0, 1e6));
  app.add_option("--momentum", arguments.momentum, "of stochastic gradient descent")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  app.add_option("--seed", arguments.fit.seed, "of weights, order and spiral")
      ->check(CLI::Range(std::int64_t{0}, std::numeric_limits<std::int64_t>::max()))
      ->capture_default_str();
  app.add_option("--threads", arguments.threads, "threads of matrix products")
      ->check(one_or_more)
      ->capture_default_str();
  app.add_option("--precision", arguments.precision, "f32 or f64")
      ->check(CLI::IsMember({"f32", "f64"}))
      ->capture_default_str();
  CLI11_PARSE(app, argc, argv);

  try {
    fill_defaults(arguments, app);
    run(arguments);
  } catch (const std::bad_alloc&) {
    fmt::print(stderr, "train: [memory] needs more memory than there is; make the model smaller\n");
    return 1;
  } catch (const Error& error) {
    fmt::print(stderr, "train: {}\n", error.what());
    return 1;
  }
}
