// What NumPy itself writes is read, and what we write NumPy reads. Skipped where Debian's python3
// has no NumPy.

#include <tapegrad/data/npy.hpp>
#include <tapegrad/data/npz.hpp>

#include <cmath>
#include <cstdlib>
#include <limits>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "support/expect.hpp"
#include "support/files.hpp"
#include "support/parameter_sets.hpp"

namespace tapegrad::testing {
namespace {

class Numpy : public ::testing::Test {
 protected:
  void SetUp() override {
    if (std::system("/usr/bin/python3 -c 'import numpy' >/dev/null 2>&1") != 0) {
      GTEST_SKIP() << "needs NumPy (Debian: python3-numpy)";
    }
  }

  /// Runs a program that finds the folder's path in `folder`.
  void run(const std::string& program) {
    const std::string file = folder_.write(
        "program.py", "import numpy as np\nfolder = '" + folder_.path() + "/'\n" + program);
    EXPECT_EQ(std::system(("/usr/bin/python3 " + file).c_str()), 0);
  }

  TempFolder folder_;
};

TEST_F(Numpy, ArraysOfEveryTypeAndOrder) {
  run(R"(
x = np.arange(24).reshape(2, 3, 4)
for order in '<', '>':
  for kind in 'f2', 'f4', 'f8', 'i1', 'i2', 'i4', 'i8', 'u1', 'u2', 'u4', 'u8':
    a = x.astype(order + kind)
    np.save(folder + order + kind + '.c', a)
    np.save(folder + order + kind + '.f', np.asfortranarray(a))
    np.save(folder + order + kind + '.t', a.T)
np.save(folder + 'bool', x % 2 == 1)
)");
  const auto number = [](std::size_t i, std::size_t j, std::size_t k) {
    return static_cast<double>(12 * i + 4 * j + k);
  };
  for (const std::string order : {"<", ">"}) {
    for (const std::string kind :
         {"f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8"}) {
      for (const std::string layout : {".c", ".f", ".t"}) {
        const std::string path = folder_.path(order + kind).append(layout).append(".npy");
        const auto array = data::load_npy<double>(path);
        ASSERT_EQ(array.dimension(), 3U) << path;
        for (std::size_t i = 0; i < 2; ++i) {
          for (std::size_t j = 0; j < 3; ++j) {
            for (std::size_t k = 0; k < 4; ++k) {
              ASSERT_EQ(layout == ".t" ? array(k, j, i) : array(i, j, k), number(i, j, k)) << path;
            }
          }
        }
        if (kind != "f8") {
          EXPECT_EQ(data::load_npy<float>(path), array) << path;
        }
      }
    }
  }
  EXPECT_EQ(data::load_npy<float>(folder_.path("bool.npy"))(1, 2, 3), 1.0F);
}

TEST_F(Numpy, EveryHalfPrecisionNumber) {
  run("np.save(folder + 'half', np.arange(65536).astype('u2').view('f2'))\n"
      "np.save(folder + 'float', np.arange(65536).astype('u2').view('f2').astype('f4'))\n");
  const auto half = data::load_npy<float>(folder_.path("half.npy"));
  const auto expected = data::load_npy<float>(folder_.path("float.npy"));
  for (std::size_t i = 0; i < 65536; ++i) {
    ASSERT_EQ(std::signbit(half(i)), std::signbit(expected(i))) << i;
    if (std::isnan(expected(i))) {
      ASSERT_TRUE(std::isnan(half(i))) << i;
    } else {
      ASSERT_EQ(half(i), expected(i)) << i;
    }
  }
}

TEST_F(Numpy, Archives) {
  run(R"(
arrays = {'0.weight': np.arange(6, dtype='f4').reshape(2, 3), '0.bias': np.array([np.pi, -0.0]),
          'steps': np.int64(7), 'none': np.zeros((0, 3), 'f4'), 'größe': np.full((100, 100), 2.5)}
np.savez(folder + 'stored', **arrays)
np.savez_compressed(folder + 'compressed', **arrays)
class Pipe:  # sizes and checksums follow what they describe
  read = None
  def __init__(self, file):
    self.write, self.flush = file.write, file.flush
with open(folder + 'stream.npz', 'wb') as file:
  np.savez(Pipe(file), **arrays)
np.savez(folder + 'empty')
)");
  for (const std::string file : {"stored.npz", "compressed.npz"}) {
    const NamedParameters named = data::load_npz(folder_.path(file));
    ASSERT_EQ(named.size(), 5U) << file;
    EXPECT_EQ(named[0].first, "0.weight");
    EXPECT_EQ(named[0].second.precision(), f32);
    expect_arrays(named[0].second.value(), array({2, 3}, {0, 1, 2, 3, 4, 5}));
    EXPECT_EQ(named[1].first, "0.bias");
    EXPECT_EQ(named[1].second.precision(), f64);
    EXPECT_EQ(named[1].second.value(), array({2}, {3.141592653589793, 0}));
    EXPECT_TRUE(std::signbit(named[1].second.value()(1)));
    EXPECT_EQ(named[2].first, "steps");
    EXPECT_EQ(named[2].second.value()(), 7);
    EXPECT_EQ(named[2].second.shape(), Shape{});
    EXPECT_EQ(named[3].second.shape(), (Shape{0, 3}));
    EXPECT_EQ(named[4].first, "größe");
    EXPECT_EQ(named[4].second.value()(99, 99), 2.5);
  }
  expect_same_bits(data::load_npz(folder_.path("stream.npz")),
                   data::load_npz(folder_.path("stored.npz")));
  EXPECT_TRUE(data::load_npz(folder_.path("empty.npz")).empty());
}

TEST_F(Numpy, RefusesWhatAreNoNumbers) {
  run(R"(
np.save(folder + 'objects', np.array([None, {}]), allow_pickle=True)
np.save(folder + 'records', np.zeros(2, [('a', 'f4'), ('b', 'i4')]))
np.save(folder + 'text', np.array(['a', 'bc']))
np.save(folder + 'complex', np.zeros(2, complex))
np.save(folder + 'days', np.zeros(2, 'M8[D]'))
np.savez(folder + 'objects', x=np.array([None, {}]))
)");
  const auto refused = [&](const std::string& name, const std::vector<std::string>& words) {
    expect_error<FileError>([&] { data::load_npy<double>(folder_.path(name + ".npy")); }, words);
  };
  refused("objects", {"Python objects (pickled)"});
  refused("records", {"records with fields"});
  refused("text", {"got '<U2'"});
  refused("complex", {"got '<c16'"});
  refused("days", {"got '<M8[D]'"});
  expect_error<FileError>([&] { data::load_npz(folder_.path("objects.npz")); },
                          {"Python objects (pickled)", "array 'x'"});
}

TEST_F(Numpy, ReadsOurs) {
  const NamedParameters named = random_set(7);
  data::save_npz(folder_.path("set.npz"), named);
  for (const auto& [name, parameter] : named) {
    const std::string bare = name.substr(name.find('/') + 1);
    data::save_npy(folder_.path(bare + ".npy"), parameter);
  }
  // NumPy writes all it has read, and the bits are the same.
  run(R"(
import os
archive = np.load(folder + 'set.npz')
for name in archive.files:
  alone = np.load(folder + os.path.basename(name) + '.npy')
  assert alone.dtype == archive[name].dtype and alone.shape == archive[name].shape, name
  assert alone.tobytes() == archive[name].tobytes(), name
np.savez(folder + 'again', **archive)
)");
  expect_same_bits(data::load_npz(folder_.path("again.npz")), named);
}

}  // namespace
}  // namespace tapegrad::testing
