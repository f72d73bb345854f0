#pragma once

#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

#include <chrono>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace tapegrad::testing {

/// A program that runs beside the test and does not outlive it.
class ChildProcess {
 public:
  /// Starts a program, found by its path, with arguments.
  explicit ChildProcess(std::vector<std::string> command) {
    std::vector<char*> arguments;
    arguments.reserve(command.size() + 1);
    for (std::string& word : command) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    EXPECT_EQ(posix_spawn(&pid_, arguments[0], nullptr, nullptr, arguments.data(), environ), 0)
        << command[0];
  }
  ~ChildProcess() { kill(); }
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  pid_t pid() const { return pid_; }

  /// Whether it has ended by itself within this time.
  bool ends_within(std::chrono::microseconds time) {
    const auto end = std::chrono::steady_clock::now() + time;
    while (!ended()) {
      if (std::chrono::steady_clock::now() >= end) return false;
      std::this_thread::sleep_for(std::chrono::microseconds(200));
    }
    return true;
  }

  /// Ends it at once, as if the power failed, unless it has ended by itself.
  void kill() {
    if (ended()) return;
    ::kill(pid_, SIGKILL);
    waitpid(pid_, &status_, 0);
    ended_ = true;
  }

  /// What main returned; −1 if it has not ended by itself.
  int exit_code() const { return ended_ && WIFEXITED(status_) ? WEXITSTATUS(status_) : -1; }

 private:
  bool ended() {
    if (!ended_) ended_ = waitpid(pid_, &status_, WNOHANG) == pid_;
    return ended_;
  }

  pid_t pid_ = -1;
  int status_ = 0;
  bool ended_ = false;
};

}  // namespace tapegrad::testing
