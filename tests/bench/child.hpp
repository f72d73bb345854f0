// A child process that answers each line written to it with one line.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace bench {

/// Started in the constructor, ended in the destructor by closing its input. While it is not asked,
/// it waits in a blocking read and uses no processor time. Whatever goes wrong throws
/// std::runtime_error that says how the child ended.
class Child {
 public:
  /// `environment` is added to ours.
  Child(const std::vector<std::string>& command,
        const std::map<std::string, std::string>& environment);
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  void write_line(const std::string& line);
  std::string read_line();

 private:
  /// Waits for the process to end and says how it did.
  std::string end();

  int pid_ = -1;
  int to_child_ = -1;
  int from_child_ = -1;
  std::string unread_;
};

}  // namespace bench
