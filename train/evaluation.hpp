#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include <tapegrad/autograd/precision.hpp>
#include <tapegrad/data/dataset.hpp>
#include <tapegrad/nn/module.hpp>

namespace tapegrad::train {

/// The loss of a batch, a single number: of its scores (batch, classes) and its labels.
using Loss = std::function<Var(const Var& scores, const std::vector<int>& labels)>;

/// How well one class is told from the others, or a mean of such figures. What would be 0/0 is 0,
/// as in scikit-learn: the precision of a class that was never chosen, the recall of one without
/// samples, and F1 where both are 0.
struct ClassFigures {
  double precision = 0;      ///< Of the samples taken for this class, the share that are of it.
  double recall = 0;         ///< Of the samples of this class, the share taken for it.
  double f1 = 0;             ///< 2·precision·recall/(precision + recall), their harmonic mean.
  std::int64_t support = 0;  ///< Samples of this class.
};

/// What a classifier does on samples, best ones that it has not seen.
struct Evaluation {
  double loss = 0;                            ///< Mean over the samples.
  int classes = 0;                            ///< How many there are, K.
  std::vector<std::string> class_names = {};  ///< One per class, or none.
  /// The confusion matrix: how often a sample of class i (row) was taken for class j (column), at
  /// i·K + j.
  std::vector<std::int64_t> confusion = {};

  /// Samples of a class that were taken for another, or the same one. Not checked.
  std::int64_t count(int label, int chosen) const {
    return confusion[static_cast<std::size_t>(label) * static_cast<std::size_t>(classes) +
                     static_cast<std::size_t>(chosen)];
  }
  /// All samples.
  std::int64_t samples() const;
  /// The share of samples taken for what they are; 0 without samples.
  double accuracy() const;
  /// The figures of one class. Throws ValueError unless there is such a class.
  ClassFigures figures(int label) const;
  /// The mean of all classes' figures, each class counting alike; support is that of all.
  ClassFigures macro_average() const;
  /// The same weighted by support: each sample counts alike.
  ClassFigures weighted_average() const;

  /// Figures as lines of text, a class each, then both averages, the accuracy and the loss.
  std::string to_table() const;
  /// The confusion matrix as lines of text.
  std::string confusion_table() const;
};

/// Measures a classifier in evaluation mode, without recording gradients: nothing of it changes.
/// The loss is the mean softmax cross-entropy unless another one is given. Throws ValueError for an
/// empty data set, what `Dataset::validate` throws, and ShapeError if the model's output is not
/// (batch, classes).
Evaluation evaluate(nn::Module& model, const data::Dataset& dataset, const Loss& loss = {},
                    Precision precision = default_precision(), int batch_size = 256);

/// The share of samples whose largest score is that of their label, in evaluation mode.
/// Throws as `evaluate`.
double accuracy(nn::Module& model, const data::Dataset& dataset,
                Precision precision = default_precision(), int batch_size = 256);

}  // namespace tapegrad::train
