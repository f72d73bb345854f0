#pragma once

#include <string>
#include <string_view>

#include <tapegrad/data/detail/numbers.hpp>

/// NumPy's format for several arrays: a zip archive in which `NAME.npy` is the array NAME.
namespace tapegrad::data::detail {

/// A whole .npz file, not compressed. Equal sets make equal files. Throws FileError for names that
/// no such file can hold.
std::string npz_bytes(const NamedParameters& named, const Origin& origin);

/// The arrays of a whole file in its order. Throws FileError.
NamedParameters parse_npz(std::string_view bytes, const Origin& origin);

}  // namespace tapegrad::data::detail
