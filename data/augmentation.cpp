#include <tapegrad/data/augmentation.hpp>

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace tapegrad::data {

void Augmentation::validate(const Shape& sample) const {
  if (!(flip >= 0 && flip <= 1)) {
    throw ValueError(fmt::format(
        "[augmentation] needs a probability from 0 to 1 for flips; got {}; 0.5 is usual", flip));
  }
  if (!(noise >= 0 && std::isfinite(noise))) {
    throw ValueError(
        fmt::format("[augmentation] needs noise of a finite standard deviation of at least 0; got "
                    "{}; leave it out or choose one",
                    noise));
  }
  if (flip == 0 && padding == 0) return;
  if (sample.rank() != 3) {
    throw ShapeError(
        "[augmentation] needs images (C, H, W) to flip or crop; got samples of shape " +
        to_string(sample) + "; do not flatten them before, or ask for noise alone");
  }
  const std::int64_t side = std::min(sample[1], sample[2]);
  if (padding < 0 || padding >= std::max<std::int64_t>(side, 1)) {
    throw ValueError(
        fmt::format("[augmentation] needs a padding from 0 to below the smaller side of an image; "
                    "got {} for images of {} x {}; an eighth of the side is usual",
                    padding, sample[1], sample[2]));
  }
}

}  // namespace tapegrad::data
