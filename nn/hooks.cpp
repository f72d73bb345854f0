#include <tapegrad/nn/hooks.hpp>

#include <algorithm>

namespace tapegrad::nn {

void HookHandle::remove() {
  const std::shared_ptr<detail::Hooks> hooks = hooks_.lock();
  if (hooks == nullptr) return;
  const auto remove_from = [this](auto& list) {
    const auto is_ours = [this](const auto& entry) { return entry.first == id_; };
    list.erase(std::remove_if(list.begin(), list.end(), is_ours), list.end());
  };
  remove_from(hooks->before);
  remove_from(hooks->after);
  hooks_.reset();
}

}  // namespace tapegrad::nn
