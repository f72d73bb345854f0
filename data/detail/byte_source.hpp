#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <tapegrad/data/detail/file.hpp>

/// Files of bytes, plain or gzip, as data sets are published.
namespace tapegrad::data::detail {

/// The bytes of a file, decompressed if it is gzip: its content decides, not its name. Throws
/// FileError, also for gzip data that are damaged, cut off or followed by other bytes.
class ByteSource {
 public:
  /// Opens the file of `origin`.
  explicit ByteSource(Origin origin);
  ~ByteSource();
  ByteSource(const ByteSource&) = delete;
  ByteSource& operator=(const ByteSource&) = delete;

  /// Reads `size` bytes, fewer only where the file ends; returns how many.
  std::size_t read(unsigned char* out, std::size_t size);

  /// `size` bytes, fewer only where the file ends. Memory grows with what the file holds, never
  /// with what somebody promised.
  std::vector<unsigned char> read_at_most(std::size_t size);

 private:
  struct Stream;
  bool refill();
  std::size_t copy_some(unsigned char* out, std::size_t room);
  std::size_t inflate_some(unsigned char* out, std::size_t room);

  Origin origin_;
  File file_;
  std::unique_ptr<Stream> stream_;
  bool gzip_ = false;
  bool member_ended_ = false;
  std::size_t total_ = 0;
};

/// The path of NAME or NAME.gz in the first of the folders that has one; empty if none has.
std::string find_plain_or_gzip(const std::vector<std::filesystem::path>& folders,
                               const std::string& name);

/// Pixels of 0…255 as numbers of [0, 1].
void to_unit(const unsigned char* pixels, std::size_t count, float* numbers);

}  // namespace tapegrad::data::detail
