#include <tapegrad/nn/bias_trick.hpp>

#include <utility>
#include <vector>

#include <tapegrad/autograd/composed.hpp>

namespace tapegrad::nn {

Var append_one(Operand x) {
  const int rank = x.shape().rank();
  if (rank == 0) {
    throw ShapeError("[append_one] needs at least one axis, got a scalar (" + to_string(x.place()) +
                     ")");
  }
  std::vector<std::pair<std::int64_t, std::int64_t>> widths(static_cast<std::size_t>(rank));
  widths.back().second = 1;
  return pad(x, widths, 1);
}

Linear bias_trick(const Linear& layer) {
  const std::int64_t out = layer.weight().shape()[0], in = layer.weight().shape()[1];
  Linear result(in + 1, out, false);
  const Array<double> weight = layer.weight().value();
  const Array<double> bias = layer.has_bias() ? layer.bias().value() : Array<double>();
  std::vector<double> joined;
  joined.reserve(static_cast<std::size_t>((in + 1) * out));
  for (std::int64_t row = 0; row < out; ++row) {
    joined.insert(joined.end(), weight.data() + row * in, weight.data() + (row + 1) * in);
    joined.push_back(layer.has_bias() ? bias.data()[row] : 0);
  }
  result.parameters()[0].set_value(ArrayRef(joined.data(), {out, in + 1}));
  return result;
}

}  // namespace tapegrad::nn
