// Exact and approximate nearest neighbours, and what they vote for (MISSION K1, K3).

#include <tapegrad/train/nearest_neighbors.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <tapegrad/data/cifar10.hpp>
#include <tapegrad/data/spiral.hpp>
#include <tapegrad/data/subset.hpp>
#include <tapegrad/ops/philox.hpp>
#include <tapegrad/train/approximate_neighbors.hpp>
#include <tapegrad/train/k_neighbors_classifier.hpp>

#include "data/data_dir.hpp"
#include "support/expect.hpp"
#include "support/threads.hpp"

namespace tapegrad::testing {
namespace {

using train::ApproximateNeighbors;
using train::KNeighborsClassifier;
using train::Metric;
using train::NearestNeighbors;
using train::Neighbors;

constexpr Metric metrics[] = {Metric::l1, Metric::l2, Metric::dot};

Array<float> floats(const std::vector<std::size_t>& shape, const std::vector<float>& numbers) {
  Array<float> result = Array<float>::from_shape(shape);
  EXPECT_EQ(result.size(), numbers.size());
  std::copy(numbers.begin(), numbers.end(), result.data());
  return result;
}

Array<float> normal(std::size_t rows, std::size_t features, std::uint64_t seed, float scale = 1,
                    float shift = 0) {
  Generator generator(seed);
  Array<float> result = Array<float>::from_shape({rows, features});
  for (float& x : result) x = shift + scale * static_cast<float>(generator.normal());
  return result;
}

std::vector<std::size_t> first_samples(std::size_t count) {
  std::vector<std::size_t> indices(count);
  for (std::size_t i = 0; i < count; ++i) indices[i] = i;
  return indices;
}

double distance_by_hand(Metric metric, const float* a, const float* b, std::size_t n) {
  double sum = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const auto x = static_cast<double>(a[i]), y = static_cast<double>(b[i]);
    sum += metric == Metric::l1   ? std::abs(x - y)
           : metric == Metric::l2 ? (x - y) * (x - y)
                                  : x * y;
  }
  return metric == Metric::l2 ? std::sqrt(sum) : sum;
}

/// What a search finds, compared with a loop over all points.
void expect_nearest(const Array<float>& points, const Array<float>& queries, Metric metric,
                    std::int64_t k) {
  const NearestNeighbors search(points, metric);
  const Neighbors found = search.kneighbors(queries, k);
  ASSERT_EQ(found.size(), queries.shape()[0]);
  ASSERT_EQ(found.k(), k);
  const std::size_t n = points.size() / points.shape()[0];
  for (std::size_t q = 0; q < queries.shape()[0]; ++q) {
    std::vector<std::pair<float, std::int64_t>> all;
    for (std::size_t p = 0; p < points.shape()[0]; ++p) {
      const auto distance = static_cast<float>(
          distance_by_hand(metric, queries.data() + q * n, points.data() + p * n, n));
      all.emplace_back(metric == Metric::dot ? -distance : distance, static_cast<std::int64_t>(p));
    }
    std::sort(all.begin(), all.end());
    for (std::size_t rank = 0; rank < static_cast<std::size_t>(k); ++rank) {
      const float expected = metric == Metric::dot ? -all[rank].first : all[rank].first;
      ASSERT_NEAR(found.distances(q, rank), expected, 2e-7F * std::abs(expected) + 1e-6F)
          << train::to_string(metric) << ", query " << q << ", rank " << rank;
      ASSERT_EQ(found.indices(q, rank), all[rank].second)
          << train::to_string(metric) << ", query " << q << ", rank " << rank;
    }
  }
}

TEST(NearestNeighbors, WorkedNumbers) {
  const Array<float> points = floats({3, 2}, {0, 0, 3, 4, -1, 1});
  const Array<float> query = floats({1, 2}, {0, 1});
  const auto check = [&](Metric metric, const std::vector<std::int64_t>& indices,
                         const std::vector<float>& distances) {
    const Neighbors found = NearestNeighbors(points, metric).kneighbors(query, 3);
    for (std::size_t i = 0; i < 3; ++i) {
      EXPECT_EQ(found.indices(0, i), indices[i]) << train::to_string(metric);
      EXPECT_EQ(found.distances(0, i), distances[i]) << train::to_string(metric);
    }
  };
  // Points 0 and 2 are equally near: the lower index first.
  check(Metric::l1, {0, 2, 1}, {1, 1, 6});
  check(Metric::l2, {0, 2, 1}, {1, 1, std::sqrt(18.0F)});
  check(Metric::dot, {1, 2, 0}, {4, 1, 0});
}

TEST(NearestNeighbors, FindsWhatALoopOverAllPointsFinds) {
  for (const Metric metric : metrics) {
    expect_nearest(normal(2'500, 3, 1), normal(2'100, 3, 2), metric, 2);  // Several blocks of both.
    expect_nearest(normal(150, 131, 3), normal(40, 131, 4), metric, 7);
    expect_nearest(normal(60, 4'500, 5, 1, 10), normal(11, 4'500, 6, 1, 10), metric, 5);
    expect_nearest(normal(1, 1, 7), normal(1, 1, 8), metric, 1);
    expect_nearest(normal(33, 17, 9), normal(5, 17, 10), metric, 33);  // All of them, sorted.
  }
}

TEST(NearestNeighbors, PointsThatNearlyCoincideFarFromTheOrigin) {
  // Two crowds at ±30,000 whose members differ by hundredths: of ‖a‖² + ‖b‖² − 2·a·b no digit of a
  // float would be left, nor would subtracting the mean help.
  const Array<float> one = normal(200, 20, 1, 0.02F, 30'000),
                     other = normal(200, 20, 2, 0.02F, -30'000);
  Array<float> points = Array<float>::from_shape({400, 20});
  std::copy(one.begin(), one.end(), points.data());
  std::copy(other.begin(), other.end(), points.data() + one.size());
  for (const Metric metric : metrics) {
    expect_nearest(points, normal(20, 20, 3, 0.02F, 30'000), metric, 4);
  }
  // A training sample is its own neighbour, at distance 0 exactly.
  for (const Metric metric : {Metric::l1, Metric::l2}) {
    const Neighbors self = NearestNeighbors(points, metric).kneighbors(one, 1);
    EXPECT_EQ(*std::max_element(self.distances.begin(), self.distances.end()), 0);
  }
}

TEST(NearestNeighbors, TiesOnAGridGoToTheLowerIndex) {
  Array<float> points = Array<float>::from_shape({100, 2});
  for (std::size_t i = 0; i < 100; ++i) {
    points(i, 0) = static_cast<float>(i % 10) + 1'000;
    points(i, 1) = static_cast<float>(i / 10) - 77;
  }
  for (const Metric metric : {Metric::l1, Metric::l2}) expect_nearest(points, points, metric, 13);
  Array<float> same = Array<float>::from_shape({500, 8});
  same.fill(0.1F);
  expect_nearest(same, same, Metric::l2, 3);
}

TEST(NearestNeighbors, ImagesAreRowsAndTheNumberOfThreadsDoesNotMatter) {
  Array<float> points = normal(700, 12 * 12 * 3, 1), queries = normal(300, 12 * 12 * 3, 2);
  points.reshape({700, 3, 12, 12});
  queries.reshape({300, 3, 12, 12});
  for (const Metric metric : metrics) {
    const NearestNeighbors search(points, metric);
    const auto find = [&](int count) {
      const Threads threads(count);
      return search.kneighbors(queries, 9);
    };
    const Neighbors alone = find(1), together = find(3);
    EXPECT_EQ(alone.indices, together.indices);
    EXPECT_EQ(alone.distances, together.distances);
  }
}

TEST(NearestNeighbors, RefusesWhatMakesNoSense) {
  const NearestNeighbors search(normal(5, 4, 1));
  expect_error<ShapeError>([] { NearestNeighbors(Array<float>::from_shape({3})); },
                           {"[nearest_neighbors]", "(3,)"});
  expect_error<ShapeError>(
      [] {
        NearestNeighbors(Array<float>::from_shape({0, 4}));
      },
      {"[nearest_neighbors]", "at least one sample"});
  expect_error<ShapeError>([&] { search.kneighbors(normal(2, 3, 1), 1); },
                           {"[nearest_neighbors]", "4 features", "(2, 3)"});
  for (const std::int64_t k : {0, 6, -1}) {
    expect_error<ValueError>([&] { search.kneighbors(normal(2, 4, 1), k); },
                             {"[nearest_neighbors]", "k from 1 to 5"});
  }
  for (const float number : {NAN, INFINITY, 1e30F}) {
    Array<float> bad = normal(3, 4, 1);
    bad(1, 2) = number;
    for (const Metric metric : metrics) {
      expect_error<ValueError>([&] { NearestNeighbors(bad, metric); },
                               {"[nearest_neighbors]", "sample 1"});
      expect_error<ValueError>(
          [&] { NearestNeighbors(normal(5, 4, 1), metric).kneighbors(bad, 1); },
          {"[nearest_neighbors]", "sample 1"});
    }
  }
  EXPECT_EQ(search.kneighbors(Array<float>::from_shape({0, 4}), 2).size(), 0U);
}

TEST(NearestNeighbors, MostVotesWinAndTiesGoToTheNearer) {
  Neighbors found;
  found.indices = Array<std::int64_t>{{0, 1, 2, 3, 4}, {4, 3, 2, 1, 0}, {1, 0, -1, -1, -1}};
  found.distances = Array<float>::from_shape({3, 5});
  const std::vector<int> labels = {7, 2, 2, 7, 0};
  EXPECT_EQ(found.vote(labels, 1), (std::vector<int>{7, 0, 2}));
  EXPECT_EQ(found.vote(labels, 2), (std::vector<int>{7, 0, 2}));  // All alone: the nearest.
  EXPECT_EQ(found.vote(labels, 3), (std::vector<int>{2, 0, 2}));
  EXPECT_EQ(found.vote(labels, 4), (std::vector<int>{7, 2, 2}));
  EXPECT_EQ(found.vote(labels, 5), (std::vector<int>{7, 7, 2}));
  expect_error<ValueError>([&] { found.vote(labels, 6); }, {"[vote]", "k from 1 to 5", "got 6"});
  expect_error<ValueError>([&] { found.vote({1, 2}, 5); }, {"[vote]", "got 2 labels"});
  expect_error<ValueError>([&] { found.vote({1, -2, 0, 0, 0}, 5); }, {"[vote]", "-2 at point 1"});
}

TEST(KNeighborsClassifier, OfTheSpiral) {
  const data::Dataset train = data::spiral(100, 3, 1), test = data::spiral(100, 3, 2);
  const KNeighborsClassifier one(train, 1), five(train, 5, Metric::l1);
  EXPECT_GT(one.accuracy(train), 0.99);  // The three arms begin in one point.
  EXPECT_GT(one.accuracy(test), 0.95);
  EXPECT_GT(five.accuracy(test), 0.95);
  EXPECT_EQ(five.search().metric(), Metric::l1);
  EXPECT_EQ(one.predict(test.inputs).size(), 300U);
  expect_error<ValueError>([&] { KNeighborsClassifier(train, 301); },
                           {"[k_neighbors_classifier]", "1 to 300", "got 301"});
}

TEST(KNeighborsClassifier, OfCifar10) {
  SKIP_WITHOUT_CIFAR10();
  const data::Dataset train =
      data::subset(data::load_cifar10(cifar10_dir(), data::Split::train), first_samples(5'000));
  const data::Dataset test =
      data::subset(data::load_cifar10(cifar10_dir(), data::Split::test), first_samples(500));
  for (const Metric metric : {Metric::l1, Metric::l2}) {
    const Neighbors found = NearestNeighbors(train.inputs, metric).kneighbors(test.inputs, 10);
    for (const std::int64_t k : {1, 5, 10}) {
      const std::vector<int> labels = found.vote(train.labels, k);
      double right = 0;
      for (std::size_t i = 0; i < 500; ++i) right += labels[i] == test.labels[i];
      EXPECT_GE(right / 500, 0.25) << train::to_string(metric) << ", k = " << k;
      EXPECT_LE(right / 500, 0.31) << train::to_string(metric) << ", k = " << k;
    }
  }
}

TEST(ApproximateNeighbors, WithAllInViewFindsAllAndWithFewMost) {
  const Array<float> points = normal(1'500, 24, 1), queries = normal(100, 24, 2);
  for (const Metric metric : metrics) {
    const Neighbors exact = NearestNeighbors(points, metric).kneighbors(queries, 10);
    ApproximateNeighbors index(points, metric);
    const Neighbors wide = index.kneighbors(queries, 10, 1'500);
    const double all = train::recall(wide, exact);
    const double few = train::recall(index.kneighbors(queries, 10, 10), exact);
    EXPECT_GE(all, 0.99) << train::to_string(metric);
    EXPECT_GE(few, 0.3) << train::to_string(metric);
    EXPECT_LT(few, all) << train::to_string(metric);
    // What both found has the same distance, to the bit, and is sorted.
    for (std::size_t q = 0; q < 100; ++q) {
      EXPECT_EQ(wide.indices(q, 0), exact.indices(q, 0));
      EXPECT_EQ(wide.distances(q, 0), exact.distances(q, 0));
    }
    EXPECT_EQ(train::recall(exact, exact), 1);
  }
}

TEST(ApproximateNeighbors, TheSameSeedGivesTheSameIndexAndItCanBeMoved) {
  const Array<float> points = normal(400, 8, 1), queries = normal(50, 8, 2);
  ApproximateNeighbors first(points, Metric::l2, {4, 10, 7}),
      second(points, Metric::l2, {4, 10, 7});
  const Neighbors expected = first.kneighbors(queries, 3, 3);
  EXPECT_EQ(second.kneighbors(queries, 3, 3).indices, expected.indices);
  ApproximateNeighbors moved = std::move(first);
  EXPECT_EQ(moved.kneighbors(queries, 3, 3).indices, expected.indices);
}

TEST(ApproximateNeighbors, RefusesWhatMakesNoSense) {
  ApproximateNeighbors index(normal(5, 4, 1));
  expect_error<ValueError>([] { ApproximateNeighbors(normal(5, 4, 1), Metric::l2, {1}); },
                           {"[approximate_neighbors]", "m from 2"});
  expect_error<ValueError>(
      [] {
        ApproximateNeighbors(normal(5, 4, 1), Metric::l2, {16, 0});
      },
      {"[approximate_neighbors]", "ef_construction", "got 0"});
  expect_error<ValueError>([&] { index.kneighbors(normal(1, 4, 1), 6); }, {"k from 1 to 5"});
  expect_error<ValueError>([&] { index.kneighbors(normal(1, 4, 1), 2, 0); }, {"ef from 1"});
  expect_error<ShapeError>([&] { index.kneighbors(normal(1, 3, 1), 1); }, {"(1, 3)"});
  const Neighbors two = index.kneighbors(normal(3, 4, 1), 2);
  expect_error<ShapeError>([&] { train::recall(two, index.kneighbors(normal(3, 4, 1), 1)); },
                           {"[recall]", "(3, 2)", "(3, 1)"});
}

}  // namespace
}  // namespace tapegrad::testing
