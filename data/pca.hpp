#pragma once

#include <cstdint>

#include <tapegrad/data/transform.hpp>

namespace tapegrad::data {

/// Principal component analysis: samples are centred and rotated so that their features are not
/// correlated any more, and only the first k of them, those of the largest variance, are kept.
/// With the mean m of the N training samples, their covariance C = Σ (x − m)(x − m)ᵀ / N and its
/// eigenvectors u₁ … u_k, in the order of falling eigenvalues S₁ … S_k:
/// y_i = uᵢᵀ(x − m). Samples of whatever shape become rows (k).
///
/// invert() gives back samples of the old shape, m + Σ y_i uᵢ: their projection on k directions,
/// the samples themselves with all D of them.
///
/// Of fewer samples than features there are N components, the last of them, and whichever else have
/// no variance, with 0 for a direction. Fitting takes memory for 4 matrices (n, n) in double, n
/// being the smaller of N and D. fit() throws ValueError for more than n components, ShapeError for
/// n above 32,000, NonFiniteError for numbers whose squares are too large for a float.
class PCA final : public Transform {
 public:
  /// Keeps the first `components`, all for 0. Throws ValueError below 0.
  explicit PCA(std::int64_t components = 0);
  /// The same with the components of these samples already; throws as fit().
  explicit PCA(const Dataset& training, std::int64_t components = 0);

  /// m, in the shape of a sample.
  const Array<float>& mean() const { return mean_; }
  /// The directions u as rows (k, D), orthonormal where there is variance; the largest number of
  /// each is positive.
  const Array<float>& components() const { return components_; }
  /// The variances S of the k features that are kept, from large to small, (k).
  const Array<float>& explained_variance() const { return variance_; }
  /// The share of the variance of all D features that each of the k has, (k); 0 if there is none.
  Array<float> explained_variance_ratio() const;

  const char* kind() const override { return "pca"; }
  std::unique_ptr<Transform> clone() const override;

 private:
  Shape learn(const Dataset& training) override;
  void forward(Array<float>& inputs) const override;
  void backward(Array<float>& inputs) const override;
  NamedParameters learned() const override;
  Shape restore(const Shape& input, detail::StateReader& state) override;

  std::int64_t wanted_;  ///< Components, 0 for all.
  Array<float> mean_, components_, variance_;
  double total_variance_ = 0;
};

}  // namespace tapegrad::data
