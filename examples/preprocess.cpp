// Shows what preprocessing does to images, as PNG files: the mean image, the directions in which
// images differ most, images reduced to a few of them and back, and whitened images.
//
//     preprocess --data cifar10 --data-dir DIR --out pictures

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <limits>
#include <new>
#include <numeric>
#include <string>
#include <vector>

#include <fmt/core.h>
#include <CLI/CLI.hpp>
#include <tapegrad/tapegrad.hpp>

using namespace tapegrad;

namespace {

struct Arguments {
  std::string data = "shapes";
  std::string data_dir;
  std::string out = "outputs";
  int samples = 0;
  int components = 0;
  int show = 49;
  int zoom = 3;
  double epsilon = 1e-5;
  std::uint64_t seed = 0;
  int threads = num_threads();
};

/// Images that need no file: a disc or a square of any colour, place and size before a background
/// of another colour, 16 × 16 pixels.
data::Dataset shapes(int count, std::uint64_t seed) {
  constexpr int side = 16;
  data::Dataset dataset;
  dataset.classes = 2;
  dataset.class_names = {"disc", "square"};
  dataset.inputs = Array<float>::from_shape({static_cast<std::size_t>(count), 3, side, side});
  Generator generator(seed);
  float* pixel = dataset.inputs.data();
  for (int n = 0; n < count; ++n) {
    const int label = n % 2;
    dataset.labels.push_back(label);
    const double x0 = generator.uniform(4, 11), y0 = generator.uniform(4, 11);
    const double radius = generator.uniform(2, 5);
    double inside[3], outside[3];
    for (int c = 0; c < 3; ++c) {
      inside[c] = generator.uniform();
      outside[c] = generator.uniform();
    }
    for (int c = 0; c < 3; ++c) {
      for (int y = 0; y < side; ++y) {
        for (int x = 0; x < side; ++x) {
          const double dx = std::abs(x - x0), dy = std::abs(y - y0);
          const double distance = label == 0 ? std::hypot(dx, dy) : std::max(dx, dy);
          const double share = std::clamp(radius - distance + 0.5, 0.0, 1.0);  // Soft edges.
          *pixel++ = static_cast<float>(share * inside[c] + (1 - share) * outside[c]);
        }
      }
    }
  }
  return dataset;
}

/// The training images and others that nothing is learned from.
struct Images {
  data::Dataset train, test;
};

std::string data_dir(const Arguments& arguments) {
  if (!arguments.data_dir.empty()) return arguments.data_dir;
  if (const char* dir = std::getenv("TAPEGRAD_DATA_DIR")) return dir;
  throw FileError("[preprocess] needs the folder of the data files for --data " + arguments.data +
                  "; give it with --data-dir DIR or TAPEGRAD_DATA_DIR=DIR. Fashion-MNIST is "
                  "published at https://github.com/zalandoresearch/fashion-mnist, CIFAR-10's "
                  "binary version at https://www.cs.toronto.edu/~kriz/cifar.html; --data shapes "
                  "needs none");
}

Images load(const Arguments& arguments) {
  if (arguments.data == "shapes") {
    const auto all = data::train_validation_split(shapes(4000, arguments.seed), 0.25);
    return {all.train, all.validation};
  }
  const std::string dir = data_dir(arguments);
  if (arguments.data == "cifar10") {
    return {data::load_cifar10(dir, data::Split::train),
            data::load_cifar10(dir, data::Split::test)};
  }
  return {data::load_fashion_mnist(dir, data::Split::train),
          data::load_fashion_mnist(dir, data::Split::test)};
}

/// The first samples, `count` of them or all.
data::Dataset first(const data::Dataset& dataset, std::size_t count) {
  std::vector<std::size_t> places(std::min(count, dataset.size()));
  std::iota(places.begin(), places.end(), std::size_t{0});
  return data::subset(dataset, places);
}

/// Rows (N, D) as images of this shape.
Array<float> as_images(const Array<float>& rows, const Shape& image) {
  Array<float> images = rows;
  const auto side = [&](int axis) { return static_cast<std::size_t>(image[axis]); };
  images.reshape({rows.size() / (side(0) * side(1) * side(2)), side(0), side(1), side(2)});
  return images;
}

/// An image (C, H, W) beside itself from black to full brightness.
Array<float> as_it_is_and_stretched(const Array<float>& image) {
  const Shape shape(image.shape().begin(), image.shape().end());
  data::GridOptions stretched;
  stretched.scale = data::GridScale::image;
  stretched.gap = 0;
  const Array<float> other = data::image_grid(as_images(image, shape), stretched);
  Array<float> both = Array<float>::from_shape(
      {std::size_t{2}, image.shape()[0], image.shape()[1], image.shape()[2]});
  std::copy(image.begin(), image.end(), both.begin());
  std::copy(other.begin(), other.end(), both.begin() + static_cast<std::ptrdiff_t>(image.size()));
  return both;
}

/// Writes grids of images into the folder.
class Pictures {
 public:
  explicit Pictures(const Arguments& arguments) : arguments_(arguments) {
    std::error_code error;
    std::filesystem::create_directories(arguments.out, error);
    if (error) {
      throw FileError("[preprocess] needs a folder for its pictures, got '" + arguments.out +
                      "': " + error.message());
    }
  }

  void save(const std::string& name, const Array<float>& images, data::GridScale scale,
            const std::string& what) const {
    data::GridOptions options;
    options.scale = scale;
    // A few images get as much room as many.
    options.zoom = arguments_.zoom * (images.shape()[0] < 4 ? 4 : 1);
    options.background = 1;
    const std::string path = (std::filesystem::path(arguments_.out) / (name + ".png")).string();
    data::save_png(path, data::image_grid(images, options));
    fmt::print("{}: {}\n", path, what);
  }

 private:
  const Arguments& arguments_;
};

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

void run(const Arguments& arguments) {
  set_num_threads(arguments.threads);
  Images images = load(arguments);
  if (arguments.samples > 0) {
    images.train = first(images.train, static_cast<std::size_t>(arguments.samples));
  }
  const Shape image = images.train.sample_shape();
  const auto features = static_cast<std::int64_t>(images.train.features());
  const auto start = std::chrono::steady_clock::now();
  const data::Whitening whitening(images.train, 0, arguments.epsilon);
  const data::PCA& pca = whitening.pca();
  const std::int64_t all = pca.output_shape()[0];
  fmt::print("{} training images {}: mean and {} components in {:.1f} s\n", images.train.size(),
             to_string(image), all, seconds_since(start));

  // CIFAR-10's 3072 numbers become 144.
  const std::int64_t usual = std::clamp<std::int64_t>(features * 3 / 64, 1, all);
  const std::int64_t components = arguments.components > 0 ? arguments.components : usual;
  if (components > all) {
    throw ValueError(
        fmt::format("[preprocess] needs at most {} components, of {} images of {} numbers; got {}",
                    all, images.train.size(), features, components));
  }
  const Array<float> ratio = pca.explained_variance_ratio();
  const double kept = 100 * std::accumulate(ratio.begin(), ratio.begin() + components, 0.0);
  fmt::print("{} components hold {:.1f} % of the variance\n", components, kept);

  const Pictures pictures(arguments);
  const auto count = static_cast<std::size_t>(arguments.show);
  const data::Dataset shown = first(images.test, count);
  pictures.save("images", shown.inputs, data::GridScale::none, "test images as they are");
  pictures.save("mean", as_it_is_and_stretched(pca.mean()), data::GridScale::none,
                "the mean of the training images, as it is and with all the contrast there is");
  {
    data::Dataset centred = shown;
    data::MeanSubtraction(images.train).apply(centred);
    pictures.save("centred", centred.inputs, data::GridScale::common,
                  "test images without that mean");
  }
  {
    Array<float> directions = Array<float>::from_shape(
        {std::min(count, static_cast<std::size_t>(all)), static_cast<std::size_t>(features)});
    std::copy_n(pca.components().begin(), directions.size(), directions.begin());
    pictures.save("eigenimages", as_images(directions, image), data::GridScale::image,
                  "the directions in which they differ most, each scaled by itself");
  }
  {
    // The first components of all of them: what PCA(train, components) would make.
    data::Dataset reduced = shown;
    pca.apply(reduced);
    for (std::size_t n = 0; n < reduced.size(); ++n) {
      float* const row = reduced.inputs.data() + static_cast<std::int64_t>(n) * all;
      std::fill(row + components, row + all, 0.0F);
    }
    pca.invert(reduced);
    pictures.save(
        "reduced", reduced.inputs, data::GridScale::none,
        fmt::format("test images reduced from {} numbers to {} and back", features, components));
  }
  {
    data::Dataset whitened = shown;
    whitening.apply(whitened);
    pca.invert(whitened);
    data::MeanSubtraction(images.train).apply(whitened);
    pictures.save("whitened", whitened.inputs, data::GridScale::image,
                  "test images whitened and rotated back, each scaled by itself");
  }
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  CLI::App app("Draws what mean subtraction, PCA and whitening do to images.");
  app.add_option("--data", arguments.data,
                 "shapes (built in), cifar10 or fashion-mnist; what is learned is learned from its "
                 "training images, what is shown are test images")
      ->check(CLI::IsMember({"shapes", "cifar10", "fashion-mnist"}))
      ->capture_default_str();
  app.add_option("--data-dir", arguments.data_dir,
                 "folder of the data files; default TAPEGRAD_DATA_DIR");
  app.add_option("--out", arguments.out, "folder for the pictures")->capture_default_str();
  const CLI::Range one_or_more(1, std::numeric_limits<int>::max());
  app.add_option("--samples", arguments.samples, "training images to learn from; default all")
      ->check(one_or_more);
  app.add_option("--components", arguments.components,
                 "to which images are reduced; default 3 of 64, which makes 144 of 3072")
      ->check(one_or_more);
  app.add_option("--show", arguments.show, "images in a picture")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  app.add_option("--zoom", arguments.zoom, "pixels of a picture for each of an image")
      ->check(CLI::Range(1, 16))
      ->capture_default_str();
  app.add_option("--epsilon", arguments.epsilon,
                 "added to variances before whitening divides by their roots")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--seed", arguments.seed, "of the built-in images")->capture_default_str();
  app.add_option("--threads", arguments.threads, "of matrix products and the eigensolver")
      ->check(one_or_more)
      ->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  try {
    run(arguments);
  } catch (const std::bad_alloc&) {
    fmt::print(stderr, "preprocess: [memory] needs more memory than there is; show fewer images\n");
    return 1;
  } catch (const Error& error) {
    fmt::print(stderr, "preprocess: {}\n", error.what());
    return 1;
  }
}
