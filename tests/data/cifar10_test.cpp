#include <tapegrad/data/cifar10.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "data/data_dir.hpp"
#include "support/bytes.hpp"
#include "support/expect.hpp"
#include "support/files.hpp"

namespace tapegrad::data {
namespace {

using testing::expect_error;

/// A record whose pixel of channel c at row y, column x is c·100 + y + x + shift, modulo 256.
std::string record(int label, int shift) {
  std::string bytes(1, static_cast<char>(label));
  for (int c = 0; c < 3; ++c) {
    for (int y = 0; y < 32; ++y) {
      for (int x = 0; x < 32; ++x) bytes += static_cast<char>(100 * c + y + x + shift);
    }
  }
  return bytes;
}

std::string gzip(const std::string& content) {
  return testing::deflated(content, 31);
}

void expect_image(const Dataset& dataset, std::size_t image, int shift) {
  for (std::size_t c = 0; c < 3; ++c) {
    for (std::size_t y = 0; y < 32; ++y) {
      for (std::size_t x = 0; x < 32; ++x) {
        const auto byte =
            static_cast<unsigned char>(100 * c + y + x + static_cast<unsigned>(shift));
        ASSERT_EQ(dataset.inputs(image, c, y, x), static_cast<float>(byte) / 255.0F);
      }
    }
  }
}

class Cifar10Test : public ::testing::Test {
 protected:
  std::string write(const std::string& name, const std::string& content) const {
    return folder_.write(name, content);
  }
  /// The reader refuses a file with this content, naming it.
  void expect_refused(const std::string& content, std::vector<std::string> words) const {
    words.push_back("[cifar10] needs ");
    words.push_back(write("x.bin", content));
    expect_error<FileError>([&] { read_cifar10(folder_.path("x.bin")); }, words);
  }

  testing::TempFolder folder_;
};

TEST_F(Cifar10Test, ReadsRecords) {
  const std::string content = record(3, 0) + record(9, 50) + record(0, 255);
  for (const std::string& bytes :
       {content, gzip(content), gzip(record(3, 0)) + gzip(record(9, 50) + record(0, 255))}) {
    const Dataset dataset = read_cifar10(write("batch", bytes));
    ASSERT_NO_THROW(dataset.validate());
    EXPECT_EQ(dataset.sample_shape(), (Shape{3, 32, 32}));
    EXPECT_EQ(dataset.labels, (std::vector<int>{3, 9, 0}));
    EXPECT_EQ(dataset.classes, 10);
    EXPECT_EQ(dataset.class_names[3], "cat");
    EXPECT_EQ(dataset.class_names[9], "truck");
    expect_image(dataset, 0, 0);
    expect_image(dataset, 1, 50);
    expect_image(dataset, 2, 255);
  }
}

TEST_F(Cifar10Test, SizesThatAreNoRecords) {
  expect_refused("", {"at least one", "got 0 bytes"});
  expect_refused(record(1, 0).substr(1), {"records of 3073 bytes", "got 3072 bytes"});
  expect_refused(record(1, 0) + "x", {"got 3074 bytes, 1 too many"});
  expect_refused(gzip(record(1, 0) + record(1, 0).substr(0, 1000)),
                 {"got 4073 bytes, 1000 too many"});
}

TEST_F(Cifar10Test, LabelsThatAreNoClass) {
  expect_refused(record(1, 0) + record(10, 0), {"from 0 to 9", "got 10 at image 1", "CIFAR-100"});
  expect_refused(gzip(record(255, 0)), {"got 255 at image 0"});
}

TEST_F(Cifar10Test, DamagedGzip) {
  const std::string whole = gzip(record(1, 0));
  for (const std::size_t size : {std::size_t{2}, whole.size() / 2, whole.size() - 1}) {
    expect_refused(whole.substr(0, size), {"a whole gzip file", "ends too early"});
  }
  std::string damaged = whole;
  damaged[whole.size() - 8] = static_cast<char>(damaged[whole.size() - 8] ^ 1);
  expect_refused(damaged, {"is corrupt", "incorrect data check"});
  expect_refused(whole + "tail", {"nothing behind the gzip data"});
}

TEST_F(Cifar10Test, MissingFileAndFolder) {
  expect_error<FileError>([&] { read_cifar10(folder_.path("none")); },
                          {"[cifar10]", folder_.path("none"), "No such file"});
  expect_error<FileError>([&] { read_cifar10(folder_.path()); }, {"[cifar10]", "is a folder"});
}

TEST_F(Cifar10Test, LoadsTheBatchesThatAreThere) {
  write("cifar10/data_batch_4.bin", record(4, 40));
  write("cifar10/data_batch_2.bin.gz", gzip(record(2, 20) + record(2, 21)));
  write("cifar10/test_batch.bin", record(7, 70));
  for (const std::string& dir : {folder_.path(), folder_.path("cifar10")}) {
    const Dataset train = load_cifar10(dir, Split::train);
    ASSERT_NO_THROW(train.validate());
    EXPECT_EQ(train.labels, (std::vector<int>{2, 2, 4}));
    expect_image(train, 1, 21);
    expect_image(train, 2, 40);
    EXPECT_EQ(load_cifar10(dir, Split::test).labels, std::vector<int>{7});
  }
  // One that is there but broken is not left out.
  const std::string broken = write("cifar10/data_batch_5.bin", "broken");
  expect_error<FileError>([&] { load_cifar10(folder_.path(), Split::train); }, {broken});
}

TEST_F(Cifar10Test, FolderAsItIsUnpacked) {
  write("cifar-10-batches-bin/test_batch.bin", record(7, 70));
  EXPECT_EQ(load_cifar10(folder_.path(), Split::test).size(), 1U);
  expect_error<FileError>([&] { load_cifar10(folder_.path(), Split::train); },
                          {"[cifar10] needs data_batch_1.bin", folder_.path(), "found neither",
                           "TAPEGRAD_DATA_DIR", "https://www.cs.toronto.edu/~kriz/cifar.html"});
  expect_error<FileError>([&] { load_cifar10(folder_.path("none"), Split::test); },
                          {"test_batch.bin.gz", "no such folder"});
}

TEST(Cifar10, Train) {
  SKIP_WITHOUT_CIFAR10();
  const Dataset train = load_cifar10(cifar10_dir(), Split::train);
  ASSERT_NO_THROW(train.validate());
  ASSERT_GE(train.size(), 20'000U);
  EXPECT_EQ(std::vector<int>(train.labels.begin(), train.labels.begin() + 10),
            (std::vector<int>{6, 9, 9, 4, 1, 1, 2, 7, 8, 3}));
  EXPECT_EQ(std::vector<int>(train.labels.begin() + 10'000, train.labels.begin() + 10'010),
            (std::vector<int>{1, 6, 6, 8, 8, 3, 4, 6, 0, 6}));
  std::array<int, 10> counts{};
  for (std::size_t i = 0; i < 10'000; ++i) ++counts.at(static_cast<std::size_t>(train.labels[i]));
  EXPECT_EQ(counts, (std::array<int, 10>{1005, 974, 1032, 1016, 999, 937, 1030, 1001, 1025, 981}));

  // Of the first two batches.
  const std::array<double, 3> means = {0.492799, 0.482988, 0.447011};
  const std::array<double, 3> deviations = {0.247425, 0.244119, 0.262054};
  for (std::size_t c = 0; c < 3; ++c) {
    double sum = 0, squares = 0;
    const double count = 20'000.0 * 1024;
    for (std::size_t n = 0; n < 20'000; ++n) {
      const float* pixels = train.inputs.data() + (3 * n + c) * 1024;
      for (std::size_t i = 0; i < 1024; ++i) {
        const auto x = static_cast<double>(pixels[i]);
        sum += x;
        squares += x * x;
      }
    }
    EXPECT_NEAR(sum / count, means[c], 1e-6);
    EXPECT_NEAR(std::sqrt(squares / count - sum / count * (sum / count)), deviations[c], 1e-6);
  }
}

TEST(Cifar10, Test) {
  SKIP_WITHOUT_CIFAR10();
  const Dataset test = load_cifar10(cifar10_dir(), Split::test);
  ASSERT_NO_THROW(test.validate());
  EXPECT_EQ(test.size(), 10'000U);
  EXPECT_EQ(std::vector<int>(test.labels.begin(), test.labels.begin() + 10),
            (std::vector<int>{3, 8, 8, 0, 6, 6, 1, 6, 3, 1}));
  for (int label = 0; label < 10; ++label) {
    EXPECT_EQ(std::count(test.labels.begin(), test.labels.end(), label), 1'000) << label;
  }
}

}  // namespace
}  // namespace tapegrad::data
