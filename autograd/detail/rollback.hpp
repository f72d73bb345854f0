#pragma once

#include <tapegrad/autograd/detail/block.hpp>

namespace tapegrad::detail {

/// Takes back what was appended since it was made, unless told to keep it.
class Rollback {
 public:
  explicit Rollback(Block& block)
      : block_(block),
        size_(block.size),
        extras_(block.extras.size()),
        more_(block.more_operands.size()),
        leaves_(block.leaves.size()),
        scopes_(block.scopes.size()) {}
  ~Rollback() {
    if (kept_) return;
    block_.size = size_;
    block_.extras.erase(block_.extras.begin() + static_cast<std::ptrdiff_t>(extras_),
                        block_.extras.end());
    block_.more_operands.resize(more_);
    block_.leaves.resize(leaves_);
    block_.scopes.resize(scopes_);
  }
  Rollback(const Rollback&) = delete;
  Rollback& operator=(const Rollback&) = delete;
  void keep() { kept_ = true; }

 private:
  Block& block_;
  std::uint32_t size_;
  std::size_t extras_, more_, leaves_, scopes_;
  bool kept_ = false;
};

}  // namespace tapegrad::detail
