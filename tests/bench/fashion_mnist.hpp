// Fashion-MNIST as rows for the workers that train on it, read by tapegrad's reader outside any
// timing.
#pragma once

#include <cstdlib>
#include <stdexcept>

#include <tapegrad/data/idx.hpp>

#include "worker.hpp"

namespace bench {

inline tapegrad::data::Dataset fashion_mnist(tapegrad::data::Split split) {
  const char* folder = std::getenv("TAPEGRAD_DATA_DIR");
  if (folder == nullptr) throw std::runtime_error("needs TAPEGRAD_DATA_DIR in the environment");
  return flatten(tapegrad::data::load_fashion_mnist(folder, split));
}

}  // namespace bench
