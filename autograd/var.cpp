#include <tapegrad/autograd/var.hpp>

#include <algorithm>

#include <tapegrad/autograd/detail/arrays.hpp>
#include <tapegrad/autograd/detail/backward.hpp>
#include <tapegrad/autograd/detail/block.hpp>
#include <tapegrad/autograd/detail/record.hpp>

namespace tapegrad {

namespace {

using detail::live_block;

void check_single(const detail::Block& block, std::uint32_t index, const char* who, Place place) {
  if (block.count(index) != 1) {
    throw ShapeError(std::string("[") + who + "] needs a single element, got shape " +
                     to_string(block.shape(index)) + "; value() and grad() copy them all (" +
                     to_string(place) + ")");
  }
}

const void* readable_value(const detail::Block& block, std::uint32_t index, const char* who,
                           Place place) {
  block.check_readable(index, who, place);
  return block.value(index);
}

detail::Block::Grad readable_grad(const detail::Block& block, std::uint32_t index, Place place) {
  block.check_readable(index, "grad", place);
  if (block.unfinished == detail::Block::Unfinished::backward && block.requires_grad(index)) {
    throw TapeError(
        "[grad] needs the gradients of a whole backward pass, got a tape whose last backward() "
        "broke off with an error; zero_grad() the tape and go backward again (" +
        to_string(place) + ")");
  }
  return block.grad(index);
}

}  // namespace

bool Var::valid() const {
  const detail::Block* block = detail::VarAccess::block(*this);
  return block != nullptr && block->alive && block->epoch == epoch();
}

Shape Var::shape(Place place) const {
  return live_block(*this, "shape", place).shape(index());
}

Precision Var::precision(Place place) const {
  return live_block(*this, "precision", place).precision;
}

bool Var::requires_grad(Place place) const {
  return live_block(*this, "requires_grad", place).requires_grad(index());
}

double Var::general_item(Place place) const {
  const detail::Block& block = live_block(*this, "item", place);
  check_single(block, index(), "item", place);
  return detail::first_number(readable_value(block, index(), "item", place), block.precision);
}

Array<double> Var::value(Place place) const {
  const detail::Block& block = live_block(*this, "value", place);
  return detail::to_array(block.shape(index()), readable_value(block, index(), "value", place),
                          block.precision);
}

void Var::value_to(Array<double>& target, Place place) const {
  const detail::Block& block = live_block(*this, "value_to", place);
  const Shape& shape = block.shape(index());
  const void* const numbers = readable_value(block, index(), "value_to", place);
  if (!std::equal(shape.begin(), shape.end(), target.shape().begin(), target.shape().end(),
                  [](std::int64_t a, std::size_t b) { return static_cast<std::size_t>(a) == b; })) {
    target.resize(std::vector<std::size_t>(shape.begin(), shape.end()));
  }
  detail::convert(numbers, block.precision, target.data(), f64, block.count(index()), false);
}

double Var::general_grad_item(Place place) const {
  const detail::Block& block = live_block(*this, "grad_item", place);
  check_single(block, index(), "grad_item", place);
  const auto [numbers, precision] = readable_grad(block, index(), place);
  return numbers == nullptr ? 0.0 : detail::first_number(numbers, precision);
}

Array<double> Var::grad(Place place) const {
  const detail::Block& block = live_block(*this, "grad", place);
  const auto [numbers, precision] = readable_grad(block, index(), place);
  return detail::to_array(block.shape(index()), numbers, precision);
}

void Var::backward(Place place) const {
  detail::run_backward(live_block(*this, "backward", place), index(), nullptr, place);
}

void Var::backward(const ArrayRef& upstream, Place place) const {
  detail::run_backward(live_block(*this, "backward", place), index(), &upstream, place);
}

void Var::set_value(const ArrayRef& value, Place place) const {
  detail::set_leaf_value(live_block(*this, "set_value", place), index(), value, place);
}

Var Var::name(const char* name, Place place) const {
  live_block(*this, "name", place).names.emplace_back(index(), name);
  return *this;
}

}  // namespace tapegrad
