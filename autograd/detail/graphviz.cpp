#include <tapegrad/autograd/detail/graphviz.hpp>

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>

#include <tapegrad/autograd/detail/file.hpp>

namespace tapegrad::detail {

namespace {

[[noreturn]] void fail(const std::string& what) {
  throw Error("[draw] needs Graphviz's program dot for an SVG image; " + what);
}

/// Without a name, gone when it is closed.
class TemporaryFile {
 public:
  TemporaryFile() : file_(std::tmpfile()) {
    if (!file_) fail(std::string("no temporary file can be made (") + std::strerror(errno) + ")");
  }

  void write(std::string_view text) {
    const bool written = std::fwrite(text.data(), 1, text.size(), file_.get()) == text.size() &&
                         std::fflush(file_.get()) == 0;
    if (!written) fail(std::string("a temporary file is full (") + std::strerror(errno) + ")");
    std::rewind(file_.get());
  }

  std::string read() {
    std::rewind(file_.get());
    std::string text;
    std::array<char, 1 << 16> chunk{};
    while (const std::size_t count = std::fread(chunk.data(), 1, chunk.size(), file_.get())) {
      text.append(chunk.data(), count);
    }
    return text;
  }

  int descriptor() const { return fileno(file_.get()); }

 private:
  File file_;
};

/// Runs `dot -Tsvg`; its exit code, or −1 if there is none.
int run_dot(const TemporaryFile& in, const TemporaryFile& out, const TemporaryFile& messages) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in.descriptor(), 0);
  posix_spawn_file_actions_adddup2(&actions, out.descriptor(), 1);
  posix_spawn_file_actions_adddup2(&actions, messages.descriptor(), 2);
  char program[] = "dot", option[] = "-Tsvg";
  char* arguments[] = {program, option, nullptr};
  pid_t child = 0;
  const int error = posix_spawnp(&child, program, &actions, nullptr, arguments, environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) {
    fail(std::string("it cannot be started (") + std::strerror(error) +
         "); install it (Debian: graphviz), or save a .html or .dot file");
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0) {
    // A program that ignores SIGCHLD never learns how its children ended: what it wrote must tell.
    if (errno == ECHILD) return 0;
    if (errno != EINTR) return -1;
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace

std::string svg_by_graphviz(const std::string& dot) {
  TemporaryFile in, out, messages;
  in.write(dot);
  const int status = run_dot(in, out, messages);
  std::string svg = out.read();
  if (status != 0 || svg.empty()) {
    // The first error; warnings may come before it.
    const std::string said = messages.read();
    const std::size_t error = said.find("Error");
    const std::string text = said.substr(error == std::string::npos ? 0 : error);
    fail("it ended with code " + std::to_string(status) + ": " + text.substr(0, text.find('\n')));
  }
  return svg;
}

}  // namespace tapegrad::detail
