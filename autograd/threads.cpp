#include <tapegrad/autograd/threads.hpp>

#include <tapegrad/ops/error.hpp>
#include <tapegrad/ops/kernels/parallel.hpp>

namespace tapegrad {

void set_num_threads(int count) {
  if (count < 1) {
    throw ValueError("[set_num_threads] needs at least one thread, got " + std::to_string(count));
  }
  ops::kernels::thread_count() = count;
}

int num_threads() {
  return ops::kernels::thread_count();
}

}  // namespace tapegrad
