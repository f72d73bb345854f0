#include <tapegrad/data/npy.hpp>

#include <vector>

#include <tapegrad/data/detail/file.hpp>
#include <tapegrad/data/detail/npy_format.hpp>

namespace tapegrad::data {
namespace {

template <class T>
void save(const std::string& path, const Array<T>& array) {
  const Shape shape(array.shape().begin(), array.shape().end());
  const std::string_view numbers(reinterpret_cast<const char*>(array.data()),
                                 array.size() * sizeof(T));
  detail::write_file({"save_npy", path},
                     detail::npy_header(sizeof(T) == 4 ? f32 : f64, shape).append(numbers));
}

template <class T>
Array<T> load(const std::string& path) {
  const detail::Origin origin{"load_npy", path};
  const std::string bytes = detail::read_file(origin);
  const detail::StoredArray stored = detail::parse_npy(bytes, origin);
  const std::vector<std::size_t> sizes(stored.shape.begin(), stored.shape.end());
  Array<T> array = Array<T>::from_shape(sizes);
  detail::decode(stored, array.data(), origin);
  return array;
}

}  // namespace

void save_npy(const std::string& path, const Parameter& parameter) {
  detail::write_file({"save_npy", path},
                     detail::npy_header(parameter.precision(), parameter.shape())
                         .append(detail::bytes_of(parameter)));
}

void save_npy(const std::string& path, const Array<float>& array) {
  save(path, array);
}

void save_npy(const std::string& path, const Array<double>& array) {
  save(path, array);
}

template <>
Array<float> load_npy<float>(const std::string& path) {
  return load<float>(path);
}

template <>
Array<double> load_npy<double>(const std::string& path) {
  return load<double>(path);
}

}  // namespace tapegrad::data
