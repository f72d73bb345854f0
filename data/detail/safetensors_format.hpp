#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tapegrad/data/detail/numbers.hpp>

/// The safetensors format: the length of a header, the header in JSON, the numbers.
/// Source: github.com/huggingface/safetensors, "Format".
namespace tapegrad::data::detail {

/// Words that go with the arrays of a file, by names that differ: its `__metadata__`.
using Metadata = std::vector<std::pair<std::string, std::string>>;

/// A whole file, which begins with the metadata if there are any. Throws FileError for names and
/// words that no such file can hold.
std::string safetensors_bytes(const NamedParameters& named, const Origin& origin,
                              const Metadata& metadata = {});

/// The arrays of a whole file in the order of its header, and its metadata for those who ask.
/// Throws FileError.
NamedParameters parse_safetensors(std::string_view bytes, const Origin& origin,
                                  Metadata* metadata = nullptr);

}  // namespace tapegrad::data::detail
