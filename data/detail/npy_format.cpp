#include <tapegrad/data/detail/npy_format.hpp>

#include <array>
#include <charconv>
#include <cstdint>
#include <optional>

namespace tapegrad::data::detail {
namespace {

using Kind = NumberType::Kind;

constexpr std::string_view magic = "\x93NUMPY";

/// What the dictionary of a header says.
struct Header {
  std::optional<std::string_view> descr;
  std::optional<bool> fortran_order;
  std::optional<Shape> shape;
};

/// Reads the dictionary of a header: as much of Python's grammar as numpy.save writes.
class HeaderParser {
 public:
  HeaderParser(std::string_view text, const Origin& origin)
      : text_(text), rest_(text), origin_(origin) {}

  Header parse() {
    Header header;
    expect('{');
    while (!accept('}')) {
      const std::string_view key = string();
      expect(':');
      if (key == "descr" && !header.descr) {
        header.descr = descr();
      } else if (key == "fortran_order" && !header.fortran_order) {
        header.fortran_order = boolean();
      } else if (key == "shape" && !header.shape) {
        header.shape = shape();
      } else {
        fail();
      }
      if (!accept(',') && peek() != '}') fail();
    }
    if (peek() != '\0' || !header.descr || !header.fortran_order || !header.shape) fail();
    return header;
  }

 private:
  [[noreturn]] void fail() const {
    origin_.fail(
        "needs a header such as {{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }}; got "
        "{}; write the file again with numpy.save",
        in_quotes(text_));
  }

  /// The next character that is no blank, a zero byte at the end.
  char peek() {
    const std::size_t start = rest_.find_first_not_of(" \t\r\n");
    rest_.remove_prefix(std::min(start, rest_.size()));
    return rest_.empty() ? '\0' : rest_.front();
  }

  bool accept(char wanted) {
    if (peek() != wanted) return false;
    rest_.remove_prefix(1);
    return true;
  }

  void expect(char wanted) {
    if (!accept(wanted)) fail();
  }

  std::string_view take(std::size_t count) {
    const std::string_view taken = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return taken;
  }

  std::string_view string() {
    const char quote = peek();
    if (quote != '\'' && quote != '"') fail();
    const std::size_t end = rest_.find(quote, 1);
    if (end == std::string_view::npos) fail();
    return take(end + 1).substr(1, end - 1);
  }

  std::string_view descr() {
    if (peek() == '[' || peek() == '(') {
      origin_.fail(
          "needs an array of numbers; got records with fields; save each field on its own");
    }
    return string();
  }

  bool boolean() {
    peek();
    for (const std::string_view word : {"True", "False"}) {
      if (rest_.substr(0, word.size()) == word) return take(word.size()) == "True";
    }
    fail();
  }

  Shape shape() {
    Shape shape;
    expect('(');
    while (!accept(')')) {
      peek();
      std::int64_t size = 0;
      const char* const end = rest_.data() + rest_.size();
      const auto [stop, error] = std::from_chars(rest_.data(), end, size);
      if (error != std::errc{} || size < 0) fail();
      take(static_cast<std::size_t>(stop - rest_.data()));
      accept('L');  // how Python 2 wrote some
      if (shape.rank() == max_rank) {
        origin_.fail("needs at most {} axes; got more in {}; reshape the array", max_rank,
                     in_quotes(text_));
      }
      shape.push_back(size);
      if (!accept(',') && peek() != ')') fail();
    }
    return shape;
  }

  std::string_view text_;
  std::string_view rest_;
  const Origin& origin_;
};

/// The number type of a `descr` such as `<f4`: byte order, kind, bytes.
NumberType number_type(std::string_view descr, const Origin& origin) {
  constexpr std::string_view orders = "<>=|";
  std::string_view rest = descr;
  if (!rest.empty() && orders.find(rest.front()) != std::string_view::npos) rest.remove_prefix(1);
  if (!rest.empty() && rest.front() == 'O') {
    origin.fail(
        "needs an array of numbers; got Python objects (pickled), which are never unpickled, since "
        "that may run any code; save it with astype('float64')");
  }
  struct Known {
    std::string_view name;
    NumberType type;
  };
  static constexpr std::array<Known, 12> types = {{
      {"b1", {Kind::boolean, 1}},
      {"i1", {Kind::signed_integer, 1}},
      {"i2", {Kind::signed_integer, 2}},
      {"i4", {Kind::signed_integer, 4}},
      {"i8", {Kind::signed_integer, 8}},
      {"u1", {Kind::unsigned_integer, 1}},
      {"u2", {Kind::unsigned_integer, 2}},
      {"u4", {Kind::unsigned_integer, 4}},
      {"u8", {Kind::unsigned_integer, 8}},
      {"f2", {Kind::real, 2}},
      {"f4", {Kind::real, 4}},
      {"f8", {Kind::real, 8}},
  }};
  for (const Known& known : types) {
    if (rest == known.name) return known.type;
  }
  origin.fail(
      "needs numbers of type bool, int8 to int64, uint8 to uint64 or float16 to float64; got {}; "
      "save the array with astype('float64')",
      in_quotes(descr));
}

/// The dictionary of a file, and the bytes behind it.
struct Parts {
  std::string_view header;
  std::string_view numbers;
};

Parts split(std::string_view bytes, const Origin& origin) {
  if (bytes.substr(0, magic.size()) != magic) {
    if (magic.substr(0, bytes.size()) == bytes) {
      origin.fail("needs a .npy file; it ends after {} bytes; get the file again", bytes.size());
    }
    origin.fail("needs a .npy file; this one begins with other bytes{}; check the path",
                bytes.substr(0, 2) == "PK" ? " (those of .npz: load_npz reads it)" : "");
  }
  const std::size_t version = magic.size();
  const std::size_t length = version + 2;
  const auto byte = [&](std::size_t i) {
    return std::size_t{static_cast<unsigned char>(bytes[i])};
  };
  if (bytes.size() > length && (byte(version) < 1 || byte(version) > 3 || byte(version + 1) != 0)) {
    origin.fail("needs version 1.0, 2.0 or 3.0 of .npy; got {}.{}; write the file again",
                byte(version), byte(version + 1));
  }
  const std::size_t width = bytes.size() > version && byte(version) == 1 ? 2 : 4;
  std::size_t size = 0;
  if (bytes.size() >= length + width) {
    for (std::size_t i = width; i-- > 0;) size = size << 8U | byte(length + i);
    const std::string_view rest = bytes.substr(length + width);
    if (size <= rest.size()) return {rest.substr(0, size), rest.substr(size)};
  }
  origin.fail("needs a whole header; the file ends in it, after {} bytes; get the file again",
              bytes.size());
}

}  // namespace

std::string npy_header(Precision precision, const Shape& shape) {
  std::string dictionary = fmt::format("{{'descr': '<f{}', 'fortran_order': False, 'shape': {}, }}",
                                       bytes_per_number(precision), tapegrad::to_string(shape));
  // Numbers begin at a multiple of 64, so that mapped memory is aligned.
  const std::size_t before = magic.size() + 4;
  dictionary.append(63 - (before + dictionary.size()) % 64, ' ');
  dictionary += '\n';
  std::string header(magic);
  header += {'\1', '\0', static_cast<char>(dictionary.size() & 255U),
             static_cast<char>(dictionary.size() >> 8U)};
  return header + dictionary;
}

StoredArray parse_npy(std::string_view bytes, const Origin& origin) {
  const Parts parts = split(bytes, origin);
  const Header header = HeaderParser(parts.header, origin).parse();
  StoredArray array{number_type(*header.descr, origin), *header.shape, parts.numbers,
                    header.descr->front() == '>', *header.fortran_order};
  const std::size_t needed = bytes_of(array.type, array.shape, origin);
  if (parts.numbers.size() != needed) {
    origin.fail("needs {} bytes for shape {} of {}; {} follow the header; {}", needed,
                tapegrad::to_string(array.shape), to_string(array.type), parts.numbers.size(),
                parts.numbers.size() < needed ? "the file is cut off, get it again"
                                              : "a file holds one array and nothing else");
  }
  return array;
}

}  // namespace tapegrad::data::detail
