#pragma once

#include <string>

namespace tapegrad::detail {

/// An HTML page that npm bundles when the library is built.
struct Page {
  const char* html;     ///< Empty if it was left out.
  const char* missing;  ///< Then why.
};

/// autograd/page/circuit.html.
extern const Page circuit_page;

/// The page with its data, as JSON. Throws Error, in the name of `who`, if it was left out.
std::string page_with_data(const Page& page, const std::string& json, const char* who);

}  // namespace tapegrad::detail
