#pragma once

#include <memory>
#include <string>
#include <typeinfo>

#include <tapegrad/autograd/tape.hpp>

namespace tapegrad {

/// Groups the gates that a tape records while it lives, as a module does with its own: drawings
/// show the group as a box.
///
///     Var loss;
///     {
///       Scope scope(tape, "loss");
///       loss = mean(square(output - target));
///     }
///
/// A scope that outlives the one in which it began is cut off with that.
class Scope {
 public:
  /// Begins a group of the given name.
  Scope(const Tape& tape, std::string name);
  /// For modules: on the tape of x, if that still lives; `name` is null for a module that belongs
  /// to no other.
  Scope(const Var& x, std::shared_ptr<const std::string> name, const std::type_info& type);
  /// Ends it.
  ~Scope();
  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;

 private:
  void begin(detail::Block& block, std::shared_ptr<const std::string> name,
             const std::type_info* type);

  detail::Block* block_ = nullptr;
  std::uint32_t epoch_ = 0;
  std::size_t position_ = 0;
};

}  // namespace tapegrad
