#pragma once

#include <cctype>
#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

// What a gate's page takes from the text of its header. clang-format has made the text regular.

namespace tapegrad::docs {

inline std::string read_text(const std::filesystem::path& path) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error("cannot read " + path.string());
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

/// What the first group of a pattern matches; empty if nothing does.
inline std::string first_match(const std::string& text, const std::string& pattern) {
  std::smatch match;
  return std::regex_search(text, match, std::regex(pattern)) ? match[1].str() : std::string();
}

/// The text without the same few characters at the start of each line: a comment's marks.
inline std::string without_marks(const std::string& text, const std::string& mark) {
  return std::regex_replace(text, std::regex("(^|\n)" + mark + " ?"), "$1");
}

/// The header of one gate.
struct GateHeader {
  /// Its doc comment, in Doxygen's Markdown.
  std::string comment;
  /// The struct as it stands, from `struct` to `};`.
  std::string rule;
  /// Its blocks `// NOTE [...]`, without the marks.
  std::vector<std::string> notes;
  /// The names of a pointwise gate's operands, as in its forward rule.
  std::vector<std::string> operands;
  /// The attributes that its longest constructor takes, in order.
  std::vector<std::string> attributes;
};

/// The attributes that the longest constructor of a type takes: of
/// `Slice(std::int64_t along, ...) : axis(along), ...` each goes by its own name, at the place of
/// its parameter.
inline std::vector<std::string> attributes_of(const std::string& rule, const std::string& type) {
  const std::regex constructors("\n  (?:explicit )?" + type + "\\(([^)]+)\\)\\s*:([^;]*?) \\{");
  const std::regex parameter("(\\w+)(?: = [^,]*)?(?:,|$)");
  std::vector<std::string> longest;
  for (std::sregex_iterator found(rule.begin(), rule.end(), constructors), end; found != end;
       ++found) {
    const std::string list = (*found)[1];
    const std::string initialisers = (*found)[2];
    std::vector<std::string> attributes;
    for (std::sregex_iterator name(list.begin(), list.end(), parameter); name != end; ++name) {
      attributes.push_back(
          first_match(initialisers, "(\\w+)\\(\\{?" + (*name)[1].str() + "\\}?\\)"));
    }
    if (attributes.size() > longest.size()) longest = attributes;
  }
  return longest;
}

inline GateHeader read_gate_header(const std::filesystem::path& path, const std::string& type) {
  const std::string text = read_text(path);
  GateHeader header;
  std::smatch match;
  if (!std::regex_search(text, match,
                         std::regex("((?:///.*\n)*)(struct " + type + " : (?:.*\n)*?\\};)\n"))) {
    throw std::runtime_error(path.string() + " has no struct " + type);
  }
  header.comment = without_marks(match[1], "///");
  header.rule = match[2];

  const std::regex note_block("\n(// NOTE \\[(?:.*\n//)*.*)");
  for (std::sregex_iterator note(text.begin(), text.end(), note_block), end; note != end; ++note) {
    header.notes.push_back(without_marks((*note)[1], "//"));
  }

  std::istringstream parameters(first_match(header.rule, "T forward\\(([^)]*)\\)"));
  for (std::string word; parameters >> word;) {
    if (word == "T") continue;
    header.operands.push_back(word.substr(0, word.find(',')));
  }

  header.attributes = attributes_of(header.rule, type);
  const std::string base = first_match(header.rule, "struct \\w+ : (\\w+) \\{");
  if (!base.empty()) {
    std::string file = base;
    file[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(file[0])));
    header.attributes = attributes_of(read_text(path.parent_path() / (file + ".hpp")), base);
  }
  return header;
}

}  // namespace tapegrad::docs
