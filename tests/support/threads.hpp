#pragma once

#include <tapegrad/autograd/threads.hpp>

namespace tapegrad::testing {

/// Sets the number of threads, and puts it back at its end.
class Threads {
 public:
  explicit Threads(int count) : before_(num_threads()) { set_num_threads(count); }
  ~Threads() { set_num_threads(before_); }
  Threads(const Threads&) = delete;
  Threads& operator=(const Threads&) = delete;

 private:
  int before_;
};

}  // namespace tapegrad::testing
