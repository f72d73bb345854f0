#include <tapegrad/data/cifar10.hpp>

#include <filesystem>
#include <limits>
#include <vector>

#include <tapegrad/data/detail/byte_source.hpp>

namespace tapegrad::data {
namespace {

namespace fs = std::filesystem;
using Bytes = std::vector<unsigned char>;

constexpr std::size_t channels = 3, side = 32, pixels = channels * side * side;
constexpr std::size_t record_size = 1 + pixels;
constexpr unsigned char classes = 10;

/// The records of a file, all of them good.
Bytes read_records(const std::string& path) {
  const detail::Origin origin{"cifar10", path};
  Bytes bytes = detail::ByteSource(origin).read_at_most(std::numeric_limits<std::size_t>::max());
  if (bytes.empty() || bytes.size() % record_size != 0) {
    origin.fail(
        "needs records of {} bytes, at least one: a label and 3 x 32 x 32 pixels; got {} bytes, {} "
        "too many; get the file of CIFAR-10's binary version again",
        record_size, bytes.size(), bytes.size() % record_size);
  }
  for (std::size_t i = 0; i < bytes.size(); i += record_size) {
    if (bytes[i] >= classes) {
      origin.fail(
          "needs labels from 0 to 9; got {} at image {}; check that this is CIFAR-10 (of "
          "CIFAR-100 and others the records look different)",
          bytes[i], i / record_size);
    }
  }
  return bytes;
}

Dataset to_dataset(const std::vector<Bytes>& files) {
  std::size_t count = 0;
  for (const Bytes& records : files) count += records.size() / record_size;
  Dataset dataset;
  dataset.inputs.resize({count, channels, side, side});
  dataset.labels.reserve(count);
  dataset.classes = classes;
  dataset.class_names = {"airplane", "automobile", "bird",  "cat",  "deer",
                         "dog",      "frog",       "horse", "ship", "truck"};
  float* image = dataset.inputs.data();
  for (const Bytes& records : files) {
    for (std::size_t i = 0; i < records.size(); i += record_size, image += pixels) {
      dataset.labels.push_back(records[i]);
      detail::to_unit(records.data() + i + 1, pixels, image);
    }
  }
  return dataset;
}

}  // namespace

Dataset read_cifar10(const std::string& path) {
  return to_dataset({read_records(path)});
}

Dataset load_cifar10(const std::string& dir, Split split) {
  const std::vector<std::string> names =
      split == Split::test
          ? std::vector<std::string>{"test_batch.bin"}
          : std::vector<std::string>{"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin",
                                     "data_batch_4.bin", "data_batch_5.bin"};
  const fs::path folder = dir;
  std::vector<Bytes> files;
  for (const std::string& name : names) {
    const std::string path = detail::find_plain_or_gzip(
        {folder, folder / "cifar10", folder / "cifar-10-batches-bin"}, name);
    if (!path.empty()) files.push_back(read_records(path));
  }
  if (files.empty()) {
    std::error_code ignored;
    throw FileError(fmt::format(
        "[cifar10] needs {} or {}.gz in the folder '{}' or its folder cifar10 or "
        "cifar-10-batches-bin; {}; set --data-dir or TAPEGRAD_DATA_DIR to the folder with the "
        "files; the binary version is published at https://www.cs.toronto.edu/~kriz/cifar.html",
        names[0], names[0], dir,
        fs::is_directory(folder, ignored) ? "found neither" : "there is no such folder"));
  }
  return to_dataset(files);
}

}  // namespace tapegrad::data
