#pragma once

#include <utility>
#include <vector>

#include <tapegrad/nn/module.hpp>

namespace tapegrad::nn {

/// Switches a module and its children to training or evaluation behaviour while it lives, and puts
/// each of them back into the state in which it was: `const ModeGuard mode(model, false);`.
class ModeGuard {
 public:
  /// Switches; the module must outlive the guard.
  ModeGuard(Module& module, bool training) {
    module.apply([&](Module& part) { before_.emplace_back(&part, part.is_training()); });
    module.train(training);
  }
  /// Switches back.
  ~ModeGuard() {
    // Parents come first, so that what they set is set again by their children.
    for (auto [part, training] : before_) part->train(training);
  }
  ModeGuard(const ModeGuard&) = delete;
  ModeGuard& operator=(const ModeGuard&) = delete;

 private:
  std::vector<std::pair<Module*, bool>> before_;
};

}  // namespace tapegrad::nn
