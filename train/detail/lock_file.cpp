#include <tapegrad/train/detail/lock_file.hpp>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace tapegrad::detail {

std::optional<LockFile> LockFile::try_lock(const Origin& origin) {
  const int descriptor = open(origin.path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (descriptor < 0) {
    origin.fail("needs a folder that it can write to; that failed ({}); choose another",
                std::strerror(errno));
  }
  LockFile lock(descriptor);
  int status = 0;
  do {
    status = flock(descriptor, LOCK_EX | LOCK_NB);
  } while (status != 0 && errno == EINTR);
  if (status == 0) return lock;
  if (errno == EWOULDBLOCK) return std::nullopt;
  origin.fail("needs a folder whose files can be locked; that failed ({}); choose a local one",
              std::strerror(errno));
}

LockFile::~LockFile() {
  if (descriptor_ >= 0) close(descriptor_);
}

LockFile::LockFile(LockFile&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

}  // namespace tapegrad::detail
