#include <tapegrad/autograd/tape.hpp>

#include <utility>

#include <tapegrad/autograd/detail/backward.hpp>
#include <tapegrad/autograd/detail/block.hpp>
#include <tapegrad/autograd/detail/record.hpp>
#include <tapegrad/autograd/detail/replay.hpp>

namespace tapegrad {

Tape::Tape(Precision precision, Mode mode, Place place)
    : block_(detail::open_block(precision, mode, place)) {}

Tape::~Tape() {
  if (block_ != nullptr) detail::close_block(block_);
}

Tape::Tape(Tape&& other) noexcept : block_(std::exchange(other.block_, nullptr)) {}

Tape& Tape::operator=(Tape&& other) noexcept {
  std::swap(block_, other.block_);
  return *this;
}

Var Tape::variable(const ArrayRef& value, Place place) {
  return detail::record_leaf(*block_, value, block_->grad_enabled, false, place);
}

Var Tape::data(const ArrayRef& value, Place place) {
  return detail::record_leaf(*block_, value, false, true, place);
}

Var Tape::parameter(const Parameter& parameter, Place place) {
  return detail::record_parameter(*block_, parameter, place);
}

void Tape::reset(Place place) {
  block_ = detail::reset_block(block_, place);
}

void Tape::replay(Place place) {
  detail::replay(*block_, place);
}

Tape Tape::replay(Precision precision, Place place) const {
  Tape copy(precision, inspect, place);
  detail::replay_into(*block_, *copy.block_, place);
  return copy;
}

void Tape::zero_grad() {
  detail::clear_grads(*block_);
}

std::uint32_t Tape::size() const {
  return block_->size;
}

Var Tape::gate(std::uint32_t index, Place place) const {
  if (index >= block_->size) {
    throw TapeError("[gate] needs an index below the tape's size " + std::to_string(block_->size) +
                    ", got " + std::to_string(index) + " (" + to_string(place) + ")");
  }
  return detail::handle(*block_, index);
}

Precision Tape::precision() const {
  return block_->precision;
}

Mode Tape::mode() const {
  return block_->mode;
}

Tape::Memory Tape::memory() const {
  const auto per_gate = static_cast<std::int64_t>(sizeof(detail::Node) + sizeof(const char*) +
                                                  2 * sizeof(detail::Slot));
  const std::int64_t gates = block_->size * per_gate;
  return {block_->arena.used() + gates, block_->arena.peak() + gates,
          block_->arena.reserved() + block_->capacity * per_gate};
}

Var constant(const ArrayRef& value, Place place) {
  return detail::record_leaf(detail::innermost_or_throw("constant", place), value, false, false,
                             place);
}

}  // namespace tapegrad
