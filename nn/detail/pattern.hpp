#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <tapegrad/ops/sliding.hpp>

namespace tapegrad::detail {

/// A word of a pattern and which one it is in the text, counted from 1.
struct PatternWord {
  std::string text;
  std::size_t position;
};

/// The words of a pattern, what stands in brackets repeated. Throws ValueError saying where a
/// bracket has no partner or no number, or if the network would be longer than 10,000 layers.
std::vector<PatternWord> pattern_words(const std::string& pattern);

/// Reads what follows the name in a word, from left to right.
class WordReader {
 public:
  /// Thrown where the word is not what is asked for; its reader knows which word.
  struct Malformed {};

  /// Reads `text`, which must live as long.
  explicit WordReader(std::string_view text) : rest_(text) {}

  /// Whether everything has been read.
  bool done() const { return rest_.empty(); }
  /// Whether the next thing is a number.
  bool at_number() const;
  /// Reads c if it comes next.
  bool take(char c);
  /// Reads c.
  void expect(char c);
  /// Reads a whole number from `least` to 2^31 − 1.
  std::int64_t integer(std::int64_t least = 1);
  /// Reads a number such as 0.3.
  double number();
  /// Reads `3`, for both sides, or `3x5`, height and width, each from `least` on.
  HeightWidth size(std::int64_t least = 1);

 private:
  std::string_view rest_;
};

}  // namespace tapegrad::detail
