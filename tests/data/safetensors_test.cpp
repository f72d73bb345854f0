// Sets of parameters in safetensors files: bit by bit there and back, files put together by hand,
// what is refused.

#include <tapegrad/data/safetensors.hpp>

#include <chrono>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <tapegrad/data/detail/safetensors_format.hpp>

#include "support/bytes.hpp"
#include "support/expect.hpp"
#include "support/files.hpp"
#include "support/parameter_sets.hpp"

namespace tapegrad::testing {
namespace {

using data::detail::Origin;
using data::detail::parse_safetensors;
using data::detail::safetensors_bytes;

const Origin origin{"load_safetensors", "x.safetensors"};

NamedParameters read(const std::string& file) {
  return parse_safetensors(file, origin);
}

void expect_refused(const std::string& file, const std::vector<std::string>& words,
                    Place place = Place::here()) {
  const ::testing::ScopedTrace trace(place.file, place.line, "expect_refused");
  const std::string text = expect_error<FileError>([&] { read(file); }, words);
  EXPECT_EQ(text.rfind("[load_safetensors] needs ", 0), 0U) << text;
  EXPECT_NE(text.find("(x.safetensors"), std::string::npos) << text;
}

/// An array in a header.
std::string entry(const std::string& dtype, const std::string& shape, int begin, int end) {
  return R"({"dtype":")" + dtype + R"(","shape":)" + shape + R"(,"data_offsets":[)" +
         std::to_string(begin) + "," + std::to_string(end) + "]}";
}

TEST(Safetensors, EveryBitComesBack) {
  const TempFolder folder;
  const std::string path = folder.path("set.safetensors");
  for (const unsigned seed : {1U, 1000U, 2000U}) {
    const NamedParameters named = random_set(seed);
    data::save_safetensors(path, named);
    expect_same_bits(data::load_safetensors(path), named);
    EXPECT_TRUE(content_of(path) == safetensors_bytes(data::load_safetensors(path), origin));
  }
  data::save_safetensors(path, {});
  EXPECT_TRUE(data::load_safetensors(path).empty());
}

TEST(Safetensors, WritesWhatTheFormatSays) {
  const NamedParameters named = {{"0.weight", Parameter(array({1, 2}, {1, -2}), f32)},
                                 {"\"ß\"", Parameter(2.0, f64)}};
  // Doubles lie first, so that both are aligned; blanks fill the header up to a multiple of 8.
  const std::string header = R"({"0.weight":{"dtype":"F32","shape":[1,2],"data_offsets":[8,16]},)"
                             R"("\"ß\"":{"dtype":"F64","shape":[],"data_offsets":[0,8]}})";
  EXPECT_EQ(safetensors_bytes(named, origin),
            safetensors_file(header + std::string((8 - header.size() % 8) % 8, ' '),
                             std::string("\0\0\0\0\0\0\0\x40\0\0\x80\x3f\0\0\0\xc0", 16)));
}

TEST(Safetensors, ReadsEveryNumericType) {
  struct Case {
    std::string dtype;
    std::string number;
    double expected;
    Precision precision;
  };
  const std::vector<Case> cases = {
      {"BOOL", "\1", 1, f32},
      {"I8", "\x80", -128, f32},
      {"U8", "\xff", 255, f32},
      {"I16", little_endian(0x8000, 2), -32768, f32},
      {"U16", little_endian(0xffff, 2), 65535, f32},
      {"I32", little_endian(0x80000000, 4), -2147483648.0, f64},
      {"U32", little_endian(0xffffffff, 4), 4294967295.0, f64},
      {"I64", little_endian(0xffffffffffffffff, 8), -1, f64},
      {"U64", little_endian(12345678901, 8), 12345678901, f64},
      {"F16", little_endian(0x3555, 2), 0x1.554p-2, f32},
      {"BF16", little_endian(0xc049, 2), -3.140625, f32},
      {"F32", little_endian(0x40490fdb, 4), 3.1415927410125732, f32},
      {"F64", little_endian(0x400921fb54442d18, 8), 3.141592653589793, f64},
  };
  for (const Case& c : cases) {
    const int size = static_cast<int>(c.number.size());
    const std::string header = "{\"x\":" + entry(c.dtype, "[1]", 0, size) + "}";
    const NamedParameters named = read(safetensors_file(header, c.number));
    ASSERT_EQ(named.size(), 1U) << c.dtype;
    EXPECT_EQ(named[0].second.precision(), c.precision) << c.dtype;
    EXPECT_EQ(named[0].second.value(), array({1}, {c.expected})) << c.dtype;
  }
}

TEST(Safetensors, KeepsTheOrderOfTheHeader) {
  const std::string header = R"( {"__metadata__":{"format":"pt"},"z":)" + entry("U8", "[2]", 1, 3) +
                             ",\n \"a\": " + entry("U8", "[]", 0, 1) +
                             ",\"m\":" + entry("F64", "[3,0]", 3, 3) + "}   ";
  expect_refused(safetensors_file(header, "\1\2\3"), {"begins with '{'", "got ' '"});
  const NamedParameters named = read(safetensors_file(header.substr(1), "\1\2\3"));
  ASSERT_EQ(named.size(), 3U);
  EXPECT_EQ(named[0].first, "z");
  expect_numbers(named[0].second.value(), {2, 3});
  EXPECT_EQ(named[1].first, "a");
  EXPECT_EQ(named[1].second.shape(), Shape{});
  EXPECT_EQ(named[2].first, "m");
  EXPECT_EQ(named[2].second.shape(), (Shape{3, 0}));
}

TEST(Safetensors, ManyArraysTakeNoLongerEach) {
  // Fifty thousand in seconds at the worst: what grows with their square would take minutes.
  NamedParameters named;
  for (int i = 0; i < 50'000; ++i) named.emplace_back(std::to_string(i), Parameter(1.0 * i));
  const std::string file = safetensors_bytes(named, origin);
  const auto start = std::chrono::steady_clock::now();
  expect_same_bits(read(file), named);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20));
}

TEST(Safetensors, RefusesOtherFiles) {
  expect_refused("", {"ends after 0 bytes"});
  expect_refused("hello", {"ends after 5 bytes"});
  expect_refused("hello, world", {"no safetensors file, or cut off"});
  expect_refused(little_endian(100, 8) + "{}", {"announced 100 bytes", "2 follow"});
  expect_refused(little_endian(0xffffffffffffffff, 8) + "{}", {"announced 18446744073709551615"});
  expect_refused(little_endian(100'000'001, 8) + std::string(100'000'001, ' '),
                 {"at most 100000000"});
  expect_refused(safetensors_file("", ""), {"begins with '{'"});
  expect_refused(safetensors_file("[]", ""), {"begins with '{'"});
}

TEST(Safetensors, RefusesMalformedJson) {
  for (const char* header : {"{", "{]", "{\"x\"}", "{} {}", "{\"\xff\":1}", "{'x':1}",
                             "{\"x\":1e999}", "{\"x\":{\"shape\":[-1E1111"}) {
    expect_refused(safetensors_file(header, ""), {"a header in JSON; at its byte"});
  }
  std::string with_zero = "{}";
  with_zero += '\0';
  expect_refused(safetensors_file(with_zero, ""), {"a header in JSON; at its byte 3"});
  // So deep that a parser or destructor which calls itself would end the program.
  for (const char* open : {"{\"x\":", "["}) {
    std::string deep = "{\"x\":";
    for (int i = 0; i < 1'000'000; ++i) deep += open;
    expect_refused(safetensors_file(deep, ""), {R"(needs {"dtype": "F32")"});
  }
}

TEST(Safetensors, RefusesAKeyThatComesTwice) {
  const std::string array = entry("U8", "[1]", 0, 1);
  expect_refused(safetensors_file("{\"x\":" + array + ",\"x\":" + array + "}", "\1"),
                 {"'x' twice"});
  expect_refused(safetensors_file(R"({"x":{"dtype":"U8","dtype":"U8"}})", "\1"), {"'dtype' twice"});
  expect_refused(safetensors_file(R"({"__metadata__":{"a":"1","a":"2"}})", ""), {"'a' twice"});
  expect_refused(safetensors_file(R"({"__metadata__":{},"__metadata__":{}})", ""), {"twice"});
}

TEST(Safetensors, RefusesMalformedEntries) {
  for (const std::string array :
       {"1", "[]", "{}", "null", R"({"dtype":"U8","shape":[1]})",
        R"({"dtype":1,"shape":[1],"data_offsets":[0,1]})",
        R"({"dtype":"U8","shape":1,"data_offsets":[0,1]})",
        R"({"dtype":"U8","shape":[-1],"data_offsets":[0,1]})",
        R"({"dtype":"U8","shape":[1.0],"data_offsets":[0,1]})",
        R"({"dtype":"U8","shape":["1"],"data_offsets":[0,1]})",
        R"({"dtype":"U8","shape":[99999999999999999999],"data_offsets":[0,1]})",
        R"({"dtype":"U8","shape":[1],"data_offsets":[0]})",
        R"({"dtype":"U8","shape":[1],"data_offsets":[0,1,2]})",
        R"({"dtype":"U8","shape":[1],"data_offsets":[-1,0]})",
        R"({"dtype":"U8","shape":[1],"data_offsets":{}})",
        R"({"dtype":"U8","shape":[1],"data_offset":[0,1]})",
        R"({"dtype":"U8","shape":[1],"data_offsets":[0,1],"x":1})"}) {
    expect_refused(safetensors_file("{\"x\":" + array + "}", "\1"),
                   {R"(needs {"dtype": "F32", "shape": [2, 3])", "array 'x'"});
  }
  for (const char* dtype : {"", "F8_E4M3", "C64", "f32", "F128"}) {
    expect_refused(safetensors_file("{\"x\":" + entry(dtype, "[1]", 0, 1) + "}", "\1"),
                   {"needs a dtype", std::string("got '") + dtype + "'", "save the array as F32"});
  }
  for (const char* text : {"1", "[]", "{\"a\":1}", "{\"a\":{}}", "null"}) {
    expect_refused(safetensors_file(std::string("{\"__metadata__\":") + text + "}", ""),
                   {"__metadata__ to be an object of strings"});
  }
  expect_refused(safetensors_file("{\"\":" + entry("U8", "[1]", 0, 1) + "}", "\1"),
                 {"needs a name for each array"});
  expect_refused(safetensors_file("{\"x\":" + entry("BOOL", "[1]", 0, 1) + "}", "\2"),
                 {"0 or 1 for a bool", "array 'x'"});
  expect_refused(
      safetensors_file("{\"x\":" + entry("I64", "[1]", 0, 8) + "}", std::string(8, '\3')),
      {"a double equals", "int64"});
}

TEST(Safetensors, RefusesOffsetsThatDoNotFit) {
  const auto one = [](const std::string& shape, int begin, int end) {
    return safetensors_file("{\"x\":" + entry("F32", shape, begin, end) + "}",
                            std::string(8, '\0'));
  };
  EXPECT_EQ(read(one("[2]", 0, 8)).size(), 1U);
  expect_refused(one("[3]", 0, 8), {"12 bytes for shape (3,) of float32", "0 to 8"});
  expect_refused(one("[1]", 4, 0), {"offsets are 4 to 0"});
  expect_refused(one("[3]", 0, 12), {"up to byte 12; the file has 8; it is cut off"});
  expect_refused(one("[1]", 0, 4), {"ends at byte 4", "or the file ends, at byte 8"});
  expect_refused(one("[1]", 4, 8), {"ends at byte 0", "begins, or the file ends, at byte 4"});
  expect_refused(one("[1152921504606846976]", 0, 8), {"at most 2^56 elements"});
  expect_refused(one("[18446744073709551615,2]", 0, 8), {"at most 2^56 elements"});
  expect_refused(one("[4294967296,4294967296]", 0, 0), {"at most 2^56 elements"});
  expect_refused(one("[2,1,1,1,1,1,1,1,1]", 0, 8), {"at most 8 axes", "got 9"});
  expect_refused(safetensors_file("{}", "x"), {"follow one another up to the end of the file"});

  const auto two = [](int begin, int end) {
    return safetensors_file(
        "{\"x\":" + entry("U8", "[4]", 0, 4) + ",\"y\":" + entry("U8", "[4]", begin, end) + "}",
        std::string(8, '\0'));
  };
  EXPECT_EQ(read(two(4, 8)).size(), 2U);
  expect_refused(two(3, 7), {"follow one another", "ends at byte 4", "at byte 3"});
  expect_refused(two(0, 4), {"follow one another"});
}

TEST(Safetensors, EveryTruncationAndEveryChangedByte) {
  const std::string file =
      safetensors_bytes({{"a", Parameter({1, 2}, f32)}, {"b", Parameter({3, 4}, f64)}}, origin);
  expect_truncations_refused(file, read);
  EXPECT_GT(try_changed_bytes(file, read), static_cast<int>(file.size()));
}

TEST(Safetensors, RefusesNamesThatNoFileHolds) {
  const Parameter p(1.0);
  const TempFolder folder;
  const auto save = [&](const NamedParameters& named, const std::vector<std::string>& words) {
    expect_error<FileError>([&] { data::save_safetensors(folder.path("set"), named); }, words);
    EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
  };
  save({{"", p}}, {"[save_safetensors] needs a name", "got ''"});
  save({{"w", p}, {"w", p}}, {"needs each name once; got 'w' twice", folder.path("set")});
  save({{"\xff", p}}, {"names in UTF-8"});
  save({{"__metadata__", p}}, {"names other than __metadata__"});
}

}  // namespace
}  // namespace tapegrad::testing
