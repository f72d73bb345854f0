#include "child.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <stdexcept>

namespace bench {

namespace {

constexpr int patience_ms = 120'000;

[[noreturn]] void system_error(const char* what) {
  throw std::runtime_error(fmt::format("{}: {}", what, std::strerror(errno)));
}

struct Pipe {
  int read_end;
  int write_end;
};

/// Closed on exec: a child that inherited another's pipe would keep it from ever seeing its end.
Pipe make_pipe() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) system_error("pipe");
  return {ends[0], ends[1]};
}

}  // namespace

Child::Child(const std::vector<std::string>& command,
             const std::map<std::string, std::string>& environment) {
  if (access(command[0].c_str(), X_OK) != 0) throw std::runtime_error("not built");
  // A write to a child that has died is to fail, not to kill us.
  signal(SIGPIPE, SIG_IGN);
  const Pipe input = make_pipe();
  const Pipe output = make_pipe();
  std::vector<char*> arguments;
  arguments.reserve(command.size() + 1);
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);

  pid_ = fork();
  if (pid_ < 0) system_error("fork");
  if (pid_ == 0) {
    for (const auto& [name, value] : environment) setenv(name.c_str(), value.c_str(), 1);
    dup2(input.read_end, STDIN_FILENO);
    dup2(output.write_end, STDOUT_FILENO);
    execv(arguments[0], arguments.data());
    _exit(127);
  }
  close(input.read_end);
  close(output.write_end);
  to_child_ = input.write_end;
  from_child_ = output.read_end;
}

Child::~Child() {
  close(to_child_);
  close(from_child_);
  if (pid_ > 0) waitpid(pid_, nullptr, 0);
}

void Child::write_line(const std::string& line) {
  const std::string text = line + '\n';
  if (write(to_child_, text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
    throw std::runtime_error(end());
  }
}

std::string Child::read_line() {
  std::size_t newline;
  while ((newline = unread_.find('\n')) == std::string::npos) {
    pollfd waiting{from_child_, POLLIN, 0};
    const int ready = poll(&waiting, 1, patience_ms);
    if (ready < 0 && errno == EINTR) continue;
    if (ready == 0) {
      kill(pid_, SIGKILL);
      end();
      throw std::runtime_error(fmt::format("no answer in {} s", patience_ms / 1000));
    }
    char buffer[256];
    const ssize_t count = read(from_child_, buffer, sizeof buffer);
    if (count <= 0) throw std::runtime_error(end());
    unread_.append(buffer, static_cast<std::size_t>(count));
  }
  std::string line = unread_.substr(0, newline);
  unread_.erase(0, newline + 1);
  return line;
}

std::string Child::end() {
  int status = 0;
  waitpid(pid_, &status, 0);
  pid_ = -1;
  if (WIFSIGNALED(status)) return fmt::format("crashed: {}", strsignal(WTERMSIG(status)));
  return fmt::format("ended with status {}", WEXITSTATUS(status));
}

}  // namespace bench
