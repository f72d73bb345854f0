#pragma once

#include <cstdint>

#include <tapegrad/autograd/parameter.hpp>
#include <tapegrad/ops/philox.hpp>

namespace tapegrad::nn {

/// The generator from which new modules draw their first weights, one per thread.
Generator& default_generator();

/// Restarts default_generator(): the same seed gives the same weights with every compiler.
void manual_seed(std::uint64_t seed);

namespace init {

/// Fills a weight (out, in, …) with normal numbers of standard deviation √(2/fan_in), where
/// fan_in is the number of inputs of one unit: keeps the variance of activations through ReLUs.
/// Source: He et al., "Delving Deep into Rectifiers", 2015.
void he_normal(Parameter& weight, Generator& generator = default_generator());

/// Fills a parameter with one number: torch.nn.init.constant_.
void constant(Parameter& parameter, double number);

}  // namespace init
}  // namespace tapegrad::nn
