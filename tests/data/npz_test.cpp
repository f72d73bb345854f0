// Sets of parameters in NumPy's .npz: bit by bit there and back, archives put together by hand,
// what is refused.

#include <tapegrad/data/npz.hpp>

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <tapegrad/data/detail/npz_format.hpp>

#include "support/bytes.hpp"
#include "support/expect.hpp"
#include "support/files.hpp"
#include "support/parameter_sets.hpp"

namespace tapegrad::testing {
namespace {

using data::detail::npz_bytes;
using data::detail::Origin;
using data::detail::parse_npz;

const Origin origin{"load_npz", "x.npz"};

NamedParameters read(const std::string& file) {
  return parse_npz(file, origin);
}

void expect_refused(const std::string& file, const std::vector<std::string>& words,
                    Place place = Place::here()) {
  const ::testing::ScopedTrace trace(place.file, place.line, "expect_refused");
  const std::string text = expect_error<FileError>([&] { read(file); }, words);
  EXPECT_EQ(text.rfind("[load_npz] needs ", 0), 0U) << text;
  EXPECT_NE(text.find("(x.npz"), std::string::npos) << text;
}

/// A .npy file of one row of bytes.
std::string row(const std::string& bytes) {
  return npy_file(npy_header_text("|u1", "(" + std::to_string(bytes.size()) + ",)"), bytes);
}

TEST(Npz, EveryBitComesBack) {
  const TempFolder folder;
  const std::string path = folder.path("set.npz");
  for (const unsigned seed : {1U, 1000U, 2000U}) {
    const NamedParameters named = random_set(seed);
    data::save_npz(path, named);
    expect_same_bits(data::load_npz(path), named);
    EXPECT_TRUE(content_of(path) == npz_bytes(data::load_npz(path), origin));
  }
  data::save_npz(path, {});
  EXPECT_TRUE(data::load_npz(path).empty());
  const NamedParameters longest = {{std::string(65'531, 'w'), Parameter(1.0)}};
  data::save_npz(path, longest);
  expect_same_bits(data::load_npz(path), longest);
}

TEST(Npz, ReadsStoredAndCompressedEntries) {
  const std::string bytes(1000, '\5');
  const std::string file =
      zip_file({{"0.weight.npy", row("\1\2"), false}, {"b.npy", row(bytes), true}});
  const NamedParameters named = read(file);
  ASSERT_EQ(named.size(), 2U);
  EXPECT_EQ(named[0].first, "0.weight");
  EXPECT_EQ(named[0].second.precision(), f32);
  expect_numbers(named[0].second.value(), {1, 2});
  EXPECT_EQ(named[1].first, "b");
  expect_numbers(named[1].second.value(), std::vector<double>(1000, 5));
  EXPECT_TRUE(read(zip_file({})).empty());
}

TEST(Npz, WritesAnArchiveWithoutHelp) {
  const std::string npy = npy_file(npy_header_text("<f4", "(1,)").insert(57, std::string(60, ' ')),
                                   std::string("\0\0\x80\x3f", 4));
  ASSERT_EQ(npy.size(), 132U);
  const std::string written = npz_bytes({{"w", Parameter(array({1}, {1}), f32)}}, origin);
  // The entry with its name, size and content, uncompressed.
  EXPECT_EQ(written.substr(0, 4), "PK\3\4");
  EXPECT_EQ(written.substr(8, 2), little_endian(0, 2));
  EXPECT_EQ(written.substr(10, 4), little_endian(0x00210000, 4));
  const auto* const content = reinterpret_cast<const Bytef*>(npy.data());
  EXPECT_EQ(written.substr(14, 4), little_endian(crc32(0, content, 132), 4));
  EXPECT_EQ(written.substr(18, 8), little_endian(132, 4) + little_endian(132, 4));
  EXPECT_EQ(written.substr(30, 5), "w.npy");
  EXPECT_EQ(written.substr(35, 132), npy);
}

TEST(Npz, RefusesOtherFiles) {
  expect_refused("", {"is empty"});
  expect_refused("hello, world", {"a zip archive; this is none", "check the path"});
  expect_refused(row("\1"), {"load_npy reads .npy"});
}

TEST(Npz, RefusesEntriesThatAreNoArrays) {
  expect_refused(zip_file({{"readme.txt", "hello"}}),
                 {"entries named NAME.npy", "'readme.txt'", "numpy.savez"});
  expect_refused(zip_file({{".npy", row("\1")}}), {"entries named NAME.npy"});
  expect_refused(zip_file({{"folder/", ""}}), {"entries named NAME.npy"});
  expect_refused(zip_file({{"archive/data.pkl", "hello"}}),
                 {"a PyTorch checkpoint", "safetensors.torch.save_file"});
  expect_refused(zip_file({{"w.npy", "hello"}}), {".npy file", "(x.npz, array 'w')"});
  expect_refused(zip_file({{"w.npy", npy_file(npy_header_text("|O", "(1,)"), "pickle")}}),
                 {"Python objects (pickled)", "array 'w'"});
  expect_refused(zip_file({{"w.npy", row("\1") + "x"}}), {"one array and nothing else"});
}

TEST(Npz, RefusesANameThatComesTwice) {
  expect_refused(zip_file({{"w.npy", row("\1")}, {"w.npy", row("\2")}}), {"'w' twice"});
}

TEST(Npz, RefusesDamagedEntries) {
  const std::string content = row(std::string(50, '\3'));
  for (const bool compressed : {false, true}) {
    std::string file = zip_file({{"w.npy", content, compressed}});
    const std::size_t last = file.find("PK\1\2") - 1;
    file[last] = static_cast<char>(file[last] ^ 1);
    expect_refused(file, {"the file again", "array 'w'", compressed ? "" : "corrupt (CRC error)"});
  }
  expect_refused(zip_file({{"w.npy", content, true, 100'000}}), {"announces 100000 bytes"});
  expect_refused(zip_file({{"w.npy", content, true, 1000}}), {"1000 bytes that the archive"});
  expect_refused(zip_file({{"w.npy", content, true, 10}}), {"the 10 bytes that the archive"});
  expect_refused(zip_file({{"w.npy", content, false, 10}}), {"bytes for", "announces 10 bytes"});
  expect_refused(zip_file({{"w.npy", content, false, {}, 12}}), {"compressed by method 12"});
  expect_refused(zip_file({{"w.npy", content, false, {}, {}, 1}}), {"without a password"});
}

TEST(Npz, RefusesBombs) {
  // Announced, but not there.
  expect_refused(zip_file({{"w.npy", row("\1"), true, 0xfffffffe}}),
                 {"announces 4294967294 bytes"});
  // There, but the header of the array says otherwise.
  expect_refused(zip_file({{"w.npy", row("\1") + std::string(5'000'000, '\0'), true}}),
                 {"needs 1 bytes for shape (1,)", "5000001 follow"});
  const std::string header = npy_header_text("<f8", "(1099511627776,)");
  expect_refused(zip_file({{"w.npy", npy_file(header, std::string(1000, '\0')), true}}),
                 {"needs 8796093022208 bytes", "1000 follow"});
  // Two entries that share their bytes: the directory lists one of them twice.
  const std::string one = zip_file({{"w.npy", row(std::string(1000, '\0'))}});
  const std::size_t start = one.find("PK\1\2");
  const std::string record = one.substr(start, one.find("PK\5\6") - start);
  std::string twin = record;
  twin[twin.size() - 5] = 'v';
  expect_refused(one.substr(0, start) + record + twin + "PK\5\6" + little_endian(0, 4) +
                     little_endian(2, 2) + little_endian(2, 2) +
                     little_endian(record.size() + twin.size(), 4) + little_endian(start, 4) +
                     little_endian(0, 2),
                 {"that the file has bytes for", "'v.npy'"});
}

TEST(Npz, EveryTruncationAndEveryChangedByte) {
  const std::string written =
      npz_bytes({{"a", Parameter({1, 2}, f32)}, {"b", Parameter({3, 4}, f64)}}, origin);
  const std::string by_hand = zip_file({{"a.npy", row("\1\2"), true}, {"b.npy", row("\3"), false}});
  for (const std::string& file : {written, by_hand}) {
    expect_truncations_refused(file, read);
    EXPECT_GT(try_changed_bytes(file, read), static_cast<int>(file.size()));
  }
}

TEST(Npz, RefusesNamesThatNoFileHolds) {
  const Parameter p(1.0);
  const TempFolder folder;
  const auto save = [&](const NamedParameters& named, const std::vector<std::string>& words) {
    expect_error<FileError>([&] { data::save_npz(folder.path("set.npz"), named); }, words);
    EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
  };
  save({{"", p}}, {"[save_npz] needs a name", "got ''"});
  save({{std::string("a\0b", 3), p}}, {"needs a name", "'a?b'"});
  save({{"w", p}, {"w", p}}, {"needs each name once; got 'w' twice", folder.path("set.npz")});
  save({{"\xff", p}}, {"names in UTF-8", "'?'"});
  save({{std::string(70'000, 'w'), p}}, {"at most 65531 bytes", "of 70000 bytes"});
}

}  // namespace
}  // namespace tapegrad::testing
