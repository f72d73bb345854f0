#include <tapegrad/data/batches.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <set>
#include <string>
#include <type_traits>
#include <vector>

#include <gtest/gtest.h>

#include "support/expect.hpp"

namespace tapegrad::data {
namespace {

using testing::expect_error;

/// Sample i has features (i, −i) and label i mod 5.
Dataset counted(std::size_t samples) {
  Dataset dataset;
  dataset.inputs.resize({samples, 2});
  dataset.classes = 5;
  for (std::size_t i = 0; i < samples; ++i) {
    dataset.inputs(i, 0) = static_cast<float>(i);
    dataset.inputs(i, 1) = -static_cast<float>(i);
    dataset.labels.push_back(static_cast<int>(i % 5));
  }
  return dataset;
}

/// The samples of the next epoch in their order; checks that inputs and labels belong together.
std::vector<int> epoch(Batches& batches) {
  std::vector<int> samples;
  for (const Batch& batch : batches) {
    EXPECT_EQ(batch.inputs.dimension(), 2U);
    EXPECT_EQ(batch.inputs.shape()[0], batch.size());
    EXPECT_EQ(batch.inputs.shape()[1], 2U);
    for (std::size_t row = 0; row < batch.size(); ++row) {
      const int sample = static_cast<int>(batch.inputs(row, 0));
      EXPECT_EQ(batch.inputs(row, 1), static_cast<float>(-sample));
      EXPECT_EQ(batch.labels[row], sample % 5);
      samples.push_back(sample);
    }
  }
  return samples;
}

std::vector<int> sorted(std::vector<int> samples) {
  std::sort(samples.begin(), samples.end());
  return samples;
}

std::vector<int> first(std::size_t count) {
  std::vector<int> samples(count);
  std::iota(samples.begin(), samples.end(), 0);
  return samples;
}

TEST(Batches, EverySizeVisitsEverySampleOnce) {
  const Dataset dataset = counted(13);
  for (int size = 1; size <= 13; ++size) {
    Batches batches(dataset, size, 1);
    EXPECT_EQ(batches.count(), static_cast<std::size_t>((13 + size - 1) / size));
    std::vector<std::size_t> sizes;
    for (const Batch& batch : batches) sizes.push_back(batch.size());
    ASSERT_EQ(sizes.size(), batches.count());
    for (std::size_t i = 0; i + 1 < sizes.size(); ++i) {
      EXPECT_EQ(sizes[i], static_cast<std::size_t>(size));
    }
    EXPECT_EQ(sizes.back(), static_cast<std::size_t>(13 % size == 0 ? size : 13 % size));
    EXPECT_EQ(sorted(epoch(batches)), first(13));
  }
}

TEST(Batches, LargerThanTheDataSetIsAllOfIt) {
  const Dataset dataset = counted(3);
  Batches batches(dataset, std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(batches.count(), 1U);
  EXPECT_EQ(sorted(epoch(batches)), first(3));
}

TEST(Batches, DropLastLeavesOutTheSmallerBatch) {
  const Dataset dataset = counted(10);
  Batches batches(dataset, 4, 1, true, true);
  EXPECT_EQ(batches.count(), 2U);
  std::set<int> seen;
  for (int i = 0; i < 20; ++i) {
    const std::vector<int> samples = epoch(batches);
    EXPECT_EQ(samples.size(), 8U);
    seen.insert(samples.begin(), samples.end());
  }
  EXPECT_EQ(seen.size(), 10U) << "other samples are left out in other epochs";
  Batches even(dataset, 5, 1, true, true);
  EXPECT_EQ(sorted(epoch(even)), first(10));
}

TEST(Batches, WithoutShufflingTheOrderIsTheDataSets) {
  const Dataset dataset = counted(10);
  Batches batches(dataset, 3, 1, false);
  EXPECT_EQ(epoch(batches), first(10));
  EXPECT_EQ(epoch(batches), first(10));
}

TEST(Batches, AnotherOrderEachEpochTheSameForTheSameSeed) {
  const Dataset dataset = counted(100);
  Batches a(dataset, 32, 1);
  Batches same(dataset, 7, 1);
  Batches other(dataset, 32, 2);
  std::set<std::vector<int>> orders;
  for (int i = 0; i < 5; ++i) {
    const std::vector<int> order = epoch(a);
    EXPECT_EQ(epoch(same), order) << "whatever the batch size";
    EXPECT_NE(epoch(other), order);
    orders.insert(order);
  }
  EXPECT_EQ(orders.size(), 5U);
  EXPECT_EQ(orders.count(first(100)), 0U);
}

TEST(Batches, PinnedOrder) {
  const Dataset dataset = counted(8);
  Batches batches(dataset, 3, 0);
  EXPECT_EQ(epoch(batches), (std::vector<int>{0, 2, 5, 3, 6, 7, 1, 4}));
}

TEST(Batches, AnEpochDoesNotDependOnThoseBeforeIt) {
  const Dataset dataset = counted(50);
  Batches batches(dataset, 8, 3);
  EXPECT_EQ(batches.next_epoch(), 0U);
  epoch(batches);
  for (const Batch& batch : batches) {
    if (batch.labels[0] >= 0) break;  // an epoch left early still counts
  }
  EXPECT_EQ(batches.next_epoch(), 2U);
  const std::vector<int> third = epoch(batches);

  Batches resumed(dataset, 8, 3);
  resumed.set_next_epoch(2);
  EXPECT_EQ(epoch(resumed), third);
}

TEST(Batches, ReusesItsBuffers) {
  const Dataset dataset = counted(10);
  Batches batches(dataset, 4, 1);
  std::set<const void*> buffers;
  std::set<const Batch*> objects;
  for (int i = 0; i < 3; ++i) {
    for (const Batch& batch : batches) {
      objects.insert(&batch);
      buffers.insert(batch.inputs.data());
      buffers.insert(batch.labels.data());
    }
  }
  EXPECT_EQ(objects.size(), 2U) << "one for full batches, one for the last";
  EXPECT_EQ(buffers.size(), 4U);
}

TEST(Batches, BadSizes) {
  const Dataset dataset = counted(10);
  for (const int size : {0, -3}) {
    expect_error<ValueError>([&] { Batches(dataset, size); },
                             {"[batches] needs a batch size of at least 1", std::to_string(size)});
  }
  expect_error<ValueError>([&] { Batches(dataset, 11, 0, true, true); },
                           {"[batches] needs 11 samples", "drop_last", "got 10", "lower"});
}

TEST(Batches, EmptyDataSet) {
  const Dataset empty = counted(0);
  expect_error<ValueError>([&] { Batches(empty, 1); }, {"[batches]", "the data set is empty"});
}

TEST(Batches, DataSetThatChangesItsSize) {
  Dataset dataset = counted(10);
  Batches batches(dataset, 4);
  dataset = counted(9);
  expect_error<ShapeError>([&] { batches.begin(); },
                           {"[batches]", "10 samples of shape (2,)", "it changed"});
  dataset = counted(10);
  EXPECT_EQ(sorted(epoch(batches)), first(10));
}

TEST(Batches, ALoopWithinALoop) {
  const Dataset dataset = counted(10);
  Batches batches(dataset, 4);
  expect_error<ValueError>(
      [&] {
        for (const Batch& outer : batches) {
          for (const Batch& inner : batches) {
            if (inner.size() + outer.size() > 0) break;
          }
        }
      },
      {"[batches] needs one loop at a time", "second Batches"});
}

// A data set that dies at the end of the statement is refused by the compiler.
static_assert(std::is_constructible_v<Batches, const Dataset&, int>);
static_assert(!std::is_constructible_v<Batches, Dataset, int>);
static_assert(!std::is_constructible_v<Batches, Dataset, int, int, bool, bool>);

TEST(Batches, OfImages) {
  Dataset images = counted(6);
  images.inputs.reshape({3, 2, 1, 2});
  images.labels.resize(3);
  Batches batches(images, 2, 1, false);
  std::vector<Shape> shapes;
  std::vector<float> first_numbers;
  for (const Batch& batch : batches) {
    shapes.emplace_back(batch.inputs.shape().begin(), batch.inputs.shape().end());
    first_numbers.push_back(batch.inputs(0, 0, 0, 0));
  }
  EXPECT_EQ(shapes, (std::vector<Shape>{{2, 2, 1, 2}, {1, 2, 1, 2}}));
  EXPECT_EQ(first_numbers, (std::vector<float>{0, 4}));

  images.inputs.reshape({3, 1, 2, 2});
  expect_error<ShapeError>([&] { batches.begin(); },
                           {"[batches]", "3 samples of shape (2, 1, 2)", "it changed"});
}

}  // namespace
}  // namespace tapegrad::data
