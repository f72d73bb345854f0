#include <tapegrad/data/detail/file.hpp>

#include <algorithm>

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

std::string find_plain_or_gzip(const std::vector<std::filesystem::path>& folders,
                               const std::string& name) {
  for (const std::filesystem::path& folder : folders) {
    for (const char* ending : {"", ".gz"}) {
      const std::filesystem::path path = folder / (name + ending);
      std::error_code ignored;
      if (std::filesystem::exists(path, ignored)) return path.string();
    }
  }
  return {};
}

void to_unit(const unsigned char* pixels, std::size_t count, float* numbers) {
  std::transform(pixels, pixels + count, numbers,
                 [](unsigned char pixel) { return static_cast<float>(pixel) / 255.0F; });
}

}  // namespace tapegrad::data::detail
