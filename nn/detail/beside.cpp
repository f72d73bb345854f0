#include <tapegrad/nn/detail/beside.hpp>

#include <tapegrad/autograd/detail/record.hpp>

namespace tapegrad::detail {

Var parameter_beside(const Var& x, const Parameter& parameter, Place place) {
  return record_parameter(live_block(x, "parameter", place), parameter, place);
}

Var data_beside(const Var& x, const ArrayRef& numbers, Place place) {
  return record_leaf(live_block(x, "data", place), numbers, false, false, place);
}

}  // namespace tapegrad::detail
