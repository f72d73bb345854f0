#include <tapegrad/autograd/parameter.hpp>

#include <algorithm>
#include <cstring>
#include <mutex>
#include <new>
#include <vector>

#include <tapegrad/autograd/detail/arrays.hpp>
#include <tapegrad/autograd/detail/with_place.hpp>

namespace tapegrad {

namespace detail {

namespace {

/// Hands out the small numbers of living parameters.
class SlotRegistry {
 public:
  std::uint32_t take() {
    const std::lock_guard lock(mutex_);
    if (free_.empty()) return next_++;
    const std::uint32_t slot = free_.back();
    free_.pop_back();
    return slot;
  }
  void give_back(std::uint32_t slot) {
    const std::lock_guard lock(mutex_);
    free_.push_back(slot);
  }
  std::uint64_t serial() {
    const std::lock_guard lock(mutex_);
    return ++serial_;
  }

 private:
  std::mutex mutex_;
  std::vector<std::uint32_t> free_;
  std::uint32_t next_ = 0;
  std::uint64_t serial_ = 0;
};

SlotRegistry& registry() {
  // Never destroyed: parameters with static lifetime may outlive any static object of ours.
  static auto* const instance = new SlotRegistry;
  return *instance;
}

}  // namespace

ParameterState::ParameterState(const Shape& shape_, Precision precision_)
    : shape(shape_),
      size(checked_size(shape_, "parameter")),
      precision(precision_),
      value_memory(allocate_aligned(size * bytes_per_number(precision_))),
      grad_memory(allocate_aligned(size * bytes_per_number(precision_))),
      value(value_memory.get()),
      grad(grad_memory.get()),
      slot(registry().take()),
      serial(registry().serial()) {}

void ParameterState::FreeAligned::operator()(void* memory) const noexcept {
  free_aligned(memory);
}

ParameterState::~ParameterState() {
  registry().give_back(slot);
}

void* ParameterState::materialized_grad() {
  if (grad_is_zero) {
    std::memset(grad, 0, static_cast<std::size_t>(size * bytes_per_number(precision)));
    grad_is_zero = false;
  }
  return grad;
}

}  // namespace detail

Parameter::Parameter(const ArrayRef& value, Precision precision)
    : state_(std::make_shared<detail::ParameterState>(value.shape(), precision)) {
  detail::copy_in(value, state_->value, precision);
}

Parameter Parameter::zeros(const Shape& shape, Precision precision) {
  Parameter result(std::make_shared<detail::ParameterState>(shape, precision));
  std::memset(result.state_->value, 0,
              static_cast<std::size_t>(result.size() * bytes_per_number(precision)));
  return result;
}

void Parameter::set_value(const ArrayRef& value, Place place) {
  overwrite(state_->value, value, "set_value", place);
  ++state_->version;
}

void Parameter::set_grad(const ArrayRef& grad, Place place) {
  overwrite(state_->grad, grad, "set_grad", place);
  state_->grad_is_zero = false;
}

void Parameter::overwrite(void* target, const ArrayRef& source, const char* who, Place place) {
  detail::with_place(place, [&] { detail::check_same_shape(source.shape(), shape(), who); });
  if (source.borrowed(precision()) != nullptr) return detail::copy_in(source, target, precision());
  // A lazy expression may read what it overwrites: transpose(w.view<float>()).
  const std::int64_t bytes = size() * bytes_per_number(precision());
  std::vector<unsigned char> numbers(static_cast<std::size_t>(bytes));
  detail::copy_in(source, numbers.data(), precision());
  std::copy(numbers.begin(), numbers.end(), static_cast<unsigned char*>(target));
}

Parameter Parameter::clone() const {
  Parameter copy(std::make_shared<detail::ParameterState>(shape(), precision()));
  std::memcpy(copy.state_->value, state_->value,
              static_cast<std::size_t>(size() * bytes_per_number(precision())));
  return copy;
}

Array<double> Parameter::copy_out(const void* numbers, bool zero) const {
  return detail::to_array(shape(), zero ? nullptr : numbers, precision());
}

void Parameter::check_type(Precision wanted) const {
  if (wanted != precision()) {
    throw TapeError(std::string("[parameter] needs view<") +
                    (precision() == f32 ? "float" : "double") + ">() for its precision, got <" +
                    (wanted == f32 ? "float" : "double") + ">; value() converts");
  }
}

}  // namespace tapegrad
