#include <tapegrad/data/idx.hpp>

#include <zlib.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <limits>
#include <new>
#include <utility>

#include <fmt/format.h>

#include <tapegrad/data/detail/file.hpp>

namespace tapegrad::data {
namespace {

using Bytes = std::vector<unsigned char>;

template <class... Arguments>
[[noreturn]] void fail(fmt::format_string<Arguments...> text, Arguments&&... arguments) {
  throw FileError("[idx] " + fmt::format(text, std::forward<Arguments>(arguments)...));
}

// NOTE [Why not gzread]
// zlib's gzread is silent about bytes that follow a gzip stream and tells a truncated file only
// to those who ask gzerror after it. Inflating ourselves, every byte of the file is accounted for.

/// The bytes of a file, decompressed if it is gzip.
class ByteSource {
 public:
  explicit ByteSource(const std::string& path)
      : path_(path), file_(detail::open_file({"idx", path})) {
    refill();
    gzip_ = stream_.avail_in >= 2 && input_[0] == 0x1f && input_[1] == 0x8b;
    constexpr int gzip_only = 15 + 16;  // the largest window, and gzip framing with its CRC
    if (gzip_ && inflateInit2(&stream_, gzip_only) != Z_OK) throw std::bad_alloc();
  }
  ~ByteSource() {
    if (gzip_) inflateEnd(&stream_);
  }
  ByteSource(const ByteSource&) = delete;
  ByteSource& operator=(const ByteSource&) = delete;

  /// Reads `size` bytes, fewer only where the file ends; returns how many.
  std::size_t read(unsigned char* out, std::size_t size) {
    std::size_t done = 0;
    while (done < size) {
      if (stream_.avail_in == 0 && !refill()) {
        if (gzip_ && !member_ended_) {
          fail(
              "needs a whole gzip file; {} ends too early, after {} bytes of content; get the "
              "file again",
              path_, total_ + done);
        }
        break;
      }
      const auto room = static_cast<uInt>(std::min<std::size_t>(size - done, UINT_MAX));
      done += gzip_ ? inflate_some(out + done, room) : copy_some(out + done, room);
    }
    total_ += done;
    return done;
  }

 private:
  bool refill() {
    const std::size_t count = std::fread(input_.data(), 1, input_.size(), file_.get());
    if (std::ferror(file_.get()) != 0) {
      fail("needs to read {}; that failed ({}); check the disk", path_, std::strerror(errno));
    }
    stream_.next_in = input_.data();
    stream_.avail_in = static_cast<uInt>(count);
    return count > 0;
  }

  std::size_t copy_some(unsigned char* out, uInt room) {
    const uInt count = std::min(room, stream_.avail_in);
    std::memcpy(out, stream_.next_in, count);
    stream_.next_in += count;
    stream_.avail_in -= count;
    return count;
  }

  std::size_t inflate_some(unsigned char* out, uInt room) {
    if (member_ended_) {
      // By RFC 1952 a gzip file may be several, one behind the other.
      if (*stream_.next_in != 0x1f) {
        fail("needs nothing behind the gzip data; {} goes on with other bytes; get the file again",
             path_);
      }
      inflateReset(&stream_);
      member_ended_ = false;
    }
    stream_.next_out = out;
    stream_.avail_out = room;
    const int result = inflate(&stream_, Z_NO_FLUSH);
    if (result == Z_MEM_ERROR) throw std::bad_alloc();
    member_ended_ = result == Z_STREAM_END;
    if (result != Z_OK && !member_ended_) {
      fail("needs undamaged gzip data; {} is corrupt ({}); get the file again", path_,
           stream_.msg != nullptr ? stream_.msg : "no valid stream");
    }
    return room - stream_.avail_out;
  }

  std::string path_;
  detail::File file_;
  std::array<unsigned char, 1 << 16> input_{};
  z_stream stream_{};
  bool gzip_ = false;
  bool member_ended_ = false;
  std::size_t total_ = 0;
};

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

/// `size` bytes, fewer where the file ends. Memory grows with what the file holds, never with what
/// its header promises.
Bytes read_at_most(ByteSource& source, std::size_t size) {
  constexpr std::size_t first_chunk = std::size_t{1} << 20;
  Bytes bytes;
  while (bytes.size() < size) {
    const std::size_t start = bytes.size();
    const std::size_t chunk = std::min(size - start, std::max(start, first_chunk));
    bytes.resize(start + chunk);
    const std::size_t count = source.read(bytes.data() + start, chunk);
    if (count < chunk) {
      bytes.resize(start + count);
      break;
    }
  }
  return bytes;
}

struct Idx {
  std::vector<std::uint64_t> sizes;
  Bytes bytes;
};

/// A whole file with this magic number, whose last byte is the number of dimensions.
Idx read_idx(const std::string& path, std::uint32_t magic) {
  ByteSource source(path);
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
  idx.bytes = read_at_most(source, promised);
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
  namespace fs = std::filesystem;
  std::error_code ignored;
  for (const fs::path& folder : {dir, dir / "fashion-mnist"}) {
    for (const char* ending : {"", ".gz"}) {
      const fs::path path = folder / (name + ending);
      if (fs::exists(path, ignored)) return path.string();
    }
  }
  fail(
      "needs {} or {}.gz in the folder '{}' or its folder fashion-mnist; {}; set --data-dir or "
      "TAPEGRAD_DATA_DIR to the folder with the four files; Fashion-MNIST's are published at "
      "https://github.com/zalandoresearch/fashion-mnist (data/fashion)",
      name, name, dir.string(),
      fs::is_directory(dir, ignored) ? "found neither" : "there is no such folder");
}

}  // namespace

Array<float> read_idx_images(const std::string& path) {
  const Idx idx = read_idx(path, images_magic);
  const std::size_t count = idx.sizes[0];
  Array<float> images(Array<float>::shape_type{count, idx.bytes.size() / count});
  std::transform(idx.bytes.begin(), idx.bytes.end(), images.data(),
                 [](unsigned char pixel) { return static_cast<float>(pixel) / 255.0F; });
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
  return load_idx_folder(dir, split, 10);
}

}  // namespace tapegrad::data
