#include <tapegrad/nn/gaussian_noise.hpp>

#include <algorithm>
#include <cmath>
#include <vector>

#include <tapegrad/nn/detail/beside.hpp>
#include <tapegrad/nn/init.hpp>

namespace tapegrad::nn {

GaussianNoise::GaussianNoise(double deviation) : deviation_(deviation) {
  if (!(deviation >= 0 && std::isfinite(deviation))) {
    throw ValueError("[GaussianNoise] needs a finite standard deviation from 0 on, got " +
                     ops::number_text(deviation));
  }
}

Var GaussianNoise::forward(const Var& x) {
  if (!is_training()) return x;
  const Shape shape = x.shape();
  std::vector<double> noise(static_cast<std::size_t>(shape.size()));
  Generator& generator = default_generator();
  std::generate(noise.begin(), noise.end(), [&] { return deviation_ * generator.normal(); });
  return x + detail::data_beside(x, ArrayRef(noise.data(), shape));
}

}  // namespace tapegrad::nn
