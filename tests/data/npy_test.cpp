// Single arrays in NumPy's format: bit by bit there and back, what others write, what is refused.

#include <tapegrad/data/npy.hpp>

#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include <tapegrad/data/detail/npy_format.hpp>

#include "support/bytes.hpp"
#include "support/expect.hpp"
#include "support/files.hpp"
#include "support/parameter_sets.hpp"

namespace tapegrad::testing {
namespace {

using data::detail::Origin;
using data::detail::parse_npy;
using data::detail::to_parameter;

const Origin origin{"load_npy", "x.npy"};

/// The numbers of a file as parameters read them.
Parameter read(const std::string& file) {
  return to_parameter(parse_npy(file, origin), origin);
}

void expect_refused(const std::string& file, const std::vector<std::string>& words,
                    Place place = Place::here()) {
  const ::testing::ScopedTrace trace(place.file, place.line, "expect_refused");
  const std::string text = expect_error<FileError>([&] { read(file); }, words);
  EXPECT_EQ(text.rfind("[load_npy] needs ", 0), 0U) << text;
  EXPECT_NE(text.find("(x.npy)"), std::string::npos) << text;
}

template <class T>
void expect_every_bit_comes_back() {
  const TempFolder folder;
  const std::string path = folder.path("array.npy");
  for (const auto& [name, parameter] : random_set(1)) {
    if (parameter.precision() != (sizeof(T) == 4 ? f32 : f64)) continue;
    data::save_npy(path, parameter);
    const Array<T> array = data::load_npy<T>(path);
    EXPECT_EQ(Shape(array.shape().begin(), array.shape().end()), parameter.shape());
    const std::string_view numbers(reinterpret_cast<const char*>(array.data()),
                                   array.size() * sizeof(T));
    EXPECT_TRUE(numbers == bytes_of(parameter)) << name;
    const std::string file = content_of(path);
    data::save_npy(path, array);
    EXPECT_TRUE(content_of(path) == file) << name;
  }
}

TEST(Npy, EveryBitOfAFloatComesBack) {
  expect_every_bit_comes_back<float>();
}

TEST(Npy, EveryBitOfADoubleComesBack) {
  expect_every_bit_comes_back<double>();
}

TEST(Npy, WritesWhatNumpyWrites) {
  const TempFolder folder;
  const std::string path = folder.path("array.npy");
  data::save_npy(path, Parameter(array({2, 1}, {1, -2}), f32));
  EXPECT_EQ(content_of(path), std::string("\x93NUMPY\x01\x00\x76\x00", 10) +
                                  "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 1), }" +
                                  std::string(58, ' ') + "\n" +
                                  std::string("\0\0\x80\x3f\0\0\0\xc0", 8));
  data::save_npy(path, Array<double>(2.0));
  EXPECT_EQ(content_of(path), std::string("\x93NUMPY\x01\x00\x76\x00", 10) +
                                  "{'descr': '<f8', 'fortran_order': False, 'shape': (), }" +
                                  std::string(62, ' ') + "\n" +
                                  std::string("\0\0\0\0\0\0\0\x40", 8));
}

TEST(Npy, ReadsEveryNumericType) {
  struct Case {
    std::string descr;
    std::string numbers;
    std::vector<double> expected;
    Precision precision;
  };
  const double infinity = std::numeric_limits<double>::infinity();
  const auto little = [](std::initializer_list<std::uint64_t> numbers, int bytes) {
    std::string text;
    for (const std::uint64_t number : numbers) text += little_endian(number, bytes);
    return text;
  };
  const std::vector<Case> cases = {
      {"|b1", little({0, 1}, 1), {0, 1}, f32},
      {"|i1", little({0x80, 0x7f}, 1), {-128, 127}, f32},
      {"|u1", little({0x80, 0xff}, 1), {128, 255}, f32},
      {"<i2", little({0x8000, 0x1234}, 2), {-32768, 0x1234}, f32},
      {"<u2", little({0xffff, 0x1234}, 2), {65535, 0x1234}, f32},
      {"<i4", little({0x80000000, 16777217}, 4), {-2147483648.0, 16777217}, f64},
      {"<u4", little({0xffffffff, 3}, 4), {4294967295.0, 3}, f64},
      {"<i8", little({0x8000000000000000, 1ULL << 53}, 8), {-0x1p63, 0x1p53}, f64},
      {"<u8", little({0xfffffffffffff800, 7}, 8), {0x1.fffffffffffffp63, 7}, f64},
      // One, the largest, the smallest, minus infinity, minus one and a half.
      {"<f2",
       little({0x3c00, 0x7bff, 1, 0xfc00, 0xbe00}, 2),
       {1, 65504, 0x1p-24, -infinity, -1.5},
       f32},
      {"<f4", little({0x3fc00000, 1}, 4), {1.5, 0x1p-149}, f32},
      {"<f8", little({0x3ff8000000000000, 1}, 8), {1.5, 0x1p-1074}, f64},
      {"=f8", little({0x3ff8000000000000}, 8), {1.5}, f64},
  };
  for (const Case& c : cases) {
    const std::string shape = "(" + std::to_string(c.expected.size()) + ",)";
    const Parameter parameter = read(npy_file(npy_header_text(c.descr, shape), c.numbers));
    EXPECT_EQ(parameter.precision(), c.precision) << c.descr;
    EXPECT_EQ(parameter.value(), array({c.expected.size()}, c.expected)) << c.descr;

    // The same with the bytes of each number turned around.
    const int width = c.descr[2] - '0';
    std::string turned = c.numbers;
    for (std::size_t i = 0; i < turned.size(); i += static_cast<std::size_t>(width)) {
      std::reverse(turned.begin() + static_cast<int>(i),
                   turned.begin() + static_cast<int>(i) + width);
    }
    const std::string header = npy_header_text(">" + c.descr.substr(1), shape);
    EXPECT_EQ(read(npy_file(header, turned)).value(), parameter.value()) << c.descr;
  }
}

TEST(Npy, KeepsNaNOfEveryWidth) {
  const std::string numbers = little_endian(0xfe01, 2);  // minus NaN, the lowest bit of its payload
  const Parameter half = read(npy_file(npy_header_text("<f2", "(1,)"), numbers));
  EXPECT_EQ(bytes_of(half), little_endian(0xffc02000, 4));
  const std::string big("\x7f\xa0\0\1", 4);  // signalling, big-endian
  EXPECT_EQ(bytes_of(read(npy_file(npy_header_text(">f4", "(1,)"), big))),
            little_endian(0x7fa00001, 4));
}

TEST(Npy, ReadsFortranOrder) {
  std::string numbers;
  for (int i = 0; i < 24; ++i) numbers += static_cast<char>(i);
  const Parameter parameter = read(npy_file(npy_header_text("|u1", "(2, 3, 4)", true), numbers));
  const Array<double> value = parameter.value();
  for (std::size_t i = 0; i < 2; ++i) {
    for (std::size_t j = 0; j < 3; ++j) {
      for (std::size_t k = 0; k < 4; ++k) {
        EXPECT_EQ(value(i, j, k), static_cast<double>(i + 2 * j + 6 * k));
      }
    }
  }
  EXPECT_EQ(read(npy_file(npy_header_text("<f4", "()", true), std::string(4, '\0'))).size(), 1);
  EXPECT_EQ(read(npy_file(npy_header_text("<f4", "(2, 0, 3)", true), "")).size(), 0);
}

TEST(Npy, ReadsOtherSpellings) {
  const std::string numbers(16, '\0');
  for (const char* header : {"{'shape': (2, 2), 'fortran_order': False, 'descr': '<f4'}",
                             "  {\"descr\":\"<f4\",\"fortran_order\":False,\"shape\":(2,2,)}   \n",
                             "{'descr': '<f4', 'fortran_order': False, 'shape': (2L, 2L), }\n"}) {
    EXPECT_EQ(read(npy_file(header, numbers)).shape(), (Shape{2, 2})) << header;
  }
  for (const int version : {1, 2, 3}) {
    const std::string file = npy_file(npy_header_text("<f4", "(4,)"), numbers, version);
    EXPECT_EQ(read(file).shape(), Shape{4}) << version;
  }
}

TEST(Npy, RefusesOtherFiles) {
  expect_refused("", {"ends after 0 bytes", "get the file again"});
  expect_refused("hello, world", {"begins with other bytes", "check the path"});
  expect_refused(zip_file({}), {"load_npz reads it"});
  expect_refused(npy_file("", "", 4), {"version 1.0, 2.0 or 3.0", "got 4.0"});
  expect_refused(std::string("\x93NUMPY\1\1") + std::string(9, ' '), {"got 1.1"});
  expect_refused(std::string("\x93NUMPY\2\0\xff\xff\xff\xff", 12) + "{",
                 {"whole header", "13 bytes"});
}

TEST(Npy, RefusesMalformedHeaders) {
  for (const std::string header :
       {"",
        "{",
        "{}",
        "{'descr': '<f4'}",
        "hello",
        "{'descr': '<f4', 'fortran_order': False}",
        "{'descr': '<f4', 'fortran_order': 0, 'shape': (1,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1,)} x",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'x': 1}",
        "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (1,)}",
        "{'descr': '<f4' 'fortran_order': False 'shape': (1,)}",
        "{'descr': '<f4, 'fortran_order': False, 'shape': (1,)}",
        "{'descr': <f4, 'fortran_order': False, 'shape': (1,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1 1)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1.0,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': [1]}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': 1}"}) {
    expect_refused(npy_file(header, std::string(4, '\0')),
                   {"needs a header such as {'descr'", "'" + header.substr(0, 50), "numpy.save"});
  }
  // What a message shows is neither long nor anything but text.
  const std::string text =
      expect_error<FileError>([] { read(npy_file("\x1b[2J" + std::string(60'000, 'x'), "")); });
  EXPECT_LT(text.size(), 400U);
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
}

TEST(Npy, RefusesWhatAreNoNumbers) {
  const auto file = [](const std::string& descr) {
    return npy_file(npy_header_text(descr, "(1,)"), std::string(16, '\0'));
  };
  expect_refused(file("|O"), {"Python objects (pickled)", "never unpickled", "astype('float64')"});
  for (const char* descr : {"<c8", "<c16", "<f16", "|S4", "<U4", "|V2", "<M8[ns]", "<m8", "<i16",
                            "", "<", "f", "<f44", "x4", "<<f4"}) {
    expect_refused(file(descr), {"bool, int8 to int64", std::string("got '") + descr + "'"});
  }
  expect_refused(npy_file("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,)}", ""),
                 {"records with fields", "each field on its own"});
  expect_refused(npy_file(npy_header_text("|b1", "(2,)"), "\1\2"), {"0 or 1 for a bool", "got 2"});
}

TEST(Npy, RefusesShapesThatDoNotFit) {
  const auto file = [](const std::string& shape) {
    return npy_file(npy_header_text("<f4", shape), std::string(8, '\0'));
  };
  expect_refused(file("(3,)"), {"needs 12 bytes for shape (3,) of float32", "8 follow", "cut off"});
  expect_refused(file("(1,)"), {"needs 4 bytes", "8 follow", "one array and nothing else"});
  expect_refused(file("(0,)"), {"needs 0 bytes"});
  expect_refused(file("(1152921504606846976,)"), {"at most 2^56 elements", "1152921504606846976"});
  expect_refused(file("(4294967296, 4294967296)"), {"at most 2^56 elements"});
  expect_refused(file("(36028797018963968,)"), {"cut off"});
  expect_refused(file("(1, 1, 1, 1, 1, 1, 1, 1, 2)"), {"at most 8 axes", "reshape"});
}

TEST(Npy, RefusesNumbersThatTheTypeDoesNotEqual) {
  const TempFolder folder;
  const auto write = [&](const std::string& descr, const std::string& number) {
    return folder.write("array.npy", npy_file(npy_header_text(descr, "()"), number));
  };
  std::string path = write("<f8", std::string(8, '\0'));
  expect_error<FileError>([&] { data::load_npy<float>(path); },
                          {"[load_npy] needs numbers that a float equals", "float64",
                           "load it as double", "(" + path + ")"});
  path = write("<i4", little_endian(16777217, 4));
  expect_error<FileError>([&] { data::load_npy<float>(path); },
                          {"16777217 of type int32 is none", "load it as double"});
  EXPECT_EQ(data::load_npy<double>(path)(), 16777217.0);
  path = write("<i4", little_endian(16777218, 4));
  EXPECT_EQ(data::load_npy<float>(path)(), 16777218.0F);
  path = write("<i8", little_endian(static_cast<std::uint64_t>(-9007199254740993), 8));
  expect_error<FileError>(
      [&] { data::load_npy<double>(path); },
      {"a double equals; -9007199254740993 of type int64", "astype('float64')"});
  path = write("<u8", little_endian(0xffffffffffffffff, 8));
  expect_error<FileError>([&] { data::load_npy<double>(path); }, {"18446744073709551615"});
  path = write("<f4", little_endian(0x3fc00000, 4));
  EXPECT_EQ(data::load_npy<double>(path)(), 1.5);
}

TEST(Npy, EveryTruncationAndEveryChangedByte) {
  const std::string file = data::detail::npy_header(f64, {2, 2}) + std::string(32, '\7');
  expect_truncations_refused(file, read);
  EXPECT_GT(try_changed_bytes(file, read), 200);
}

TEST(Npy, RefusesAnArrayOfTooManyAxes) {
  const TempFolder folder;
  const Array<float> array = Array<float>::from_shape(std::vector<std::size_t>(9, 1));
  expect_error<ShapeError>([&] { data::save_npy(folder.path("array.npy"), array); }, {"8 axes"});
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

}  // namespace
}  // namespace tapegrad::testing
