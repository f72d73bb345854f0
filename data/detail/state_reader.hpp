#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <tapegrad/autograd/named_parameters.hpp>
#include <tapegrad/ops/array.hpp>

/// States of transforms, in and out.
namespace tapegrad::data::detail {

/// A float parameter with these numbers.
Parameter to_parameter(const Array<float>& array);

/// A single number, or a list of them, in double.
Parameter to_parameter(const std::vector<double>& numbers);

/// Takes arrays out of the state of a transform by their names, and makes sure that nothing is
/// left. All errors are ValueErrors that name the kind of transform and the array.
class StateReader {
 public:
  /// Of the state of a transform of this kind.
  StateReader(std::string kind, NamedParameters state);

  /// The array of this name, of finite numbers; a size of −1 may be any. Throws if it is missing or
  /// comes twice, has another shape, or has numbers that are not finite.
  Array<float> take(const std::string& name, const Shape& shape);

  /// All arrays whose names begin with `prefix`, without it: the state of a part.
  NamedParameters part(const std::string& prefix);

  /// The name of any array that is left, empty if there is none.
  std::string any() const { return left_.empty() ? "" : left_.front().first; }

  /// A list of finite numbers of any length.
  std::vector<double> numbers(const std::string& name);

  /// A single one.
  double number(const std::string& name);

  /// A single whole number from 0 to `largest`.
  int choice(const std::string& name, int largest);

  /// A list of sizes of at least 1, a shape of one axis or more.
  Shape shape(const std::string& name);

  /// Throws if something has not been taken.
  void finish() const;

  /// Throws: what is needed of an array.
  [[noreturn]] void refuse(const std::string& name, const std::string& needed) const;

 private:
  Parameter find(const std::string& name);

  std::string kind_;
  NamedParameters left_;
};

}  // namespace tapegrad::data::detail
