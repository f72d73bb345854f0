#pragma once

#include <tapegrad/autograd/operand.hpp>

namespace tapegrad::detail {

/// An operand of a function that records gates for its user, whose line is `place`.
inline Operand at(const Var& x, Place place) {
  return {x, place.file, place.line};
}
inline Operand at(double number, Place place) {
  return {number, place.file, place.line};
}

}  // namespace tapegrad::detail
