#include <tapegrad/autograd/no_grad.hpp>

#include <tapegrad/autograd/detail/block.hpp>

namespace tapegrad {

NoGrad::NoGrad() : before_(detail::set_grad_enabled(false)) {}

NoGrad::~NoGrad() {
  detail::set_grad_enabled(before_);
}

}  // namespace tapegrad
