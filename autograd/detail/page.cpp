#include <tapegrad/autograd/detail/page.hpp>

#include <string_view>

#include <tapegrad/ops/error.hpp>

namespace tapegrad::detail {

std::string page_with_data(const Page& page, const std::string& json, const char* who,
                           const char* instead) {
  const std::string_view html = page.html;
  if (html.empty()) {
    throw Error(std::string("[") + who +
                "] needs the HTML page that npm bundles when tapegrad is built; " + page.missing +
                "; install npm (Debian: npm), build tapegrad again with -DTAPEGRAD_PAGES=ON, or " +
                instead);
  }
  constexpr std::string_view here = "\"DATA\"";
  const std::size_t position = html.find(here);
  if (position == std::string_view::npos) {
    throw Error(std::string("[") + who + "] needs a page with a place for data");
  }
  std::string result(html.substr(0, position));
  result.reserve(html.size() + json.size());
  for (const char c : json) {
    // A text with `</script>` in it would end the script that holds the data.
    if (c == '<') {
      result += "\\u003c";
    } else {
      result += c;
    }
  }
  return result.append(html.substr(position + here.size()));
}

}  // namespace tapegrad::detail
