#include <tapegrad/optim/detail/checks.hpp>

#include <algorithm>
#include <string>

#include <tapegrad/ops/error.hpp>

namespace tapegrad::optim::detail {

namespace {

std::string in_brackets(const char* who) {
  return std::string("[") + who + "] ";
}

}  // namespace

void check_not_empty(const char* who, bool empty) {
  if (empty) throw ValueError(in_brackets(who) + "needs parameters to train, got none");
}

void check_distinct(const char* who, const std::vector<Parameter>& parameters) {
  for (auto parameter = parameters.begin(); parameter != parameters.end(); ++parameter) {
    if (std::any_of(parameters.begin(), parameter,
                    [&](const Parameter& earlier) { return same(earlier, *parameter); })) {
      throw ValueError(in_brackets(who) + "needs each parameter once, got one of shape " +
                       to_string(parameter->shape()) +
                       " twice; Module::parameters() lists shared ones once");
    }
  }
}

void check_has_gradients(const char* who, bool has) {
  if (has) return;
  throw TapeError(in_brackets(who) +
                  "needs gradients to step along, got none since zero_grad(); call backward() on "
                  "the loss first, and check that the loss depends on these parameters");
}

}  // namespace tapegrad::optim::detail
