#include <tapegrad/autograd/threads.hpp>

#include <tapegrad/ops/error.hpp>
#include <tapegrad/ops/kernels/parallel.hpp>

namespace tapegrad {

void set_num_threads(int count) {
  constexpr int most = 1024;
  if (count < 1 || count > most) {
    throw ValueError("[set_num_threads] needs a number from 1 to " + std::to_string(most) +
                     ", got " + std::to_string(count));
  }
  ops::kernels::thread_count() = count;
}

int num_threads() {
  return ops::kernels::thread_count();
}

}  // namespace tapegrad
