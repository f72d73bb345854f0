// Nearest neighbours on CIFAR-10: how well k of them predict, which k to choose, and what an
// approximate index saves.

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <limits>
#include <numeric>
#include <optional>
#include <string>
#include <vector>

#include <fmt/core.h>
#include <CLI/CLI.hpp>
#include <tapegrad/tapegrad.hpp>

using namespace tapegrad;
using train::Metric;

namespace {

struct Arguments {
  std::string data = "cifar10", data_dir;
  std::string folder = "outputs", format = "html";
  std::size_t training = 5'000, test = 500;
  int folds = 5;
  std::vector<std::int64_t> ks = {1, 3, 5, 8, 10, 12, 15, 20, 50, 100};
  std::uint64_t seed = 0;
  int threads = 0;
};

std::string data_dir(const Arguments& arguments) {
  if (!arguments.data_dir.empty()) return arguments.data_dir;
  if (const char* dir = std::getenv("TAPEGRAD_DATA_DIR")) return dir;
  throw FileError(
      "[knn] needs the folder of the data files for --data " + arguments.data +
      "; give it with --data-dir DIR or TAPEGRAD_DATA_DIR=DIR; --data spiral needs none");
}

/// The first samples of a data set, as rows.
data::Dataset first(data::Dataset dataset, std::size_t count) {
  std::vector<std::size_t> indices(std::min(count, dataset.size()));
  std::iota(indices.begin(), indices.end(), std::size_t{0});
  return data::flatten(data::subset(dataset, indices));
}

data::Dataset load(const Arguments& arguments, data::Split split) {
  const bool is_training = split == data::Split::train;
  const std::size_t count = is_training ? arguments.training : arguments.test;
  if (arguments.data == "spiral") {
    // Arm by arm: a part would lack classes.
    const int points = static_cast<int>(std::max<std::size_t>(1, count / 3));
    return data::spiral(points, 3, 2 * arguments.seed + (is_training ? 0 : 1));
  }
  const std::string dir = data_dir(arguments);
  return first(arguments.data == "cifar10" ? data::load_cifar10(dir, split)
                                           : data::load_fashion_mnist(dir, split),
               count);
}

/// Milliseconds that each of `queries` queries of a call takes.
template <class Call>
double milliseconds_each(std::size_t queries, Call call) {
  const auto start = std::chrono::steady_clock::now();
  call();
  const std::chrono::duration<double, std::milli> time = std::chrono::steady_clock::now() - start;
  return time.count() / static_cast<double>(queries);
}

/// Every k with both metrics on folds of the training samples, and the best of them on the test
/// samples, which nothing has seen before.
train::KChoice choose(const Arguments& arguments, const data::Dataset& training,
                      const data::Dataset& test) {
  const auto folds = data::k_fold(training, arguments.folds, arguments.seed, true);
  train::KChoice choice = train::choose_k(training, folds, arguments.ks);
  choice.title = fmt::format("Choosing k: {} folds of {} samples of {}", arguments.folds,
                             training.size(), arguments.data);
  fmt::print("metric    k  accuracy of {} folds\n", arguments.folds);
  for (const train::KScore& score : choice.scores) {
    fmt::print("{:<6} {:>4}  {:.4f} ± {:.4f}\n", train::to_string(score.metric), score.k,
               score.accuracies.mean(), score.accuracies.standard_deviation());
  }
  const train::KScore& best = choice.best();
  const train::KNeighborsClassifier classifier(training, best.k, best.metric);
  fmt::print("best: {}, k = {}; test accuracy {:.4f}\n\n", train::to_string(best.metric), best.k,
             classifier.accuracy(test));
  return choice;
}

/// An approximate index beside the exact search for the 10 nearest neighbours by L2.
void compare(const data::Dataset& training, const data::Dataset& test) {
  const auto k = static_cast<std::int64_t>(std::min<std::size_t>(10, training.size()));
  const std::size_t queries = test.size();
  const train::NearestNeighbors search(training.inputs);
  train::Neighbors exact;
  const double exact_time =
      milliseconds_each(queries, [&] { exact = search.kneighbors(test.inputs, k); });
  const auto share_right = [&](const train::Neighbors& found) {
    const std::vector<int> labels = found.vote(training.labels, k);
    int right = 0;
    for (std::size_t i = 0; i < queries; ++i) right += labels[i] == test.labels[i] ? 1 : 0;
    return static_cast<double>(right) / static_cast<double>(queries);
  };
  fmt::print("{} nearest by L2   recall@{}  ms a query  accuracy\n", k, k);
  fmt::print("exact, all at once   {:>7.3f} {:>11.3f} {:>9.3f}\n", 1.0, exact_time,
             share_right(exact));
  // A product for one query alone has to read all points for it.
  const std::size_t features = training.features(), few = std::min<std::size_t>(20, queries);
  const double alone_time = milliseconds_each(few, [&] {
    for (std::size_t i = 0; i < few; ++i) {
      Array<float> query = Array<float>::from_shape({1, features});
      std::copy_n(test.inputs.data() + i * features, features, query.data());
      search.kneighbors(query, k);
    }
  });
  fmt::print("exact, one by one    {:>7.3f} {:>11.3f} {:>9}\n", 1.0, alone_time, "same");
  std::optional<train::ApproximateNeighbors> index;
  const double build_time = milliseconds_each(1, [&] { index.emplace(training.inputs); });
  for (const std::int64_t ef : {10, 20, 50, 100, 200, 500, 1'000}) {
    train::Neighbors found;
    const double time =
        milliseconds_each(queries, [&] { found = index->kneighbors(test.inputs, k, ef); });
    fmt::print("graph, ef = {:<8} {:>7.3f} {:>11.3f} {:>9.3f}\n", ef, train::recall(found, exact),
               time, share_right(found));
  }
  fmt::print("The graph was built in {:.1f} s.\n", build_time / 1'000);
}

void run(const Arguments& arguments) {
  if (arguments.threads > 0) set_num_threads(arguments.threads);
  const data::Dataset training = load(arguments, data::Split::train);
  const data::Dataset test = load(arguments, data::Split::test);
  fmt::print("{}: {} training and {} test samples of {} features\n\n", arguments.data,
             training.size(), test.size(), training.features());
  const train::KChoice choice = choose(arguments, training, test);
  compare(training, test);
  std::filesystem::create_directories(arguments.folder);
  const std::string name = "knn." + arguments.format;
  const std::string file = (std::filesystem::path(arguments.folder) / name).string();
  choice.save(file);
  fmt::print("The choice of k is drawn in {}\n", file);
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  CLI::App app("Nearest neighbours: choosing k by cross-validation, exact against approximate");
  app.add_option("--data", arguments.data, "cifar10, fashion-mnist, or spiral (built in)")
      ->check(CLI::IsMember({"cifar10", "fashion-mnist", "spiral"}))
      ->capture_default_str();
  app.add_option("--data-dir", arguments.data_dir,
                 "folder of the data files; default TAPEGRAD_DATA_DIR");
  const CLI::Range samples(std::size_t{1}, std::size_t{1'000'000});
  app.add_option("--train", arguments.training, "how many training samples")
      ->check(samples)
      ->capture_default_str();
  app.add_option("--test", arguments.test, "how many test samples")
      ->check(samples)
      ->capture_default_str();
  app.add_option("--folds", arguments.folds, "of cross-validation")
      ->check(CLI::Range(2, 1'000))
      ->capture_default_str();
  app.add_option("--k", arguments.ks, "numbers of neighbours to choose from")
      ->delimiter(',')
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{1'000'000}))
      ->capture_default_str();
  app.add_option("--folder", arguments.folder, "for the picture of the choice, knn.FORMAT")
      ->capture_default_str();
  app.add_option("--format", arguments.format, "html: a page; json, csv: the numbers")
      ->check(CLI::IsMember({"html", "json", "csv"}))
      ->capture_default_str();
  app.add_option("--seed", arguments.seed, "of the folds and the spiral")
      ->check(CLI::Range(std::int64_t{0}, std::numeric_limits<std::int64_t>::max() / 4))
      ->capture_default_str();
  app.add_option("--threads", arguments.threads, "default: all cores")->check(CLI::Range(1, 1'024));
  CLI11_PARSE(app, argc, argv);
  try {
    run(arguments);
  } catch (const std::exception& error) {
    fmt::print(stderr, "knn: {}\n", error.what());
    return EXIT_FAILURE;
  }
}
