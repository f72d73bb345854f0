#include <tapegrad/ops/kernels/parallel.hpp>

#include <pthread.h>
#include <signal.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <thread>
#include <utility>

#include <cblas.h>

namespace tapegrad::ops::kernels {

namespace {

/// Whether ready() becomes true within a time that is longer than the pauses between the loops of a
/// training step. A thread that sleeps needs some 50 microseconds to wake, as long as many loops
/// take; one that asks again and again needs one.
template <class Ready>
bool comes_soon(Ready ready) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::microseconds(200);
  do {
    if (ready()) return true;
    std::this_thread::yield();
  } while (std::chrono::steady_clock::now() < end);
  return false;
}

/// Something that several threads wait for: a short time awake, then asleep.
class Event {
 public:
  /// Returns when ready(), which reads atomics, is true.
  template <class Ready>
  void wait(Ready ready) {
    if (comes_soon(ready)) return;
    std::unique_lock<std::mutex> lock(mutex_);
    ++asleep_;
    condition_.wait(lock, ready);
    --asleep_;
  }

  /// To be called after what makes ready() true. Wakes so many threads, where they sleep.
  void happened(int wanted) {
    // Whoever falls asleep has counted itself before it asks for the last time.
    const int asleep = asleep_;
    if (asleep == 0) return;
    // Who counted itself either waits by now or has seen that it is true.
    { const std::lock_guard<std::mutex> lock(mutex_); }
    for (int i = std::min(wanted, asleep); i > 0; --i) condition_.notify_one();
  }

 private:
  std::mutex mutex_;
  std::condition_variable condition_;
  std::atomic<int> asleep_ = 0;
};

/// Threads that wait for parts of one loop at a time, until the process ends.
class Pool {
 public:
  /// Returns false, having done nothing, if the threads are at work for somebody else.
  bool run(int parts, void (*call)(void*, int), void* context) {
    if (taken_.exchange(true)) return false;
    const Release release{taken_};
    start_workers(parts - 1);
    call_ = call;
    context_ = context;
    unfinished_ = parts;
    open_ = parts;
    opened_.happened(parts - 1);
    take_parts();
    finished_.wait([this] { return unfinished_ == 0; });
    if (error_) std::rethrow_exception(std::exchange(error_, nullptr));
    return true;
  }

 private:
  struct Release {
    std::atomic<bool>& taken;
    ~Release() { taken = false; }
  };

  /// As many as there can be: whoever runs a loop takes all parts that nobody else does.
  void start_workers(int count) {
    if (workers_ >= count || no_more_) return;
    // Signals are for the threads of the program.
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    try {
      for (; workers_ < count; ++workers_) std::thread([this] { work(); }).detach();
    } catch (const std::exception&) {
      no_more_ = true;
    }
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
  }

  void work() {
    while (true) {
      opened_.wait([this] { return open_ > 0; });
      take_parts();
    }
  }

  void take_parts() {
    int open = open_;
    while (open > 0) {
      // Whoever has taken a part, if only of a loop that was opened meanwhile, may read that loop:
      // it stays until the part is finished.
      if (!open_.compare_exchange_weak(open, open - 1)) continue;
      try {
        call_(context_, open - 1);
      } catch (...) {
        const std::lock_guard<std::mutex> lock(error_mutex_);
        if (!error_) error_ = std::current_exception();
      }
      if (--unfinished_ == 0) finished_.happened(1);
      open = open_;
    }
  }

  std::atomic<bool> taken_ = false;
  int workers_ = 0;
  bool no_more_ = false;
  void (*call_)(void*, int) = nullptr;
  void* context_ = nullptr;
  // Apart, since all threads that wait look at the first.
  alignas(64) std::atomic<int> open_ = 0;  ///< Parts that nobody has taken yet: 0 … open_ − 1.
  alignas(64) std::atomic<int> unfinished_ = 0;
  Event opened_, finished_;
  std::mutex error_mutex_;
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
  // Half of what waking a thread takes, which most parts need not wait for.
  constexpr double worth_a_part = 25e3;
  // Asked first, as that is when OpenBLAS learns to stay with one thread.
  const int threads = thread_count();
  const double parts = std::min(
      {nanoseconds / worth_a_part, static_cast<double>(count), static_cast<double>(threads)});
  return std::max(static_cast<int>(parts), 1);
}

void run_parts(int parts, void (*call)(void*, int), void* context) {
  // Never destroyed: its threads wait when the process ends. A child process, in which they do not
  // exist, takes a pool of its own.
  static Pool* pool = new Pool;
  static const int at_fork = pthread_atfork(nullptr, nullptr, [] { pool = new Pool; });
  if (at_fork == 0 && pool->run(parts, call, context)) return;
  for (int part = 0; part < parts; ++part) call(context, part);
}

}  // namespace tapegrad::ops::kernels
