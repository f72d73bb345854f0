#pragma once

#include <string>

#include <tapegrad/autograd/named_parameters.hpp>

/// Sets of parameters in NumPy's format .npz, an archive of named arrays.
namespace tapegrad::data {

/// Writes the values of a set, each in its own precision, under its name; not compressed, as
/// numpy.savez does. The file is replaced as a whole: what fails leaves it as it was. The file is
/// put together in memory. Throws FileError if it cannot be written, or for a name that is empty,
/// comes twice, is not UTF-8 or is longer than 65,531 bytes.
void save_npz(const std::string& path, const NamedParameters& named);

/// The set of a file of numpy.savez or numpy.savez_compressed, in the file's order. float32 and
/// float64 come back bit by bit with precision f32 and f64. Of other numbers, as load_npy reads
/// them, f32 is made where a float equals every number of their type, else f64. Throws FileError
/// if the file is missing, damaged or cut off, if an entry is no array of numbers or a double does
/// not equal one of them, or if a name comes twice.
NamedParameters load_npz(const std::string& path);

}  // namespace tapegrad::data
