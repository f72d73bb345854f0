#pragma once

#include <tapegrad/autograd/named_parameters.hpp>
#include <tapegrad/nn/module.hpp>

namespace tapegrad::nn {

/// What a module has learned, its parameters and buffers, under PyTorch's names such as `0.weight`:
/// what to save. These are handles to the module's own, as in PyTorch, not copies. What is shared
/// comes once, under the name where it is met first.
NamedParameters state_dict(const Module& module);

/// Gives a module the values of a set, say from data::load_safetensors: in the order of names that
/// suits, in the precision of the module's own. Throws ValueError that lists everything that does
/// not fit, and changes nothing, unless every parameter and buffer of the module is there once with
/// its shape, nothing else is there, and no finite number is beyond the range of its precision.
void load_state_dict(Module& module, const NamedParameters& state);

}  // namespace tapegrad::nn
