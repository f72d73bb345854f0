// A run of training with everything that has a state, for tests that kill it and start it again:
// `interrupted_training FOLDER RESULT` writes checkpoints into FOLDER after every step and all that
// was learned into RESULT at the end.

#include <cstdio>

#include <tapegrad/tapegrad.hpp>

using namespace tapegrad;

namespace {

data::Dataset images(std::uint64_t seed, std::size_t count) {
  Generator generator(seed);
  data::Dataset dataset;
  dataset.inputs.resize({count, 1, 8, 8});
  for (float& pixel : dataset.inputs) pixel = static_cast<float>(generator.normal());
  for (std::size_t i = 0; i < count; ++i) dataset.labels.push_back(static_cast<int>(i % 3));
  dataset.classes = 3;
  return dataset;
}

void run(const std::string& folder, const std::string& result) {
  set_num_threads(1);
  set_default_precision(f32);
  nn::manual_seed(5);
  const data::Dataset train = images(1, 60), validation = images(2, 30);
  nn::Sequential model =
      nn::Architecture("conv3-4 bn relu pool2 dropout0.3 fc16 relu dropout0.2 fc3", {1, 8, 8})
          .build();
  optim::SGD sgd(model.parameters(), 0.05, 0.9);
  optim::LRScheduler schedule(sgd,
                              optim::schedule::warm_up(5, optim::schedule::cosine_annealing(43)));
  optim::ExponentialMovingAverage average(model.parameters(), 0.9);

  train::Options options;
  options.epochs = 12;  // of four steps, the last one smaller
  options.batch_size = 16;
  options.seed = 3;
  options.augmentation = {0.5, 1, 0.1};
  options.validation = &validation;
  options.early_stopping.restore_best = true;
  options.penalty = [&] { return nn::l2_penalty(model, 1e-3); };
  options.after_step = [&] {
    schedule.step();
    average.update();
  };
  if (!folder.empty()) {
    options.checkpoints.folder = folder;
    options.checkpoints.every_steps = 1;
    options.checkpoints.state = {{"schedule", schedule}, {"average", average}};
  }
  const train::Progress last = train::fit(model, sgd, train, options);

  NamedParameters learned = nn::state_dict(model);
  for (const auto& [name, value] : average.state_dict())
    learned.emplace_back("average." + name, value);
  for (const auto& [name, value] : sgd.state_dict()) learned.emplace_back("sgd." + name, value);
  const Array<double> figures = {last.loss, last.penalty, last.accuracy,
                                 last.validation_loss.value(),
                                 static_cast<double>(last.best_epoch)};
  learned.emplace_back("figures", Parameter(figures, f64));
  learned.emplace_back("next draw", Parameter(nn::default_generator().uniform(), f64));
  data::save_safetensors(result, learned);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  try {
    run(argv[1], argv[2]);
  } catch (const Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
