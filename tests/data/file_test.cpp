// Files on the disk: a writer leaves the whole new file or the old one, and errors say what to do.

#include <tapegrad/data/npy.hpp>
#include <tapegrad/data/npz.hpp>
#include <tapegrad/data/safetensors.hpp>

#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "support/expect.hpp"
#include "support/files.hpp"

namespace tapegrad::testing {
namespace {

namespace fs = std::filesystem;

/// Every reader and every writer of arrays and sets.
struct Format {
  std::string name;
  std::function<void(const std::string& path, const Parameter& parameter)> save;
  std::function<void(const std::string& path)> load;
};

const std::vector<Format>& formats() {
  static const std::vector<Format> all = {
      {"npy", [](auto& path, auto& p) { data::save_npy(path, p); },
       [](auto& path) { data::load_npy<double>(path); }},
      {"npz",
       [](auto& path, auto& p) {
         data::save_npz(path, {{"x", p}});
       },
       [](auto& path) { data::load_npz(path); }},
      {"safetensors",
       [](auto& path, auto& p) {
         data::save_safetensors(path, {{"x", p}});
       },
       [](auto& path) { data::load_safetensors(path); }},
  };
  return all;
}

std::vector<std::string> names_in(const std::string& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) names.push_back(entry.path().filename());
  return names;
}

TEST(Files, ReadersNameThePathAndTheReason) {
  const TempFolder folder;
  for (const Format& format : formats()) {
    const std::string who = "[load_" + format.name + "] needs ";
    expect_error<FileError>(
        [&] { format.load(folder.path("none")); },
        {who, "No such file", "check the path", "(" + folder.path("none") + ")"});
    expect_error<FileError>([&] { format.load(folder.path()); },
                            {who, "this is a folder", "(" + folder.path() + ")"});
  }
}

TEST(Files, WritersNameThePathAndTheReason) {
  const TempFolder folder;
  const Parameter p({1, 2});
  for (const Format& format : formats()) {
    const std::string who = "[save_" + format.name + "] needs ";
    const std::string deep = folder.path("none/at/all");
    expect_error<FileError>(
        [&] { format.save(deep, p); },
        {who, "no folder " + folder.path("none/at"), "make it first", "(" + deep + ")"});
    expect_error<FileError>([&] { format.save(folder.path(), p); }, {who, "this is a folder"});
    // Renaming would put a file in the place of the device.
    expect_error<FileError>([&] { format.save("/dev/null", p); }, {who, "device", "(/dev/null)"});
    expect_error<FileError>([&] { format.save("/proc/x", p); }, {who, "that failed", "(/proc/x)"});
    expect_error<FileError>([&] { format.save("", p); }, {who});
  }
  EXPECT_TRUE(fs::is_empty(folder.path()));
}

TEST(Files, WriteReplacesTheOldFile) {
  const TempFolder folder;
  const std::string path = folder.path("file");
  for (const Format& format : formats()) {
    folder.write("file", std::string(100'000, 'x'));
    fs::permissions(path, fs::perms::owner_read | fs::perms::owner_write);
    format.save(path, Parameter({1, 2}));
    EXPECT_NO_THROW(format.load(path)) << format.name;
    EXPECT_EQ(fs::status(path).permissions(), fs::perms::owner_read | fs::perms::owner_write);
    EXPECT_EQ(names_in(folder.path()), std::vector<std::string>{"file"});
  }
}

TEST(Files, AFileThatMayNotBeWrittenIsKept) {
  const TempFolder folder;
  fs::permissions(folder.path(), fs::perms::all);
  const std::string path = folder.write("file", "precious");
  fs::permissions(path, fs::perms::owner_read | fs::perms::others_read);
  // Root may write any file: it becomes somebody else for a moment.
  const uid_t user = geteuid();
  if (user == 0) {
    ASSERT_EQ(seteuid(65534), 0);
  }
  for (const Format& format : formats()) {
    expect_error<FileError>(
        [&] {
          format.save(path, Parameter({1, 2}));
        },
        {"a file that may be written", "Permission denied", "another name"});
  }
  if (user == 0) {
    ASSERT_EQ(seteuid(0), 0);
  }
  EXPECT_EQ(content_of(path), "precious");
}

TEST(Files, WriteGoesThroughALink) {
  const TempFolder folder;
  fs::create_directory(folder.path("real"));
  fs::create_symlink("real/file", folder.path("link"));
  for (int time = 0; time < 2; ++time) {
    data::save_npy(folder.path("link"), Parameter(array({1}, {1.0 * time})));
    EXPECT_TRUE(fs::is_symlink(folder.path("link")));
    EXPECT_EQ(data::load_npy<double>(folder.path("real/file"))(0), time);
  }
}

TEST(Files, WritesNamesAsLongAsNamesCanBe) {
  const TempFolder folder;
  const std::string path = folder.path(std::string(255, 'x'));
  data::save_npy(path, Parameter({1, 2}));
  EXPECT_NO_THROW(data::load_npy<double>(path));
}

TEST(Files, WritesIntoTheFolderOfTheProgram) {
  const TempFolder folder;
  const fs::path before = fs::current_path();
  fs::current_path(folder.path());
  data::save_npy("file", Parameter({1, 2}));
  EXPECT_NO_THROW(data::load_npy<double>("file"));
  fs::current_path(before);
}

/// Files cannot grow beyond `bytes` while this lives, as on a full disk.
class SizeLimit {
 public:
  explicit SizeLimit(rlim_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{bytes, before_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~SizeLimit() {
    setrlimit(RLIMIT_FSIZE, &before_);
    static_cast<void>(std::signal(SIGXFSZ, handler_));
  }
  SizeLimit(const SizeLimit&) = delete;
  SizeLimit& operator=(const SizeLimit&) = delete;

 private:
  rlimit before_{};
  void (*handler_)(int);
};

TEST(Files, AWriteThatFailsLeavesTheOldFile) {
  const TempFolder folder;
  const Parameter large = Parameter::zeros({100'000});
  for (const Format& format : formats()) {
    const std::string path = folder.write("file", "precious");
    {
      const SizeLimit limit(10'000);
      expect_error<FileError>([&] { format.save(path, large); },
                              {"[save_" + format.name + "]", "that failed (File too large)",
                               "the space left", "(" + path + ")"});
      expect_error<FileError>([&] { format.save(folder.path("new"), large); });
    }
    EXPECT_EQ(content_of(path), "precious");
    EXPECT_EQ(names_in(folder.path()), std::vector<std::string>{"file"});
  }
}

}  // namespace
}  // namespace tapegrad::testing
