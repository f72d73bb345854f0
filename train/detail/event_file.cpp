#include <tapegrad/train/detail/event_file.hpp>

#include <array>
#include <cstring>

namespace tapegrad::train::detail {
namespace {

/// The checksum of each byte by itself.
std::array<std::uint32_t, 256> make_checksums() {
  constexpr std::uint32_t polynomial = 0x82F63B78U;  // 0x1EDC6F41 with its bits reflected.
  std::array<std::uint32_t, 256> checksums{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t rest = byte;
    for (int bit = 0; bit < 8; ++bit) rest = rest >> 1U ^ ((rest & 1U) != 0 ? polynomial : 0U);
    checksums[byte] = rest;
  }
  return checksums;
}

/// The lowest `count` bytes of a number, the lowest first.
void append_little_endian(std::string& bytes, std::uint64_t number, int count) {
  for (int i = 0; i < count; ++i) bytes += static_cast<char>(number >> 8 * i & 0xFFU);
}

template <class Bits, class Number>
Bits bits_of(Number number) {
  static_assert(sizeof(Bits) == sizeof(Number));
  Bits bits = 0;
  std::memcpy(&bits, &number, sizeof(bits));
  return bits;
}

// How the value of a field is written, the low three bits of its key.
constexpr std::uint32_t varint_type = 0, eight_bytes_type = 1, length_type = 2, four_bytes_type = 5;

}  // namespace

std::uint32_t crc32c(std::string_view bytes) {
  static const std::array<std::uint32_t, 256> checksums = make_checksums();
  std::uint32_t rest = 0xFFFFFFFFU;
  for (const char c : bytes) {
    rest = rest >> 8U ^ checksums[(rest ^ static_cast<unsigned char>(c)) & 0xFFU];
  }
  return ~rest;
}

std::uint32_t masked_crc32c(std::string_view bytes) {
  const std::uint32_t crc = crc32c(bytes);
  return (crc >> 15U | crc << 17U) + 0xA282EAD8U;
}

std::string record(std::string_view data) {
  std::string bytes;
  bytes.reserve(data.size() + 16);
  append_little_endian(bytes, data.size(), 8);
  append_little_endian(bytes, masked_crc32c(bytes), 4);
  bytes += data;
  append_little_endian(bytes, masked_crc32c(data), 4);
  return bytes;
}

void Message::varint(std::uint64_t number) {
  for (; number >= 0x80U; number >>= 7U) bytes_ += static_cast<char>((number & 0x7FU) | 0x80U);
  bytes_ += static_cast<char>(number);
}

Message& Message::integer(std::uint32_t field, std::int64_t number) {
  key(field, varint_type);
  varint(static_cast<std::uint64_t>(number));
  return *this;
}

Message& Message::real(std::uint32_t field, double number) {
  key(field, eight_bytes_type);
  append_little_endian(bytes_, bits_of<std::uint64_t>(number), 8);
  return *this;
}

Message& Message::single(std::uint32_t field, float number) {
  key(field, four_bytes_type);
  append_little_endian(bytes_, bits_of<std::uint32_t>(number), 4);
  return *this;
}

Message& Message::text(std::uint32_t field, std::string_view bytes) {
  key(field, length_type);
  varint(bytes.size());
  bytes_ += bytes;
  return *this;
}

Message& Message::reals(std::uint32_t field, const std::vector<double>& numbers) {
  key(field, length_type);
  varint(8 * numbers.size());
  for (const double number : numbers) {
    append_little_endian(bytes_, bits_of<std::uint64_t>(number), 8);
  }
  return *this;
}

}  // namespace tapegrad::train::detail
