// CIFAR-10's records, plain and gzip: what is read has the size that it should, and numbers in
// their range.
//
// The first byte of an input chooses whether the rest is to be compressed first, since checksums
// would stop most inputs before the reader's own checks. The last one is repeated up to the end of
// a record, or else hardly any input would be made of whole ones.

#include <algorithm>

#include <tapegrad/data/cifar10.hpp>

#include "fuzz.hpp"
#include "support/bytes.hpp"

namespace tapegrad::fuzz {

namespace {
constexpr std::size_t record = 3073;
}

std::vector<std::string> seeds() {
  const std::string zero(1, '\0');
  return {zero + "\5abc", "\1\5abc", "\2" + std::string(3000, '\3'),
          zero + testing::deflated(std::string(2 * record, '\7'), 31)};
}

void try_input(std::string_view input) {
  if (input.size() < 2) return;
  std::string content(input.substr(1));
  if ((input.front() & 2) != 0) {
    content.resize((content.size() + record - 1) / record * record, content.back());
  }
  if ((input.front() & 1) != 0) content = testing::deflated(content, 31);
  const data::Dataset dataset = data::read_cifar10(path_of(content));
  dataset.validate();
  check(dataset.size() > 0 && dataset.classes == 10 && are_pixels(dataset.inputs),
        "labels are classes, and pixels from 0 to 1");
}

}  // namespace tapegrad::fuzz
