#pragma once

#include <cstdint>
#include <cstring>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include <tapegrad/autograd/named_parameters.hpp>
#include <tapegrad/autograd/place.hpp>
#include <tapegrad/data/detail/numbers.hpp>

namespace tapegrad::testing {

using data::detail::bytes_of;

/// A parameter of any bits: NaN with payloads, infinities, both zeros and denormals among them.
inline Parameter random_bits(const Shape& shape, Precision precision, unsigned seed) {
  Parameter parameter = Parameter::zeros(shape, precision);
  std::mt19937_64 random(seed);
  constexpr std::uint64_t special[] = {0x7ff0000000000000, 0xfff0000000000000, 0x8000000000000000,
                                       0x7ff0000000000001, 0x7ff8dead0000beef, 0x0000000000000001,
                                       0x7f800000ff800000, 0x7f800001ffc0dead, 0x8000000000000001,
                                       0x000000017fa12345};
  std::string bytes;
  while (bytes.size() < bytes_of(parameter).size()) {
    const std::uint64_t bits =
        random() % 3 == 0 ? special[random() % std::size(special)] : random();
    bytes.append(reinterpret_cast<const char*>(&bits), sizeof bits);
  }
  std::memcpy(parameter.state()->value, bytes.data(), bytes_of(parameter).size());
  return parameter;
}

/// Sets of every rank up to the largest, with arrays of no elements, in both precisions.
inline NamedParameters random_set(unsigned seed) {
  NamedParameters named;
  Shape shape;
  for (int rank = 0; rank <= max_rank; ++rank) {
    for (const Precision precision : {f32, f64}) {
      const std::string name = std::to_string(rank) + (precision == f32 ? ".float" : ".double");
      named.emplace_back(name, random_bits(shape, precision, seed++));
      Shape none = shape;
      if (rank > 0) none[rank / 2] = 0;
      if (rank > 0) named.emplace_back(name + ".none", random_bits(none, precision, seed++));
    }
    if (rank < max_rank) shape.push_back(1 + rank % 3);
  }
  named.emplace_back("größe/weight", random_bits({5}, f32, seed));
  return named;
}

/// The same names, shapes, precisions and bits, in the same order.
inline void expect_same_bits(const NamedParameters& got, const NamedParameters& expected,
                             Place place = Place::here()) {
  const ::testing::ScopedTrace trace(place.file, place.line, "expect_same_bits");
  ASSERT_EQ(got.size(), expected.size());
  for (std::size_t i = 0; i < got.size(); ++i) {
    EXPECT_EQ(got[i].first, expected[i].first);
    EXPECT_EQ(to_string(got[i].second.shape()), to_string(expected[i].second.shape()));
    ASSERT_EQ(got[i].second.precision(), expected[i].second.precision()) << got[i].first;
    EXPECT_TRUE(bytes_of(got[i].second) == bytes_of(expected[i].second)) << got[i].first;
  }
}

/// `read(file)` for every beginning of a file: each must be refused by a FileError.
template <class Read>
void expect_truncations_refused(const std::string& file, Read read) {
  for (std::size_t size = 0; size < file.size(); ++size) {
    EXPECT_THROW(read(file.substr(0, size)), FileError)
        << size << " of " << file.size() << " bytes";
  }
}

/// `read(file)` with each byte changed in turn: a FileError, or something is read. Returns how many
/// were refused.
template <class Read>
int try_changed_bytes(const std::string& file, Read read) {
  int refused = 0;
  for (std::size_t i = 0; i < file.size(); ++i) {
    for (const int change : {1, 2, 0x20, 0x80, 0xff}) {
      std::string changed = file;
      changed[i] = static_cast<char>(changed[i] ^ change);
      try {
        read(changed);
      } catch (const FileError&) {
        ++refused;
      }
    }
  }
  return refused;
}

}  // namespace tapegrad::testing
