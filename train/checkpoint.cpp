#include <tapegrad/train/checkpoint.hpp>

#include <zlib.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <functional>
#include <string_view>

#include <fmt/format.h>

#include <tapegrad/data/detail/file.hpp>
#include <tapegrad/data/detail/safetensors_format.hpp>
#include <tapegrad/train/detail/checkpoint_name.hpp>

namespace tapegrad::train {

namespace {

using data::detail::Metadata;
using data::detail::Origin;

// NOTE [The checksum of a checkpoint]
// The header begins with `{"__metadata__":{"crc32":"` and eight hexadecimal digits: the CRC-32 of
// the whole file with zeros in their place. It is looked at before anything else, so damage is
// always called damage, wherever it is; and the file stays one that any reader of safetensors
// takes.

constexpr std::string_view checksum_name = "crc32";
constexpr std::string_view no_checksum = "00000000";
constexpr std::string_view beginning = R"({"__metadata__":{"crc32":")";
constexpr std::size_t beginning_at = 8;  // After the length of the header.
constexpr std::size_t checksum_at = beginning_at + beginning.size();
constexpr std::size_t checksum_end = checksum_at + no_checksum.size();

unsigned long crc(unsigned long sum, std::string_view bytes) {
  return crc32_z(sum, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size());
}

/// What belongs into the place of the checksum of a file.
std::string checksum(std::string_view file) {
  unsigned long sum = crc(crc32_z(0, nullptr, 0), file.substr(0, checksum_at));
  sum = crc(crc(sum, no_checksum), file.substr(checksum_end));
  return fmt::format("{:08x}", sum);
}

void check(std::string_view file, const Origin& origin) {
  if (file.size() < checksum_end || file.substr(beginning_at, beginning.size()) != beginning) {
    origin.fail(
        "needs a file that save_checkpoint has written; this one, of {} bytes, does not begin like "
        "one; name another",
        file.size());
  }
  const std::string_view announced = file.substr(checksum_at, no_checksum.size());
  if (const std::string found = checksum(file); found != announced) {
    origin.fail(
        "needs a whole checkpoint; its checksum is {} and its bytes have {}: it is damaged or cut "
        "off; use the one before",
        data::detail::in_quotes(announced), found);
  }
}

}  // namespace

NamedParameters Checkpoint::part(const std::string& name) const {
  const std::string prefix = name + ".";
  NamedParameters result;
  for (const auto& [whole, value] : values) {
    if (whole.compare(0, prefix.size(), prefix) == 0) {
      result.emplace_back(whole.substr(prefix.size()), value);
    }
  }
  return result;
}

void save_checkpoint(const std::string& path, const Checkpoint& checkpoint) {
  const Origin origin{"save_checkpoint", path};
  Metadata metadata = {{std::string(checksum_name), std::string(no_checksum)}};
  for (const auto& [name, words] : checkpoint.words) {
    if (name == checksum_name) {
      origin.fail("needs words under other names than {}; rename them", checksum_name);
    }
    metadata.emplace_back(name, words);
  }
  std::string file = data::detail::safetensors_bytes(checkpoint.values, origin, metadata);
  file.replace(checksum_at, no_checksum.size(), checksum(file));
  data::detail::write_file(origin, file);
}

Checkpoint load_checkpoint(const std::string& path) {
  const Origin origin{"load_checkpoint", path};
  const std::string file = data::detail::read_file(origin);
  check(file, origin);
  Checkpoint checkpoint;
  Metadata metadata;
  checkpoint.values = data::detail::parse_safetensors(file, origin, &metadata);
  for (auto& [name, words] : metadata) {
    if (name != checksum_name) checkpoint.words.emplace(name, std::move(words));
  }
  return checkpoint;
}

std::vector<std::string> checkpoint_files(const std::string& folder) {
  std::vector<std::string> names;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(folder, ignored)) {
    std::string name = entry.path().filename().string();
    if (detail::step_of(name)) names.push_back(std::move(name));
  }
  // Numbers have leading zeros.
  std::sort(names.begin(), names.end(), std::greater<>());
  std::vector<std::string> paths;
  paths.reserve(names.size());
  for (const std::string& name : names) {
    paths.push_back((std::filesystem::path(folder) / name).string());
  }
  return paths;
}

}  // namespace tapegrad::train
