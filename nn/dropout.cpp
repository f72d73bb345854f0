#include <tapegrad/nn/dropout.hpp>

#include <string>

#include <tapegrad/autograd/detail/record.hpp>
#include <tapegrad/nn/init.hpp>

namespace tapegrad::nn {

namespace {

/// A mask of x's shape on x's tape.
Var mask_for(const Var& x, double p) {
  Generator& generator = default_generator();
  const std::uint64_t high = generator.next();
  const ops::DropoutMask gate(x.shape(), p, high << 32 | generator.next());
  const Place place = Place::here();
  detail::Block& block = detail::live_block(x, "Dropout", place);
  return detail::record_vars(block, detail::table_of<ops::DropoutMask>(), &gate, nullptr, 0, place);
}

}  // namespace

Dropout::Dropout(double p, DropoutScaling scaling) : p_(p), scaling_(scaling) {
  if (!(p >= 0 && p < 1)) {
    throw ValueError("[Dropout] needs p, the probability to drop, from 0 to below 1, got " +
                     std::to_string(p));
  }
}

Var Dropout::forward(const Var& x) {
  const bool is_inverted = scaling_ == DropoutScaling::training;
  if (!is_training()) return is_inverted ? x : x * (1 - p_);
  // The gate's masks are those of inverted dropout.
  const Var y = x * mask_for(x, p_);
  return is_inverted ? y : y * (1 - p_);
}

}  // namespace tapegrad::nn
