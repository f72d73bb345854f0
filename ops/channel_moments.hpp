#pragma once

#include <tapegrad/ops/channels.hpp>
#include <tapegrad/ops/kernels.hpp>
#include <tapegrad/ops/rule.hpp>

namespace tapegrad::ops {

struct ChannelAffine;
struct MulConstant;
struct Reshape;
struct Slice;

/// The mean and the variance of each channel of x (N, C, …) over its n numbers in all samples:
/// y (2, C) with y[0, c] = Σ x/n and y[1, c] = Σ (x − y[0, c])²/n. What the samples contribute is
/// gathered in double, and their memory read once. ∂y[0, c]/∂x = 1/n,
/// ∂y[1, c]/∂x = 2·(x − y[0, c])/n.
struct ChannelMoments : Whole<1> {
  Shape shape(Shapes x) const {
    const Channels all = channels_of(x[0], "channel_moments");
    if (all.samples * all.size == 0) {
      throw ShapeError("[channel_moments] needs at least one number per channel, got " +
                       to_string(x[0]));
    }
    return {2, all.channels};
  }

  template <class T>
  void forward(Out<T> y, Operands<T> x) const {
    kernels::channel_moments(channels_of(x[0].shape, "channel_moments"), x[0].data, y.data,
                             y.accumulate);
  }

  template <class Executor>
  void backward(Executor& e) const {
    const Channels all = channels_of(e.operand(0).shape(), "channel_moments");
    const auto n = static_cast<double>(all.samples * all.size);
    const Listed<Reshape, Executor> as_row{Shape{all.channels}};
    const Listed<Slice, Executor> first{0, 0, 1}, second{0, 1, 2};
    const auto mean = e.eval(as_row, e.eval(first, e.output()));
    const auto shift = e.eval(as_row, e.eval(first, e.upstream()));
    const auto scale = e.eval(as_row, e.eval(second, e.upstream()));
    e.add(0, Listed<ChannelAffine, Executor>{}, e.operand(0), mean,
          e.eval(Listed<MulConstant, Executor>{2 / n}, scale),
          e.eval(Listed<MulConstant, Executor>{1 / n}, shift));
  }

  template <class Sampler>
  static void samples(Sampler& s) {
    s.add(ChannelMoments{}, {{2, 3, 4}});
    s.add(ChannelMoments{}, {{5, 3}});
    s.add(ChannelMoments{}, {{2, 2, 3, 3}});
    s.add(ChannelMoments{}, {{1, 1, 1}});
    s.add(ChannelMoments{}, {{3, 0, 2}});
  }
};

}  // namespace tapegrad::ops
