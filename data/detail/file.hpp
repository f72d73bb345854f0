#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <tapegrad/autograd/detail/file.hpp>

/// How errors about the content of files read.
namespace tapegrad::data::detail {

using tapegrad::detail::File;
using tapegrad::detail::open_file;
using tapegrad::detail::Origin;
using tapegrad::detail::read_file;
using tapegrad::detail::write_file;

/// The same with the array that is at fault.
Origin within(const Origin& origin, std::string_view name);

/// Text from a file as a message shows it: in quotes, not too long, nothing but printable ASCII.
std::string in_quotes(std::string_view text);

/// The path of NAME or NAME.gz in the first of the folders that has one; empty if none has.
std::string find_plain_or_gzip(const std::vector<std::filesystem::path>& folders,
                               const std::string& name);

/// Pixels of 0…255 as numbers of [0, 1].
void to_unit(const unsigned char* pixels, std::size_t count, float* numbers);

}  // namespace tapegrad::data::detail
