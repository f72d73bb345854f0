#pragma once

#include <string>
#include <string_view>

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

}  // namespace tapegrad::data::detail
