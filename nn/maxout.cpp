#include <tapegrad/nn/maxout.hpp>

#include <string>

namespace tapegrad::nn {

namespace {

Linear linear_pieces(std::int64_t in, std::int64_t out, std::int64_t pieces) {
  if (in < 1 || out < 1 || pieces < 1) {
    throw ValueError("[Maxout] needs at least one input, output and piece, got in " +
                     std::to_string(in) + ", out " + std::to_string(out) + " and " +
                     std::to_string(pieces) + " pieces");
  }
  return {in, out * pieces};
}

}  // namespace

Maxout::Maxout(std::int64_t in, std::int64_t out, std::int64_t pieces)
    : out_(out),
      count_(pieces),
      pieces_(register_module("pieces", linear_pieces(in, out, pieces))) {}

Var Maxout::forward(const Var& x) {
  const Var units = (*pieces_)(x);
  return amax(reshape(units, {units.shape()[0], out_, count_}), -1);
}

}  // namespace tapegrad::nn
