#pragma once

#include <tapegrad/nn/module.hpp>

namespace tapegrad::nn {

/// The parameters of a module that multiply its inputs: those of two or more axes that are not
/// called `bias`. What penalties shrink, and initialisers fill with random numbers:
///
///     for (auto& [name, weight] : nn::weights(model)) nn::init::xavier_uniform(weight);
///     for (auto& [name, bias] : nn::biases(model)) nn::init::constant(bias, 0.01);
NamedParameters weights(const Module& module);

/// The parameters of a module that are called `bias`.
NamedParameters biases(const Module& module);

}  // namespace tapegrad::nn
