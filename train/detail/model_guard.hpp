#pragma once

#include <vector>

#include <tapegrad/autograd/parameter.hpp>
#include <tapegrad/nn/mode_guard.hpp>
#include <tapegrad/nn/module.hpp>
#include <tapegrad/ops/philox.hpp>

namespace tapegrad::detail {

/// Keeps parameters, their gradients, buffers and modes of a model, and nn::default_generator(),
/// and puts all of it back at the end of its life, to the bit. The versions of parameters grow.
class ModelGuard {
 public:
  /// Copies; the model must outlive the guard.
  explicit ModelGuard(nn::Module& model);
  ~ModelGuard();
  ModelGuard(const ModelGuard&) = delete;
  ModelGuard& operator=(const ModelGuard&) = delete;

  /// Puts back values, gradients and random numbers at once, and again at the end.
  void restore() noexcept;

 private:
  struct Copy {
    Parameter parameter;
    std::vector<char> value, grad;
    bool grad_is_zero;
  };

  const nn::ModeGuard modes_;
  const Generator generator_;
  std::vector<Copy> copies_;
};

}  // namespace tapegrad::detail
