// A small search, for tests that kill its workers and its master:
// `interrupted_search master FOLDER EPOCHS` starts two workers, `interrupted_search worker FOLDER
// EPOCHS` is one.

#include <cstdio>
#include <cstdlib>
#include <string>

#include <tapegrad/tapegrad.hpp>

using namespace tapegrad;

namespace {

train::TrialResult train_spiral(const train::Trial& trial) {
  nn::manual_seed(trial.seed);
  const data::Dataset spiral = data::spiral(20), validation = data::spiral(10, 3, 1);
  nn::Sequential model = nn::mlp({2, 16, 3});
  optim::SGD sgd(model.parameters(), trial["lr"], 0.9);
  train::Options options;
  options.epochs = trial.epochs;
  options.batch_size = 4;
  options.seed = trial.seed;
  options.penalty = [&] { return nn::l2_penalty(model, trial["lambda"]); };
  options.checkpoints.folder = trial.folder;
  train::fit(model, sgd, spiral, options);
  const train::Evaluation evaluation = train::evaluate(model, validation);
  return {evaluation.accuracy(), nn::state_dict(model), {{"loss", evaluation.loss}}};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  try {
    set_num_threads(1);
    const int epochs = std::atoi(argv[3]);
    train::SearchOptions options;
    options.folder = argv[2];
    options.ranges = {train::Range::log_uniform("lr", 1e-6, 10),
                      train::Range::log_uniform("lambda", 1e-6, 10)};
    options.stages = {{epochs, 20}, {2 * epochs, 5}, {3 * epochs, 2}};
    options.seed = 1;
    if (argv[1] == std::string("worker")) {
      train::run_worker(options, train_spiral);
    } else {
      train::run_search(options, {argv[0], "worker", argv[2], argv[3]}, 2);
    }
  } catch (const Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
