#pragma once

#include <tapegrad/data/per.hpp>
#include <tapegrad/data/transform.hpp>

namespace tapegrad::data {

/// Subtracts means over the training samples: x ← x − mean. fit() throws ShapeError for the means
/// of channels unless samples are images (C, H, W).
class MeanSubtraction final : public Transform {
 public:
  /// Each feature, channel or number gets its mean subtracted.
  explicit MeanSubtraction(Per per = Per::feature) : per_(per) {}
  /// The same with the means of these samples already; throws as fit().
  explicit MeanSubtraction(const Dataset& training, Per per = Per::feature);

  /// Of each feature, in the shape of a sample; of each channel, (C); or of all, (1).
  const Array<float>& mean() const { return mean_; }

  const char* kind() const override { return "mean_subtraction"; }
  std::unique_ptr<Transform> clone() const override;

 private:
  Shape learn(const Dataset& training) override;
  void forward(Array<float>& inputs) const override;
  void backward(Array<float>& inputs) const override;
  NamedParameters learned() const override;
  Shape restore(const Shape& input, detail::StateReader& state) override;

  Per per_;
  Array<float> mean_;
};

}  // namespace tapegrad::data
