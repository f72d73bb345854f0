#include <tapegrad/autograd/detail/file.hpp>

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cctype>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

namespace tapegrad::detail {
namespace {

namespace fs = std::filesystem;

/// The name of this machine, of letters, digits and underscores alone.
std::string host_word() {
  std::array<char, 256> name{};
  if (gethostname(name.data(), name.size() - 1) != 0) return "unknown";
  std::string word = std::string(name.data()).substr(0, 64);  // As long as Linux allows.
  const auto is_odd = [](unsigned char c) { return c >= 128 || std::isalnum(c) == 0; };
  std::replace_if(word.begin(), word.end(), is_odd, '_');
  return word;
}

/// How files begin that are not whole yet; the process that writes them follows. The machine is in
/// it since a folder may be shared: processes of another one cannot be asked whether they live.
std::string unfinished_prefix() {
  return fmt::format(".tapegrad-{}-", host_word());
}

/// A new file beside the target. It is removed unless it has taken the target's place.
class Replacement {
 public:
  Replacement(const fs::path& target, const Origin& origin) : origin_(origin), target_(target) {
    static std::atomic<unsigned> count{0};
    const std::string prefix = unfinished_prefix();
    do {
      // A short name of its own: the target's may be as long as names can be.
      path_ = target.parent_path() / fmt::format("{}{}-{}.tmp", prefix, getpid(), ++count);
      file_.reset(std::fopen(path_.c_str(), "wbx"));
    } while (!file_ && errno == EEXIST);
    if (!file_) fail();
  }
  ~Replacement() {
    std::error_code ignored;
    if (!placed_) fs::remove(path_, ignored);
  }
  Replacement(const Replacement&) = delete;
  Replacement& operator=(const Replacement&) = delete;

  void write(std::string_view bytes) {
    const std::size_t count = std::fwrite(bytes.data(), 1, bytes.size(), file_.get());
    // On the disk before the old file goes: a machine that stops in between has one of the two.
    if (count < bytes.size() || std::fflush(file_.get()) != 0 || fsync(fileno(file_.get())) != 0 ||
        std::fclose(file_.release()) != 0) {
      fail();
    }
  }

  void take_place(fs::perms permissions) {
    std::error_code error;
    if (permissions != fs::perms::unknown) fs::permissions(path_, permissions, error);
    if (!error) fs::rename(path_, target_, error);
    if (error) {
      errno = error.value();
      fail();
    }
    placed_ = true;
    sync_folder();
  }

 private:
  [[noreturn]] void fail() {
    origin_.fail("needs to write a file; that failed ({}); check the folder and the space left",
                 std::strerror(errno));
  }

  /// Puts the new name on the disk, too. That some file systems cannot is no reason to fail: the
  /// file is there.
  void sync_folder() const {
    const fs::path folder = target_.has_parent_path() ? target_.parent_path() : fs::path(".");
    const int descriptor = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) return;
    fsync(descriptor);
    close(descriptor);
  }

  const Origin& origin_;
  fs::path target_;
  fs::path path_;
  File file_;
  bool placed_ = false;
};

}  // namespace

File open_file(const Origin& origin) {
  std::error_code ignored;
  if (fs::is_directory(origin.path, ignored)) {
    origin.fail("needs a file; this is a folder; name a file in it");
  }
  File file(std::fopen(origin.path.c_str(), "rb"));
  if (!file) {
    origin.fail("needs a file; it cannot be opened ({}); check the path", std::strerror(errno));
  }
  return file;
}

std::string read_file(const Origin& origin) {
  const File file = open_file(origin);
  std::string bytes;
  std::error_code unknown;
  const std::uintmax_t size = fs::file_size(origin.path, unknown);
  if (!unknown) bytes.reserve(size);
  std::array<char, 1 << 16> chunk{};
  while (const std::size_t count = std::fread(chunk.data(), 1, chunk.size(), file.get())) {
    bytes.append(chunk.data(), count);
  }
  if (std::ferror(file.get()) != 0) {
    origin.fail("needs to read a file; that failed ({}); check the disk", std::strerror(errno));
  }
  return bytes;
}

void write_file(const Origin& origin, std::string_view bytes) {
  std::error_code error;
  fs::path target = origin.path;
  // The file behind a link is replaced, not the link. A circle of links ends, too.
  for (int links = 0; links < 40 && fs::is_symlink(target, error); ++links) {
    target = target.parent_path() / fs::read_symlink(target, error);
  }
  const fs::file_status old = fs::status(target, error);
  if (fs::is_directory(old)) origin.fail("needs a file; this is a folder; name a file in it");
  if (fs::exists(old) && !fs::is_regular_file(old)) {
    origin.fail("needs a file; this is a device or a pipe, which cannot be replaced; name a file");
  }
  // Replacing a file needs no permission of the file's own; it is asked for all the same.
  if (fs::exists(old) && faccessat(AT_FDCWD, target.c_str(), W_OK, AT_EACCESS) != 0) {
    origin.fail("needs a file that may be written; this one may not ({}); choose another name",
                std::strerror(errno));
  }
  const fs::path folder = target.parent_path();
  if (!folder.empty() && !fs::is_directory(folder, error)) {
    origin.fail("needs a folder to write into; there is no folder {}; make it first",
                folder.string());
  }

  Replacement replacement(target, origin);
  replacement.write(bytes);
  replacement.take_place(fs::exists(old) ? old.permissions() : fs::perms::unknown);
}

void remove_unfinished(const std::string& folder) {
  const std::string prefix = unfinished_prefix();
  std::error_code ignored;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, ignored)) {
    const std::string name = entry.path().filename().string();
    if (name.compare(0, prefix.size(), prefix) != 0) continue;
    const long writer = std::strtol(name.c_str() + prefix.size(), nullptr, 10);
    const bool dead = writer > 0 && kill(static_cast<pid_t>(writer), 0) != 0 && errno == ESRCH;
    if (dead) fs::remove(entry.path(), ignored);
  }
}

}  // namespace tapegrad::detail
