#include <tapegrad/data/npz.hpp>

#include <tapegrad/data/detail/file.hpp>
#include <tapegrad/data/detail/npz_format.hpp>

namespace tapegrad::data {

void save_npz(const std::string& path, const NamedParameters& named) {
  const detail::Origin origin{"save_npz", path};
  detail::write_file(origin, detail::npz_bytes(named, origin));
}

NamedParameters load_npz(const std::string& path) {
  const detail::Origin origin{"load_npz", path};
  return detail::parse_npz(detail::read_file(origin), origin);
}

}  // namespace tapegrad::data
