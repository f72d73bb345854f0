#pragma once

#include <cstdint>

#include <tapegrad/autograd/parameter.hpp>
#include <tapegrad/ops/philox.hpp>

namespace tapegrad::nn {

/// The generator from which new modules draw their first weights, one per thread.
Generator& default_generator();

/// Restarts default_generator(): the same seed gives the same weights with every compiler.
void manual_seed(std::uint64_t seed);

/// First numbers for parameters. A weight is (out, in, …): one vector of fan_in = in·… numbers for
/// each of its `out` units; fan_out = out·… is to how many units an input goes. What makes the
/// variance of activations neither die nor explode through many layers depends on the activation:
/// he_normal for ReLU, xavier_normal or lecun_normal for tanh. `./examples/run.sh initialization`
/// shows it. Those with a fan throw ShapeError unless the weight has two axes or more and elements.
namespace init {

/// Fills a parameter with one number, say biases with 0.01: torch.nn.init.constant_.
void constant(Parameter& parameter, double number);

/// Fills a parameter with 0: torch.nn.init.zeros_. Right for biases. Of *weights* it is a trap: all
/// units of a layer compute the same and get the same gradient, so they stay copies of one another
/// for ever; behind a hidden layer of zeros no gradient arrives at all.
void zeros(Parameter& parameter);

/// Fills a parameter with normal numbers: torch.nn.init.normal_. Small ones, of standard deviation
/// 0.01, suit shallow nets; through deep ones activations and gradients die out. Throws ValueError
/// unless the mean is finite and the standard deviation is finite and at least 0.
void normal(Parameter& parameter, double mean = 0, double standard_deviation = 1,
            Generator& generator = default_generator());

/// Fills a parameter with numbers between low and high, all equally likely:
/// torch.nn.init.uniform_. Throws ValueError unless both are finite and low ≤ high.
void uniform(Parameter& parameter, double low = 0, double high = 1,
             Generator& generator = default_generator());

/// Fills a weight with normal numbers of standard deviation 1/√fan_in: a sum over inputs has the
/// variance of one of them. Source: LeCun et al., "Efficient BackProp", 1998.
void lecun_normal(Parameter& weight, Generator& generator = default_generator());

/// Fills a weight with normal numbers of standard deviation √(2/fan_in): keeps the variance of
/// activations through ReLUs. torch.nn.init.kaiming_normal_ with its defaults. Source: He et al.,
/// "Delving Deep into Rectifiers", 2015.
void he_normal(Parameter& weight, Generator& generator = default_generator());

/// The same with uniform numbers between ±√(6/fan_in): torch.nn.init.kaiming_uniform_ with its
/// defaults.
void he_uniform(Parameter& weight, Generator& generator = default_generator());

/// Fills a weight with normal numbers of standard deviation gain·√(2/(fan_in + fan_out)), a
/// compromise between activations and gradients: torch.nn.init.xavier_normal_. A gain of 5/3 makes
/// up for what tanh takes away. Throws ValueError unless the gain is finite and at least 0. Source:
/// Glorot and Bengio, "Understanding the Difficulty of Training Deep Feedforward Neural Networks",
/// 2010.
void xavier_normal(Parameter& weight, double gain = 1, Generator& generator = default_generator());

/// The same with uniform numbers between ±gain·√(6/(fan_in + fan_out)):
/// torch.nn.init.xavier_uniform_.
void xavier_uniform(Parameter& weight, double gain = 1, Generator& generator = default_generator());

/// Connects each unit to a fixed number of its inputs, drawn at random, with normal numbers of the
/// given standard deviation, and fills the rest with 0. PyTorch's sparse_ takes the share of zeros
/// instead, and draws units for each input. Throws ValueError unless connections are from 1 to
/// fan_in and the standard deviation is finite and at least 0. Source: Martens, "Deep Learning via
/// Hessian-Free Optimization", 2010.
void sparse(Parameter& weight, std::int64_t connections, double standard_deviation = 0.01,
            Generator& generator = default_generator());

}  // namespace init
}  // namespace tapegrad::nn
