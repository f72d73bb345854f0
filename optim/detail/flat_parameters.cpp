#include <tapegrad/optim/detail/flat_parameters.hpp>

#include <algorithm>

#include <tapegrad/autograd/detail/arrays.hpp>
#include <tapegrad/optim/detail/checks.hpp>

namespace tapegrad::optim::detail {

using tapegrad::detail::convert;

FlatParameters::FlatParameters(const char* who, std::vector<Parameter> parameters)
    : parameters_(std::move(parameters)) {
  check_not_empty(who, parameters_.empty());
  check_distinct(who, parameters_);
  for (const Parameter& parameter : parameters_) size_ += parameter.size();
}

std::vector<double> FlatParameters::values() const {
  std::vector<double> result(static_cast<std::size_t>(size_));
  double* to = result.data();
  for (const Parameter& parameter : parameters_) {
    convert(parameter.state()->value, parameter.precision(), to, f64, parameter.size(), false);
    to += parameter.size();
  }
  return result;
}

void FlatParameters::set_values(const std::vector<double>& values) {
  const double* from = values.data();
  for (Parameter& parameter : parameters_) {
    convert(from, f64, parameter.state()->value, parameter.precision(), parameter.size(), false);
    ++parameter.state()->version;
    from += parameter.size();
  }
}

std::vector<double> FlatParameters::grads() const {
  std::vector<double> result(static_cast<std::size_t>(size_));
  double* to = result.data();
  for (const Parameter& parameter : parameters_) {
    if (parameter.has_grad()) {
      convert(parameter.state()->grad, parameter.precision(), to, f64, parameter.size(), false);
    }
    to += parameter.size();
  }
  return result;
}

bool FlatParameters::have_grads() const {
  return std::any_of(parameters_.begin(), parameters_.end(),
                     [](const Parameter& parameter) { return parameter.has_grad(); });
}

void FlatParameters::zero_grad() {
  for (Parameter& parameter : parameters_) parameter.zero_grad();
}

}  // namespace tapegrad::optim::detail
