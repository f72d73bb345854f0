#include <tapegrad/data/detail/npz_format.hpp>

#include <zip.h>

#include <cstdint>
#include <memory>
#include <new>

#include <tapegrad/data/detail/npy_format.hpp>

namespace tapegrad::data::detail {
namespace {

constexpr std::string_view ending = ".npy";

/// libzip's word on what went wrong.
class ZipError {
 public:
  ZipError() { zip_error_init(&error_); }
  ~ZipError() { zip_error_fini(&error_); }
  ZipError(const ZipError&) = delete;
  ZipError& operator=(const ZipError&) = delete;

  zip_error_t* get() { return &error_; }
  const char* text() { return zip_error_strerror(&error_); }

 private:
  zip_error_t error_{};
};

struct Free {
  void operator()(zip_source_t* source) const { zip_source_free(source); }
  void operator()(zip_t* archive) const { zip_discard(archive); }
  void operator()(zip_file_t* entry) const { zip_fclose(entry); }
};
using Source = std::unique_ptr<zip_source_t, Free>;
using Archive = std::unique_ptr<zip_t, Free>;
using Entry = std::unique_ptr<zip_file_t, Free>;

/// An archive in memory. It shares `source` with the caller.
Archive open_archive(const Source& source, int flags, ZipError& error) {
  Archive archive(zip_open_from_source(source.get(), flags, error.get()));
  if (archive) zip_source_keep(source.get());
  return archive;
}

// NOTE [Zip bombs]
// A few kilobytes of zip can announce terabytes. Deflate makes at most 1032 bytes of one, and
// honest archives do not let two entries share bytes: so an archive of n bytes holds less than
// 1032·n, what an entry announces is compared with that before it is read, and memory grows with
// what is read.

/// Compressed bytes of an archive that no entry has used so far.
class Budget {
 public:
  explicit Budget(std::size_t bytes) : bytes_(bytes) {}

  /// True if the file is large enough for this entry besides those before it.
  bool take(const zip_stat_t& entry) {
    constexpr std::uint64_t most_per_byte = 1032;
    if (entry.comp_size > bytes_) return false;
    bytes_ -= entry.comp_size;
    if (entry.comp_method == ZIP_CM_STORE) return entry.size == entry.comp_size;
    return entry.size / most_per_byte <= entry.comp_size;
  }

 private:
  std::uint64_t bytes_;
};

/// What an archive says about an entry that is an array.
zip_stat_t stat_entry(zip_t* archive, zip_uint64_t index, Budget& budget, const Origin& origin) {
  zip_stat_t entry;
  constexpr zip_uint64_t needed = ZIP_STAT_NAME | ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE |
                                  ZIP_STAT_COMP_METHOD | ZIP_STAT_ENCRYPTION_METHOD;
  if (zip_stat_index(archive, index, 0, &entry) != 0 || (entry.valid & needed) != needed) {
    origin.fail(
        "needs a whole zip archive; entry {} cannot be found in it ({}); get the file again", index,
        zip_strerror(archive));
  }
  const std::string_view name = entry.name;
  if (name.size() <= ending.size() || name.substr(name.size() - ending.size()) != ending) {
    origin.fail("needs entries named NAME.npy, as numpy.savez writes them; got {}; {}",
                in_quotes(name),
                name.find(".pkl") == std::string_view::npos
                    ? "write the file with numpy.savez"
                    : "a PyTorch checkpoint is read after safetensors.torch.save_file wrote it");
  }
  if (entry.encryption_method != ZIP_EM_NONE) {
    origin.fail("needs entries without a password; {} has one; write the file without",
                in_quotes(name));
  }
  if (entry.comp_method != ZIP_CM_STORE && entry.comp_method != ZIP_CM_DEFLATE) {
    origin.fail(
        "needs entries that are stored or deflated; {} is compressed by method {}; write the file "
        "with numpy.savez",
        in_quotes(name), entry.comp_method);
  }
  if (!budget.take(entry)) {
    origin.fail(
        "needs entries that the file has bytes for; {} announces {} bytes in {}; get the file "
        "again",
        in_quotes(name), entry.size, entry.comp_size);
  }
  return entry;
}

/// The content of an entry, its checksum compared.
std::string read_entry(zip_t* archive, zip_uint64_t index, const zip_stat_t& stat,
                       const Origin& origin) {
  const Entry entry(zip_fopen_index(archive, index, 0));
  if (!entry) {
    origin.fail("needs undamaged entries; this one cannot be opened ({}); get the file again",
                zip_strerror(archive));
  }
  std::string content;
  std::string chunk(1 << 16, '\0');
  // The read that finds the end is the one that compares the checksum.
  zip_int64_t count = 0;
  while ((count = zip_fread(entry.get(), chunk.data(), chunk.size())) > 0) {
    content.append(chunk, 0, static_cast<std::size_t>(count));
    if (content.size() > stat.size) break;
  }
  if (count < 0) {
    origin.fail("needs undamaged entries; this one is corrupt ({}); get the file again",
                zip_file_strerror(entry.get()));
  }
  if (content.size() != stat.size) {
    origin.fail("needs the {} bytes that the archive announces; got {}; get the file again",
                stat.size, count > 0 ? "more" : std::to_string(content.size()));
  }
  return content;
}

}  // namespace

std::string npz_bytes(const NamedParameters& named, const Origin& origin) {
  check_names(named, origin);
  // libzip writes no archive without entries; it consists of its end record.
  if (named.empty()) return std::string("PK\5\6") + std::string(18, '\0');

  ZipError error;
  const Source target(zip_source_buffer_create(nullptr, 0, 0, error.get()));
  if (!target) throw std::bad_alloc();
  Archive archive = open_archive(target, ZIP_TRUNCATE, error);
  if (!archive) throw std::bad_alloc();

  std::vector<std::string> headers;  // read when the archive is closed
  headers.reserve(named.size());
  for (const auto& [name, parameter] : named) {
    headers.push_back(npy_header(parameter.precision(), parameter.shape()));
    const std::string_view numbers = bytes_of(parameter);
    const auto bytes_at = [](std::string_view bytes) {
      // The interface is C's; what it points to is only read.
      auto* const data = reinterpret_cast<zip_uint8_t*>(const_cast<char*>(bytes.data()));
      return zip_buffer_fragment_t{data, bytes.size()};
    };
    const zip_buffer_fragment_t fragments[] = {bytes_at(headers.back()), bytes_at(numbers)};
    Source content(zip_source_buffer_fragment(archive.get(), fragments, 2, 0));
    if (!content) throw std::bad_alloc();
    const std::string entry = name + std::string(ending);
    constexpr std::size_t most_bytes = 65'535;  // libzip would cut off what is more
    const zip_int64_t index =
        entry.size() > most_bytes
            ? -1
            : zip_file_add(archive.get(), entry.c_str(), content.get(), ZIP_FL_ENC_UTF_8);
    if (index < 0) {
      origin.fail("needs names in UTF-8 of at most {} bytes; got {} of {} bytes; rename the array",
                  most_bytes - ending.size(), in_quotes(name), name.size());
    }
    static_cast<void>(content.release());  // the archive owns it now
    // The first day that a zip file can say, as NumPy has it.
    constexpr zip_uint16_t first_day = 1U << 5U | 1U;
    const auto at = static_cast<zip_uint64_t>(index);
    if (zip_set_file_compression(archive.get(), at, ZIP_CM_STORE, 0) != 0 ||
        zip_file_set_dostime(archive.get(), at, 0, first_day, 0) != 0) {
      throw std::bad_alloc();
    }
  }
  if (zip_close(archive.get()) != 0) {
    origin.fail("needs to make a zip archive; that failed ({}); free some memory",
                zip_strerror(archive.get()));
  }
  static_cast<void>(archive.release());

  zip_stat_t stat;
  std::string bytes;
  if (zip_source_stat(target.get(), &stat) == 0 && zip_source_open(target.get()) == 0) {
    bytes.resize(stat.size);
    const zip_int64_t count = zip_source_read(target.get(), bytes.data(), bytes.size());
    zip_source_close(target.get());
    if (count == static_cast<zip_int64_t>(bytes.size())) return bytes;
  }
  throw std::bad_alloc();
}

NamedParameters parse_npz(std::string_view bytes, const Origin& origin) {
  // libzip takes a file of no bytes for an archive of no entries.
  if (bytes.empty()) origin.fail("needs a .npz file; this one is empty; get the file again");
  ZipError error;
  const Source source(zip_source_buffer_create(bytes.data(), bytes.size(), 0, error.get()));
  if (!source) throw std::bad_alloc();
  const Archive archive = open_archive(source, ZIP_RDONLY, error);
  if (!archive) {
    origin.fail(
        "needs a .npz file, which is a zip archive; this is none, or not all of it ({}{}); "
        "check the path or get the file again",
        error.text(), bytes.substr(0, 6) == "\x93NUMPY" ? "; load_npy reads .npy" : "");
  }

  NamedParameters named;
  Budget budget(bytes.size());
  const zip_int64_t count = zip_get_num_entries(archive.get(), 0);
  for (zip_uint64_t index = 0; index < static_cast<zip_uint64_t>(count); ++index) {
    const zip_stat_t stat = stat_entry(archive.get(), index, budget, origin);
    const std::string_view entry = stat.name;
    const std::string name(entry.substr(0, entry.size() - ending.size()));
    const Origin here = within(origin, name);
    const std::string content = read_entry(archive.get(), index, stat, here);
    named.emplace_back(name, to_parameter(parse_npy(content, here), here));
  }
  check_names(named, origin);
  return named;
}

}  // namespace tapegrad::data::detail
