// .npy: what is read must be written and read again bit by bit.

#include <vector>

#include <tapegrad/data/detail/npy_format.hpp>

#include "fuzz.hpp"
#include "support/bytes.hpp"

namespace tapegrad::fuzz {

namespace {

const data::detail::Origin origin{"load_npy", "input"};

template <class T>
void try_as(const data::detail::StoredArray& stored) {
  try {
    std::vector<T> numbers(static_cast<std::size_t>(stored.shape.size()));
    data::detail::decode(stored, numbers.data(), origin);
  } catch (const FileError&) {
    // T does not equal one of the numbers.
  }
}

}  // namespace

std::vector<std::string> seeds() {
  std::vector<std::string> files;
  for (const auto& [name, parameter] : sample_set()) {
    files.push_back(data::detail::npy_header(parameter.precision(), parameter.shape())
                        .append(data::detail::bytes_of(parameter)));
  }
  for (const char* descr : {"|b1", "|i1", "<u2", ">i4", "<i8", ">u8", "<f2", ">f8"}) {
    const std::string header = testing::npy_header_text(descr, "(2, 3)", descr[0] == '>');
    const std::string numbers(6 * static_cast<std::size_t>(descr[2] - '0'), '\1');
    files.push_back(testing::npy_file(header, numbers, descr[0] == '|' ? 2 : 1));
  }
  return files;
}

void try_input(std::string_view input) {
  const data::detail::StoredArray stored = data::detail::parse_npy(input, origin);
  try_as<float>(stored);
  try_as<double>(stored);
  const Parameter read = data::detail::to_parameter(stored, origin);
  const std::string file =
      data::detail::npy_header(read.precision(), read.shape()).append(data::detail::bytes_of(read));
  const Parameter again = data::detail::to_parameter(data::detail::parse_npy(file, origin), origin);
  check(same_bits({{"", read}}, {{"", again}}), "what was read comes back from a file");
}

}  // namespace tapegrad::fuzz
