#include <tapegrad/data/idx.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include <tapegrad/data/detail/byte_source.hpp>

namespace tapegrad::data {
namespace {

using detail::ByteSource;

template <class... Arguments>
[[noreturn]] void fail(fmt::format_string<Arguments...> text, Arguments&&... arguments) {
  throw FileError("[idx] " + fmt::format(text, std::forward<Arguments>(arguments)...));
}

constexpr std::uint32_t images_magic = 0x00000803;
constexpr std::uint32_t labels_magic = 0x00000801;

std::string kind_of(std::uint32_t magic) {
  if (magic == images_magic) return "images: unsigned bytes, 3 dimensions";
  if (magic == labels_magic) return "labels: unsigned bytes, 1 dimension";
  return "not a file of byte images or labels";
}

/// `60000 x 28 x 28`
std::string text_of(const std::vector<std::uint64_t>& sizes) {
  std::string text;
  for (const std::uint64_t size : sizes) text += (text.empty() ? "" : " x ") + std::to_string(size);
  return text;
}

std::uint32_t read_big_endian(ByteSource& source, const std::string& path) {
  std::array<unsigned char, 4> bytes{};
  if (source.read(bytes.data(), bytes.size()) < bytes.size()) {
    fail("needs a header of 16 bytes for images, 8 for labels; {} is shorter; get the file again",
         path);
  }
  std::uint32_t number = 0;
  for (const unsigned char byte : bytes) number = (number << 8) | byte;
  return number;
}

/// The product of sizes, or the largest number if it is larger still.
std::size_t saturated_product(const std::vector<std::uint64_t>& sizes) {
  constexpr std::size_t most = std::numeric_limits<std::size_t>::max();
  std::size_t product = 1;
  for (const std::uint64_t size : sizes) product = product > most / size ? most : product * size;
  return product;
}

struct Idx {
  std::vector<std::uint64_t> sizes;
  std::vector<unsigned char> bytes;
};

/// A whole file with this magic number, whose last byte is the number of dimensions.
Idx read_idx(const std::string& path, std::uint32_t magic) {
  ByteSource source({"idx", path});
  const std::uint32_t found = read_big_endian(source, path);
  if (found != magic) {
    fail("needs magic number {} ({}); {} begins with {} ({}); {}", magic, kind_of(magic), path,
         found, kind_of(found),
         found == images_magic || found == labels_magic ? "swap image and label file"
                                                        : "check the path");
  }

  Idx idx;
  for (std::uint32_t axis = 0; axis < (magic & 0xFF); ++axis) {
    idx.sizes.push_back(read_big_endian(source, path));
  }
  if (std::count(idx.sizes.begin(), idx.sizes.end(), 0U) != 0) {
    fail("needs at least one element; the header of {} says {}; use a file that has data", path,
         text_of(idx.sizes));
  }

  const std::size_t promised = saturated_product(idx.sizes);
  idx.bytes = source.read_at_most(promised);
  if (idx.bytes.size() < promised) {
    fail(
        "needs the {} bytes that the header of {} promises; it has {}; the file is truncated, get "
        "it again",
        text_of(idx.sizes), path, idx.bytes.size());
  }
  // Asking for one byte more also makes the last gzip checksum be read and compared.
  unsigned char extra = 0;
  if (source.read(&extra, 1) != 0) {
    fail("needs to end after the {} bytes that its header promises; {} goes on; get the file again",
         text_of(idx.sizes), path);
  }
  return idx;
}

/// The path of a published file, plain or compressed, in `dir` or its folder `fashion-mnist`.
std::string find_published(const std::filesystem::path& dir, const std::string& name) {
  std::string path = detail::find_plain_or_gzip({dir, dir / "fashion-mnist"}, name);
  if (!path.empty()) return path;
  std::error_code ignored;
  fail(
      "needs {} or {}.gz in the folder '{}' or its folder fashion-mnist; {}; set --data-dir or "
      "TAPEGRAD_DATA_DIR to the folder with the four files; Fashion-MNIST's are published at "
      "https://github.com/zalandoresearch/fashion-mnist (data/fashion)",
      name, name, dir.string(),
      std::filesystem::is_directory(dir, ignored) ? "found neither" : "there is no such folder");
}

}  // namespace

Array<float> read_idx_images(const std::string& path) {
  const Idx idx = read_idx(path, images_magic);
  Array<float> images(Array<float>::shape_type{idx.sizes[0], 1, idx.sizes[1], idx.sizes[2]});
  detail::to_unit(idx.bytes.data(), idx.bytes.size(), images.data());
  return images;
}

std::vector<int> read_idx_labels(const std::string& path) {
  const Idx idx = read_idx(path, labels_magic);
  return {idx.bytes.begin(), idx.bytes.end()};
}

Dataset load_idx(const std::string& images_path, const std::string& labels_path, int classes) {
  if (classes < 0) {
    throw ValueError(
        fmt::format("[idx] needs a number of classes, or 0 to find it in the labels; got {}; leave "
                    "it out",
                    classes));
  }
  Dataset dataset;
  dataset.labels = read_idx_labels(labels_path);
  const auto largest = std::max_element(dataset.labels.begin(), dataset.labels.end());
  dataset.classes = classes > 0 ? classes : *largest + 1;
  if (*largest >= dataset.classes) {
    fail("needs labels from 0 to {}; {} has {} at sample {}; use the label file of this data set",
         dataset.classes - 1, labels_path, *largest, largest - dataset.labels.begin());
  }

  dataset.inputs = read_idx_images(images_path);
  if (dataset.inputs.shape()[0] != dataset.size()) {
    fail(
        "needs one label per image; {} has {} images, {} has {} labels; use the two files of one "
        "split",
        images_path, dataset.inputs.shape()[0], labels_path, dataset.size());
  }
  return dataset;
}

Dataset load_idx_folder(const std::string& dir, Split split, int classes) {
  const std::string prefix = split == Split::train ? "train" : "t10k";
  const std::string images_path = find_published(dir, prefix + "-images-idx3-ubyte");
  const std::string labels_path = find_published(dir, prefix + "-labels-idx1-ubyte");
  return load_idx(images_path, labels_path, classes);
}

Dataset load_fashion_mnist(const std::string& dir, Split split) {
  Dataset dataset = load_idx_folder(dir, split, 10);
  dataset.class_names = {"T-shirt/top", "Trouser", "Pullover", "Dress", "Coat",
                         "Sandal",      "Shirt",   "Sneaker",  "Bag",   "Ankle boot"};
  return dataset;
}

}  // namespace tapegrad::data
