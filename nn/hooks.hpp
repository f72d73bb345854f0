#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include <tapegrad/autograd/var.hpp>

namespace tapegrad::nn {

class Module;

/// Called before a module's forward function; what it returns is the module's input.
using ForwardPreHook = std::function<Var(Module&, const Var& x)>;
/// Called after a module's forward function; what it returns is the module's output.
using ForwardHook = std::function<Var(Module&, const Var& x, const Var& y)>;

}  // namespace tapegrad::nn

namespace tapegrad::detail {

/// What a module calls around its forward function, in the order of registration.
struct Hooks {
  std::vector<std::pair<std::uint64_t, nn::ForwardPreHook>> before;
  std::vector<std::pair<std::uint64_t, nn::ForwardHook>> after;
  std::uint64_t next = 0;
};

}  // namespace tapegrad::detail

namespace tapegrad::nn {

/// Takes a hook away again. The hook stays if its handle is let go, as in PyTorch.
class HookHandle {
 public:
  /// Of no hook.
  HookHandle() = default;
  /// For Module.
  HookHandle(std::weak_ptr<detail::Hooks> hooks, std::uint64_t id)
      : hooks_(std::move(hooks)), id_(id) {}

  /// Removes the hook, a running one from the next call on. Does nothing if it is gone already, by
  /// itself or with its module.
  void remove();

 private:
  std::weak_ptr<detail::Hooks> hooks_;
  std::uint64_t id_ = 0;
};

}  // namespace tapegrad::nn
