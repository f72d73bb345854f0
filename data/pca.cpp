#include <tapegrad/data/pca.hpp>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>

#include <fmt/format.h>

#include <tapegrad/data/detail/state_reader.hpp>
#include <tapegrad/data/detail/statistics.hpp>
#include <tapegrad/data/detail/symmetric_eigen.hpp>
#include <tapegrad/ops/kernels.hpp>

namespace tapegrad::data {

namespace {

/// Samples that are centred and multiplied at a time.
constexpr std::int64_t block_size = 2048;

/// Calls f(first row, rows) for blocks of so many rows.
template <class F>
void for_each_block(std::int64_t rows, F f) {
  for (std::int64_t first = 0; first < rows; first += block_size) {
    f(first, std::min(block_size, rows - first));
  }
}

/// Rows of x, `features` numbers each, without the mean.
void centre(const float* x, std::int64_t rows, std::int64_t features, const float* mean,
            float* centred) {
  for (std::int64_t row = 0; row < rows; ++row) {
    for (std::int64_t i = 0; i < features; ++i) *centred++ = *x++ - mean[i];
  }
}

/// XᵀX / N of the centred samples (N, D), in double: products of a block are gathered in float,
/// blocks in double.
std::vector<double> covariance(const float* x, std::int64_t samples, std::int64_t features,
                               const float* mean) {
  const auto size = static_cast<std::size_t>(features * features);
  std::vector<double> sum(size, 0.0);
  std::vector<float> product(size);
  std::vector<float> block(static_cast<std::size_t>(std::min(block_size, samples) * features));
  for_each_block(samples, [&](std::int64_t first, std::int64_t rows) {
    centre(x + first * features, rows, features, mean, block.data());
    ops::kernels::gemm(true, false, features, features, rows, block.data(), block.data(),
                       product.data(), false);
    std::transform(sum.begin(), sum.end(), product.begin(), sum.begin(), std::plus<>());
  });
  for (double& number : sum) number /= static_cast<double>(samples);
  return sum;
}

/// Eigenvectors of the covariance as rows (n, D) and their eigenvalues, in ascending order; n is
/// the smaller of N and D.
struct Components {
  std::vector<double> vectors, values;
};

/// Throws unless a float can hold every eigenvalue of a matrix (n, n), which is at most n times its
/// largest number.
void check_range(const std::vector<double>& matrix, std::int64_t n) {
  const double most =
      static_cast<double>(std::numeric_limits<float>::max()) / static_cast<double>(n);
  if (!std::all_of(matrix.begin(), matrix.end(), [=](double x) { return std::abs(x) <= most; })) {
    throw NonFiniteError(
        "[pca] needs samples whose squares a float can hold, got larger numbers; divide them, or "
        "normalize before");
  }
}

/// Those of at least as many samples as features.
Components components_of_many(const float* x, std::int64_t samples, std::int64_t features,
                              const float* mean) {
  Components result{covariance(x, samples, features, mean), {}};
  check_range(result.vectors, features);
  result.values = detail::symmetric_eigen(result.vectors, features);
  return result;
}

/// Those of fewer samples than features: XXᵀ/N has the eigenvalues of XᵀX/N that are not 0, and its
/// eigenvectors v make those of the other one, Xᵀv.
Components components_of_few(const float* x, std::int64_t samples, std::int64_t features,
                             const float* mean) {
  const auto size = static_cast<std::size_t>(samples * features);
  std::vector<float> rows(size);
  centre(x, samples, features, mean, rows.data());
  const std::vector<double> centred(rows.begin(), rows.end());
  std::vector<double> products(static_cast<std::size_t>(samples * samples));
  ops::kernels::gemm(false, true, samples, samples, features, centred.data(), centred.data(),
                     products.data(), false);
  for (double& number : products) number /= static_cast<double>(samples);
  check_range(products, samples);

  Components result;
  result.values = detail::symmetric_eigen(products, samples);
  result.vectors.resize(size);
  ops::kernels::gemm(false, false, samples, features, samples, products.data(), centred.data(),
                     result.vectors.data(), false);
  // Smaller ones are what rounding has left of 0.
  const double least = 1e-10 * result.values.back();
  for (std::int64_t i = 0; i < samples; ++i) {
    double& value = result.values[static_cast<std::size_t>(i)];
    if (value <= least) value = 0;
    double* const row = result.vectors.data() + i * features;
    const double norm = std::sqrt(std::inner_product(row, row + features, row, 0.0));
    const double scale = value > 0 ? 1 / norm : 0;
    std::transform(row, row + features, row, [=](double number) { return number * scale; });
  }
  return result;
}

/// A direction as floats, turned so that its largest number is positive.
void copy_direction(const double* from, std::int64_t features, float* to) {
  const double* const largest = std::max_element(
      from, from + features, [](double a, double b) { return std::abs(a) < std::abs(b); });
  const double sign = *largest < 0 ? -1 : 1;
  std::transform(from, from + features, to,
                 [=](double number) { return static_cast<float>(sign * number); });
}

}  // namespace

PCA::PCA(std::int64_t components) : wanted_(components) {
  if (components < 0) {
    throw ValueError(fmt::format("[pca] needs a number of components to keep, or 0 for all, got {}",
                                 components));
  }
}

PCA::PCA(const Dataset& training, std::int64_t components) : PCA(components) {
  fit(training);
}

std::unique_ptr<Transform> PCA::clone() const {
  return std::make_unique<PCA>(*this);
}

Array<float> PCA::explained_variance_ratio() const {
  Array<float> ratio = variance_;
  const double total = total_variance_ > 0 ? total_variance_ : 1;
  for (float& share : ratio) share = static_cast<float>(static_cast<double>(share) / total);
  return ratio;
}

Shape PCA::learn(const Dataset& training) {
  const Shape sample = training.sample_shape();
  const std::int64_t features = sample.size();
  const auto samples = static_cast<std::int64_t>(training.size());
  const std::int64_t most = std::min(samples, features);
  if (wanted_ > most) {
    throw ValueError(fmt::format(
        "[pca] needs at most {} components, of {} samples with {} features; got {}; keep fewer",
        most, samples, features, wanted_));
  }
  if (most > detail::largest_symmetric) {
    throw ShapeError(
        fmt::format("[pca] needs at most {} features, or as many samples, got {} samples of shape "
                    "{}; make images smaller, or take a part of them",
                    detail::largest_symmetric, samples, to_string(sample)));
  }
  const std::int64_t kept = wanted_ > 0 ? wanted_ : most;
  const detail::Groups groups = detail::groups_of(sample, Per::feature, kind());
  Array<float> mean = detail::to_array(detail::statistics(training, groups).mean, sample);
  const auto [vectors, values] = (samples < features ? components_of_few : components_of_many)(
      training.inputs.data(), samples, features, mean.data());

  Array<float> components = Array<float>::from_shape(
      {static_cast<std::size_t>(kept), static_cast<std::size_t>(features)});
  Array<float> variance = Array<float>::from_shape({static_cast<std::size_t>(kept)});
  for (std::int64_t k = 0; k < kept; ++k) {
    const std::int64_t from = most - 1 - k;  // Eigenvalues are in ascending order.
    copy_direction(vectors.data() + from * features, features, components.data() + k * features);
    // Those that are 0 may come out as a little less.
    variance.data()[k] = static_cast<float>(std::max(0.0, values[static_cast<std::size_t>(from)]));
  }
  total_variance_ = std::accumulate(values.begin(), values.end(), 0.0);
  mean_ = std::move(mean);
  components_ = std::move(components);
  variance_ = std::move(variance);
  return {kept};
}

void PCA::forward(Array<float>& inputs) const {
  const auto samples = static_cast<std::int64_t>(inputs.shape()[0]);
  const std::int64_t features = input_shape().size(), kept = output_shape()[0];
  Array<float> rotated =
      Array<float>::from_shape({inputs.shape()[0], static_cast<std::size_t>(kept)});
  std::vector<float> block(static_cast<std::size_t>(std::min(block_size, samples) * features));
  for_each_block(samples, [&](std::int64_t first, std::int64_t rows) {
    centre(inputs.data() + first * features, rows, features, mean_.data(), block.data());
    ops::kernels::gemm(false, true, rows, kept, features, block.data(), components_.data(),
                       rotated.data() + first * kept, false);
  });
  inputs = std::move(rotated);
}

void PCA::backward(Array<float>& inputs) const {
  const auto samples = static_cast<std::int64_t>(inputs.shape()[0]);
  std::vector<std::size_t> shape{inputs.shape()[0]};
  shape.insert(shape.end(), input_shape().begin(), input_shape().end());
  Array<float> back = Array<float>::from_shape(shape);
  ops::kernels::gemm(false, false, samples, input_shape().size(), output_shape()[0], inputs.data(),
                     components_.data(), back.data(), false);
  detail::add(back, detail::groups_of(input_shape(), Per::feature, kind()), mean_);
  inputs = std::move(back);
}

NamedParameters PCA::learned() const {
  return {{"mean", detail::to_parameter(mean_)},
          {"components", detail::to_parameter(components_)},
          {"explained_variance", detail::to_parameter(variance_)},
          {"total_variance", detail::to_parameter(std::vector<double>{total_variance_})}};
}

Shape PCA::restore(const Shape& input, detail::StateReader& state) {
  Array<float> mean = state.take("mean", input);
  Array<float> components = state.take("components", {std::int64_t{-1}, input.size()});
  const auto kept = static_cast<std::int64_t>(components.shape()[0]);
  if (kept < 1 || kept > input.size()) {
    state.refuse("components", fmt::format("of shape (k, D) with k from 1 to D, got {}", kept));
  }
  Array<float> variance = state.take("explained_variance", {kept});
  if (std::any_of(variance.begin(), variance.end(), [](float x) { return x < 0; })) {
    state.refuse("explained_variance", "of numbers that are not negative");
  }
  const double total = state.number("total_variance");
  state.finish();
  wanted_ = kept;
  mean_ = std::move(mean);
  components_ = std::move(components);
  variance_ = std::move(variance);
  total_variance_ = total;
  return {kept};
}

}  // namespace tapegrad::data
