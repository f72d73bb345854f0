#pragma once

#include <optional>
#include <string>

#include <tapegrad/autograd/detail/file.hpp>

/// Agreement between processes by files in a folder.
namespace tapegrad::detail {

// NOTE [Locks that end with their process]
// A lock is one of the kernel's on an open file (flock), not the file's existence: when a process
// ends, however it does, its locks are free at that moment. So nobody has to guess by the age of a
// file or a process id, which may have been given to another, whether an owner still lives.

/// A file that at most one process at a time holds, until it gives it up or ends.
class LockFile {
 public:
  /// The lock, or nothing if another holds it; the file is made where it is missing and stays.
  /// Throws FileError if it cannot be made.
  static std::optional<LockFile> try_lock(const Origin& origin);

  /// Gives up the lock, unless a child process has it too.
  ~LockFile();
  /// Takes over the lock.
  LockFile(LockFile&& other) noexcept;
  LockFile& operator=(LockFile&&) = delete;

  /// The open file, which a child process that gets it holds as well; it is closed by exec
  /// otherwise.
  int descriptor() const { return descriptor_; }

 private:
  explicit LockFile(int descriptor) : descriptor_(descriptor) {}

  int descriptor_;
};

}  // namespace tapegrad::detail
