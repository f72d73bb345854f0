#include <tapegrad/autograd/precision.hpp>

#include <atomic>

namespace tapegrad {

namespace {
std::atomic<Precision> current{Precision::f64};
}

Precision default_precision() {
  return current.load(std::memory_order_relaxed);
}

void set_default_precision(Precision precision) {
  current.store(precision, std::memory_order_relaxed);
}

}  // namespace tapegrad
