#pragma once

#include <filesystem>
#include <string>

#include <tapegrad/autograd/detail/file.hpp>
#include <tapegrad/ops/error.hpp>

namespace tapegrad::train::detail {

/// Writes figures that know how to be csv(), json() and html(): which one, the ending of the file's
/// name says. Throws ValueError in the name of `who` for another ending, FileError if the file
/// cannot be written.
template <class Figures>
void save(const Figures& figures, const std::string& path, const char* who) {
  const tapegrad::detail::Origin origin{who, path};
  const std::string ending = std::filesystem::path(path).extension().string();
  if (ending == ".html") {
    tapegrad::detail::write_file(origin, figures.html());
  } else if (ending == ".json") {
    tapegrad::detail::write_file(origin, figures.json());
  } else if (ending == ".csv") {
    tapegrad::detail::write_file(origin, figures.csv());
  } else {
    throw ValueError(std::string("[") + who +
                     "] needs a file name that ends in .html, .json or .csv, got '" + path + "'");
  }
}

}  // namespace tapegrad::train::detail
