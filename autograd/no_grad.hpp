#pragma once

namespace tapegrad {

/// While it lives, gates recorded on this thread need no gradient: nothing can go backward through
/// them. `NoGrad no_grad;` at the top of an evaluation.
class NoGrad {
 public:
  NoGrad();
  ~NoGrad();
  NoGrad(const NoGrad&) = delete;
  NoGrad& operator=(const NoGrad&) = delete;

 private:
  bool before_;
};

}  // namespace tapegrad
