#include <tapegrad/data/detail/file.hpp>

namespace tapegrad::data::detail {

Origin within(const Origin& origin, std::string_view name) {
  return {origin.who, origin.path + ", array " + in_quotes(name)};
}

std::string in_quotes(std::string_view text) {
  constexpr std::size_t most = 100;
  std::string shown(text.substr(0, most));
  for (char& letter : shown) {
    if (letter < ' ' || letter > '~') letter = '?';
  }
  return "'" + shown + (text.size() > most ? "…'" : "'");
}

}  // namespace tapegrad::data::detail
