#pragma once

#include <tapegrad/ops/channels.hpp>
#include <tapegrad/ops/kernels.hpp>
#include <tapegrad/ops/rule.hpp>

namespace tapegrad::ops {

struct ChannelAffine;
struct Mul;
struct Neg;
struct Reshape;
struct Slice;

/// Two sums over the numbers of each channel of g and x (N, C, …), for centre (C): y (2, C) with
/// y[0, c] = Σ g and y[1, c] = Σ g·(x − centre[c]). With the upstream gradient as g, those are what
/// channel_affine sends to shift and scale.
struct ChannelSums : Whole<3> {
  Shape shape(Shapes x) const {
    const Channels all = channels_of(x[1], "channel_sums");
    if (x[0] != x[1]) {
      throw ShapeError("[channel_sums] needs two values of one shape, got " + to_string(x[0]) +
                       " and " + to_string(x[1]));
    }
    check_one_per_channel(x[2], all, "centre", "channel_sums");
    return {2, all.channels};
  }

  template <class T>
  void forward(Out<T> y, Operands<T> x) const {
    kernels::channel_sums(channels_of(x[0].shape, "channel_sums"), x[0].data, x[1].data, x[2].data,
                          y.data, y.accumulate);
  }

  template <class Executor>
  void backward(Executor& e) const {
    const Listed<Mul, Executor> times{};
    const Listed<Reshape, Executor> as_row{e.operand(2).shape()};
    const Listed<Slice, Executor> first{0, 0, 1}, second{0, 1, 2};
    const auto scale = e.eval(as_row, e.eval(second, e.upstream()));
    if (e.needs(0)) {
      e.add(0, Listed<ChannelAffine, Executor>{}, e.operand(1), e.operand(2), scale,
            e.eval(as_row, e.eval(first, e.upstream())));
    }
    if (e.needs(1)) {
      e.add(1, times, e.operand(0),
            e.eval(Listed<Reshape, Executor>{beside_channels(e.operand(0).shape())}, scale));
    }
    if (e.needs(2)) {
      const auto sum = e.eval(as_row, e.eval(first, e.output()));
      e.add(2, Listed<Neg, Executor>{}, e.eval(times, scale, sum));
    }
  }

  template <class Sampler>
  static void samples(Sampler& s) {
    s.add(ChannelSums{}, {{2, 3, 4}, {2, 3, 4}, {3}});
    s.add(ChannelSums{}, {{5, 3}, {5, 3}, {3}});
    s.add(ChannelSums{}, {{2, 2, 3, 3}, {2, 2, 3, 3}, {2}});
    s.add(ChannelSums{}, {{1, 1, 1}, {1, 1, 1}, {1}});
    s.add(ChannelSums{}, {{0, 3, 2}, {0, 3, 2}, {3}});
  }
};

}  // namespace tapegrad::ops
