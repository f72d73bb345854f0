#pragma once

#include <string>

#include <tapegrad/autograd/named_parameters.hpp>

/// Sets of parameters in the safetensors format, which PyTorch users exchange.
namespace tapegrad::data {

/// Writes the values of a set, each in its own precision (F32 or F64), under its name. The file is
/// replaced as a whole: what fails leaves it as it was. The file is put together in memory. Throws
/// FileError if it cannot be written, or for a name that is empty, comes twice, is not UTF-8 or is
/// `__metadata__`.
void save_safetensors(const std::string& path, const NamedParameters& named);

/// The set of a file, in the order of its header. F32 and F64 come back bit by bit with precision
/// f32 and f64; F16, BF16, I8, I16, U8, U16 and BOOL become f32, and I32, I64, U32 and U64 become
/// f64, equal numbers all of them. `__metadata__` is not kept. Throws FileError if the file is
/// missing, damaged, cut off or not as the format demands, has another type of numbers, or an
/// integer that a double does not equal.
NamedParameters load_safetensors(const std::string& path);

}  // namespace tapegrad::data
