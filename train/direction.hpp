#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <tapegrad/autograd/parameter.hpp>
#include <tapegrad/ops/array.hpp>

namespace tapegrad::train {

/// How a random direction gets the size of the parameters it moves. A network whose weights are
/// twice as large behind a ReLU needs steps twice as long to change as much: without scaling,
/// landscapes of two networks cannot be compared.
/// Source: Li et al., "Visualizing the Loss Landscape of Neural Nets", 2018.
enum class Scaling : std::uint8_t {
  /// Normal numbers as they are drawn.
  none,
  /// Each parameter's part gets the norm of the parameter.
  layer,
  /// Each row along the first axis (the weights of one unit or filter) gets the norm of the same
  /// row of the parameter. Parameters with fewer than two axes, such as biases, stay where they
  /// are, as in the authors' programs.
  filter,
};

/// A straight line through the values of some parameters, along which a loss is looked at
/// (loss_landscape). It refers to the parameters and never changes them.
class Direction {
 public:
  /// The part of a direction that moves one parameter.
  struct Part {
    Parameter parameter;  ///< What moves.
    Array<double> step;   ///< How far for one unit along the direction.
  };

  /// One element of a parameter, all others held. The coordinate is the element's value itself.
  /// Without a name it is called as its module named it, `weight[0, 1]`. Throws ShapeError unless
  /// there is such an element.
  static Direction weight(const Parameter& parameter, const std::vector<std::int64_t>& index,
                          std::string name = {});

  /// Normal numbers for all elements of the parameters, then scaled. The coordinate is 0 where the
  /// parameters are. The same seed gives the same direction for parameters of the same shapes
  /// and, unless Scaling::none, values. Throws ValueError without parameters, for one that comes
  /// twice, or where scaling leaves nothing that moves.
  static Direction random(const std::vector<Parameter>& parameters, std::uint64_t seed,
                          Scaling scaling = Scaling::filter);

  /// The given steps, say the difference to another network's weights. The coordinate is 0 where
  /// the parameters are and counts steps. Throws ValueError as `random`, or if a step is not
  /// finite; ShapeError unless there is one step per parameter, of its shape.
  static Direction given(const std::vector<Parameter>& parameters,
                         const std::vector<Array<double>>& steps, std::string name);

  /// What its axis is called.
  const std::string& name() const { return name_; }
  /// What moves, each parameter once.
  const std::vector<Part>& parts() const { return parts_; }
  /// The position in row-major order of the only element that moves, if the coordinate is its value
  /// (`weight`).
  const std::optional<std::size_t>& element() const { return element_; }

 private:
  Direction(std::string name, std::vector<Part> parts, std::optional<std::size_t> element = {});

  std::string name_;
  std::vector<Part> parts_;
  std::optional<std::size_t> element_;
};

}  // namespace tapegrad::train
