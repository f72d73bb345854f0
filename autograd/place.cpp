#include <tapegrad/autograd/place.hpp>

#include <string_view>

namespace tapegrad {

std::string to_string(Place place) {
  if (place.file == nullptr) return "an unknown line";
  std::string_view file = place.file;
  const std::size_t slash = file.rfind('/');
  if (slash != std::string_view::npos) file.remove_prefix(slash + 1);
  return std::string(file) + ":" + std::to_string(place.line);
}

}  // namespace tapegrad
