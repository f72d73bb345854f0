#pragma once

#include <string>
#include <utility>
#include <vector>

#include <tapegrad/autograd/parameter.hpp>

namespace tapegrad {

/// A set of parameters, each with a name such as `0.weight`: what a module consists of, and what
/// files of parameters hold.
using NamedParameters = std::vector<std::pair<std::string, Parameter>>;

}  // namespace tapegrad
