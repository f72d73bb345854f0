// Trains a network on the spiral (built in) or on images, and ends with its accuracy.
// `train --help` lists the options.

#include <cstdlib>
#include <filesystem>
#include <limits>
#include <new>
#include <optional>
#include <string>
#include <vector>

#include <fmt/core.h>
#include <CLI/CLI.hpp>

#include "trained_model.hpp"

using namespace tapegrad;

namespace {

/// How a network is trained. {classes} in a pattern stands for their number.
struct Recipe {
  std::string pattern;
  int epochs = 0;
  double learning_rate = 0;
  double weight_decay = 0;
  int batch_size = 32;
  bool svm = false;     ///< Multi-class hinge loss in place of softmax.
  bool cosine = false;  ///< The learning rate falls to 0 along half a cosine.
  double flip = 0;      ///< Probability of mirroring an image.
  int crop = 0;         ///< Padding of random crops.
};

struct Arguments {
  std::string data = "spiral";
  std::string data_dir;
  std::string model;
  std::string save, report, metrics, checkpoints;
  std::optional<int> epochs, batch_size, crop;
  std::optional<double> learning_rate, weight_decay, flip;
  std::optional<std::string> schedule;
  double momentum = 0.9;
  std::uint64_t seed = 0;
  int threads = 1;
  std::string precision = "f32";
  double validation = 0;  ///< Share of the training samples, or their number.
  int patience = 0;
  bool check = false;
};

/// What is trained on, and what is measured at the end.
struct Task {
  data::Dataset train;
  data::Dataset test;
  std::string measured;           ///< `train` or `test`.
  data::Dataset validation = {};  ///< Taken out of the training set; empty unless asked for.
};

/// `mlp:2-100-3` in the words of a pattern.
std::string pattern_of_mlp(const std::vector<std::int64_t>& sizes) {
  std::string pattern;
  for (std::size_t i = 1; i < sizes.size(); ++i) {
    pattern += fmt::format("{}fc{}", i == 1 ? "" : " relu ", sizes[i]);
  }
  return pattern;
}

/// What suits a model of the given name on the given data; any other name is a pattern itself.
Recipe recipe_for(const std::string& model, const std::string& data) {
  const bool spiral = data == "spiral", cifar = data == "cifar10";
  if (model == "linear") {
    return spiral ? Recipe{"fc{classes}", 100, 0.1} : Recipe{"fc{classes}", 20, 0.003, 0, 100};
  }
  if (model == "svm") {
    Recipe recipe =
        spiral ? Recipe{"fc{classes}", 100, 0.1} : Recipe{"fc{classes}", 20, 0.0005, 0, 100};
    recipe.svm = true;
    return recipe;
  }
  if (model == "two-layer") {
    if (spiral) return {"fc100 relu fc{classes}", 200, 0.1};
    return {"fc200 relu fc{classes}", cifar ? 30 : 10, 0.01, 1e-3, 100, false, true,
            cifar ? 0.5 : 0.0};
  }
  const bool convnet = model == "convnet" || model.find("conv") != std::string::npos;
  Recipe recipe{model, 5, 0.05};
  if (spiral) recipe = {model, 200, 0.1};
  if (convnet) recipe = {model, 40, 0.05, 5e-4, 64, false, true, 0.5, 4};
  if (convnet && !cifar) recipe.epochs = 8;
  if (convnet && !cifar) recipe.crop = 0;
  if (model == "convnet") {
    recipe.pattern =
        "conv3-32 bn relu pool2f conv3-64 bn relu pool2f dropout0.3 fc128 relu dropout0.3 "
        "fc{classes}";
  }
  return recipe;
}

/// The recipe with what the command line says otherwise, and the number of classes put in.
Recipe fill_in(const Arguments& arguments, const Task& task) {
  const std::string model = !arguments.model.empty()      ? arguments.model
                            : arguments.data == "spiral"  ? "two-layer"
                            : arguments.data == "cifar10" ? "convnet"
                                                          : "fc128 relu fc64 relu fc{classes}";
  Recipe recipe = recipe_for(model, arguments.data);
  if (model.rfind("mlp:", 0) == 0) {
    const auto sizes = nn::parse_mlp(model);
    const auto features = static_cast<std::int64_t>(task.train.features());
    if (sizes.front() != features || sizes.back() != task.train.classes) {
      throw ValueError(
          fmt::format("[train] needs a model with {} inputs and {} outputs for this data, got {}; "
                      "write mlp:{}-…-{}",
                      features, task.train.classes, model, features, task.train.classes));
    }
    recipe.pattern = pattern_of_mlp(sizes);
  }
  const std::string placeholder = "{classes}";
  if (const auto at = recipe.pattern.find(placeholder); at != std::string::npos) {
    recipe.pattern.replace(at, placeholder.size(), std::to_string(task.train.classes));
  }
  recipe.epochs = arguments.epochs.value_or(recipe.epochs);
  recipe.batch_size = arguments.batch_size.value_or(recipe.batch_size);
  recipe.learning_rate = arguments.learning_rate.value_or(recipe.learning_rate);
  recipe.weight_decay = arguments.weight_decay.value_or(recipe.weight_decay);
  recipe.flip = arguments.flip.value_or(recipe.flip);
  recipe.crop = arguments.crop.value_or(recipe.crop);
  if (arguments.schedule) recipe.cosine = *arguments.schedule == "cosine";
  return recipe;
}

std::string data_dir(const Arguments& arguments) {
  if (!arguments.data_dir.empty()) return arguments.data_dir;
  if (const char* dir = std::getenv("TAPEGRAD_DATA_DIR")) return dir;
  throw FileError("[train] needs the folder of the data files for --data " + arguments.data +
                  "; give it with --data-dir DIR or TAPEGRAD_DATA_DIR=DIR. Fashion-MNIST's four "
                  "files (train-images-idx3-ubyte.gz, …) are published at "
                  "https://github.com/zalandoresearch/fashion-mnist, CIFAR-10's binary version at "
                  "https://www.cs.toronto.edu/~kriz/cifar.html; --data spiral needs none");
}

Task load(const Arguments& arguments) {
  if (arguments.data == "spiral") {
    const data::Dataset spiral = data::spiral(100, 3, arguments.seed);
    return {spiral, spiral, "train"};
  }
  const std::string dir = data_dir(arguments);
  if (arguments.data == "cifar10") {
    return {data::load_cifar10(dir, data::Split::train), data::load_cifar10(dir, data::Split::test),
            "test"};
  }
  if (arguments.data == "fashion-mnist") {
    return {data::load_fashion_mnist(dir, data::Split::train),
            data::load_fashion_mnist(dir, data::Split::test), "test"};
  }
  if (arguments.data == "images") {
    // The split is the user's: a folder for each.
    return {data::load_image_folder(dir + "/train"), data::load_image_folder(dir + "/test"),
            "test"};
  }
  Task task{data::load_idx_folder(dir, data::Split::train), {}, "test"};
  task.test = data::load_idx_folder(dir, data::Split::test, task.train.classes);
  return task;
}

/// What is done to inputs. Of images a mean image is subtracted, or, for convolutions, to which all
/// places are alike, the mean colour, and the numbers are divided by their standard deviation.
data::Preprocessing preprocessing_for(const std::string& data, bool convolves) {
  if (data == "spiral") return {};
  if (!convolves) return data::Preprocessing(data::MeanSubtraction());
  return data::Preprocessing(data::MeanSubtraction(data::Per::channel),
                             data::Normalization(data::Per::all));
}

/// Writes what a recorder has seen so far, where that is asked for: before the first step, so that
/// a name that cannot be written is no surprise after hours, and at the end, also of a run that
/// went wrong. The report, whose size is bounded, is written after every epoch, for a reader who
/// does not want to wait. What a run wrote before it was stopped stays until the one that goes on
/// has seen an epoch itself: it records anew from there.
class Writer : public train::Observer {
 public:
  Writer(const train::History& history, std::string report, std::string metrics)
      : history_(history), report_(std::move(report)), metrics_(std::move(metrics)) {}

  void begin(const train::Run&) override { write_all(); }
  void epoch_end(const train::Progress&) override { write_report(); }
  void end(const train::Progress&, const char*) override { write_all(); }

 private:
  void write_all() const {
    write_report();
    if (!metrics_.empty() && !would_lose(metrics_)) train::save_metrics(history_, metrics_);
  }
  /// Whether there is a file of more than this run has seen so far.
  bool would_lose(const std::string& path) const {
    return history_.steps_before > 0 && history_.epochs.empty() && std::filesystem::exists(path);
  }
  void write_report() const {
    if (report_.empty() || would_lose(report_)) return;
    train::Report{history_.name, {history_}}.save(report_);
  }

  const train::History& history_;
  std::string report_, metrics_;
};

void run(const Arguments& arguments) {
  const Precision precision = arguments.precision == "f64" ? f64 : f32;
  set_num_threads(arguments.threads);
  set_default_precision(precision);
  nn::manual_seed(arguments.seed);

  Task task = load(arguments);
  if (arguments.validation > 0) {
    data::TrainValidation split = data::train_validation_split(task.train, arguments.validation,
                                                               arguments.seed, /*stratified=*/true);
    task.train = std::move(split.train);
    task.validation = std::move(split.validation);
    if (task.measured == "train") task.test = task.train;
  } else if (arguments.patience > 0) {
    throw ValueError("[train] needs --validation SHARE for --patience, got none; try 0.1");
  }
  const Recipe recipe = fill_in(arguments, task);
  const nn::Architecture architecture(recipe.pattern, task.train.sample_shape());
  if (architecture.output() != Shape{task.train.classes}) {
    throw ValueError(fmt::format(
        "[train] needs a model with {} outputs for this data, got '{}' "
        "with outputs {}; end it with fc{}",
        task.train.classes, recipe.pattern, to_string(architecture.output()), task.train.classes));
  }
  const bool convolves = recipe.pattern.find("conv") != std::string::npos;
  TrainedModel model{architecture, task.train.class_names,
                     preprocessing_for(arguments.data, convolves), architecture.build()};
  model.preprocessing.fit_apply(task.train);
  model.preprocessing.apply(task.test);
  if (task.validation.size() > 0) model.preprocessing.apply(task.validation);
  if (NamedParameters weights = nn::weights(model.network); !weights.empty()) {
    // Small scores at first: no class is preferred, and the first steps do not upset the layers
    // below.
    nn::init::normal(weights.back().second, 0, 0.01);
  }

  optim::SGDOptions rates(recipe.learning_rate, arguments.momentum);
  rates.weight_decay = recipe.weight_decay;
  optim::SGD sgd(optim::decay_only(nn::weights(model.network), model.network.parameters(), rates));

  train::Options options;
  options.epochs = recipe.epochs;
  options.batch_size = recipe.batch_size;
  options.seed = arguments.seed;
  options.augmentation = {recipe.flip, recipe.crop};
  options.precision = precision;
  if (recipe.svm) {
    options.loss = [](const Var& scores, const std::vector<int>& labels) {
      return nn::multiclass_hinge_loss(scores, labels);
    };
  }

  const auto batch_size = static_cast<std::size_t>(recipe.batch_size);
  const auto steps = (task.train.size() + batch_size - 1) / batch_size;
  std::optional<optim::LRScheduler> schedule;
  if (recipe.cosine) {
    schedule.emplace(
        sgd, optim::schedule::cosine_annealing(static_cast<std::int64_t>(steps) * recipe.epochs));
    options.after_step = [&] { schedule->step(); };
  }

  if (!arguments.checkpoints.empty()) {
    options.checkpoints.folder = arguments.checkpoints;
    options.checkpoints.settings = {
        {"model", recipe.pattern},
        {"loss", recipe.svm ? "hinge" : "cross-entropy"},
        {"schedule",
         recipe.cosine ? fmt::format("cosine over {} epochs", recipe.epochs) : "constant"}};
    if (schedule) options.checkpoints.state = {{"schedule", *schedule}};
    options.checkpoints.on_resume = [](const train::Resumed& resumed) {
      for (const std::string& reason : resumed.refused) fmt::print(stderr, "train: {}\n", reason);
      fmt::print(stderr, "goes on from {}\n", resumed.path);
    };
  }

  if (arguments.check) {
    train::SanityOptions checks;
    checks.loss = options.loss;
    checks.precision = precision;
    checks.seed = arguments.seed;
    fmt::print("{}", train::sanity_checks(model.network, task.train, checks).to_text());
  }
  if (task.validation.size() > 0) {
    options.validation = &task.validation;
    options.early_stopping.patience = arguments.patience;
    options.early_stopping.restore_best = arguments.patience > 0;
  }
  train::Recorder recorder({fmt::format("{}: {}", arguments.data, recipe.pattern)});
  recorder.add_setting("data", arguments.data);
  recorder.add_setting("model", recipe.pattern);
  recorder.add_setting("schedule", recipe.cosine ? "cosine" : "constant");
  recorder.add_setting("flip", fmt::format("{}", recipe.flip));
  recorder.add_setting("crop", fmt::format("{}", recipe.crop));
  recorder.add_setting("threads", fmt::format("{}", arguments.threads));
  Writer writer(recorder.history(), arguments.report, arguments.metrics);
  options.observers = {&recorder, &writer};
  // Comments go where the progress bar is: what the program prints is its result.
  const auto comment = [&] {
    const train::History& history = recorder.history();
    // A run that had ended before leaves nothing to comment on.
    if (history.steps_before > 0 && history.steps.empty()) return;
    fmt::print(stderr, "{}", train::to_text(train::diagnose(history)));
  };
  try {
    train::fit(model.network, sgd, task.train, options, train::ProgressBar());
  } catch (const NonFiniteError&) {
    comment();  // What was seen before tells why.
    throw;
  }
  comment();
  const train::Evaluation evaluation =
      train::evaluate(model.network, task.test, options.loss, precision);
  fmt::print(stderr, "{}", evaluation.to_table());
  fmt::print("{} accuracy {:.4f}\n", task.measured, evaluation.accuracy());
  if (!arguments.save.empty()) model.save(arguments.save);
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  CLI::App app("Trains a network and prints its accuracy.");
  app.add_option("--data", arguments.data,
                 "spiral (built in), fashion-mnist, cifar10, idx (any data set in MNIST's four "
                 "files), or images (folders train and test with a folder of PNG or JPEG images "
                 "per class)")
      ->check(CLI::IsMember({"spiral", "fashion-mnist", "cifar10", "idx", "images"}))
      ->capture_default_str();
  app.add_option("--data-dir", arguments.data_dir,
                 "folder of the data files; default TAPEGRAD_DATA_DIR");
  app.add_option("--model", arguments.model,
                 "linear, svm, two-layer, convnet, layer sizes such as mlp:784-128-64-10, or a "
                 "pattern such as 'conv3-32 relu pool2 fc10' (see nn::Architecture); default suits "
                 "the data, as do epochs, batch size, rates and augmentation");
  const CLI::Range one_or_more(1, std::numeric_limits<int>::max());
  app.add_option("--epochs", arguments.epochs, "passes over the data")->check(one_or_more);
  app.add_option("--batch-size", arguments.batch_size, "samples per step")->check(one_or_more);
  app.add_option("--lr", arguments.learning_rate, "learning rate")->check(CLI::Range(0.0, 1e6));
  app.add_option("--schedule", arguments.schedule,
                 "of the learning rate: constant, or cosine, which falls to 0")
      ->check(CLI::IsMember({"constant", "cosine"}));
  app.add_option("--momentum", arguments.momentum, "of stochastic gradient descent")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  app.add_option("--weight-decay", arguments.weight_decay, "of weights, not of biases")
      ->check(CLI::Range(0.0, 1e6));
  app.add_option("--flip", arguments.flip, "probability of mirroring an image in training")
      ->check(CLI::Range(0.0, 1.0));
  app.add_option("--crop", arguments.crop, "padding of random crops in training, in pixels")
      ->check(CLI::Range(0, 1024));
  app.add_option("--seed", arguments.seed, "of weights, order, augmentation and spiral")
      ->check(CLI::Range(std::int64_t{0}, std::numeric_limits<std::int64_t>::max()))
      ->capture_default_str();
  app.add_option("--threads", arguments.threads, "threads that large gates share")
      ->check(one_or_more)
      ->capture_default_str();
  app.add_option("--precision", arguments.precision, "f32 or f64")
      ->check(CLI::IsMember({"f32", "f64"}))
      ->capture_default_str();
  app.add_option("--validation", arguments.validation,
                 "share of the training samples to measure by after each epoch, or their number; "
                 "they are not learned from")
      ->check(CLI::Range(0.0, 1e9));
  app.add_option("--patience", arguments.patience,
                 "epochs without a better validation accuracy after which training ends, with the "
                 "weights of the best one; needs --validation")
      ->check(CLI::Range(0, std::numeric_limits<int>::max()));
  app.add_flag("--check", arguments.check,
               "before training: initial loss, the effect of a penalty, and 20 samples to learn "
               "by heart");
  app.add_option(
      "--report", arguments.report,
      "file, .html or .json, for losses, accuracies, update ratios, histograms and more; "
      "written after every epoch");
  app.add_option("--metrics", arguments.metrics,
                 "folder for the same as CSV, JSON Lines and a TensorBoard event file");
  app.add_option("--checkpoints", arguments.checkpoints,
                 "folder for a checkpoint after every epoch, from which the same command goes on");
  app.add_option("--save", arguments.save, "folder for the trained model, which `predict` reads");
  CLI11_PARSE(app, argc, argv);

  try {
    run(arguments);
  } catch (const std::bad_alloc&) {
    fmt::print(stderr, "train: [memory] needs more memory than there is; make the model smaller\n");
    return 1;
  } catch (const Error& error) {
    fmt::print(stderr, "train: {}\n", error.what());
    return 1;
  }
}
