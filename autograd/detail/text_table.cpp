#include <tapegrad/autograd/detail/text_table.hpp>

#include <algorithm>

namespace tapegrad::detail {

namespace {

/// The number of characters, where every UTF-8 sequence counts as one.
std::size_t text_width(const std::string& text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

}  // namespace

std::string text_table(const std::vector<std::vector<std::string>>& rows,
                       const std::vector<std::size_t>& numbers) {
  std::vector<std::size_t> widths(rows.front().size(), 0);
  for (const auto& row : rows) {
    for (std::size_t c = 0; c < row.size(); ++c) {
      widths[c] = std::max(widths[c], text_width(row[c]));
    }
  }
  std::string text;
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t c = 0; c < row.size(); ++c) {
      const bool number = std::find(numbers.begin(), numbers.end(), c) != numbers.end();
      const std::string padding(widths[c] - text_width(row[c]), ' ');
      line += (c == 0 ? "" : "  ") + (number ? padding + row[c] : row[c] + padding);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

}  // namespace tapegrad::detail
