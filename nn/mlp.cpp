#include <tapegrad/nn/mlp.hpp>

#include <charconv>
#include <string_view>

#include <tapegrad/nn/activations.hpp>
#include <tapegrad/nn/linear.hpp>

namespace tapegrad::nn {

Sequential mlp(const std::vector<std::int64_t>& sizes) {
  if (sizes.size() < 2) {
    throw ValueError("[mlp] needs at least two sizes, inputs and outputs, got " +
                     std::to_string(sizes.size()));
  }
  Sequential model;
  for (std::size_t i = 0; i + 1 < sizes.size(); ++i) {
    if (i > 0) model.add(ReLU());
    model.add(Linear(sizes[i], sizes[i + 1]));
  }
  return model;
}

std::vector<std::int64_t> parse_mlp(const std::string& description) {
  constexpr std::string_view prefix = "mlp:";
  std::string_view rest = description;
  std::vector<std::int64_t> sizes;
  bool good = rest.substr(0, prefix.size()) == prefix;
  if (good) rest.remove_prefix(prefix.size());
  while (good) {
    std::int64_t size = 0;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), size);
    good = error == std::errc() && size >= 1;
    rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
    sizes.push_back(size);
    if (rest.empty()) break;
    good = good && rest.front() == '-';
    if (good) rest.remove_prefix(1);
  }
  if (!good || sizes.size() < 2) {
    throw ValueError(
        "[mlp] needs a model such as mlp:784-128-64-10 (inputs, hidden layers, "
        "classes, each at least 1), got '" +
        description + "'");
  }
  return sizes;
}

}  // namespace tapegrad::nn
