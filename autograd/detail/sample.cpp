#include <tapegrad/autograd/detail/sample.hpp>

#include <algorithm>
#include <set>

namespace tapegrad::detail {

std::vector<std::int64_t> sample(std::int64_t count, std::int64_t most, Generator& generator) {
  std::set<std::int64_t> chosen;
  // Floyd's way to draw without replacement.
  for (std::int64_t i = std::max<std::int64_t>(0, count - most); i < count; ++i) {
    const auto drawn =
        static_cast<std::int64_t>(generator.below(static_cast<std::uint64_t>(i) + 1));
    chosen.insert(count <= most || chosen.count(drawn) != 0 ? i : drawn);
  }
  return {chosen.begin(), chosen.end()};
}

}  // namespace tapegrad::detail
