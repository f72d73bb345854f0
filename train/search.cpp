#include <tapegrad/train/search.hpp>

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cmath>
#include <csignal>
#include <cstring>
#include <limits>
#include <optional>
#include <thread>

#include <fmt/format.h>

#include <tapegrad/ops/error.hpp>
#include <tapegrad/train/detail/search_folder.hpp>

namespace tapegrad::train {

namespace {

using detail::LockFile;
using detail::SearchFolder;

/// How long those who wait sleep before they look again.
constexpr std::chrono::milliseconds nap{20};
/// So many workers may end, per worker wanted, with nothing finished in between.
constexpr int most_ends = 50;

/// Does a trial that this process has claimed.
void work(const SearchFolder& folder, const Trial& trial, const Objective& objective) {
  const auto start = std::chrono::steady_clock::now();
  TrialResult result;
  std::string error;
  try {
    result = objective(trial);
  } catch (const NonFiniteError& diverged) {
    result = {};
    result.score = std::numeric_limits<double>::quiet_NaN();
    error = diverged.what();
  }
  const std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
  folder.finish(trial, result, error, time.count());
}

/// Finishes a stage, as far as others leave something to do.
void work(const SearchFolder& folder, std::vector<Trial> left, const Objective& objective) {
  while (!left.empty()) {
    std::vector<Trial> others;
    for (const Trial& trial : left) {
      if (folder.is_finished(trial)) continue;
      const std::optional<LockFile> claim = folder.claim(trial);
      if (!claim) {
        others.push_back(trial);
      } else if (!folder.is_finished(trial)) {  // Its owner may have finished it just before.
        work(folder, trial, objective);
      }
    }
    left = std::move(others);
    // Who works on these may die: then they are ours.
    if (!left.empty()) std::this_thread::sleep_for(nap);
  }
}

/// The processes that a master has started.
class Workers {
 public:
  Workers(const SearchFolder& folder, std::vector<std::string> command, int count)
      : folder_(folder), command_(std::move(command)), pids_(static_cast<std::size_t>(count), 0) {}
  ~Workers() {
    for (const pid_t pid : pids_) {
      if (pid > 0) kill(pid, SIGTERM);
    }
    for (const pid_t pid : pids_) {
      if (pid > 0) waitpid(pid, nullptr, 0);
    }
  }
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  /// Starts a worker in every place that is free.
  void start() {
    for (std::size_t place = 0; place < pids_.size(); ++place) {
      if (pids_[place] > 0) continue;
      // A worker of a master that died may still hold it.
      const auto claim = folder_.claim(fmt::format("worker-{}", place));
      if (claim) pids_[place] = spawn(claim->descriptor());
    }
  }

  /// Workers that are no more.
  struct Ended {
    int all = 0;
    int killed = 0;
  };
  /// Takes notice of those that have ended. Throws Error if one has failed.
  Ended reap() {
    Ended ended;
    for (pid_t& pid : pids_) {
      int status = 0;
      if (pid <= 0 || waitpid(pid, &status, WNOHANG) != pid) continue;
      pid = 0;
      if (WIFEXITED(status) && WEXITSTATUS(status) != 0) {
        throw Error(fmt::format(
            "[search] needs workers that end well; one ended with exit code {}; see what it said, "
            "or run it by hand: {}",
            WEXITSTATUS(status), fmt::join(command_, " ")));
      }
      ++ended.all;
      if (!WIFEXITED(status)) ++ended.killed;
    }
    return ended;
  }

 private:
  /// Starts a process that holds the claim behind the descriptor as long as it lives.
  pid_t spawn(int descriptor) {
    std::vector<char*> arguments;
    arguments.reserve(command_.size() + 1);
    for (std::string& word : command_) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    // Onto itself: this is how a descriptor is let through exec.
    posix_spawn_file_actions_adddup2(&actions, descriptor, descriptor);
    pid_t pid = 0;
    const int error =
        posix_spawnp(&pid, arguments[0], &actions, nullptr, arguments.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    if (error != 0) {
      throw Error(
          fmt::format("[search] needs a command that starts a worker; {} cannot be started "
                      "({}); check its path",
                      command_[0], std::strerror(error)));
    }
    return pid;
  }

  const SearchFolder& folder_;
  std::vector<std::string> command_;
  std::vector<pid_t> pids_;
};

int count_all(const SearchOptions& options) {
  int all = 0;
  for (const Stage& stage : options.stages) all += stage.trials;
  return all;
}

}  // namespace

void run_worker(const SearchOptions& options, const Objective& objective) {
  if (!objective) throw ValueError("[search] needs an objective, got an empty function");
  const SearchFolder folder(options);
  for (int stage = 0; stage < static_cast<int>(options.stages.size()); ++stage) {
    work(folder, folder.trials(stage, stage > 0 ? folder.results() : SearchResults{}), objective);
  }
}

void run_search(const SearchOptions& options, const std::vector<std::string>& command, int workers,
                const SearchMonitor& monitor) {
  if (command.empty() || workers < 1) {
    throw ValueError(
        fmt::format("[search] needs a command and at least one worker, got a command of {} words "
                    "and {} workers",
                    command.size(), workers));
  }
  const SearchFolder folder(options);
  const std::optional<LockFile> claim = folder.claim("master");
  if (!claim) {
    throw Error("[search] needs to be the only master in " + options.folder +
                "; another one is at work there; wait for it, or call run_worker to help");
  }
  SearchProgress progress{-1, count_all(options), 0, 0};
  Workers::Ended in_vain;
  Workers running(folder, command, workers);
  for (;;) {
    const SearchFolder::Standing standing = folder.standing();
    if (standing.finished != progress.finished) {
      progress.finished = standing.finished;
      progress.best = standing.best;
      in_vain = {};
      if (monitor) monitor(progress);
    }
    if (progress.finished == progress.all) return;
    running.start();
    std::this_thread::sleep_for(nap);
    const Workers::Ended ended = running.reap();
    progress.workers_lost += ended.killed;
    in_vain.all += ended.all;
    in_vain.killed += ended.killed;
    if (in_vain.all >= most_ends * workers) {
      throw Error(fmt::format(
          "[search] needs workers that live long enough to finish a trial; {} ended, {} of them "
          "killed, and nothing was finished in between; is there enough memory, and does the "
          "command call run_worker? It is: {}",
          in_vain.all, in_vain.killed, fmt::join(command, " ")));
    }
  }
}

}  // namespace tapegrad::train
