#include <tapegrad/autograd/scope.hpp>

#include <utility>

namespace tapegrad {

Scope::Scope(const Tape& tape, std::string name) {
  begin(tape.block(), std::make_shared<const std::string>(std::move(name)), nullptr);
}

Scope::Scope(const Var& x, std::shared_ptr<const std::string> name, const std::type_info& type) {
  // A stale handle is for the module's first gate to complain of.
  if (x.valid()) begin(*detail::VarAccess::block(x), std::move(name), &type);
}

void Scope::begin(detail::Block& block, std::shared_ptr<const std::string> name,
                  const std::type_info* type) {
  block.scopes.push_back({block.size, detail::ScopeRange::open, std::move(name), type});
  block_ = &block;
  epoch_ = block.epoch;
  position_ = block.scopes.size() - 1;
}

Scope::~Scope() {
  // The tape may have been reset, or the gates been taken back after an error.
  if (block_ == nullptr || block_->epoch != epoch_ || position_ >= block_->scopes.size()) return;
  block_->scopes[position_].end = block_->size;
}

}  // namespace tapegrad
