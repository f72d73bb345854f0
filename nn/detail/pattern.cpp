#include <tapegrad/nn/detail/pattern.hpp>

#include <charconv>
#include <limits>

namespace tapegrad::detail {

namespace {

constexpr std::size_t most_layers = 10000;

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

[[noreturn]] void fail_at(std::size_t character, const std::string& got) {
  throw ValueError(
      "[architecture] needs brackets in pairs with a number of repetitions, such as "
      "[conv3-32 relu]*2, got " +
      got + " at character " + std::to_string(character + 1));
}

}  // namespace

std::vector<PatternWord> pattern_words(const std::string& pattern) {
  struct Group {
    std::vector<PatternWord> words;
    std::size_t opened;
  };
  std::vector<Group> groups{{{}, 0}};
  std::size_t count = 0;
  const auto check_length = [](std::size_t words) {
    if (words > most_layers) {
      throw ValueError("[architecture] needs at most " + std::to_string(most_layers) +
                       " layers, got more by repetition; repeat less");
    }
  };
  for (std::size_t i = 0; i < pattern.size();) {
    if (is_blank(pattern[i])) {
      ++i;
    } else if (pattern[i] == '[') {
      groups.push_back({{}, i++});
    } else if (pattern[i] == ']') {
      if (groups.size() == 1) fail_at(i, "a ']' that closes nothing");
      const std::size_t digits = i + 2;
      if (digits >= pattern.size() || pattern[i + 1] != '*' || !is_digit(pattern[digits])) {
        fail_at(i, "a ']' without *N");
      }
      std::size_t times = 0;
      const char* const text = pattern.data();
      const auto [end, error] = std::from_chars(text + digits, text + pattern.size(), times);
      if (error != std::errc() || times > most_layers) fail_at(digits, "too large a number");
      const std::vector<PatternWord> words = std::move(groups.back().words);
      groups.pop_back();
      std::vector<PatternWord>& outer = groups.back().words;
      check_length(outer.size() + words.size() * times);
      for (std::size_t k = 0; k < times; ++k) outer.insert(outer.end(), words.begin(), words.end());
      i = static_cast<std::size_t>(end - text);
    } else {
      const std::size_t start = i;
      while (i < pattern.size() && !is_blank(pattern[i]) && pattern[i] != '[' &&
             pattern[i] != ']') {
        ++i;
      }
      groups.back().words.push_back({pattern.substr(start, i - start), ++count});
      check_length(groups.back().words.size());
    }
  }
  if (groups.size() > 1) fail_at(groups.back().opened, "a '[' that nothing closes");
  return groups.back().words;
}

bool WordReader::at_number() const {
  return !rest_.empty() && is_digit(rest_.front());
}

bool WordReader::take(char c) {
  const bool found = !rest_.empty() && rest_.front() == c;
  if (found) rest_.remove_prefix(1);
  return found;
}

void WordReader::expect(char c) {
  if (!take(c)) throw Malformed{};
}

std::int64_t WordReader::integer(std::int64_t least) {
  if (!at_number()) throw Malformed{};
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
  constexpr std::int64_t most = std::numeric_limits<std::int32_t>::max();
  if (error != std::errc() || value < least || value > most) throw Malformed{};
  rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
  return value;
}

double WordReader::number() {
  if (!at_number()) throw Malformed{};
  double value = 0;
  const auto [end, error] =
      std::from_chars(rest_.data(), rest_.data() + rest_.size(), value, std::chars_format::fixed);
  if (error != std::errc()) throw Malformed{};
  rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
  return value;
}

HeightWidth WordReader::size(std::int64_t least) {
  const std::int64_t height = integer(least);
  return take('x') ? HeightWidth(height, integer(least)) : HeightWidth(height);
}

}  // namespace tapegrad::detail
