#pragma once

#include <cstdint>

#include <tapegrad/data/pca.hpp>

namespace tapegrad::data {

/// PCA, after which each feature is divided by its standard deviation: y_i = uᵢᵀ(x − m) / sqrt(Sᵢ +
/// ε). The covariance of the training samples becomes the identity, as far as variances are large
/// beside ε, which keeps what is nearly constant, noise mostly, from being blown up: where training
/// samples are hardly more than features, a larger one suits the others. Samples of whatever shape
/// become rows (k). invert() gives back what PCA's would.
///
/// To see whitened samples as pictures, take only the rotation back, by pca().invert(): that is
/// called ZCA.
class Whitening final : public Transform {
 public:
  /// Keeps the first `components`, all for 0. Throws ValueError below 0, and unless
  /// `epsilon`, in the units of a variance, is above 0 and finite.
  explicit Whitening(std::int64_t components = 0, double epsilon = 1e-5);
  /// The same with the components of these samples already; throws as fit(), which throws as PCA's.
  explicit Whitening(const Dataset& training, std::int64_t components = 0, double epsilon = 1e-5);

  /// The rotation.
  const PCA& pca() const { return pca_; }
  /// ε.
  double epsilon() const { return epsilon_; }

  const char* kind() const override { return "whitening"; }
  std::unique_ptr<Transform> clone() const override;

 private:
  Shape learn(const Dataset& training) override;
  void forward(Array<float>& inputs) const override;
  void backward(Array<float>& inputs) const override;
  NamedParameters learned() const override;
  Shape restore(const Shape& input, detail::StateReader& state) override;
  Array<float> scale() const;

  PCA pca_;
  double epsilon_;
};

}  // namespace tapegrad::data
