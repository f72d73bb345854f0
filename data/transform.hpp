#pragma once

#include <memory>
#include <string>

#include <tapegrad/autograd/named_parameters.hpp>
#include <tapegrad/data/dataset.hpp>

namespace tapegrad::data {

namespace detail {
class StateReader;
}

/// A change of samples that is learned from the training data alone and made to all data alike:
///
///     data::PCA pca(144);
///     pca.fit_apply(train);
///     pca.apply(test);    // By what was learned from train.
///     pca.invert(test);
///
/// The base of MeanSubtraction, Normalization, PCA, Whitening, and of Preprocessing, a chain of
/// them. Labels stay as they are. What throws has changed nothing, neither the transform nor the
/// data set.
class Transform {
 public:
  virtual ~Transform() = default;

  /// Its name in messages and in states: `pca`.
  virtual const char* kind() const = 0;

  /// Learns from training samples, in place of what was learned before. Throws ValueError for a
  /// data set without numbers, NonFiniteError for NaN and infinity, what `Dataset::validate`
  /// throws, and what the kind of transform says.
  void fit(const Dataset& training);

  /// True after fit() or load_state_dict().
  bool fitted() const { return !input_.empty(); }

  /// Changes every sample. Throws ValueError before fit(), ShapeError if samples have another shape
  /// than in training, and what `Dataset::validate` throws.
  void apply(Dataset& dataset) const;

  /// fit(), then apply() to the training samples themselves; throws as both.
  void fit_apply(Dataset& training);

  /// Takes apply() back, up to rounding; what it has left out stays lost, as each kind says. Throws
  /// ValueError before fit(), ShapeError if samples have another shape than apply() gives them, and
  /// what `Dataset::validate` throws.
  void invert(Dataset& dataset) const;

  /// The shape of a sample before apply(), that of the training samples; () before fit().
  const Shape& input_shape() const { return input_; }

  /// The shape of a sample after apply(); () before fit().
  const Shape& output_shape() const { return output_; }

  /// All that is needed to go on in another program, options too: arrays with names, for
  /// save_safetensors() beside the weights of the model. Throws ValueError before fit().
  NamedParameters state_dict() const;

  /// Becomes the transform whose state this is. Throws ValueError if it is none of this kind: an
  /// array is missing, has another shape, or is none of its own.
  void load_state_dict(const NamedParameters& state);

  /// A copy of its own.
  virtual std::unique_ptr<Transform> clone() const = 0;

 protected:
  /// Makes it a transform that has to be fitted.
  void forget() { input_ = output_ = Shape(); }

 private:
  friend class Preprocessing;
  friend class Whitening;

  // What a kind of transform consists of. Samples and shapes have been checked; `learn` and
  // `restore` return the shape of a sample after apply(), and change nothing if they throw.

  /// Learns from finite numbers, of which there are some.
  virtual Shape learn(const Dataset& training) = 0;
  /// Inputs (N, input_shape()) become (N, output_shape()).
  virtual void forward(Array<float>& inputs) const = 0;
  /// And back.
  virtual void backward(Array<float>& inputs) const = 0;
  /// What `restore` needs.
  virtual NamedParameters learned() const = 0;
  /// Takes what was learned from samples of a shape.
  virtual Shape restore(const Shape& input, detail::StateReader& state) = 0;

  void check(const Dataset& dataset, const Shape& sample, const char* function) const;

  Shape input_, output_;
};

}  // namespace tapegrad::data
