// What batches do to images, beside a plain version of it.

#include <tapegrad/data/augmentation.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>
#include <tuple>
#include <vector>

#include <gtest/gtest.h>

#include <tapegrad/data/batches.hpp>
#include <tapegrad/ops/philox.hpp>

#include "support/expect.hpp"

namespace tapegrad::data {
namespace {

using testing::expect_error;

constexpr std::uint64_t seed = 5;

/// Images whose numbers all differ and are not 0; the label of image i is i.
Dataset counted(std::size_t count, const std::vector<std::size_t>& sample) {
  Dataset dataset;
  std::vector<std::size_t> shape{count};
  shape.insert(shape.end(), sample.begin(), sample.end());
  dataset.inputs.resize(shape);
  float number = 1;
  for (float& x : dataset.inputs) x = number++;
  for (std::size_t i = 0; i < count; ++i) dataset.labels.push_back(static_cast<int>(i));
  dataset.classes = static_cast<int>(count);
  return dataset;
}

/// The samples of the next epoch by their labels.
std::map<int, std::vector<float>> epoch(Batches& batches) {
  std::map<int, std::vector<float>> samples;
  for (const Batch& batch : batches) {
    const std::size_t features = batch.inputs.size() / batch.size();
    for (std::size_t i = 0; i < batch.size(); ++i) {
      const float* numbers = batch.inputs.data() + i * features;
      samples[batch.labels[i]].assign(numbers, numbers + features);
    }
  }
  return samples;
}

std::vector<float> sample_of(const Dataset& dataset, int index) {
  const float* numbers =
      dataset.inputs.data() + static_cast<std::size_t>(index) * dataset.features();
  return {numbers, numbers + dataset.features()};
}

/// What a sample is to become, number by number.
std::vector<float> expected(const Dataset& dataset, const Augmentation& augmentation,
                            std::uint64_t epoch, int sample) {
  const Shape shape = dataset.sample_shape();
  const std::vector<float> image = sample_of(dataset, sample);
  const std::uint64_t stream = 0x6175676d'00000000 + epoch;
  const std::uint64_t block = static_cast<std::uint64_t>(sample) << 32;
  std::vector<float> result = image;
  if (shape.rank() == 3) {
    const PhiloxWords words = philox_block(seed, stream, block);
    const bool mirrored = words[0] / 4294967296.0 < augmentation.flip;
    const int places = 2 * augmentation.padding + 1;
    const auto shift = [&](std::uint32_t word) {
      return static_cast<std::int64_t>(std::floor(word / 4294967296.0 * places)) -
             augmentation.padding;
    };
    const std::int64_t down = shift(words[1]), right = shift(words[2]);
    std::size_t i = 0;
    for (std::int64_t c = 0; c < shape[0]; ++c) {
      for (std::int64_t y = 0; y < shape[1]; ++y) {
        for (std::int64_t x = 0; x < shape[2]; ++x) {
          const std::int64_t row = y + down;
          const std::int64_t column = (mirrored ? shape[2] - 1 - x : x) + right;
          const bool inside = row >= 0 && row < shape[1] && column >= 0 && column < shape[2];
          result[i++] =
              inside ? image[static_cast<std::size_t>((c * shape[1] + row) * shape[2] + column)]
                     : 0.0F;
        }
      }
    }
  }
  // Chunks of 64 blocks: cosines and sines of their first pairs, then of their second ones.
  for (std::size_t i = 0; i < result.size(); ++i) {
    const std::size_t chunk = i / 256, kind = i % 256 / 64;
    const PhiloxWords words = philox_block(seed, stream, block + 1 + 64 * chunk + i % 64);
    const double u1 = 1 - (words[kind / 2 * 2] >> 8) * 0x1p-24;
    const double u2 = (words[kind / 2 * 2 + 1] >> 8) * 0x1p-24;
    const double radius = augmentation.noise * std::sqrt(-2 * std::log(u1));
    const double angle = 2 * M_PI * u2;
    result[i] += static_cast<float>(radius * (kind % 2 == 0 ? std::cos(angle) : std::sin(angle)));
  }
  return result;
}

TEST(Augmentation, EqualsThePlainVersion) {
  const std::vector<Augmentation> choices = {{},          {0.5, 0, 0},   {0, 2, 0},
                                             {0.5, 4, 0}, {0.3, 1, 0.5}, {0, 0, 2}};
  for (const std::vector<std::size_t>& shape :
       {std::vector<std::size_t>{3, 5, 7}, {1, 32, 32}, {2, 40, 5}}) {
    const Dataset dataset = counted(20, shape);
    for (const Augmentation& augmentation : choices) {
      Batches batches(dataset, 6, seed);
      batches.augment(augmentation);
      for (std::uint64_t number = 0; number < 3; ++number) {
        for (const auto& [sample, numbers] : epoch(batches)) {
          const std::vector<float> wanted = expected(dataset, augmentation, number, sample);
          ASSERT_EQ(numbers.size(), wanted.size());
          for (std::size_t i = 0; i < wanted.size(); ++i) {
            const float tolerance = augmentation.noise > 0 ? 1e-6F * (10 + wanted[i]) : 0;
            ASSERT_NEAR(numbers[i], wanted[i], tolerance) << "number " << i << " of " << sample;
          }
        }
      }
    }
  }
}

TEST(Augmentation, DoesNotDependOnBatchesOrEpochsBefore) {
  const Dataset dataset = counted(20, {3, 6, 6});
  const Augmentation augmentation{0.5, 2, 0.1};
  Batches first(dataset, 7, seed), second(dataset, 20, seed, false), resumed(dataset, 1, seed);
  for (Batches* batches : {&first, &second, &resumed}) batches->augment(augmentation);
  const auto zero = epoch(first), one = epoch(first);
  EXPECT_NE(zero, one);
  EXPECT_EQ(epoch(second), zero);
  EXPECT_EQ(epoch(second), one);
  resumed.set_next_epoch(1);
  EXPECT_EQ(epoch(resumed), one);

  Batches other(dataset, 7, seed + 1);
  other.augment(augmentation);
  EXPECT_NE(epoch(other), zero);
}

TEST(Augmentation, FlipAndCropDoNotDependOnEachOtherOrOnNoise) {
  const Dataset dataset = counted(50, {1, 8, 8});
  Batches flips(dataset, 50, seed), both(dataset, 50, seed);
  flips.augment({0.5, 0, 0});
  both.augment({0.5, 2, 0});
  const auto flipped = epoch(flips), cropped = epoch(both);
  int mirrored = 0;
  for (int i = 0; i < 50; ++i) {
    // The middle rows and columns are seen wherever the window lies.
    const bool falls = flipped.at(i)[0] > flipped.at(i)[1];
    EXPECT_EQ(cropped.at(i)[8 * 4 + 3] > cropped.at(i)[8 * 4 + 4], falls) << i;
    mirrored += falls;
  }
  EXPECT_GT(mirrored, 10);
  EXPECT_LT(mirrored, 40);
}

TEST(Augmentation, EveryPlaceIsEquallyLikely) {
  const std::size_t count = 20'000;
  const Dataset dataset = counted(count, {1, 3, 3});
  Batches batches(dataset, 1'000, seed);
  batches.augment({0.25, 1, 0});
  std::map<std::tuple<int, int, bool>, int> seen;
  for (const auto& [sample, numbers] : epoch(batches)) {
    // The centre of the image is seen wherever the window lies.
    const float centre = static_cast<float>(9 * sample + 5);
    const auto place =
        static_cast<int>(std::find(numbers.begin(), numbers.end(), centre) - numbers.begin());
    ASSERT_LT(place, 9);
    const int column = place % 3;
    const bool mirrored = column > 0 ? numbers[static_cast<std::size_t>(place - 1)] == centre + 1
                                     : numbers[static_cast<std::size_t>(place + 1)] == centre - 1;
    ++seen[{place / 3, column, mirrored}];
  }
  ASSERT_EQ(seen.size(), 18U);
  for (const auto& [what, times] : seen) {
    const double share = (std::get<2>(what) ? 0.25 : 0.75) / 9;
    const double deviation = std::sqrt(static_cast<double>(count) * share * (1 - share));
    EXPECT_NEAR(times, static_cast<double>(count) * share, 4.5 * deviation);
  }
}

TEST(Augmentation, NoiseIsNormal) {
  Dataset dataset = counted(100, {2'500});
  std::fill(dataset.inputs.begin(), dataset.inputs.end(), 3.0F);
  Batches batches(dataset, 30, seed);
  batches.augment({0, 0, 0.5});
  std::vector<double> noise;
  for (const auto& [sample, numbers] : epoch(batches)) {
    for (const float x : numbers) noise.push_back((static_cast<double>(x) - 3) / 0.5);
  }
  ASSERT_EQ(noise.size(), 250'000U);
  double powers[4] = {};
  double neighbours = 0, far = 0;
  for (std::size_t i = 0; i < noise.size(); ++i) {
    for (int p = 0; p < 4; ++p) powers[p] += std::pow(noise[i], p + 1) / 250'000;
    if (i > 0) neighbours += noise[i] * noise[i - 1] / 250'000;
    far += (std::abs(noise[i]) > 3) / 250'000.0;
  }
  // Five standard errors each.
  EXPECT_NEAR(powers[0], 0, 5 * 0.002);
  EXPECT_NEAR(powers[1], 1, 5 * 0.0028);
  EXPECT_NEAR(powers[2], 0, 5 * 0.0078);
  EXPECT_NEAR(powers[3], 3, 5 * 0.0196);
  EXPECT_NEAR(neighbours, 0, 5 * 0.002);
  EXPECT_NEAR(far, 0.0026998, 5 * 0.0001038);
  EXPECT_EQ(std::set<double>(noise.begin(), noise.begin() + 2'000).size() > 1'900, true);
}

TEST(Augmentation, LeavesTheDataSetAlone) {
  const Dataset dataset = counted(10, {3, 4, 4});
  Batches batches(dataset, 3, seed);
  batches.augment({1, 3, 1});
  epoch(batches);
  EXPECT_EQ(dataset.inputs, counted(10, {3, 4, 4}).inputs);
  // And is over when it is said so.
  batches.augment({});
  for (const auto& [sample, numbers] : epoch(batches)) {
    EXPECT_EQ(numbers, sample_of(dataset, sample));
  }
}

TEST(Augmentation, FlipsAllOrNone) {
  const Dataset dataset = counted(100, {1, 1, 2});
  Batches batches(dataset, 100, seed);
  for (const double flip : {0.0, 1.0}) {
    batches.augment({flip, 0, 0});
    for (const auto& [sample, numbers] : epoch(batches)) {
      EXPECT_EQ(numbers[0] > numbers[1], flip == 1.0);
    }
  }
}

TEST(Augmentation, RefusesWhatMakesNoSense) {
  const Dataset images = counted(4, {3, 8, 6});
  Batches batches(images, 2, seed);
  batches.augment({0.5, 5, 0.1});
  const auto before = epoch(batches);
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (const double flip : {-0.1, 1.1, nan}) {
    expect_error<ValueError>(
        [&] {
          batches.augment({flip, 0, 0});
        },
        {"[augmentation]", "from 0 to 1", "got "});
  }
  for (const int padding : {-1, 6, std::numeric_limits<int>::max()}) {
    expect_error<ValueError>(
        [&] {
          batches.augment({0, padding, 0});
        },
        {"[augmentation]", "padding", "got " + std::to_string(padding), "8 x 6"});
  }
  for (const double noise : {-1.0, nan, std::numeric_limits<double>::infinity()}) {
    expect_error<ValueError>(
        [&] {
          batches.augment({0, 0, noise});
        },
        {"[augmentation]", "standard deviation", "got "});
  }
  batches.set_next_epoch(0);
  EXPECT_EQ(epoch(batches), before);  // A refused one changes nothing.

  const Dataset rows = counted(4, {144});
  Batches of_rows(rows, 2, seed);
  for (const Augmentation& augmentation : {Augmentation{0.5, 0, 0}, Augmentation{0, 1, 0}}) {
    expect_error<ShapeError>([&] { of_rows.augment(augmentation); },
                             {"[augmentation]", "(C, H, W)", "(144,)", "noise alone"});
  }
  EXPECT_NO_THROW(of_rows.augment({0, 0, 1}));
}

}  // namespace
}  // namespace tapegrad::data
