#pragma once

#include <string>
#include <string_view>

#include <tapegrad/data/detail/numbers.hpp>

/// NumPy's format for one array: a magic string, a header that is a Python dictionary, the numbers.
/// Source: numpy.lib.format, versions 1.0 to 3.0.
namespace tapegrad::data::detail {

/// What a file begins with, up to the first number of a row-major array.
std::string npy_header(Precision precision, const Shape& shape);

/// The array of a whole file; it refers to `bytes`. Throws FileError.
StoredArray parse_npy(std::string_view bytes, const Origin& origin);

}  // namespace tapegrad::data::detail
