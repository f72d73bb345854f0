#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <tapegrad/autograd/named_parameters.hpp>
#include <tapegrad/data/detail/file.hpp>

/// Numbers as files hold them.
namespace tapegrad::data::detail {

/// The type of a number in a file. `brain` is bfloat16: the upper half of a float.
struct NumberType {
  enum class Kind { boolean, signed_integer, unsigned_integer, real, brain };
  Kind kind = Kind::real;
  std::size_t bytes = 8;
};

/// NumPy's name: `float32`.
std::string to_string(NumberType type);

/// An array that lies in the bytes of a file. Unless said otherwise it is little-endian, the last
/// index runs fastest, and `bytes` are as many as type and shape need.
struct StoredArray {
  NumberType type;
  Shape shape;
  std::string_view bytes;
  bool big_endian = false;
  bool column_major = false;
};

/// How many bytes an array takes. Throws FileError for a shape that no memory could hold.
std::size_t bytes_of(NumberType type, const Shape& shape, const Origin& origin);

/// Writes all numbers, row-major, as T (float or double) that equals them. Throws FileError if
/// some T does not.
template <class T>
void decode(const StoredArray& array, T* target, const Origin& origin);

/// A parameter with the numbers of `array`: f32 where a float equals every number of its type, f64
/// otherwise. Throws as decode.
Parameter to_parameter(const StoredArray& array, const Origin& origin);

/// The bytes of a parameter's value as files hold them.
std::string_view bytes_of(const Parameter& parameter);

/// Throws FileError if a name is empty, has a zero byte or comes twice: no file could hold it.
void check_names(const NamedParameters& named, const Origin& origin);

}  // namespace tapegrad::data::detail
