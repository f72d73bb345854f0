#pragma once

#include <tapegrad/ops/kernels.hpp>
#include <tapegrad/ops/rule.hpp>

namespace tapegrad::ops {

/// Random numbers 0 (with probability `drop`) and 1/(1 − drop): multiplied with a value they are
/// inverted dropout. Element i depends on (seed, stream, i) alone, so a replay draws the same.
struct DropoutMask : Whole<0> {
  double drop = 0.5;         ///< The probability of a 0, from 0 to below 1.
  std::uint64_t seed = 0;    ///< The same seed and stream give the same mask.
  std::uint32_t stream = 0;  ///< Streams of one seed are independent of each other.
  Shape size;                ///< The shape of the output.

  DropoutMask() = default;
  DropoutMask(const Shape& output, double probability, std::uint64_t generator_seed,
              std::uint32_t generator_stream = 0)
      : drop(probability), seed(generator_seed), stream(generator_stream), size(output) {}

  Shape shape(Shapes) const {
    if (!(drop >= 0 && drop < 1)) {
      throw ValueError("[dropout_mask] needs a drop probability from 0 to below 1, got " +
                       number_text(drop));
    }
    return size;
  }

  /// Streams of masks ("drop") apart from those of a Generator with the same seed; see NOTE
  /// [Random numbers].
  static constexpr std::uint64_t stream_tag = std::uint64_t{0x64726F70} << 32;

  template <class T>
  void forward(Out<T> y, Operands<T>) const {
    kernels::dropout_mask(drop, seed, stream_tag | stream, y.shape.size(), y.data, y.accumulate);
  }

  template <class Executor>
  void backward(Executor&) const {}

  template <class Sampler>
  static void samples(Sampler& s) {
    s.add(DropoutMask{{3, 4}, 0.5, 7}, {});
    s.add(DropoutMask{Shape{}, 0.2, 7}, {});
  }
};

}  // namespace tapegrad::ops
