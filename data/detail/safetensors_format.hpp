#pragma once

#include <string>
#include <string_view>

#include <tapegrad/data/detail/numbers.hpp>

/// The safetensors format: the length of a header, the header in JSON, the numbers.
/// Source: github.com/huggingface/safetensors, "Format".
namespace tapegrad::data::detail {

/// A whole file. Throws FileError for names that no such file can hold.
std::string safetensors_bytes(const NamedParameters& named, const Origin& origin);

/// The arrays of a whole file in the order of its header. Throws FileError.
NamedParameters parse_safetensors(std::string_view bytes, const Origin& origin);

}  // namespace tapegrad::data::detail
