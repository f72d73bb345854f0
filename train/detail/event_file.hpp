#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// The two formats of a TensorBoard event file: records with checksums (TFRecord), each of which
/// holds one message of protocol buffers.
namespace tapegrad::train::detail {

/// CRC-32C: the cyclic redundancy check of Castagnoli's polynomial 0x1EDC6F41, bits reflected.
/// Source: RFC 3720, appendix B.4.
std::uint32_t crc32c(std::string_view bytes);

/// The checksum as records store it: rotated right by 15 bits, plus 0xA282EAD8, so that a checksum
/// of data with checksums in it still means something.
std::uint32_t masked_crc32c(std::string_view bytes);

/// A record: the length of the data in 8 bytes, the masked checksum of these in 4, the data, its
/// masked checksum in 4; little-endian.
std::string record(std::string_view data);

/// A message of protocol buffers in the making: fields by number, in the order of their adding.
class Message {
 public:
  Message& integer(std::uint32_t field, std::int64_t number);  ///< Of the type int64.
  Message& real(std::uint32_t field, double number);           ///< Of the type double.
  Message& single(std::uint32_t field, float number);          ///< Of the type float.
  /// Of the types string and bytes, and of other messages.
  Message& text(std::uint32_t field, std::string_view bytes);
  Message& reals(std::uint32_t field, const std::vector<double>& numbers);  ///< Packed doubles.

  const std::string& bytes() const { return bytes_; }  ///< All fields so far.

 private:
  void varint(std::uint64_t number);
  void key(std::uint32_t field, std::uint32_t wire_type) { varint(field << 3U | wire_type); }

  std::string bytes_;
};

}  // namespace tapegrad::train::detail
