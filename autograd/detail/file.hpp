#pragma once

#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include <tapegrad/ops/error.hpp>

/// Whole files in and out, and how errors about them read.
namespace tapegrad::detail {

/// Who works on which file: `[who] what is needed; what came; what to do (path)`.
struct Origin {
  /// The function that the user called.
  std::string who;
  /// The file, and the place in it where that helps.
  std::string path;

  /// Throws FileError.
  template <class... Arguments>
  [[noreturn]] void fail(fmt::format_string<Arguments...> text, Arguments&&... arguments) const {
    throw FileError(fmt::format("[{}] {} ({})", who,
                                fmt::format(text, std::forward<Arguments>(arguments)...), path));
  }
};

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, CloseFile>;

/// The file of `origin`, open for reading. Throws FileError, also if it is a folder.
File open_file(const Origin& origin);

/// All bytes of the file of `origin`. Throws FileError.
std::string read_file(const Origin& origin);

/// Makes `bytes` the content of the file of `origin`: all of them, or the file stays what it was.
/// It is on the disk, under its name, when this returns. Throws FileError.
void write_file(const Origin& origin, std::string_view bytes);

/// Removes what write_file has left in a folder in processes that were killed meanwhile.
void remove_unfinished(const std::string& folder);

}  // namespace tapegrad::detail
