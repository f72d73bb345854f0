// A classifier of small images as a network of convolutions alone, which scores every position of a
// larger image in one pass.

#include <algorithm>
#include <chrono>
#include <cmath>
#include <vector>

#include <fmt/core.h>

#include <CLI/CLI.hpp>

#include <tapegrad/tapegrad.hpp>

using namespace tapegrad;

namespace {

/// The classifier's scores (windows, classes) for all windows of an image, one after the other.
Array<double> score_windows(nn::Module& classifier, const Array<double>& image, std::int64_t window,
                            std::int64_t stride) {
  Tape tape;
  const Var x = tape.data(image);
  const std::int64_t side = x.shape()[2];
  std::vector<Operand> scores;
  for (std::int64_t top = 0; top + window <= side; top += stride) {
    const Var rows = slice(x, {2, top, top + window});
    for (std::int64_t left = 0; left + window <= side; left += stride) {
      scores.emplace_back(classifier(slice(rows, {3, left, left + window})));
    }
  }
  return concat(scores).value();
}

/// The twin's scores in the same form, in one pass.
Array<double> score_at_once(nn::Module& twin, const Array<double>& image) {
  Tape tape;
  const Var map = twin(tape.data(image));  // (1, classes, rows, columns)
  const Shape shape = map.shape();
  return transpose(reshape(map, {shape[1], shape[2] * shape[3]})).value();
}

/// The least milliseconds of several calls.
template <class F>
double milliseconds(F f) {
  double least = INFINITY;
  for (int round = 0; round < 5; ++round) {
    const auto start = std::chrono::steady_clock::now();
    f();
    const std::chrono::duration<double, std::milli> time = std::chrono::steady_clock::now() - start;
    least = std::min(least, time.count());
  }
  return least;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Scores all positions of a large image: windows against one pass");
  std::int64_t side = 64;
  app.add_option("--side", side, "of the square image; 32 and a multiple of 4 more")
      ->check(CLI::Range(32, 512))
      ->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  side -= side % 4;

  set_default_precision(f32);
  nn::manual_seed(1);
  const nn::Architecture classifier("conv5-16p0 relu pool2 conv3-32p0 relu pool2 fc64 relu fc10",
                                    {3, 32, 32});
  nn::Sequential model = classifier.build();
  nn::Sequential twin = nn::fully_convolutional(classifier, model);
  fmt::print("{}\n", nn::summary(nn::fully_convolutional(classifier, {3, side, side})));

  const auto length = static_cast<std::size_t>(side);
  auto image = Array<double>::from_shape({1, 3, length, length});
  for (double& pixel : image) pixel = nn::default_generator().normal();

  const NoGrad no_grad;
  const Array<double> windows = score_windows(model, image, 32, 4);
  const Array<double> at_once = score_at_once(twin, image);
  double difference = 0;
  for (std::size_t i = 0; i < windows.size(); ++i) {
    difference = std::max(difference, std::abs(windows.data()[i] - at_once.data()[i]));
  }
  const std::size_t count = windows.shape()[0];
  fmt::print("{} windows and one pass differ by at most {:.0e}\n", count, difference);

  const double slow = milliseconds([&] { score_windows(model, image, 32, 4); });
  const double fast = milliseconds([&] { score_at_once(twin, image); });
  fmt::print("{} windows: {:.2f} ms, one pass: {:.2f} ms, {:.1f} times faster\n", count, slow, fast,
             slow / fast);

  Tape tape;
  const Var x = tape.data(image);
  const Array<double> average = mean(twin(x), {2, 3}).value();
  fmt::print("scores averaged over positions: class {} is first\n",
             std::max_element(average.begin(), average.end()) - average.begin());
  fmt::print("a position every 2 pixels by shifted passes: {}\n",
             nn::shifted_scores(twin, classifier, x, 2).shape());

  // Of large networks the shapes are enough: nothing is allocated.
  const nn::Architecture large(
      "[conv3-64 relu]*2 pool2 [conv3-128 relu]*2 pool2 [conv3-256 relu]*3 pool2 "
      "[[conv3-512 relu]*3 pool2]*2 [fc4096 relu]*2 fc1000",
      {3, 224, 224});
  fmt::print("a 224-net of {} parameters on 384×384: {}\n", nn::summary(large).parameters(),
             nn::fully_convolutional(large, {3, 384, 384}).output());
}
