#include <tapegrad/data/detail/safetensors_format.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <optional>
#include <set>

#include <nlohmann/json.hpp>

namespace tapegrad::data::detail {
namespace {

using Json = nlohmann::json;
using Kind = NumberType::Kind;

constexpr std::string_view metadata = "__metadata__";
constexpr std::size_t length_bytes = 8;
/// What the format allows.
constexpr std::size_t most_header_bytes = 100'000'000;

struct Dtype {
  std::string_view name;
  NumberType type;
};
constexpr std::array<Dtype, 13> dtypes = {{
    {"BOOL", {Kind::boolean, 1}},
    {"I8", {Kind::signed_integer, 1}},
    {"I16", {Kind::signed_integer, 2}},
    {"I32", {Kind::signed_integer, 4}},
    {"I64", {Kind::signed_integer, 8}},
    {"U8", {Kind::unsigned_integer, 1}},
    {"U16", {Kind::unsigned_integer, 2}},
    {"U32", {Kind::unsigned_integer, 4}},
    {"U64", {Kind::unsigned_integer, 8}},
    {"F16", {Kind::real, 2}},
    {"BF16", {Kind::brain, 2}},
    {"F32", {Kind::real, 4}},
    {"F64", {Kind::real, 8}},
}};

/// The JSON of a header, and the names of its arrays as they follow one another.
struct Header {
  Json json;
  std::vector<std::string> names;
};

/// Parses the header. The parser itself would keep one of two equal keys and go as deep as the text
/// does; here both end it.
Header parse_header(std::string_view text, const Origin& origin) {
  Header header;
  std::vector<std::set<std::string>> keys;  // of each object that is open
  const auto watch = [&](int depth, Json::parse_event_t event, Json& parsed) {
    using Event = Json::parse_event_t;
    if ((event == Event::object_start || event == Event::array_start) && depth > 2) {
      origin.fail("needs a header of three levels; this one is deeper; write the file again");
    }
    if (event == Event::object_start) keys.emplace_back();
    if (event == Event::object_end) keys.pop_back();
    if (event == Event::key) {
      const auto& key = parsed.get_ref<const std::string&>();
      if (!keys.back().insert(key).second) {
        origin.fail("needs each key once in the header; got {} twice; write the file again",
                    in_quotes(key));
      }
      if (keys.size() == 1 && key != metadata) header.names.push_back(key);
    }
    return true;
  };
  const auto no_json_at = [&](std::size_t byte) {
    origin.fail("needs a header in JSON; at its byte {} it is none; get the file again", byte);
  };
  // The parser takes a zero byte for the end and is silent about what follows.
  if (const std::size_t zero = text.find('\0'); zero != text.npos) no_json_at(zero + 1);
  try {
    header.json = Json::parse(text.begin(), text.end(), watch);
  } catch (const Json::parse_error& error) {
    no_json_at(error.byte);
  } catch (const Json::out_of_range&) {
    origin.fail("needs whole numbers in the header; got one beyond any range; get the file again");
  }
  if (!header.json.is_object()) {
    origin.fail("needs a header that is an object; got {}; write the file again",
                header.json.type_name());
  }
  return header;
}

/// Metadata is text for text, and otherwise of no interest here.
void check_metadata(const Json& json, const Origin& origin) {
  const auto found = json.find(metadata);
  if (found == json.end()) return;
  const bool good = found->is_object() && std::all_of(found->begin(), found->end(),
                                                      [](auto& text) { return text.is_string(); });
  if (!good) {
    origin.fail("needs {} to be an object of strings; got something else; write the file again",
                metadata);
  }
}

/// A list of sizes or offsets.
std::optional<std::vector<std::uint64_t>> whole_numbers(const Json& json) {
  if (!json.is_array()) return std::nullopt;
  std::vector<std::uint64_t> numbers;
  for (const Json& number : json) {
    if (!number.is_number_unsigned()) return std::nullopt;
    numbers.push_back(number.get<std::uint64_t>());
  }
  return numbers;
}

/// An array, and where in the numbers of the file it begins and ends.
struct Entry {
  StoredArray array;
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

NumberType number_type(const Json& json, const Origin& origin) {
  const auto& name = json.get_ref<const std::string&>();
  const auto* const found = std::find_if(dtypes.begin(), dtypes.end(),
                                         [&](const Dtype& dtype) { return dtype.name == name; });
  if (found == dtypes.end()) {
    origin.fail(
        "needs a dtype that is BOOL, I8 to I64, U8 to U64, BF16 or F16 to F64; got {}; save the "
        "array as F32",
        in_quotes(name));
  }
  return found->type;
}

Entry parse_entry(const Json& json, std::string_view numbers, const Origin& origin) {
  const auto malformed = [&] {
    origin.fail(
        "needs {{\"dtype\": \"F32\", \"shape\": [2, 3], \"data_offsets\": [0, 24]}} with numbers "
        "of "
        "its own; got something else; write the file again");
  };
  if (!json.is_object() || json.size() != 3 || !json.contains("dtype") ||
      !json["dtype"].is_string() || !json.contains("shape") || !json.contains("data_offsets")) {
    malformed();
  }
  const auto sizes = whole_numbers(json["shape"]);
  const auto offsets = whole_numbers(json["data_offsets"]);
  if (!sizes || !offsets || offsets->size() != 2) malformed();

  Entry entry;
  entry.array.type = number_type(json["dtype"], origin);
  if (sizes->size() > static_cast<std::size_t>(max_rank)) {
    origin.fail("needs at most {} axes; got {}; reshape the array", max_rank, sizes->size());
  }
  entry.array.shape = Shape(sizes->begin(), sizes->end());
  entry.begin = (*offsets)[0];
  entry.end = (*offsets)[1];
  const std::size_t needed = bytes_of(entry.array.type, entry.array.shape, origin);
  if (entry.begin > entry.end || entry.end - entry.begin != needed) {
    origin.fail("needs {} bytes for shape {} of {}; its offsets are {} to {}; write the file again",
                needed, tapegrad::to_string(entry.array.shape), to_string(entry.array.type),
                entry.begin, entry.end);
  }
  if (entry.end > numbers.size()) {
    origin.fail("needs numbers up to byte {}; the file has {}; it is cut off, get it again",
                entry.end, numbers.size());
  }
  entry.array.bytes = numbers.substr(entry.begin, needed);
  return entry;
}

/// The format wants every byte of the numbers to belong to one array.
void check_cover(const std::vector<Entry>& entries, std::size_t size, const Origin& origin) {
  std::vector<std::pair<std::uint64_t, std::uint64_t>> ranges;
  ranges.reserve(entries.size() + 1);
  for (const Entry& entry : entries) ranges.emplace_back(entry.begin, entry.end);
  ranges.emplace_back(size, size);
  std::sort(ranges.begin(), ranges.end());
  std::uint64_t end = 0;
  for (const auto& range : ranges) {
    if (range.first != end) {
      origin.fail(
          "needs arrays that follow one another up to the end of the file; one ends at byte {} of "
          "the numbers and the next begins, or the file ends, at byte {}; write the file again",
          end, range.first);
    }
    end = range.second;
  }
}

}  // namespace

std::string safetensors_bytes(const NamedParameters& named, const Origin& origin) {
  check_names(named, origin);
  // Doubles lie before floats: so all are aligned, whatever their order in the header.
  std::array<std::uint64_t, 2> next{};
  for (const auto& [name, parameter] : named) {
    if (parameter.precision() == f64) next[1] += bytes_of(parameter).size();
  }
  std::string header = "{";
  try {
    for (const auto& [name, parameter] : named) {
      if (name == metadata) origin.fail("needs names other than {}; rename the array", metadata);
      const bool wide = parameter.precision() == f64;
      const std::uint64_t begin = next[wide ? 0 : 1];
      const std::uint64_t end = begin + bytes_of(parameter).size();
      header += fmt::format(R"({}{}:{{"dtype":"{}","shape":[{}],"data_offsets":[{},{}]}})",
                            header.size() > 1 ? "," : "", Json(name).dump(), wide ? "F64" : "F32",
                            fmt::join(parameter.shape(), ","), begin, end);
      next[wide ? 0 : 1] = end;
    }
  } catch (const Json::type_error&) {
    origin.fail("needs names in UTF-8; one of them is not; rename it");
  }
  header += "}";
  header.append((8 - header.size() % 8) % 8, ' ');
  if (header.size() > most_header_bytes) {
    origin.fail("needs a header of at most {} bytes; the names make it {}; shorten them",
                most_header_bytes, header.size());
  }

  const std::uint64_t length = header.size();
  std::string bytes(length_bytes, '\0');
  std::memcpy(bytes.data(), &length, length_bytes);
  bytes.reserve(length_bytes + header.size() + next[1]);
  bytes += header;
  for (const Precision precision : {f64, f32}) {
    for (const auto& [name, parameter] : named) {
      if (parameter.precision() == precision) bytes += bytes_of(parameter);
    }
  }
  return bytes;
}

NamedParameters parse_safetensors(std::string_view bytes, const Origin& origin) {
  std::uint64_t length = 0;
  if (bytes.size() < length_bytes) {
    origin.fail("needs a safetensors file; this one ends after {} bytes; get the file again",
                bytes.size());
  }
  std::memcpy(&length, bytes.data(), length_bytes);
  if (length > most_header_bytes || bytes.size() - length_bytes < length) {
    origin.fail(
        "needs a header of the announced {} bytes (at most {}); {} follow; it is no safetensors "
        "file, or cut off",
        length, most_header_bytes, bytes.size() - length_bytes);
  }
  const std::string_view text = bytes.substr(length_bytes, length);
  const std::string_view numbers = bytes.substr(length_bytes + length);
  if (text.empty() || text.front() != '{') {
    origin.fail("needs a header that begins with '{{'; got {}; check that it is a safetensors file",
                in_quotes(text.substr(0, 1)));
  }

  const Header header = parse_header(text, origin);
  check_metadata(header.json, origin);
  std::vector<Entry> entries;
  for (const std::string& name : header.names) {
    const Origin here{origin.who, origin.path + ", array " + in_quotes(name)};
    entries.push_back(parse_entry(header.json[name], numbers, here));
  }
  check_cover(entries, numbers.size(), origin);

  NamedParameters named;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const Origin here{origin.who, origin.path + ", array " + in_quotes(header.names[i])};
    named.emplace_back(header.names[i], to_parameter(entries[i].array, here));
  }
  check_names(named, origin);
  return named;
}

}  // namespace tapegrad::data::detail
