#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include <tapegrad/autograd/precision.hpp>
#include <tapegrad/data/dataset.hpp>
#include <tapegrad/nn/module.hpp>
#include <tapegrad/ops/array.hpp>

namespace tapegrad::train {

/// The probabilities that a classifier gives to the classes of samples, softmax of its scores:
/// (N, classes). In evaluation mode, without recording gradients. Throws as `evaluate`.
Array<double> probabilities(nn::Module& model, const data::Dataset& dataset,
                            Precision precision = default_precision(), int batch_size = 256);

/// How a classifier does on held-out samples.
struct MemberFigures {
  std::string name;     ///< In tables.
  double accuracy = 0;  ///< The share of samples whose largest probability is that of their label.
  double loss = 0;      ///< The mean of −ln of the probability of the label.
};

/// Several classifiers that vote by the mean of their probabilities, beside each of them alone, on
/// samples that none has seen. Members may be models trained from several seeds, the best few of a
/// search, or one model with the weights of several checkpoints; what a member says is taken down
/// when it is added, so its model is free then.
///
///     train::Ensemble ensemble(test);
///     for (const std::string& path : train::checkpoint_files("run")) {
///       nn::load_state_dict(model, train::load_checkpoint(path).part("model"));
///       ensemble.add(path, model);
///     }
///     fmt::print("{}", ensemble.to_table());
///
/// Source: Hansen and Salamon, Neural Network Ensembles, 1990.
class Ensemble {
 public:
  /// The data set is referred to and must live as long. Throws ValueError if it is empty, and what
  /// `Dataset::validate` throws.
  explicit Ensemble(const data::Dataset& held_out);
  explicit Ensemble(const data::Dataset&&) = delete;

  /// Asks a model about all samples. Throws as `probabilities`.
  void add(const std::string& name, nn::Module& model, Precision precision = default_precision());
  /// Takes (N, classes) probabilities from elsewhere. Throws ShapeError for another shape,
  /// ValueError for a number that is below 0 or none, or a row whose sum is not 1 within 1e-3.
  void add(const std::string& name, const Array<double>& probabilities);

  /// Each member alone, in the order in which they came.
  const std::vector<MemberFigures>& members() const { return members_; }
  /// The means of the members' figures, what to expect of one of them. Throws ValueError without
  /// members, as do the functions below.
  MemberFigures mean() const;
  /// The member with the highest accuracy.
  MemberFigures best() const;
  /// All together.
  MemberFigures ensemble() const;
  /// The mean of the members' probabilities, (N, classes).
  Array<double> probabilities() const;

  /// Members, their mean and the ensemble as lines of text.
  std::string to_table() const;

 private:
  void check_members() const;
  MemberFigures figures(const std::string& name, const Array<double>& probabilities) const;

  const data::Dataset* held_out_;
  std::vector<MemberFigures> members_;
  Array<double> sum_;
};

}  // namespace tapegrad::train
