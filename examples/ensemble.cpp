// Four ways to an ensemble, each beside its members on data that none has seen: the same network
// from several seeds, the best few of a search, checkpoints of one run, and a moving average of the
// weights. All of it for several seeds, since one may be luck.

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <limits>
#include <string>

#include <fmt/core.h>
#include <CLI/CLI.hpp>
#include <tapegrad/tapegrad.hpp>

#include "held_out.hpp"

using namespace tapegrad;

namespace {

struct Arguments {
  std::string data = "fashion-mnist", data_dir, folder = "outputs/ensemble";
  int members = 4, epochs = 4, seeds = 3;
  double learning_rate = 0.05;
};

nn::Sequential network(const data::Dataset& dataset, std::uint64_t seed) {
  nn::manual_seed(seed);
  return nn::Architecture(fmt::format("fc100 relu fc{}", dataset.classes), dataset.sample_shape())
      .build();
}

train::Options options_of(int epochs, std::uint64_t seed) {
  train::Options options;
  options.epochs = epochs;
  options.seed = seed;
  return options;
}

/// Says how an ensemble did beside what one of its members does; true if it did better.
bool report(const char* way, const train::Ensemble& ensemble) {
  const train::MemberFigures mean = ensemble.mean(), all = ensemble.ensemble();
  fmt::print("  {:<22} {} members {:.4f}, best {:.4f}; together {:.4f} ({:+.4f})\n", way,
             ensemble.members().size(), mean.accuracy, ensemble.best().accuracy, all.accuracy,
             all.accuracy - mean.accuracy);
  std::fflush(stdout);
  return all.accuracy > mean.accuracy;
}

/// The same network, begun and shuffled differently.
bool several_seeds(const Arguments& arguments, const HeldOut& data, std::uint64_t seed) {
  train::Ensemble ensemble(data.test);
  for (int member = 0; member < arguments.members; ++member) {
    const std::uint64_t its_seed = 100 * seed + static_cast<std::uint64_t>(member);
    nn::Sequential model = network(data.train, its_seed);
    optim::SGD sgd(model.parameters(), arguments.learning_rate, 0.9);
    train::fit(model, sgd, data.train, options_of(arguments.epochs, its_seed));
    ensemble.add(fmt::format("seed {}", its_seed), model);
  }
  return report("several seeds", ensemble);
}

/// The best of a small search, which this process does alone.
bool best_of_a_search(const Arguments& arguments, const HeldOut& data, std::uint64_t seed) {
  train::SearchOptions search;
  search.folder = fmt::format("{}/seed-{}/search", arguments.folder, seed);
  search.ranges = {train::Range::log_uniform("lr", 1e-3, 1),
                   train::Range::log_uniform("weight_decay", 1e-6, 1e-2)};
  search.stages = {{1, 3 * arguments.members}, {arguments.epochs, arguments.members}};
  search.seed = seed;
  search.settings = {{"data", arguments.data}};
  train::run_worker(search, [&](const train::Trial& trial) {
    nn::Sequential model = network(data.train, trial.seed);
    optim::SGDOptions rates(trial["lr"]);
    rates.weight_decay = trial["weight_decay"];
    optim::SGD sgd(optim::decay_only(nn::weights(model), model.parameters(), rates));
    train::Options options = options_of(trial.epochs, trial.seed);
    options.checkpoints.folder = trial.folder;
    train::fit(model, sgd, data.train, options);
    return train::TrialResult{train::accuracy(model, data.validation), nn::state_dict(model)};
  });
  train::Ensemble ensemble(data.test);
  nn::Sequential model = network(data.train, 0);
  for (const train::TrialRecord& trial : train::search_results(search.folder).ranked(1)) {
    nn::load_state_dict(model, train::load_checkpoint(trial.path).part("state"));
    ensemble.add(fmt::format("trial {}", trial.trial), model);
  }
  return report("the best of a search", ensemble);
}

/// One run: its last checkpoints, and the average of its weights.
bool one_run(const Arguments& arguments, const HeldOut& data, std::uint64_t seed) {
  nn::Sequential model = network(data.train, seed);
  optim::SGD sgd(model.parameters(), arguments.learning_rate, 0.9);
  // Over about as many steps as an epoch has.
  optim::ExponentialMovingAverage average(model.parameters(), 0.999);
  train::Options options = options_of(arguments.epochs + arguments.members, seed);
  options.after_step = [&] { average.update(); };
  options.checkpoints.folder = fmt::format("{}/seed-{}/run", arguments.folder, seed);
  options.checkpoints.keep = arguments.members;
  options.checkpoints.state = {{"average", average}};
  train::fit(model, sgd, data.train, options);

  train::Ensemble averaged(data.test);
  averaged.add("last weights", model);
  average.apply();
  averaged.add("averaged weights", model);
  average.restore();

  train::Ensemble checkpoints(data.test);
  for (const std::string& path : train::checkpoint_files(options.checkpoints.folder)) {
    nn::load_state_dict(model, train::load_checkpoint(path).part("model"));
    checkpoints.add(std::filesystem::path(path).stem().string(), model);
  }
  const bool better = report("checkpoints of a run", checkpoints);
  const double last = averaged.members()[0].accuracy, mean = averaged.members()[1].accuracy;
  fmt::print("  {:<22} last weights {:.4f}; averaged {:.4f} ({:+.4f})\n", "moving average", last,
             mean, mean - last);
  return better;
}

void run(const Arguments& arguments) {
  set_default_precision(f32);
  set_num_threads(1);
  const HeldOut data = load_held_out(arguments.data, arguments.data_dir, "ensemble");
  int by_seeds = 0, by_search = 0, by_checkpoints = 0;
  for (int i = 0; i < arguments.seeds; ++i) {
    const auto seed = static_cast<std::uint64_t>(i + 1);
    fmt::print("seed {}: accuracy on {} test samples\n", seed, data.test.size());
    by_seeds += several_seeds(arguments, data, seed) ? 1 : 0;
    by_search += best_of_a_search(arguments, data, seed) ? 1 : 0;
    by_checkpoints += one_run(arguments, data, seed) ? 1 : 0;
  }
  fmt::print(
      "better than the mean of its members for {0} of {3} seeds (several seeds), {1} of {3} "
      "(search), {2} of {3} (checkpoints)\n",
      by_seeds, by_search, by_checkpoints, arguments.seeds);
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  CLI::App app("Measures ensembles beside their members, made in four ways");
  app.add_option("--data", arguments.data, "fashion-mnist, or spiral, which needs no files")
      ->check(CLI::IsMember({"fashion-mnist", "spiral"}))
      ->capture_default_str();
  app.add_option("--data-dir", arguments.data_dir,
                 "folder of the data files; default TAPEGRAD_DATA_DIR");
  app.add_option("--folder", arguments.folder,
                 "for checkpoints; what was stopped goes on from there")
      ->capture_default_str();
  app.add_option("--members", arguments.members, "of each ensemble")
      ->check(CLI::Range(2, 1000))
      ->capture_default_str();
  app.add_option("--epochs", arguments.epochs, "of training a member")
      ->check(CLI::Range(2, std::numeric_limits<int>::max() - 1000))
      ->capture_default_str();
  app.add_option("--lr", arguments.learning_rate, "learning rate")
      ->check(CLI::Range(0.0, 1e6))
      ->capture_default_str();
  app.add_option("--seeds", arguments.seeds, "how often all of it is done")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  CLI11_PARSE(app, argc, argv);

  try {
    run(arguments);
  } catch (const std::exception& error) {
    fmt::print(stderr, "ensemble: {}\n", error.what());
    return EXIT_FAILURE;
  }
}
