// Where hyper-parameters are drawn from.

#include <cmath>
#include <utility>

#include <tapegrad/ops/error.hpp>
#include <tapegrad/train/search.hpp>

namespace tapegrad::train {

Range Range::log_uniform(std::string name, double low, double high) {
  return {std::move(name), low, high, true};
}

Range Range::uniform(std::string name, double low, double high) {
  return {std::move(name), low, high, false};
}

double Range::at(double share) const {
  if (!logarithmic) return low + share * (high - low);
  return std::pow(10, std::log10(low) + share * (std::log10(high) - std::log10(low)));
}

double Range::share(double value) const {
  if (!logarithmic) return (value - low) / (high - low);
  return (std::log10(value) - std::log10(low)) / (std::log10(high) - std::log10(low));
}

double Trial::operator[](const std::string& name) const {
  for (const auto& [known, value] : parameters) {
    if (known == name) return value;
  }
  throw ValueError("[search] needs the name of one of its ranges, got '" + name + "'");
}

}  // namespace tapegrad::train
