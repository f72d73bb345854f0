// IDX files, plain and gzip: what is read has the size that it should, and numbers in their range.
//
// The first byte of an input chooses: images or labels, and whether the rest is to be compressed
// first, since checksums would stop most inputs before it.

#include <algorithm>

#include <tapegrad/data/idx.hpp>

#include "fuzz.hpp"
#include "support/bytes.hpp"

namespace tapegrad::fuzz {

std::vector<std::string> seeds() {
  const std::string images("\0\0\x08\3\0\0\0\2\0\0\0\2\0\0\0\3abcdefABCDEF", 28);
  const std::string labels("\0\0\x08\1\0\0\0\3\0\1\2", 11);
  const std::string zero(1, '\0');
  return {
      zero + images,
      '\1' + labels,
      '\2' + images,
      '\3' + labels,
      zero + testing::deflated(images, 31),
      '\1' + testing::deflated(labels.substr(0, 5), 31) + testing::deflated(labels.substr(5), 31)};
}

void try_input(std::string_view input) {
  if (input.empty()) return;
  std::string content(input.substr(1));
  if ((input.front() & 2) != 0) content = testing::deflated(content, 31);
  const std::string path = path_of(content);
  if ((input.front() & 1) != 0) {
    const std::vector<int> labels = data::read_idx_labels(path);
    check(!labels.empty() && std::all_of(labels.begin(), labels.end(),
                                         [](int label) { return label >= 0 && label <= 255; }),
          "labels are bytes");
  } else {
    const Array<float> images = data::read_idx_images(path);
    check(images.dimension() == 4 && images.size() > 0 && are_pixels(images),
          "pixels are from 0 to 1");
  }
}

}  // namespace tapegrad::fuzz
