#pragma once

#include <tapegrad/ops/channels.hpp>
#include <tapegrad/ops/kernels.hpp>
#include <tapegrad/ops/rule.hpp>

namespace tapegrad::ops {

struct ChannelSums;
struct Mul;
struct Neg;
struct Reshape;
struct Slice;

/// y = (x − centre[c])·scale[c] + shift[c] for each number of channel c of x (N, C, …), with
/// centre, scale and shift of shape (C): what batch normalisation does to channels.
struct ChannelAffine : Whole<4> {
  Shape shape(Shapes x) const {
    const Channels all = channels_of(x[0], "channel_affine");
    check_one_per_channel(x[1], all, "centre", "channel_affine");
    check_one_per_channel(x[2], all, "scale", "channel_affine");
    check_one_per_channel(x[3], all, "shift", "channel_affine");
    return x[0];
  }

  template <class T>
  void forward(Out<T> y, Operands<T> x) const {
    kernels::channel_affine(channels_of(x[0].shape, "channel_affine"), x[0].data, x[1].data,
                            x[2].data, x[3].data, y.data, y.accumulate);
  }

  template <class Executor>
  void backward(Executor& e) const {
    const Listed<Mul, Executor> times{};
    const auto scale = e.operand(2);
    if (e.needs(0)) {
      e.add(0, times, e.upstream(),
            e.eval(Listed<Reshape, Executor>{beside_channels(e.operand(0).shape())}, scale));
    }
    if (!e.needs(1) && !e.needs(2) && !e.needs(3)) return;
    const auto sums =
        e.eval(Listed<ChannelSums, Executor>{}, e.upstream(), e.operand(0), e.operand(1));
    const Listed<Slice, Executor> first{0, 0, 1}, second{0, 1, 2};
    const Listed<Reshape, Executor> as_row{scale.shape()};
    const auto sum = e.eval(as_row, e.eval(first, sums));
    if (e.needs(1)) {
      e.add(1, Listed<Neg, Executor>{}, e.eval(times, scale, sum));
    }
    if (e.needs(2)) e.add(2, as_row, e.eval(second, sums));
    if (e.needs(3)) e.add(3, as_row, sum);
  }

  template <class Sampler>
  static void samples(Sampler& s) {
    s.add(ChannelAffine{}, {{2, 3, 4}, {3}, {3}, {3}});
    s.add(ChannelAffine{}, {{5, 3}, {3}, {3}, {3}});
    s.add(ChannelAffine{}, {{2, 2, 3, 3}, {2}, {2}, {2}});
    s.add(ChannelAffine{}, {{1, 1, 1}, {1}, {1}, {1}});
    s.add(ChannelAffine{}, {{0, 3, 2}, {3}, {3}, {3}});
  }
};

}  // namespace tapegrad::ops
