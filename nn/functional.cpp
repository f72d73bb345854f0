#include <tapegrad/nn/functional.hpp>

namespace tapegrad::nn {

Var mean(Operand x) {
  const std::int64_t count = x.kind() == Operand::Kind::var         ? x.var().size()
                             : x.kind() == Operand::Kind::parameter ? x.parameter().size()
                             : x.kind() == Operand::Kind::array     ? x.array().shape().size()
                                                                    : 1;
  if (count == 0) {
    throw ShapeError("[mean] needs at least one element, got none (" + to_string(x.place()) + ")");
  }
  return mul(Operand(sum(x), x.place().file, x.place().line), 1.0 / static_cast<double>(count));
}

Var cross_entropy(Operand scores, Operand labels) {
  const Var losses = softmax_cross_entropy(scores, labels);
  return mean(Operand(losses, scores.place().file, scores.place().line));
}

}  // namespace tapegrad::nn
