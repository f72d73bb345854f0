#include <tapegrad/data/idx.hpp>

#include <array>
#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "data/data_dir.hpp"
#include "support/bytes.hpp"
#include "support/files.hpp"

namespace tapegrad::data {
namespace {

/// Header sizes of an IDX file, as 32-bit big-endian numbers.
std::string big_endian(std::initializer_list<std::uint32_t> numbers) {
  std::string bytes;
  for (const std::uint32_t number : numbers) {
    for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(number >> shift);
  }
  return bytes;
}

std::string gzip(const std::string& content) {
  return testing::deflated(content, 31);
}

/// Two images of 2 rows and 3 columns, and their labels.
const std::string images = big_endian({2051, 2, 2, 3}) +
                           std::string("\x00\x33\x66\x99\xcc\xff", 6) +
                           std::string("\xff\xff\x00\x00\x01\x02", 6);
const std::string labels = big_endian({2049, 2}) + std::string("\x03\x00", 2);

/// Pseudo-random bytes that do not compress, so that a gzip file can be cut anywhere.
std::string noise(std::size_t count) {
  std::string bytes;
  std::uint32_t x = 1;
  for (std::size_t i = 0; i < count; ++i) {
    x = x * 1664525U + 1013904223U;
    bytes += static_cast<char>(x >> 24);
  }
  return bytes;
}

class IdxTest : public ::testing::Test {
 protected:
  std::string path(const std::string& name) const { return folder_.path(name); }
  std::string write(const std::string& name, const std::string& content) const {
    return folder_.write(name, content);
  }

  testing::TempFolder folder_;
};

/// Expects a FileError that begins with [idx] and has all of these words.
template <class Action>
void expect_file_error(const Action& action, const std::vector<std::string>& words) {
  try {
    action();
    ADD_FAILURE() << "no exception";
  } catch (const FileError& error) {
    const std::string text = error.what();
    EXPECT_EQ(text.rfind("[idx] needs ", 0), 0U) << text;
    for (const std::string& word : words) {
      EXPECT_NE(text.find(word), std::string::npos) << "no '" << word << "' in: " << text;
    }
  }
}

TEST_F(IdxTest, ReadsImagesScaled) {
  for (const std::string& content : {images, gzip(images)}) {
    const Array<float> array = read_idx_images(write("images", content));
    ASSERT_EQ(Shape(array.shape().begin(), array.shape().end()), (Shape{2, 1, 2, 3}));
    const std::array<float, 12> expected = {0.0F, 0.2F, 0.4F, 0.6F, 0.8F,          1.0F,
                                            1.0F, 1.0F, 0.0F, 0.0F, 1.0F / 255.0F, 2.0F / 255.0F};
    for (std::size_t i = 0; i < expected.size(); ++i) {
      EXPECT_FLOAT_EQ(array.data()[i], expected[i]) << i;
    }
  }
}

TEST_F(IdxTest, ReadsLabels) {
  EXPECT_EQ(read_idx_labels(write("labels", labels)), (std::vector<int>{3, 0}));
  EXPECT_EQ(read_idx_labels(write("labels.gz", gzip(labels))), (std::vector<int>{3, 0}));
  EXPECT_EQ(read_idx_labels(write("high", big_endian({2049, 1}) + "\xff")),
            (std::vector<int>{255}));
}

TEST_F(IdxTest, ContentDecidesNotTheName) {
  EXPECT_EQ(read_idx_labels(write("plain.gz", labels)), (std::vector<int>{3, 0}));
  EXPECT_EQ(read_idx_labels(write("compressed", gzip(labels))), (std::vector<int>{3, 0}));
}

TEST_F(IdxTest, ReadsAGzipFileOfSeveralMembers) {
  const std::string content = gzip(labels.substr(0, 5)) + gzip(labels.substr(5));
  EXPECT_EQ(read_idx_labels(write("labels.gz", content)), (std::vector<int>{3, 0}));
}

TEST_F(IdxTest, ReadsMoreThanOneChunk) {
  const std::string pixels = noise(3'000'000);
  const std::string content = big_endian({2051, 3000, 10, 100}) + pixels;
  for (const std::string& bytes : {content, gzip(content)}) {
    const Array<float> array = read_idx_images(write("images", bytes));
    ASSERT_EQ(array.size(), pixels.size());
    for (std::size_t i = 0; i < pixels.size(); ++i) {
      ASSERT_EQ(array.data()[i], static_cast<float>(static_cast<unsigned char>(pixels[i])) / 255.0F)
          << i;
    }
  }
}

TEST_F(IdxTest, MissingFile) {
  expect_file_error([&] { read_idx_images(path("none")); },
                    {path("none"), "No such file", "check the path"});
  expect_file_error([&] { read_idx_labels(path("none")); }, {path("none")});
}

TEST_F(IdxTest, Folder) {
  expect_file_error([&] { read_idx_images(folder_.path()); }, {folder_.path(), "is a folder"});
}

TEST_F(IdxTest, WrongMagic) {
  expect_file_error([&] { read_idx_images(write("labels", labels)); },
                    {"2051", "begins with 2049 (labels", "swap image and label file"});
  expect_file_error([&] { read_idx_labels(write("images.gz", gzip(images))); },
                    {"2049", "begins with 2051 (images", "swap image and label file"});
  expect_file_error([&] { read_idx_labels(write("text", "hello, world")); },
                    {"not a file of byte images or labels", "check the path"});
}

TEST_F(IdxTest, EveryTruncationOfAPlainFile) {
  for (std::size_t size = 0; size < images.size(); ++size) {
    const std::string file = write("images", images.substr(0, size));
    expect_file_error([&] { read_idx_images(file); },
                      {file, size < 16 ? "header of 16 bytes" : "truncated, get it again"});
  }
  expect_file_error([&] { read_idx_images(write("images", images.substr(0, 20))); },
                    {"2 x 2 x 3 bytes", "it has 4"});
}

TEST_F(IdxTest, EveryTruncationOfAGzipFile) {
  const std::string whole = gzip(big_endian({2049, 80}) + noise(80));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const std::string file = write("labels.gz", whole.substr(0, size));
    expect_file_error([&] { read_idx_labels(file); },
                      {file, size < 2 ? "header of" : "ends too early"});
  }
}

TEST_F(IdxTest, EveryDamagedByteOfAGzipFile) {
  const std::string whole = gzip(big_endian({2049, 80}) + noise(80));
  // Bytes 4 to 9 are the time, the compressor's level and its system, which nothing protects; nor
  // are the bits that fill up a byte of deflate data, so it is the lowest bit that is flipped.
  for (std::size_t i = 10; i < whole.size(); ++i) {
    std::string damaged = whole;
    damaged[i] = static_cast<char>(damaged[i] ^ 1);
    const std::string file = write("labels.gz", damaged);
    expect_file_error([&] { read_idx_labels(file); }, {file});
  }
  std::string checksum = whole;
  checksum[whole.size() - 8] = static_cast<char>(checksum[whole.size() - 8] ^ 1);
  expect_file_error([&] { read_idx_labels(write("labels.gz", checksum)); },
                    {"is corrupt", "incorrect data check"});
  std::string length = whole;
  length[whole.size() - 4] = static_cast<char>(length[whole.size() - 4] ^ 1);
  expect_file_error([&] { read_idx_labels(write("labels.gz", length)); },
                    {"is corrupt", "incorrect length check"});
}

TEST_F(IdxTest, HeaderThatPromisesMoreThanThereIs) {
  // 4 billion images of 28 x 28, of one byte, and as many as the header can say: 2⁹⁶ bytes.
  constexpr std::uint32_t most = 0xffffffff;
  for (const std::string& header :
       {big_endian({2051, most, 28, 28}), big_endian({2051, most, 1, 1}),
        big_endian({2051, most, most, most}), big_endian({2051, 1U << 31, 1U << 31, 4})}) {
    ASSERT_EQ(header.size(), 16U);
    expect_file_error([&] { read_idx_images(write("images", header)); },
                      {"promises", "it has 0", "truncated"});
    expect_file_error([&] { read_idx_images(write("images.gz", gzip(header + "abc"))); },
                      {"promises", "it has 3", "truncated"});
  }
  expect_file_error(
      [&] {
        read_idx_labels(write("labels", big_endian({2049, most})));
      },
      {"4294967295 bytes", "it has 0"});
}

TEST_F(IdxTest, TrailingBytes) {
  expect_file_error([&] { read_idx_images(write("images", images + '\0')); },
                    {"2 x 2 x 3 bytes", "goes on"});
  expect_file_error([&] { read_idx_labels(write("labels.gz", gzip(labels + "x"))); },
                    {"2 bytes", "goes on"});
  expect_file_error([&] { read_idx_labels(write("labels.gz", gzip(labels) + gzip("x"))); },
                    {"2 bytes", "goes on"});
}

TEST_F(IdxTest, BytesBehindTheGzipData) {
  for (const std::string& tail : {std::string(1, '\0'), std::string("garbage")}) {
    expect_file_error([&] { read_idx_labels(write("labels.gz", gzip(labels) + tail)); },
                      {"behind the gzip data", "goes on with other bytes"});
  }
  expect_file_error([&] { read_idx_labels(write("labels.gz", gzip(labels) + "\x1f\x8b")); },
                    {"ends too early"});
  expect_file_error([&] { read_idx_labels(write("labels.gz", gzip(labels) + "\x1fzzz")); },
                    {"is corrupt"});
}

TEST_F(IdxTest, NoImages) {
  for (const std::string& header : {big_endian({2051, 0, 28, 28}), big_endian({2051, 5, 0, 28}),
                                    big_endian({2051, 5, 28, 0})}) {
    expect_file_error([&] { read_idx_images(write("images", header)); },
                      {"at least one element", " x "});
  }
  expect_file_error(
      [&] {
        read_idx_labels(write("labels", big_endian({2049, 0})));
      },
      {"at least one element", "says 0"});
}

TEST_F(IdxTest, LoadsImagesWithLabels) {
  const std::string image_file = write("images", images);
  const std::string label_file = write("labels", labels);
  const Dataset found = load_idx(image_file, label_file);
  EXPECT_NO_THROW(found.validate());
  EXPECT_EQ(found.size(), 2U);
  EXPECT_EQ(found.sample_shape(), (Shape{1, 2, 3}));
  EXPECT_EQ(found.classes, 4);
  EXPECT_EQ(found.labels, (std::vector<int>{3, 0}));
  EXPECT_EQ(load_idx(image_file, label_file, 10).classes, 10);
  EXPECT_THROW(load_idx(image_file, label_file, -1), ValueError);
}

TEST_F(IdxTest, LabelThatIsNoClass) {
  const std::string image_file = write("images", images);
  const std::string label_file = write("labels", labels);
  expect_file_error([&] { load_idx(image_file, label_file, 3); },
                    {"labels from 0 to 2", label_file + " has 3 at sample 0"});
}

TEST_F(IdxTest, CountsThatDiffer) {
  const std::string image_file = write("images", images);
  const std::string label_file = write("labels", big_endian({2049, 3}) + std::string(3, '\1'));
  expect_file_error([&] { load_idx(image_file, label_file); },
                    {image_file + " has 2 images", label_file + " has 3 labels", "one split"});
}

TEST_F(IdxTest, FindsThePublishedNames) {
  const std::string one = big_endian({2049, 2}) + std::string(2, '\1');
  write("train-images-idx3-ubyte", images);
  write("train-labels-idx1-ubyte.gz", gzip(labels));
  write("fashion-mnist/t10k-images-idx3-ubyte.gz", gzip(images));
  write("fashion-mnist/t10k-labels-idx1-ubyte", one);
  EXPECT_EQ(load_fashion_mnist(folder_.path(), Split::train).labels, (std::vector<int>{3, 0}));
  EXPECT_EQ(load_fashion_mnist(folder_.path(), Split::test).labels, (std::vector<int>{1, 1}));
  EXPECT_EQ(load_fashion_mnist(path("fashion-mnist"), Split::test).labels,
            (std::vector<int>{1, 1}));
  EXPECT_EQ(load_fashion_mnist(folder_.path(), Split::test).classes, 10);
  // Another data set under the same names has as many classes as its labels say.
  EXPECT_EQ(load_idx_folder(folder_.path(), Split::train).classes, 4);
  EXPECT_EQ(load_idx_folder(folder_.path(), Split::test, 4).classes, 4);
}

TEST_F(IdxTest, PublishedNamesThatAreNotThere) {
  expect_file_error([&] { load_fashion_mnist(folder_.path(), Split::train); },
                    {"train-images-idx3-ubyte.gz", folder_.path(), "found neither", "--data-dir",
                     "TAPEGRAD_DATA_DIR", "https://github.com/zalandoresearch/fashion-mnist"});
  expect_file_error([&] { load_fashion_mnist(path("none"), Split::test); },
                    {"t10k-images-idx3-ubyte", path("none"), "no such folder", "--data-dir"});
  write("t10k-images-idx3-ubyte", images);
  expect_file_error([&] { load_fashion_mnist(folder_.path(), Split::test); },
                    {"t10k-labels-idx1-ubyte", "found neither"});
  write("t10k-labels-idx1-ubyte", big_endian({2049, 2}) + std::string("\x00\x0a", 2));
  expect_file_error([&] { load_fashion_mnist(folder_.path(), Split::test); },
                    {"labels from 0 to 9", "has 10 at sample 1"});
}

void expect_balanced(const Dataset& dataset, int of_each) {
  std::array<int, 10> counts{};
  for (const int label : dataset.labels) ++counts.at(static_cast<std::size_t>(label));
  for (const int count : counts) EXPECT_EQ(count, of_each);
}

TEST(FashionMnist, Train) {
  SKIP_WITHOUT_FASHION_MNIST();
  const Dataset train = load_fashion_mnist(fashion_mnist_dir(), Split::train);
  ASSERT_NO_THROW(train.validate());
  EXPECT_EQ(train.size(), 60'000U);
  EXPECT_EQ(train.sample_shape(), (Shape{1, 28, 28}));
  EXPECT_EQ(train.classes, 10);
  EXPECT_EQ(train.class_names.at(9), "Ankle boot");
  EXPECT_EQ(std::vector<int>(train.labels.begin(), train.labels.begin() + 10),
            (std::vector<int>{9, 0, 0, 3, 0, 2, 7, 2, 5, 5}));
  expect_balanced(train, 6'000);

  const float* pixels = train.inputs.data();
  const auto count = static_cast<double>(train.inputs.size());
  double sum = 0.0;
  double squares = 0.0;
  for (std::size_t i = 0; i < train.inputs.size(); ++i) {
    sum += double{pixels[i]};
    squares += double{pixels[i]} * double{pixels[i]};
  }
  const double mean = sum / count;
  EXPECT_NEAR(mean, 0.286041, 5e-7);
  EXPECT_NEAR(std::sqrt(squares / count - mean * mean), 0.353024, 5e-7);
}

TEST(FashionMnist, Test) {
  SKIP_WITHOUT_FASHION_MNIST();
  const Dataset test = load_fashion_mnist(fashion_mnist_dir(), Split::test);
  ASSERT_NO_THROW(test.validate());
  EXPECT_EQ(test.size(), 10'000U);
  EXPECT_EQ(test.features(), 784U);
  EXPECT_EQ(flatten(test).sample_shape(), (Shape{784}));
  EXPECT_EQ(std::vector<int>(test.labels.begin(), test.labels.begin() + 10),
            (std::vector<int>{9, 2, 1, 1, 6, 1, 4, 6, 5, 7}));
  expect_balanced(test, 1'000);
}

}  // namespace
}  // namespace tapegrad::data
