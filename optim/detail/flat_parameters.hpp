#pragma once

#include <cstdint>
#include <vector>

#include <tapegrad/autograd/parameter.hpp>

namespace tapegrad::optim::detail {

/// Several parameters as one long vector in double.
class FlatParameters {
 public:
  /// Throws ValueError, naming `who`, for no parameters or one that comes twice.
  FlatParameters(const char* who, std::vector<Parameter> parameters);

  const std::vector<Parameter>& list() const { return parameters_; }
  /// How many numbers there are.
  std::int64_t size() const { return size_; }

  std::vector<double> values() const;
  void set_values(const std::vector<double>& values);
  /// Zeros where no gradient has arrived.
  std::vector<double> grads() const;
  bool have_grads() const;
  void zero_grad();

 private:
  std::vector<Parameter> parameters_;
  std::int64_t size_ = 0;
};

}  // namespace tapegrad::optim::detail
