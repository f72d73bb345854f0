// safetensors: what is read must be written and read again bit by bit.
//
// The first byte of an input chooses: even, the rest is a file; odd, a good length is put before
// it, after which the header ends with the last brace.

#include <tapegrad/data/detail/safetensors_format.hpp>

#include "fuzz.hpp"
#include "support/bytes.hpp"

namespace tapegrad::fuzz {

namespace {
const data::detail::Origin origin{"load_safetensors", "input"};
}

std::vector<std::string> seeds() {
  const std::string ours = data::detail::safetensors_bytes(sample_set(), origin);
  const std::string all =
      R"({"__metadata__":{"format":"pt"},"a":{"dtype":"BF16","shape":[2],"data_offsets":[0,4]},)"
      R"("b":{"dtype":"I64","shape":[],"data_offsets":[4,12]},)"
      R"("c":{"dtype":"BOOL","shape":[1,1],"data_offsets":[12,13]},)"
      R"("d":{"dtype":"F16","shape":[1],"data_offsets":[13,15]}})";
  const std::string numbers(15, '\1');
  return {std::string(1, '\0') + ours, '\1' + ours.substr(8),
          std::string(1, '\0') + testing::safetensors_file(all, numbers), '\1' + all + numbers};
}

void try_input(std::string_view input) {
  if (input.empty()) return;
  std::string file(input.substr(1));
  if (input.front() % 2 != 0) {
    const std::size_t end = file.rfind('}') + 1;  // 0 where there is none
    file = testing::safetensors_file(file.substr(0, end), file.substr(end));
  }
  const NamedParameters read = data::detail::parse_safetensors(file, origin);
  const std::string written = data::detail::safetensors_bytes(read, origin);
  check(same_bits(read, data::detail::parse_safetensors(written, origin)),
        "what was read comes back from a file");
}

}  // namespace tapegrad::fuzz
