#pragma once

#include <tapegrad/data/per.hpp>
#include <tapegrad/data/transform.hpp>

namespace tapegrad::data {

/// What Normalization brings to 1.
enum class NormalizeBy {
  deviation,  ///< The standard deviation: x ← x / σ. The mean is MeanSubtraction's business.
  range,      ///< The largest distance from the middle: x ← (x − m) / r, from −1 to 1.
};

/// Divides by the standard deviation over the training samples, or scales what lies between their
/// least and largest number to [−1, 1]; numbers of other samples may lie outside. Equal numbers are
/// not divided. fit() throws ShapeError for the statistics of channels unless samples are images
/// (C, H, W).
class Normalization final : public Transform {
 public:
  /// Each feature, channel or number gets its own divisor.
  explicit Normalization(Per per = Per::feature, NormalizeBy by = NormalizeBy::deviation)
      : per_(per), by_(by) {}
  /// The same with the statistics of these samples already; throws as fit().
  explicit Normalization(const Dataset& training, Per per = Per::feature,
                         NormalizeBy by = NormalizeBy::deviation);

  /// The divisors σ or r, 1 for equal numbers: of each feature, in the shape of a sample; of each
  /// channel, (C); or of all, (1). σ² is the mean square of distances from the mean, r half of the
  /// distance between the least and the largest number.
  const Array<float>& scale() const { return scale_; }
  /// What is subtracted before, in the same shape: the middle m of least and largest, or 0.
  const Array<float>& shift() const { return shift_; }

  const char* kind() const override { return "normalization"; }
  std::unique_ptr<Transform> clone() const override;

 private:
  Shape learn(const Dataset& training) override;
  void forward(Array<float>& inputs) const override;
  void backward(Array<float>& inputs) const override;
  NamedParameters learned() const override;
  Shape restore(const Shape& input, detail::StateReader& state) override;

  Per per_;
  NormalizeBy by_;
  Array<float> shift_, scale_;
};

}  // namespace tapegrad::data
