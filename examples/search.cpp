// Searches learning rate, weight decay and dropout at random, coarse to fine, by several processes
// that meet in a folder. Stop it whenever you like, and start it again: it goes on.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <limits>
#include <string>
#include <vector>

#include <fmt/core.h>
#include <CLI/CLI.hpp>
#include <tapegrad/tapegrad.hpp>

#include "held_out.hpp"

using namespace tapegrad;

namespace {

struct Arguments {
  std::string data = "fashion-mnist", data_dir;
  std::string folder = "outputs/search", format = "html";
  std::vector<int> epochs = {1, 5, 10}, trials = {20, 6, 2};
  int workers = 2;
  std::uint64_t seed = 0;
  bool worker = false;
};

train::SearchOptions options_of(const Arguments& arguments) {
  train::SearchOptions options;
  options.folder = arguments.folder;
  options.ranges = {train::Range::log_uniform("lr", 1e-6, 10),
                    train::Range::log_uniform("weight_decay", 1e-6, 10),
                    train::Range::uniform("dropout", 0, 0.5)};
  if (arguments.epochs.size() != arguments.trials.size()) {
    throw ValueError("[search] needs a number of trials for each number of epochs, got " +
                     std::to_string(arguments.trials.size()) + " for " +
                     std::to_string(arguments.epochs.size()));
  }
  options.stages.clear();
  for (std::size_t i = 0; i < arguments.epochs.size(); ++i) {
    options.stages.push_back({arguments.epochs[i], arguments.trials[i]});
  }
  options.seed = arguments.seed;
  options.settings = {{"data", arguments.data}};
  return options;
}

/// The network of a trial.
nn::Sequential network(const train::HyperParameters& parameters, const data::Dataset& dataset) {
  const double dropout = parameters.back().second;
  return nn::Architecture(fmt::format("fc100 relu dropout{:.6f} fc{}", dropout, dataset.classes),
                          dataset.sample_shape())
      .build();
}

/// What each worker does with a trial: trains on one part of the data, scores on another.
train::TrialResult objective(const train::Trial& trial, const HeldOut& data) {
  nn::manual_seed(trial.seed);
  nn::Sequential model = network(trial.parameters, data.train);
  optim::SGDOptions rates(trial["lr"], 0.9);
  rates.weight_decay = trial["weight_decay"];
  optim::SGD sgd(optim::decay_only(nn::weights(model), model.parameters(), rates));
  train::Options options;
  options.epochs = trial.epochs;
  options.batch_size = 32;
  options.seed = trial.seed;
  options.checkpoints.folder = trial.folder;
  const train::Progress last = train::fit(model, sgd, data.train, options);
  const train::Evaluation validation = train::evaluate(model, data.validation);
  return {validation.accuracy(),
          nn::state_dict(model),
          {{"validation_loss", validation.loss}, {"train_accuracy", last.accuracy}}};
}

/// Measures the best network on data that no trial has seen.
void report_best(const train::SearchResults& results, const HeldOut& data) {
  const std::vector<train::TrialRecord> ranking = results.ranked();
  const auto best = std::find_if(ranking.begin(), ranking.end(), [](const auto& record) {
    return !std::isnan(record.score);  // One that diverged has left no network.
  });
  if (best == ranking.end()) {
    fmt::print("every trial diverged: lower the learning rates\n");
    return;
  }
  nn::Sequential model = network(best->parameters, data.train);
  nn::load_state_dict(model, train::load_checkpoint(best->path).part("state"));
  fmt::print("trial {}: test accuracy {:.4f}\n", best->trial, train::accuracy(model, data.test));
}

void run(const Arguments& arguments) {
  set_default_precision(f32);
  set_num_threads(1);  // Processes use the cores.
  const train::SearchOptions options = options_of(arguments);
  const HeldOut data = load_held_out(arguments.data, arguments.data_dir, "search");
  if (arguments.worker) {
    train::run_worker(options, [&](const train::Trial& trial) { return objective(trial, data); });
    return;
  }

  std::vector<std::string> command = {std::filesystem::read_symlink("/proc/self/exe").string(),
                                      "--worker",
                                      "--data",
                                      arguments.data,
                                      "--folder",
                                      arguments.folder,
                                      "--seed",
                                      std::to_string(arguments.seed)};
  if (!arguments.data_dir.empty()) {
    command.insert(command.end(), {"--data-dir", arguments.data_dir});
  }
  for (const train::Stage& stage : options.stages) {
    command.insert(command.end(), {"--epochs", std::to_string(stage.epochs), "--trials",
                                   std::to_string(stage.trials)});
  }
  train::run_search(options, command, arguments.workers, [](const train::SearchProgress& progress) {
    fmt::print(
        stderr, "{} of {} finished, best score of this stage {:.4f}{}\n", progress.finished,
        progress.all, progress.best,
        progress.workers_lost > 0 ? fmt::format(", {} workers lost", progress.workers_lost) : "");
  });

  train::SearchResults results = train::search_results(arguments.folder);
  results.title = "Random search on " + arguments.data;
  fmt::print("{}", results.to_table());
  report_best(results, data);
  if (arguments.format != "none") {
    const std::string file = fmt::format("{}/search.{}", arguments.folder, arguments.format);
    results.save(file);
    fmt::print("{}: {} results\n", file, results.records.size());
  }
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  CLI::App app("Searches learning rate, weight decay and dropout by several processes");
  app.add_option("--data", arguments.data, "fashion-mnist, or spiral, which needs no files")
      ->check(CLI::IsMember({"fashion-mnist", "spiral"}))
      ->capture_default_str();
  app.add_option("--data-dir", arguments.data_dir,
                 "folder of the data files; default TAPEGRAD_DATA_DIR");
  app.add_option("--folder", arguments.folder,
                 "where processes meet and results are; a search that "
                 "was stopped goes on from there")
      ->capture_default_str();
  app.add_option("--format", arguments.format,
                 "of search.FORMAT in this folder: html, a page; csv, jsonl: a table; none")
      ->check(CLI::IsMember({"html", "csv", "jsonl", "none"}))
      ->capture_default_str();
  const CLI::Range one_or_more(1, std::numeric_limits<int>::max());
  app.add_option("--epochs", arguments.epochs, "of each stage")
      ->check(one_or_more)
      ->capture_default_str();
  app.add_option("--trials", arguments.trials, "of each stage: all at first, then the best few")
      ->check(one_or_more)
      ->capture_default_str();
  app.add_option("--workers", arguments.workers, "processes that train")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  app.add_option("--seed", arguments.seed, "of all that is drawn")
      ->check(CLI::Range(std::int64_t{0}, std::numeric_limits<std::int64_t>::max()))
      ->capture_default_str();
  app.add_flag("--worker", arguments.worker, "only work on the search of this folder");
  CLI11_PARSE(app, argc, argv);

  try {
    run(arguments);
  } catch (const std::exception& error) {
    fmt::print(stderr, "search: {}\n", error.what());
    return EXIT_FAILURE;
  }
}
