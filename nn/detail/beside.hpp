#pragma once

#include <tapegrad/autograd/array_ref.hpp>
#include <tapegrad/autograd/parameter.hpp>
#include <tapegrad/autograd/var.hpp>

// What a layer or a loss puts on the tape of x, which need not be the innermost one.

namespace tapegrad::detail {

/// A parameter.
Var parameter_beside(const Var& x, const Parameter& parameter, Place place = Place::here());

/// A copy of numbers, without gradient.
Var data_beside(const Var& x, const ArrayRef& numbers, Place place = Place::here());

}  // namespace tapegrad::detail
