#pragma once

#include <vector>

#include <tapegrad/autograd/parameter.hpp>

// Errors that all optimizers have in common; `who` is the one that they name.

namespace tapegrad::optim::detail {

/// Throws ValueError if there are no parameters.
void check_not_empty(const char* who, bool empty);

/// Throws ValueError if a parameter comes twice.
void check_distinct(const char* who, const std::vector<Parameter>& parameters);

/// Throws TapeError if no parameter has a gradient to step along.
void check_has_gradients(const char* who, bool has);

}  // namespace tapegrad::optim::detail
