#pragma once

#include <string>

#include <tapegrad/autograd/parameter.hpp>
#include <tapegrad/ops/array.hpp>

/// One array in NumPy's format .npy.
namespace tapegrad::data {

// NOTE [Non-finite numbers in files]
// Readers of data sets refuse NaN and infinity: no such sample is meant. Files of arrays and of
// parameters are a way to keep numbers, whatever they are: every bit comes back, the payload of a
// NaN as well, and a model that diverged can be looked at later.

/// Writes a parameter's value in its own precision. The file is replaced as a whole: what fails
/// leaves it as it was. Throws FileError if it cannot be written.
void save_npy(const std::string& path, const Parameter& parameter);
/// The same for an array of floats.
void save_npy(const std::string& path, const Array<float>& array);
/// The same for an array of doubles.
void save_npy(const std::string& path, const Array<double>& array);

/// The array of a file, T being float or double; a number of its own type comes back bit by bit.
/// Files of other numbers (float16 to float64, int8 to int64, uint8 to uint64, bool, in any byte
/// order, in C or Fortran order) are read where T equals every number, so float64 is read as
/// double only. Throws FileError if the file is missing, damaged, cut off or followed by other
/// bytes, holds anything but numbers, has more than `max_rank` axes or numbers that T does not
/// equal.
template <class T>
Array<T> load_npy(const std::string& path) = delete;
/// As floats.
template <>
Array<float> load_npy<float>(const std::string& path);
/// As doubles.
template <>
Array<double> load_npy<double>(const std::string& path);

}  // namespace tapegrad::data
