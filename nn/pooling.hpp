#pragma once

#include <tapegrad/autograd/composed.hpp>
#include <tapegrad/nn/module.hpp>

namespace tapegrad::nn {

/// Base of the pools: x (N, C, H, W) to (N, C, OH, OW), OH = (H − F + 2P)/S + 1. `MaxPool2d(2)` has
/// windows of 2 side by side, `MaxPool2d(3, 2)` overlapping ones of stride 2,
/// `MaxPool2d(HeightWidth{3, 1})` windows of 3×1. No parameters.
class Pool2d : public Module {
 public:
  /// Without a stride, windows lie side by side.
  explicit Pool2d(HeightWidth window) : form_(window) {}
  /// Size, stride, zeros on each side, and what becomes of a rest (PyTorch rounds down).
  Pool2d(HeightWidth window, HeightWidth stride, HeightWidth padding = 0, Fit fit = Fit::exact)
      : form_(window, stride, padding, fit) {}

  /// Its windows.
  Window window() const override { return {form_.window, form_.stride, form_.dilation}; }

 protected:
  /// How its windows slide.
  const ops::Pooling& form() const { return form_; }

 private:
  ops::Pooling form_;
};

/// The largest element of each window.
class MaxPool2d : public Pool2d {
 public:
  using Pool2d::Pool2d;
  /// Throws ShapeError for images that windows do not fit.
  Var forward(const Var& x) override { return max_pool2d(x, form()); }
};

/// The mean of each window, padding counted as zeros.
class AvgPool2d : public Pool2d {
 public:
  using Pool2d::Pool2d;
  /// Throws ShapeError for images that windows do not fit.
  Var forward(const Var& x) override { return avg_pool2d(x, ops::AvgPool2d(form())); }
};

/// √Σ x² of each window.
class L2Pool2d : public Pool2d {
 public:
  using Pool2d::Pool2d;
  /// Throws ShapeError for images that windows do not fit.
  Var forward(const Var& x) override { return l2_pool2d(x, form()); }
};

}  // namespace tapegrad::nn
