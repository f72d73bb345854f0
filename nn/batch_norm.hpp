#pragma once

#include <optional>

#include <tapegrad/nn/module.hpp>

namespace tapegrad::nn {

/// PyTorch's settings of batch normalisation, and its defaults.
struct BatchNormOptions {
  double eps = 1e-5;  ///< Added to the variance before its root is taken.
  /// The share of a new batch in the running averages; without one they are the averages of all
  /// batches so far.
  std::optional<double> momentum = 0.1;
  bool affine = true;  ///< Whether scale and shift are learned.
  bool track_running_stats =
      true;  ///< Without, batches are normalised by themselves in eval() too.
};

/// Base of BatchNorm1d and BatchNorm2d: each channel gets y = (x − mean)/√(variance + eps)·weight +
/// bias. In training mean and (biased) variance are those of the batch, and move the running ones
/// by running ← (1 − momentum)·running + momentum·new, where the new variance is the unbiased one;
/// in evaluation the running ones are used. As in PyTorch. Parameters `weight` (ones) and `bias`
/// (zeros), buffers `running_mean` (zeros), `running_var` (ones) and `num_batches_tracked`; a
/// replay of a tape does not move them. Source: Ioffe, Szegedy, "Batch Normalization", 2015.
class BatchNorm : public Module {
 public:
  /// Throws ShapeError unless x has the layer's channels, and in training more than one number per
  /// channel.
  Var forward(const Var& x) override;

  /// The scale, shape (C). Throws ValueError if the layer has none.
  const Parameter& weight() const { return learned().weight; }
  /// The shift, shape (C). Throws ValueError if the layer has none.
  const Parameter& bias() const { return learned().bias; }

 protected:
  /// Throws ValueError for less than one channel, a negative eps or a momentum outside 0 … 1.
  BatchNorm(const char* who, std::int64_t channels, const BatchNormOptions& options);
  /// Throws ShapeError, saying which shapes are `needed`.
  [[noreturn]] void refuse(const Shape& x, const char* needed) const;

 private:
  /// What is learned.
  struct Affine {
    Parameter weight, bias;
  };
  /// Averages over batches, and how many there were.
  struct Running {
    Parameter mean, variance, batches;
  };
  const Affine& learned() const;
  void check(const Var& x, bool uses_batch) const;
  void track(const Var& moments, std::int64_t count);
  Var normalised(const Var& x, Operand mean, Operand scale) const;

  const char* who_;
  std::int64_t channels_;
  BatchNormOptions options_;
  std::optional<Affine> affine_;
  std::optional<Running> running_;
};

/// Batch normalisation behind fully connected layers: x (N, C), or (N, C, L).
class BatchNorm1d : public BatchNorm {
 public:
  /// For C channels. Throws as BatchNorm.
  explicit BatchNorm1d(std::int64_t channels, const BatchNormOptions& options = {})
      : BatchNorm("BatchNorm1d", channels, options) {}
  /// Throws as BatchNorm, and ShapeError for other ranks.
  Var forward(const Var& x) override;
};

/// Batch normalisation behind convolutions: x (N, C, H, W).
class BatchNorm2d : public BatchNorm {
 public:
  /// For C channels. Throws as BatchNorm.
  explicit BatchNorm2d(std::int64_t channels, const BatchNormOptions& options = {})
      : BatchNorm("BatchNorm2d", channels, options) {}
  /// Throws as BatchNorm, and ShapeError for other ranks.
  Var forward(const Var& x) override;
};

}  // namespace tapegrad::nn
