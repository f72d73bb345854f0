#include <tapegrad/data/detail/byte_source.hpp>

#include <zlib.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstring>
#include <new>

namespace tapegrad::data::detail {

// NOTE [Why not gzread]
// zlib's gzread is silent about bytes that follow a gzip stream and tells a truncated file only
// to those who ask gzerror after it. Inflating ourselves, every byte of the file is accounted for.

/// What has been read from the file and is not used yet, and zlib's state.
struct ByteSource::Stream {
  z_stream zlib{};
  std::array<unsigned char, 1 << 16> input{};
};

ByteSource::ByteSource(Origin origin)
    : origin_(std::move(origin)), file_(open_file(origin_)), stream_(std::make_unique<Stream>()) {
  refill();
  gzip_ = stream_->zlib.avail_in >= 2 && stream_->input[0] == 0x1f && stream_->input[1] == 0x8b;
  constexpr int gzip_only = 15 + 16;  // the largest window, and gzip framing with its CRC
  if (gzip_ && inflateInit2(&stream_->zlib, gzip_only) != Z_OK) throw std::bad_alloc();
}

ByteSource::~ByteSource() {
  if (gzip_) inflateEnd(&stream_->zlib);
}

std::size_t ByteSource::read(unsigned char* out, std::size_t size) {
  std::size_t done = 0;
  while (done < size) {
    if (stream_->zlib.avail_in == 0 && !refill()) {
      if (gzip_ && !member_ended_) {
        origin_.fail(
            "needs a whole gzip file; this one ends too early, after {} bytes of content; get the "
            "file again",
            total_ + done);
      }
      break;
    }
    done += gzip_ ? inflate_some(out + done, size - done) : copy_some(out + done, size - done);
  }
  total_ += done;
  return done;
}

std::vector<unsigned char> ByteSource::read_at_most(std::size_t size) {
  constexpr std::size_t first_chunk = std::size_t{1} << 20;
  std::vector<unsigned char> bytes;
  while (bytes.size() < size) {
    const std::size_t start = bytes.size();
    const std::size_t chunk = std::min(size - start, std::max(start, first_chunk));
    bytes.resize(start + chunk);
    const std::size_t count = read(bytes.data() + start, chunk);
    if (count < chunk) {
      bytes.resize(start + count);
      break;
    }
  }
  return bytes;
}

bool ByteSource::refill() {
  const std::size_t count =
      std::fread(stream_->input.data(), 1, stream_->input.size(), file_.get());
  if (std::ferror(file_.get()) != 0) {
    origin_.fail("needs to read a file; that failed ({}); check the disk", std::strerror(errno));
  }
  stream_->zlib.next_in = stream_->input.data();
  stream_->zlib.avail_in = static_cast<uInt>(count);
  return count > 0;
}

std::size_t ByteSource::copy_some(unsigned char* out, std::size_t room) {
  z_stream& zlib = stream_->zlib;
  const std::size_t count = std::min<std::size_t>(room, zlib.avail_in);
  std::memcpy(out, zlib.next_in, count);
  zlib.next_in += count;
  zlib.avail_in -= static_cast<uInt>(count);
  return count;
}

std::size_t ByteSource::inflate_some(unsigned char* out, std::size_t room) {
  z_stream& zlib = stream_->zlib;
  if (member_ended_) {
    // By RFC 1952 a gzip file may be several, one behind the other.
    if (*zlib.next_in != 0x1f) {
      origin_.fail(
          "needs nothing behind the gzip data; the file goes on with other bytes; get the file "
          "again");
    }
    inflateReset(&zlib);
    member_ended_ = false;
  }
  const auto most = static_cast<uInt>(std::min<std::size_t>(room, UINT_MAX));
  zlib.next_out = out;
  zlib.avail_out = most;
  const int result = inflate(&zlib, Z_NO_FLUSH);
  if (result == Z_MEM_ERROR) throw std::bad_alloc();
  member_ended_ = result == Z_STREAM_END;
  if (result != Z_OK && !member_ended_) {
    origin_.fail("needs undamaged gzip data; this is corrupt ({}); get the file again",
                 zlib.msg != nullptr ? zlib.msg : "no valid stream");
  }
  return most - zlib.avail_out;
}

std::string find_plain_or_gzip(const std::vector<std::filesystem::path>& folders,
                               const std::string& name) {
  for (const std::filesystem::path& folder : folders) {
    for (const char* ending : {"", ".gz"}) {
      const std::filesystem::path path = folder / (name + ending);
      std::error_code ignored;
      if (std::filesystem::exists(path, ignored)) return path.string();
    }
  }
  return {};
}

void to_unit(const unsigned char* pixels, std::size_t count, float* numbers) {
  std::transform(pixels, pixels + count, numbers,
                 [](unsigned char pixel) { return static_cast<float>(pixel) / 255.0F; });
}

}  // namespace tapegrad::data::detail
