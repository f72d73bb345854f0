#pragma once

#include <cstdint>
#include <vector>

#include <tapegrad/autograd/detail/block.hpp>

namespace tapegrad::detail {

/// Whether a gate's gradient jumps anywhere: such a gate reports its branches.
bool has_kinks(const Block& block, std::uint32_t index);

/// For each element of a gate with kinks, the branch taken.
std::vector<std::int64_t> branches_of(const Block& block, std::uint32_t index);

/// Goes on with a number that stands for all branches seen so far.
std::uint64_t hash(const std::vector<std::int64_t>& branches, std::uint64_t before);

/// A number that is the same for circuits of the same gates, constants and data, whatever the
/// numbers in their variables.
std::uint64_t circuit_signature(const Block& block, std::uint32_t output);

/// Remembers on which side of its kinks everything upstream of an output lies.
class BranchTrace {
 public:
  BranchTrace() = default;
  BranchTrace(const Block& block, std::uint32_t output);

  /// A number that is the same wherever the branches are; `block` holds the same circuit at other
  /// numbers.
  std::uint64_t signature(const Block& block) const;

  /// Elements of gates that take other branches than they did.
  struct Change {
    std::uint32_t gate;
    std::int64_t element;
  };
  std::vector<Change> changes(const Block& block) const;

 private:
  std::vector<std::uint32_t> gates_;
  std::vector<std::vector<std::int64_t>> branches_;
};

}  // namespace tapegrad::detail
