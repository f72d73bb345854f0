#pragma once

#include <string>

namespace tapegrad::detail {

/// An HTML page that npm bundles when the library is built. What writes the page declares it,
/// `extern const Page <name>_page;`, and cmake/Pages.cmake compiles it in.
struct Page {
  const char* html;     ///< Empty if it was left out.
  const char* missing;  ///< Then why.
};

/// The page with its data, as JSON. Throws Error, in the name of `who`, if it was left out; what to
/// do without npm is said by `instead`.
std::string page_with_data(const Page& page, const std::string& json, const char* who,
                           const char* instead);

}  // namespace tapegrad::detail
