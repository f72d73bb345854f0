#pragma once

#include <zlib.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// Files put together byte by byte, without the code that they are to test.
namespace tapegrad::testing {

/// The lowest `count` bytes of a number, lowest first.
inline std::string little_endian(std::uint64_t number, int count) {
  std::string bytes;
  for (int i = 0; i < count; ++i) bytes += static_cast<char>(number >> (8 * i) & 255U);
  return bytes;
}

/// The lowest `count` bytes of a number, highest first.
inline std::string big_endian(std::uint64_t number, int count) {
  const std::string bytes = little_endian(number, count);
  return {bytes.rbegin(), bytes.rend()};
}

/// A .npy file with this text as its header.
inline std::string npy_file(const std::string& header, const std::string& numbers,
                            int version = 1) {
  return std::string("\x93NUMPY") + static_cast<char>(version) + '\0' +
         little_endian(header.size(), version == 1 ? 2 : 4) + header + numbers;
}

/// The header of a .npy file as numpy writes it, but for its padding.
inline std::string npy_header_text(const std::string& descr, const std::string& shape,
                                   bool fortran_order = false) {
  return "{'descr': '" + descr + "', 'fortran_order': " + (fortran_order ? "True" : "False") +
         ", 'shape': " + shape + ", }\n";
}

/// A safetensors file with this text as its header.
inline std::string safetensors_file(const std::string& header, const std::string& numbers) {
  return little_endian(header.size(), 8) + header + numbers;
}

/// Bytes that zlib has compressed; `window` as deflateInit2 takes it: −15 for bare deflate data, 31
/// for gzip.
inline std::string deflated(const std::string& content, int window) {
  z_stream stream{};
  deflateInit2(&stream, 9, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY);
  std::string in = content;
  std::string out(deflateBound(&stream, static_cast<uLong>(in.size())), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(in.data());
  stream.avail_in = static_cast<uInt>(in.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

/// A chunk of a PNG file.
inline std::string png_chunk(const std::string& type, const std::string& content) {
  const std::string checked = type + content;
  const std::uint64_t crc =
      crc32(0, reinterpret_cast<const Bytef*>(checked.data()), static_cast<uInt>(checked.size()));
  return big_endian(content.size(), 4) + checked + big_endian(crc, 4);
}

/// What a PNG file says of its pixels.
struct PngHeader {
  std::uint32_t width;
  std::uint32_t height;
  int depth;
  int colors;  ///< 0 grey, 2 RGB, 3 palette, 4 grey with opacity, 6 RGB with opacity.
};

/// A PNG file. `rows` are the bytes of all rows, each behind a 0 (no filter); `chunks` come before
/// them.
inline std::string png_file(const PngHeader& header, const std::string& rows,
                            const std::string& chunks = {}) {
  const std::string ihdr = big_endian(header.width, 4) + big_endian(header.height, 4) +
                           static_cast<char>(header.depth) + static_cast<char>(header.colors) +
                           std::string(3, '\0');
  return "\x89PNG\r\n\x1a\n" + png_chunk("IHDR", ihdr) + chunks +
         png_chunk("IDAT", deflated(rows, 15)) + png_chunk("IEND", "");
}

/// A JPEG file of one grey, as short as libjpeg takes it: its tables have one code each, the bit 0,
/// and all blocks are the two bits 00. `samplings` has the factors of each component, such as 0x11.
inline std::string flat_jpeg(int width, int height, const std::string& samplings) {
  const auto marker = [](char kind, const std::string& content) {
    return std::string("\xff") + kind + big_endian(content.size() + 2, 2) + content;
  };
  const auto components = static_cast<char>(samplings.size());
  int across = 1, down = 1, blocks = 0;  // Of a unit: as many of a component as its factors say.
  for (const char factors : samplings) {
    across = std::max(across, factors >> 4);
    down = std::max(down, factors & 15);
    blocks += (factors >> 4) * (factors & 15);
  }
  const int units = ((width - 1) / (8 * across) + 1) * ((height - 1) / (8 * down) + 1);
  const auto bytes = static_cast<std::size_t>((2 * blocks * units + 7) / 8);
  std::string frame = '\x08' + big_endian(static_cast<std::uint64_t>(height), 2) +
                      big_endian(static_cast<std::uint64_t>(width), 2) + components;
  std::string scan(1, components);
  for (char i = 0; i < components; ++i) {
    frame += std::string(1, i) + samplings[static_cast<std::size_t>(i)] + '\0';
    scan += std::string(1, i) + '\0';
  }
  const std::string code = '\1' + std::string(16, '\0');
  return "\xff\xd8" + marker('\xdb', '\0' + std::string(64, '\1')) + marker('\xc0', frame) +
         marker('\xc4', '\0' + code) + marker('\xc4', '\x10' + code) +
         marker('\xda', scan + '\0' + '\x3f' + '\0') + std::string(bytes, '\0') + "\xff\xd9";
}

/// A file in a zip archive. What is not set is as it should be.
struct ZipEntry {
  std::string name;
  std::string content;
  bool compressed = false;
  std::optional<std::uint32_t> announced_size = {};
  std::optional<std::uint16_t> announced_method = {};
  std::uint16_t flags = 0;
};

/// A zip archive.
inline std::string zip_file(const std::vector<ZipEntry>& entries) {
  std::string locals;
  std::string directory;
  for (const ZipEntry& entry : entries) {
    const std::string stored = entry.compressed ? deflated(entry.content, -15) : entry.content;
    const auto* const bytes = reinterpret_cast<const Bytef*>(entry.content.data());
    const std::uint64_t crc = crc32(0, bytes, static_cast<uInt>(entry.content.size()));
    const auto size = static_cast<std::uint32_t>(entry.content.size());
    const std::string common =
        little_endian(20, 2) + little_endian(entry.flags, 2) +
        little_endian(entry.announced_method.value_or(entry.compressed ? 8 : 0), 2) +
        little_endian(0x00210000, 4) + little_endian(crc, 4) + little_endian(stored.size(), 4) +
        little_endian(entry.announced_size.value_or(size), 4) +
        little_endian(entry.name.size(), 2) + little_endian(0, 2);
    directory += "PK\1\2" + little_endian(20, 2) + common + std::string(10, '\0') +
                 little_endian(locals.size(), 4) + entry.name;
    locals += "PK\3\4" + common + entry.name + stored;
  }
  return locals + directory + "PK\5\6" + little_endian(0, 4) + little_endian(entries.size(), 2) +
         little_endian(entries.size(), 2) + little_endian(directory.size(), 4) +
         little_endian(locals.size(), 4) + little_endian(0, 2);
}

}  // namespace tapegrad::testing
