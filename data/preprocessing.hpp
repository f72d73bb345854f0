#pragma once

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include <tapegrad/data/transform.hpp>

namespace tapegrad::data {

/// A chain of transforms: each is fitted to what those before it make of the training samples.
///
///     data::Preprocessing prepare(data::MeanSubtraction{data::Per::channel},
///                                 data::Normalization{data::Per::all});
///     prepare.fit_apply(train);
///     prepare.apply(test);
///     data::save_safetensors("prepare.safetensors", prepare.state_dict());
///
///     data::Preprocessing same;  // In another program.
///     same.load_state_dict(data::load_safetensors("prepare.safetensors"));
///
/// An empty chain leaves samples as they are. A state names each step, `0.mean_subtraction.mean`,
/// so that load_state_dict() makes them; kinds of one's own cannot be restored.
class Preprocessing final : public Transform {
 public:
  /// No steps yet.
  Preprocessing() = default;
  /// These steps, in this order, copied.
  template <class... Rest>
  explicit Preprocessing(const Transform& first, const Rest&... rest) {
    push_back(first);
    (push_back(rest), ...);
  }
  /// A chain with copies of the steps.
  Preprocessing(const Preprocessing& other);
  /// The steps themselves.
  Preprocessing(Preprocessing&&) = default;
  /// A chain with copies of the steps.
  Preprocessing& operator=(const Preprocessing& other);
  /// The steps themselves.
  Preprocessing& operator=(Preprocessing&&) = default;

  /// Adds a copy of a step to the end; the chain has to be fitted then.
  void push_back(const Transform& step);

  /// The number of steps.
  std::size_t size() const { return steps_.size(); }
  /// Step i from 0, not checked.
  const Transform& operator[](std::size_t i) const { return *steps_[i]; }

  const char* kind() const override { return "preprocessing"; }
  std::unique_ptr<Transform> clone() const override;

 private:
  using Steps = std::vector<std::unique_ptr<Transform>>;

  Shape learn(const Dataset& training) override;
  void forward(Array<float>& inputs) const override;
  void backward(Array<float>& inputs) const override;
  NamedParameters learned() const override;
  Shape restore(const Shape& input, detail::StateReader& state) override;

  Steps steps_;
};

}  // namespace tapegrad::data
