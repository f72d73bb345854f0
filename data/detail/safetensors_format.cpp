#include <tapegrad/data/detail/safetensors_format.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <unordered_set>
#include <utility>

#include <nlohmann/json.hpp>

namespace tapegrad::data::detail {
namespace {

using Json = nlohmann::json;
using Kind = NumberType::Kind;

constexpr std::string_view metadata_key = "__metadata__";
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

[[noreturn]] void malformed(const Origin& origin) {
  origin.fail(
      "needs {{\"dtype\": \"F32\", \"shape\": [2, 3], \"data_offsets\": [0, 24]}} with numbers of "
      "its "
      "own; got something else; write the file again");
}

/// An array as the header describes it.
struct Entry {
  std::string name;
  std::string dtype;
  std::vector<std::uint64_t> shape;
  std::vector<std::uint64_t> offsets;
};

// NOTE [A header in pieces]
// The header is checked while it is parsed, and no tree of it is built. The parser alone would keep
// one of two equal keys without a word and go as deep as the text does; watching it make a tree,
// through its callback, takes quadratic time in the number of arrays: minutes for a file of a few
// megabytes.

/// Takes the pieces of a header from the parser and refuses the first that has no place in it.
class HeaderReader : public Json::json_sax_t {
 public:
  explicit HeaderReader(const Origin& origin) : origin_(origin) {}

  std::vector<Entry> read(std::string_view text) {
    // The parser takes a zero byte for the end and is silent about what follows.
    if (const std::size_t zero = text.find('\0'); zero != text.npos) no_json_at(zero + 1);
    Json::sax_parse(text.begin(), text.end(), this);
    return std::move(entries_);
  }

  /// What `read` has met besides.
  Metadata& metadata() { return metadata_; }

  bool null() override { misplaced(); }
  bool boolean(bool) override { misplaced(); }
  bool number_integer(std::int64_t) override { misplaced(); }
  bool number_float(double, const std::string&) override { misplaced(); }
  bool binary(Json::binary_t&) override { misplaced(); }
  bool number_unsigned(std::uint64_t number) override {
    if (level_ != Level::list) misplaced();
    list_->push_back(number);
    return true;
  }
  bool string(std::string& text) override {
    if (level_ == Level::metadata) {
      metadata_.emplace_back(key_, std::move(text));
      return true;
    }
    if (level_ != Level::entry || key_ != "dtype") misplaced();
    entries_.back().dtype = std::move(text);
    return true;
  }

  bool start_object(std::size_t) override {
    if (level_ == Level::outside) {
      level_ = Level::header;
    } else if (level_ == Level::header) {
      level_ = name_ == metadata_key ? Level::metadata : Level::entry;
      if (level_ == Level::entry) entries_.push_back({name_, {}, {}, {}});
      keys_.clear();
    } else {
      misplaced();
    }
    return true;
  }
  bool key(std::string& key) override {
    const bool is_name = level_ == Level::header;
    if (!(is_name ? names_ : keys_).insert(key).second) {
      origin_.fail("needs each key once in the header; got {} twice; write the file again",
                   in_quotes(key));
    }
    (is_name ? name_ : key_) = std::move(key);
    return true;
  }
  bool end_object() override {
    // Keys are three different ones: those that had a place.
    if (level_ == Level::entry && keys_.size() != 3) misplaced();
    level_ = level_ == Level::header ? Level::outside : Level::header;
    return true;
  }
  bool start_array(std::size_t) override {
    if (level_ != Level::entry || (key_ != "shape" && key_ != "data_offsets")) misplaced();
    list_ = key_ == "shape" ? &entries_.back().shape : &entries_.back().offsets;
    level_ = Level::list;
    return true;
  }
  bool end_array() override {
    level_ = Level::entry;
    return true;
  }
  bool parse_error(std::size_t byte, const std::string&, const Json::exception&) override {
    no_json_at(byte);
  }

 private:
  /// What the parser is in.
  enum class Level { outside, header, metadata, entry, list };

  [[noreturn]] void no_json_at(std::size_t byte) const {
    origin_.fail("needs a header in JSON; at its byte {} it is none; get the file again", byte);
  }
  [[noreturn]] void misplaced() const {
    if (name_ == metadata_key) {
      origin_.fail("needs {} to be an object of strings; got something else; write the file again",
                   metadata_key);
    }
    malformed(within(origin_, name_));
  }

  const Origin& origin_;
  std::vector<Entry> entries_;
  Metadata metadata_;
  Level level_ = Level::outside;
  std::string name_;
  std::string key_;
  std::unordered_set<std::string> names_;
  std::unordered_set<std::string> keys_;
  std::vector<std::uint64_t>* list_ = nullptr;
};

NumberType number_type(const std::string& dtype, const Origin& origin) {
  const auto* const found = std::find_if(dtypes.begin(), dtypes.end(),
                                         [&](const Dtype& known) { return known.name == dtype; });
  if (found == dtypes.end()) {
    origin.fail(
        "needs a dtype that is BOOL, I8 to I64, U8 to U64, BF16 or F16 to F64; got {}; save the "
        "array as F32",
        in_quotes(dtype));
  }
  return found->type;
}

/// The array of an entry, which lies in the numbers of the file.
StoredArray find_array(const Entry& entry, std::string_view numbers, const Origin& origin) {
  if (entry.offsets.size() != 2) malformed(origin);
  if (entry.shape.size() > static_cast<std::size_t>(max_rank)) {
    origin.fail("needs at most {} axes; got {}; reshape the array", max_rank, entry.shape.size());
  }
  StoredArray array;
  array.type = number_type(entry.dtype, origin);
  array.shape = Shape(entry.shape.begin(), entry.shape.end());
  const std::size_t needed = bytes_of(array.type, array.shape, origin);
  const std::uint64_t begin = entry.offsets[0];
  const std::uint64_t end = entry.offsets[1];
  if (begin > end || end - begin != needed) {
    origin.fail("needs {} bytes for shape {} of {}; its offsets are {} to {}; write the file again",
                needed, tapegrad::to_string(array.shape), to_string(array.type), begin, end);
  }
  if (end > numbers.size()) {
    origin.fail("needs numbers up to byte {}; the file has {}; it is cut off, get it again", end,
                numbers.size());
  }
  array.bytes = numbers.substr(begin, needed);
  return array;
}

/// The format wants every byte of the numbers to belong to one array.
void check_cover(const std::vector<Entry>& entries, std::size_t size, const Origin& origin) {
  std::vector<std::pair<std::uint64_t, std::uint64_t>> ranges;
  ranges.reserve(entries.size() + 1);
  for (const Entry& entry : entries) ranges.emplace_back(entry.offsets[0], entry.offsets[1]);
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

std::string safetensors_bytes(const NamedParameters& named, const Origin& origin,
                              const Metadata& metadata) {
  check_names(named, origin);
  // Doubles lie before floats: so all are aligned, whatever their order in the header.
  std::array<std::uint64_t, 2> next{};
  for (const auto& [name, parameter] : named) {
    if (parameter.precision() == f64) next[1] += bytes_of(parameter).size();
  }
  std::string header = "{";
  try {
    for (const auto& [name, words] : metadata) {
      header += fmt::format("{}{}:{}", header.size() > 1 ? "," : R"("__metadata__":{)",
                            Json(name).dump(), Json(words).dump());
    }
    if (!metadata.empty()) header += "}";
    for (const auto& [name, parameter] : named) {
      if (name == metadata_key)
        origin.fail("needs names other than {}; rename the array", metadata_key);
      const bool wide = parameter.precision() == f64;
      const std::uint64_t begin = next[wide ? 0 : 1];
      const std::uint64_t end = begin + bytes_of(parameter).size();
      header += fmt::format(R"({}{}:{{"dtype":"{}","shape":[{}],"data_offsets":[{},{}]}})",
                            header.size() > 1 ? "," : "", Json(name).dump(), wide ? "F64" : "F32",
                            fmt::join(parameter.shape(), ","), begin, end);
      next[wide ? 0 : 1] = end;
    }
  } catch (const Json::type_error&) {
    origin.fail("needs names in UTF-8, and words beside them; one is not; rename it");
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

NamedParameters parse_safetensors(std::string_view bytes, const Origin& origin,
                                  Metadata* metadata) {
  std::uint64_t length = 0;
  if (bytes.size() < length_bytes) {
    origin.fail("needs a safetensors file; this one ends after {} bytes; get the file again",
                bytes.size());
  }
  std::memcpy(&length, bytes.data(), length_bytes);
  if (length > most_header_bytes || bytes.size() - length_bytes < length) {
    origin.fail(
        "needs a header of the announced {} bytes (at most {}); {} follow; it is no safetensors "
        "file{}, or cut off",
        length, most_header_bytes, bytes.size() - length_bytes,
        bytes.substr(0, 2) == "PK"      ? " (it begins like .npz: load_npz reads it)"
        : bytes.substr(1, 5) == "NUMPY" ? " (it begins like .npy: load_npy reads it)"
                                        : "");
  }
  const std::string_view text = bytes.substr(length_bytes, length);
  const std::string_view numbers = bytes.substr(length_bytes + length);
  if (text.empty() || text.front() != '{') {
    origin.fail("needs a header that begins with '{{'; got {}; check that it is a safetensors file",
                in_quotes(text.substr(0, 1)));
  }

  HeaderReader reader(origin);
  const std::vector<Entry> entries = reader.read(text);
  if (metadata != nullptr) *metadata = std::move(reader.metadata());
  std::vector<StoredArray> arrays;
  arrays.reserve(entries.size());
  for (const Entry& entry : entries) {
    arrays.push_back(find_array(entry, numbers, within(origin, entry.name)));
  }
  check_cover(entries, numbers.size(), origin);

  NamedParameters named;
  named.reserve(entries.size());
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const std::string& name = entries[i].name;
    named.emplace_back(name, to_parameter(arrays[i], within(origin, name)));
  }
  check_names(named, origin);
  return named;
}

}  // namespace tapegrad::data::detail
