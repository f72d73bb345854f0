#include <tapegrad/autograd/threads.hpp>

#include <cblas.h>

#include <tapegrad/ops/error.hpp>

namespace tapegrad {

void set_num_threads(int count) {
  if (count < 1) {
    throw ValueError("[set_num_threads] needs at least one thread, got " + std::to_string(count));
  }
  openblas_set_num_threads(count);
}

int num_threads() {
  return openblas_get_num_threads();
}

}  // namespace tapegrad
