#include <tapegrad/ops/kernels/parallel.hpp>

#include <pthread.h>

#include <atomic>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>

#include <cblas.h>

namespace tapegrad::ops::kernels {

namespace {

/// Threads that wait for parts of one loop at a time, until the process ends.
class Pool {
 public:
  /// Returns false, having done nothing, if the threads are at work for somebody else.
  bool run(int parts, void (*call)(void*, int), void* context) {
    if (taken_.exchange(true)) return false;
    const Release release{taken_};
    std::unique_lock<std::mutex> lock(mutex_);
    start_workers(parts - 1);
    call_ = call;
    context_ = context;
    parts_ = unfinished_ = parts;
    next_ = 0;
    error_ = nullptr;
    wake_.notify_all();
    take_parts(lock);
    done_.wait(lock, [this] { return unfinished_ == 0; });
    if (error_) std::rethrow_exception(error_);
    return true;
  }

 private:
  struct Release {
    std::atomic<bool>& taken;
    ~Release() { taken = false; }
  };

  /// As many as there can be: whoever runs a loop takes all parts that nobody else does.
  void start_workers(int count) {
    try {
      for (; workers_ < count; ++workers_) std::thread([this] { work(); }).detach();
    } catch (const std::system_error&) {
    }
  }

  void work() {
    std::unique_lock<std::mutex> lock(mutex_);
    while (true) {
      wake_.wait(lock, [this] { return next_ < parts_; });
      take_parts(lock);
    }
  }

  void take_parts(std::unique_lock<std::mutex>& lock) {
    while (next_ < parts_) {
      const int part = next_++;
      lock.unlock();
      std::exception_ptr error;
      try {
        call_(context_, part);
      } catch (...) {
        error = std::current_exception();
      }
      lock.lock();
      if (error && !error_) error_ = error;
      if (--unfinished_ == 0) done_.notify_all();
    }
  }

  std::atomic<bool> taken_ = false;
  std::mutex mutex_;  // Of everything below.
  std::condition_variable wake_, done_;
  int workers_ = 0;
  void (*call_)(void*, int) = nullptr;
  void* context_ = nullptr;
  int parts_ = 0, next_ = 0, unfinished_ = 0;
  std::exception_ptr error_;
};

}  // namespace

std::atomic<int>& thread_count() {
  // OpenBLAS itself stays with the thread that calls it: its own threads spin for a while when they
  // have nothing to do, on the cores that ours need.
  static std::atomic<int> count = [] {
    const int threads = openblas_get_num_threads();
    openblas_set_num_threads(1);
    return threads;
  }();
  return count;
}

int parts_for(std::int64_t count, double nanoseconds) {
  // Waking a thread takes some ten microseconds.
  constexpr double worth_a_thread = 2e5;
  const auto threads = static_cast<std::int64_t>(thread_count());
  if (threads == 1 || nanoseconds < worth_a_thread) return 1;
  return static_cast<int>(std::clamp(count, std::int64_t{1}, threads));
}

void run_parts(int parts, void (*call)(void*, int), void* context) {
  // Never destroyed: its threads wait when the process ends, and a static object's destructor may
  // still run a loop. A child process, in which they do not exist, takes a pool of its own.
  static Pool* pool = new Pool;
  static const int at_fork = pthread_atfork(nullptr, nullptr, [] { pool = new Pool; });
  if (at_fork == 0 && pool->run(parts, call, context)) return;
  for (int part = 0; part < parts; ++part) call(context, part);
}

}  // namespace tapegrad::ops::kernels
