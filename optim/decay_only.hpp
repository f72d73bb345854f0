#pragma once

#include <algorithm>
#include <vector>

#include <tapegrad/autograd/named_parameters.hpp>
#include <tapegrad/ops/error.hpp>
#include <tapegrad/optim/optimizer.hpp>

namespace tapegrad::optim {

/// Two groups for an optimizer: the `decayed` with these options, the others of `parameters` with a
/// weight decay of 0. Given parameters alone, optimizers decay all of them, as PyTorch's do, biases
/// and the scales of batch normalisation too:
///
///     optim::SGDOptions options(0.1, 0.9);
///     options.weight_decay = 5e-4;
///     optim::SGD sgd(optim::decay_only(nn::weights(model), model.parameters(), options));
///
/// Throws ValueError for a decayed one that is not among the parameters.
template <class Options>
std::vector<ParameterGroup<Options>> decay_only(const NamedParameters& decayed,
                                                const std::vector<Parameter>& parameters,
                                                const Options& options) {
  ParameterGroup<Options> weights{{}, options}, others{{}, options};
  others.options.weight_decay = 0;
  for (const Parameter& parameter : parameters) {
    const bool decays = std::any_of(decayed.begin(), decayed.end(), [&](const auto& named) {
      return same(named.second, parameter);
    });
    (decays ? weights : others).parameters.push_back(parameter);
  }
  for (const auto& [name, weight] : decayed) {
    const Parameter& wanted = weight;
    if (std::none_of(parameters.begin(), parameters.end(),
                     [&](const Parameter& parameter) { return same(parameter, wanted); })) {
      throw ValueError("[decay_only] needs what decays among the parameters, got '" + name +
                       "', which is not; take both from one module");
    }
  }
  return {weights, others};
}

}  // namespace tapegrad::optim
