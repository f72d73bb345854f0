#include <tapegrad/ops/philox.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <map>
#include <numeric>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace tapegrad {
namespace {

// The known answers that come with Random123 (kat_vectors, philox4x32 with 10 rounds).
static_assert(philox({0, 0, 0, 0}, {0, 0})[0] == 0x6627e8d5, "philox works at compile time");

TEST(Philox, KnownAnswers) {
  EXPECT_EQ(philox({0, 0, 0, 0}, {0, 0}),
            (PhiloxWords{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  constexpr std::uint32_t ones = 0xffffffff;
  EXPECT_EQ(philox({ones, ones, ones, ones}, {ones, ones}),
            (PhiloxWords{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
            (PhiloxWords{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(Generator, DrawsTheBlocksOfItsStreamInOrder) {
  // Key, low and high half of the counter are those of the third known answer.
  const std::uint64_t seed = 0x299f31d0'a4093822;
  const std::uint64_t stream = 0x03707344'13198a2e;
  const std::uint64_t block = 0x05a308d3'243f6a88;
  Generator generator(GeneratorState{seed, stream, 4 * block});
  for (const std::uint32_t word : philox_block(seed, stream, block)) {
    EXPECT_EQ(generator.next(), word);
  }
  for (const std::uint32_t word : philox_block(seed, stream, block + 1)) {
    EXPECT_EQ(generator.next(), word);
  }
  EXPECT_EQ(philox_block(seed, stream, 0x85a308d3'243f6a88)[3], 0x24126ea1U);
}

// Numbers that must never change, whatever the compiler: results of seeds are published.
TEST(Generator, PinnedNumbers) {
  Generator words(1);
  EXPECT_EQ(words.next(), 0xe3e80670U);
  EXPECT_EQ(words.next(), 0xe50a0ebcU);

  Generator uniforms(2, 3);
  EXPECT_EQ(uniforms.uniform(), 0.68417895580664212);
  EXPECT_EQ(uniforms.uniform(-3.0, 5.0), 0.92302213608170192);

  Generator normals(4);
  EXPECT_NEAR(normals.normal(), -0.25473354787952968, 1e-14);
  EXPECT_NEAR(normals.normal(), 1.7187988512917451, 1e-14);

  Generator whole(5);
  EXPECT_EQ(whole.below(1000), 589U);
  EXPECT_EQ(whole.below(1'000'000'000'000), 810289777723U);

  std::vector<int> order(8);
  std::iota(order.begin(), order.end(), 0);
  Generator(6).shuffle(order.begin(), order.end());
  EXPECT_EQ(order, (std::vector<int>{4, 1, 7, 5, 6, 2, 0, 3}));
}

TEST(Generator, SeedsAndStreamsDiffer) {
  const std::uint32_t first = Generator(0).next();
  EXPECT_EQ(Generator(0, 0).next(), first);
  EXPECT_NE(Generator(1).next(), first);
  EXPECT_NE(Generator(std::uint64_t{1} << 32).next(), first);
  EXPECT_NE(Generator(0, 1).next(), first);
  EXPECT_NE(Generator(0, std::uint64_t{1} << 32).next(), first);
}

TEST(Generator, GoesOnFromAnyState) {
  Generator generator(7, 8);
  for (std::uint64_t position = 0; position < 9; ++position) {
    EXPECT_EQ(generator.state(), (GeneratorState{7, 8, position}));
    Generator restored(generator.state());
    Generator reference = generator;
    for (int draw = 0; draw < 3; ++draw) EXPECT_EQ(restored.normal(), reference.normal());
    EXPECT_EQ(restored.state(), reference.state());
    generator.next();
  }
  EXPECT_NE(generator.state(), (GeneratorState{7, 8, 0}));
}

TEST(Generator, UniformAtIsTheUniformWithoutThoseBeforeIt) {
  Generator generator(9, 10);
  for (std::uint64_t index = 0; index < 100; ++index) {
    EXPECT_EQ(uniform_at(9, 10, index), generator.uniform()) << index;
  }
}

TEST(Generator, UnitIntervalIsHalfOpen) {
  EXPECT_EQ(unit_interval(0, 0), 0.0);
  EXPECT_EQ(unit_interval(0, 64), 0x1p-53);
  EXPECT_EQ(unit_interval(0xffffffff, 0xffffffff), 1.0 - 0x1p-53);
}

TEST(Generator, UniformHasItsMoments) {
  Generator generator(11);
  constexpr int count = 200'000;
  double sum = 0.0;
  double squares = 0.0;
  for (int i = 0; i < count; ++i) {
    const double x = generator.uniform(2.0, 4.0);
    ASSERT_GE(x, 2.0);
    ASSERT_LT(x, 4.0);
    sum += x;
    squares += (x - 3.0) * (x - 3.0);
  }
  // Four standard errors: sd/√count = 0.0013, and for the variance 0.0007.
  EXPECT_NEAR(sum / count, 3.0, 0.0052);
  EXPECT_NEAR(squares / count, 1.0 / 3.0, 0.0028);
}

TEST(Generator, NormalHasItsMomentsAndTails) {
  Generator generator(12);
  constexpr int count = 200'000;
  std::array<double, 4> moments{};
  int beyond_two = 0;
  for (int i = 0; i < count; ++i) {
    const double x = generator.normal();
    ASSERT_TRUE(std::isfinite(x));
    double power = 1.0;
    for (double& moment : moments) moment += (power *= x);
    beyond_two += std::abs(x) > 2.0 ? 1 : 0;
  }
  // Four standard errors each: √(var(xᵏ)/count) with var 1, 2, 15, 96.
  EXPECT_NEAR(moments[0] / count, 0.0, 0.009);
  EXPECT_NEAR(moments[1] / count, 1.0, 0.013);
  EXPECT_NEAR(moments[2] / count, 0.0, 0.035);
  EXPECT_NEAR(moments[3] / count, 3.0, 0.088);
  EXPECT_NEAR(beyond_two / double{count}, 0.0455, 0.0019);
}

TEST(Generator, BelowStaysBelowAndIsEven) {
  Generator generator(13);
  for (const std::uint64_t n :
       {std::uint64_t{1}, std::uint64_t{2}, std::uint64_t{3}, std::uint64_t{1} << 32,
        (std::uint64_t{1} << 63) + 1, ~std::uint64_t{0}}) {
    for (int i = 0; i < 100; ++i) EXPECT_LT(generator.below(n), n);
  }
  std::array<int, 7> counts{};
  for (int i = 0; i < 70'000; ++i) ++counts[generator.below(7)];
  // Five standard deviations of a count: 5·√(70000·(1/7)·(6/7)) = 463.
  for (const int count : counts) EXPECT_NEAR(count, 10'000, 463);
}

TEST(Generator, BelowRejectsWhatWouldBeUneven) {
  // Without rejection, bits mod (3·2⁶²) falls in the first third half of the time.
  Generator generator(14);
  const std::uint64_t third = std::uint64_t{1} << 62;
  int in_first_third = 0;
  for (int i = 0; i < 9'000; ++i) in_first_third += generator.below(3 * third) < third ? 1 : 0;
  EXPECT_NEAR(in_first_third, 3'000, 224);
}

TEST(Generator, BelowZeroThrows) {
  try {
    Generator(0).below(0);
    FAIL() << "no exception";
  } catch (const ValueError& error) {
    EXPECT_NE(std::string(error.what()).find("[random] needs n of at least 1"), std::string::npos);
  }
}

TEST(Generator, ShuffleGivesAllOrdersEqually) {
  Generator generator(15);
  std::map<std::vector<int>, int> counts;
  for (int i = 0; i < 24'000; ++i) {
    std::vector<int> order = {0, 1, 2, 3};
    generator.shuffle(order.begin(), order.end());
    ++counts[order];
  }
  EXPECT_EQ(counts.size(), 24U);
  // Five standard deviations of a count: 5·√(24000·(1/24)·(23/24)) = 155.
  for (const auto& [order, count] : counts) EXPECT_NEAR(count, 1'000, 155);
}

TEST(Generator, ShuffleOfNothingOrOneDrawsNothing) {
  Generator generator(16);
  std::vector<int> none;
  generator.shuffle(none.begin(), none.end());
  std::array<int, 1> one = {5};
  generator.shuffle(one.begin(), one.end());
  EXPECT_EQ(one[0], 5);
  EXPECT_EQ(generator.state().position, 0U);
}

}  // namespace
}  // namespace tapegrad
