#include <tapegrad/data/detail/numbers.hpp>

#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <set>
#include <type_traits>
#include <vector>

namespace tapegrad::data::detail {
namespace {

using Kind = NumberType::Kind;

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
              "numbers go to files and come back as they lie in memory");

template <class To, class From>
To from_bits(From bits) {
  static_assert(sizeof(To) == sizeof(From));
  To number;
  std::memcpy(&number, &bits, sizeof number);
  return number;
}

float half_to_float(std::uint16_t bits) {
  const std::uint32_t sign = bits >> 15U;
  const std::uint32_t exponent = (bits >> 10U) & 31U;
  const std::uint32_t fraction = bits & 1023U;
  if (exponent == 31) {
    return from_bits<float>(std::uint32_t{sign << 31U | 0x7f800000U | fraction << 13U});
  }
  const float magnitude = exponent == 0 ? std::ldexp(static_cast<float>(fraction), -24)
                                        : std::ldexp(static_cast<float>(1024 + fraction),
                                                     static_cast<int>(exponent) - 25);
  return sign == 0 ? magnitude : -magnitude;
}

/// True if a T equals this whole number: no more bits between its first and last than T has.
template <class T>
bool holds(std::uint64_t magnitude) {
  if (magnitude == 0) return true;
  const int bits = 64 - __builtin_clzll(magnitude) - __builtin_ctzll(magnitude);
  return bits <= std::numeric_limits<T>::digits;
}

/// Reads the bits of each number and writes `convert(bits)`.
template <class Bits, class T, class Convert>
void each(const StoredArray& array, T* target, Convert convert) {
  const char* from = array.bytes.data();
  const auto count = static_cast<std::size_t>(array.shape.size());
  for (std::size_t i = 0; i < count; ++i, from += sizeof(Bits)) {
    Bits bits = 0;
    std::memcpy(&bits, from, sizeof bits);
    if (array.big_endian) {
      if constexpr (sizeof(Bits) == 2) bits = __builtin_bswap16(bits);
      if constexpr (sizeof(Bits) == 4) bits = __builtin_bswap32(bits);
      if constexpr (sizeof(Bits) == 8) bits = __builtin_bswap64(bits);
    }
    target[i] = convert(bits);
  }
}

template <class Integer, class T>
void each_integer(const StoredArray& array, T* target, const Origin& origin) {
  using Bits = std::make_unsigned_t<Integer>;
  each<Bits>(array, target, [&](Bits bits) {
    const auto number = static_cast<Integer>(bits);
    if (!holds<T>(number < 0 ? static_cast<Bits>(0 - bits) : bits)) {
      constexpr bool narrow = std::is_same_v<T, float>;
      origin.fail("needs integers that a {} equals; {} of type {} is none; {}",
                  narrow ? "float" : "double", number, to_string(array.type),
                  narrow ? "load it as double" : "convert it with NumPy's astype('float64')");
    }
    return static_cast<T>(number);
  });
}

template <class T>
void decode_in_order(const StoredArray& array, T* target, const Origin& origin) {
  const auto convert = [&](auto sample, auto read) {
    each<decltype(sample)>(array, target, [&](auto bits) { return static_cast<T>(read(bits)); });
  };
  const std::size_t bytes = array.type.bytes;
  switch (array.type.kind) {
    case Kind::boolean:
      return convert(std::uint8_t{}, [&](std::uint8_t bits) {
        if (bits > 1) origin.fail("needs 0 or 1 for a bool; got {}; write the file again", bits);
        return bits;
      });
    case Kind::signed_integer:
      if (bytes == 1) return each_integer<std::int8_t>(array, target, origin);
      if (bytes == 2) return each_integer<std::int16_t>(array, target, origin);
      if (bytes == 4) return each_integer<std::int32_t>(array, target, origin);
      return each_integer<std::int64_t>(array, target, origin);
    case Kind::unsigned_integer:
      if (bytes == 1) return each_integer<std::uint8_t>(array, target, origin);
      if (bytes == 2) return each_integer<std::uint16_t>(array, target, origin);
      if (bytes == 4) return each_integer<std::uint32_t>(array, target, origin);
      return each_integer<std::uint64_t>(array, target, origin);
    case Kind::real:
      if (bytes == 2) return convert(std::uint16_t{}, half_to_float);
      if (bytes == 4) return convert(std::uint32_t{}, from_bits<float, std::uint32_t>);
      return convert(std::uint64_t{}, from_bits<double, std::uint64_t>);
    case Kind::brain:
      return convert(std::uint16_t{}, [](std::uint16_t bits) {
        return from_bits<float>(std::uint32_t{bits} << 16U);
      });
  }
}

/// Numbers whose first index runs fastest, in the order in which the last does.
template <class T>
void transpose(const std::vector<T>& from, const Shape& shape, T* to) {
  std::array<std::int64_t, max_rank> strides{};
  std::array<std::int64_t, max_rank> index{};
  std::int64_t stride = 1;
  for (int axis = 0; axis < shape.rank(); ++axis) {
    strides[static_cast<std::size_t>(axis)] = stride;
    stride *= shape[axis];
  }
  std::int64_t offset = 0;
  for (std::size_t i = 0; i < from.size(); ++i) {
    to[i] = from[static_cast<std::size_t>(offset)];
    for (int axis = shape.rank() - 1; axis >= 0; --axis) {
      const auto a = static_cast<std::size_t>(axis);
      offset += strides[a];
      if (++index[a] < shape[axis]) break;
      offset -= strides[a] * shape[axis];
      index[a] = 0;
    }
  }
}

}  // namespace

std::string to_string(NumberType type) {
  switch (type.kind) {
    case Kind::boolean:
      return "bool";
    case Kind::brain:
      return "bfloat16";
    case Kind::signed_integer:
      return "int" + std::to_string(8 * type.bytes);
    case Kind::unsigned_integer:
      return "uint" + std::to_string(8 * type.bytes);
    case Kind::real:
      break;
  }
  return "float" + std::to_string(8 * type.bytes);
}

std::size_t bytes_of(NumberType type, const Shape& shape, const Origin& origin) {
  try {
    return static_cast<std::size_t>(checked_size(shape, "shape")) * type.bytes;
  } catch (const ShapeError&) {
    origin.fail("needs a shape of at most 2^56 elements; got {}; write the file again",
                tapegrad::to_string(shape));
  }
}

template <class T>
void decode(const StoredArray& array, T* target, const Origin& origin) {
  if (std::is_same_v<T, float> && array.type.kind == Kind::real && array.type.bytes == 8) {
    origin.fail(
        "needs numbers that a float equals; got float64, which would lose digits; load it "
        "as double");
  }
  if (!array.column_major) return decode_in_order(array, target, origin);
  std::vector<T> numbers(static_cast<std::size_t>(array.shape.size()));
  decode_in_order(array, numbers.data(), origin);
  transpose(numbers, array.shape, target);
}

template void decode(const StoredArray&, float*, const Origin&);
template void decode(const StoredArray&, double*, const Origin&);

Parameter to_parameter(const StoredArray& array, const Origin& origin) {
  const bool is_float = array.type.kind == Kind::real || array.type.kind == Kind::brain;
  const bool narrow = array.type.bytes <= (is_float ? 4U : 2U);
  Parameter parameter = Parameter::zeros(array.shape, narrow ? f32 : f64);
  with_precision(parameter.precision(), [&](auto type) {
    decode(array, static_cast<decltype(type)*>(parameter.state()->value), origin);
  });
  return parameter;
}

std::string_view bytes_of(const Parameter& parameter) {
  const std::int64_t bytes = parameter.size() * bytes_per_number(parameter.precision());
  return {static_cast<const char*>(parameter.state()->value), static_cast<std::size_t>(bytes)};
}

void check_names(const NamedParameters& named, const Origin& origin) {
  std::set<std::string_view> seen;
  for (const auto& [name, parameter] : named) {
    if (name.empty() || name.find('\0') != std::string::npos) {
      origin.fail("needs a name for each array; got {}; name it as in '0.weight'", in_quotes(name));
    }
    if (!seen.insert(name).second) {
      origin.fail("needs each name once; got {} twice; rename one of them", in_quotes(name));
    }
  }
}

}  // namespace tapegrad::data::detail
