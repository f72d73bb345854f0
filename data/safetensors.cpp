#include <tapegrad/data/safetensors.hpp>

#include <tapegrad/data/detail/file.hpp>
#include <tapegrad/data/detail/safetensors_format.hpp>

namespace tapegrad::data {

void save_safetensors(const std::string& path, const NamedParameters& named) {
  const detail::Origin origin{"save_safetensors", path};
  detail::write_file(origin, detail::safetensors_bytes(named, origin));
}

NamedParameters load_safetensors(const std::string& path) {
  const detail::Origin origin{"load_safetensors", path};
  return detail::parse_safetensors(detail::read_file(origin), origin);
}

}  // namespace tapegrad::data
