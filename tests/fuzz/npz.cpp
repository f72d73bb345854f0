// .npz: what is read must be written and read again bit by bit.
//
// The first byte of an input chooses: 0, the rest is an archive; 1 or 2, the rest is an array in a
// good archive, stored or compressed, since checksums would stop most inputs before it.

#include <tapegrad/data/detail/npy_format.hpp>
#include <tapegrad/data/detail/npz_format.hpp>

#include "fuzz.hpp"
#include "support/bytes.hpp"

namespace tapegrad::fuzz {

namespace {
const data::detail::Origin origin{"load_npz", "input"};
}

std::vector<std::string> seeds() {
  std::vector<std::string> inputs = {std::string(1, '\0') +
                                     data::detail::npz_bytes(sample_set(), origin)};
  for (const auto& [name, parameter] : sample_set()) {
    const std::string array = data::detail::npy_header(parameter.precision(), parameter.shape())
                                  .append(data::detail::bytes_of(parameter));
    inputs.push_back('\1' + array);
    inputs.push_back('\2' + array);
    inputs.push_back(std::string(1, '\0') + testing::zip_file({{"x.npy", array, true}}));
  }
  return inputs;
}

void try_input(std::string_view input) {
  if (input.empty()) return;
  const int choice = input.front() % 3;
  std::string file(input.substr(1));
  if (choice != 0) file = testing::zip_file({{"x.npy", file, choice == 2}});
  const NamedParameters read = data::detail::parse_npz(file, origin);
  const std::string written = data::detail::npz_bytes(read, origin);
  check(same_bits(read, data::detail::parse_npz(written, origin)),
        "what was read comes back from a file");
}

}  // namespace tapegrad::fuzz
