#include <tapegrad/autograd/detail/branches.hpp>

#include <cstring>
#include <utility>

#include <tapegrad/autograd/detail/arrays.hpp>
#include <tapegrad/autograd/detail/backward.hpp>
#include <tapegrad/autograd/detail/gate_table.hpp>
#include <tapegrad/ops/kernels.hpp>

namespace tapegrad::detail {

bool has_kinks(const Block& block, std::uint32_t index) {
  return !block.is_leaf(index) && table_of_gate(block, index).branches != nullptr;
}

std::vector<std::int64_t> branches_of(const Block& block, std::uint32_t index) {
  std::vector<std::int64_t> result;
  const GateTable& table = table_of_gate(block, index);
  const Shape& shape = block.shape(index);
  std::vector<std::vector<double>> numbers;
  std::vector<ops::In<double>> operands;
  for (std::uint32_t k = 0; k < block.operand_count(index); ++k) {
    const std::uint32_t operand = block.operand(index, k);
    std::vector<double> own(static_cast<std::size_t>(block.count(operand)));
    convert(block.value(operand), block.precision, own.data(), f64, block.count(operand), false);
    if (table.pointwise && block.shape(operand) != shape) {
      std::vector<double> repeated(static_cast<std::size_t>(shape.size()));
      ops::kernels::strided_copy(shape, own.data(),
                                 ops::broadcast_strides(block.shape(operand), shape),
                                 repeated.data(), ops::contiguous_strides(shape), false);
      own = std::move(repeated);
    }
    numbers.push_back(std::move(own));
    operands.push_back({nullptr, table.pointwise ? shape : block.shape(operand)});
  }
  for (std::size_t k = 0; k < operands.size(); ++k) operands[k].data = numbers[k].data();
  table.branches(block.attributes(index), shape.size(),
                 {operands.data(), static_cast<int>(operands.size())}, result);
  return result;
}

BranchTrace::BranchTrace(const Block& block, std::uint32_t output) {
  // Comparisons have no gradient, yet choose where one goes.
  const std::vector<char> upstream = upstream_of(block, output, Path::any);
  for (std::uint32_t i = 0; i <= output; ++i) {
    if (upstream[i] == 0 || !has_kinks(block, i)) continue;
    gates_.push_back(i);
    branches_.push_back(branches_of(block, i));
  }
}

std::uint64_t hash(const std::vector<std::int64_t>& branches, std::uint64_t before) {
  for (const std::int64_t branch : branches) {
    // Knuth's multiplicative hash: a change anywhere changes all later bits.
    before = (before ^ static_cast<std::uint64_t>(branch)) * 0x9E3779B97F4A7C15 + 1;
    before ^= before >> 32;
  }
  return before;
}

namespace {

/// Adds the bits of `count` doubles.
void add_bits(const void* numbers, std::size_t count, std::vector<std::int64_t>& to) {
  const std::size_t before = to.size();
  to.resize(before + count);
  if (count > 0) std::memcpy(to.data() + before, numbers, count * sizeof(double));
}

/// The attributes of a listed pointwise gate are doubles; others may have gaps between members.
std::size_t constants_of(const GateTable& table) {
  return table.pointwise && table.op != Op::custom ? table.attribute_bytes / sizeof(double) : 0;
}

}  // namespace

std::uint64_t circuit_signature(const Block& block, std::uint32_t output) {
  const std::vector<char>& upstream = upstream_of(block, output, Path::any);
  std::vector<std::int64_t> gate;
  std::uint64_t sum = 0;
  for (std::uint32_t i = 0; i <= output; ++i) {
    if (upstream[i] == 0) continue;
    gate.assign({i, static_cast<std::int64_t>(block.nodes[i].op())});
    for (std::uint32_t k = 0; k < block.operand_count(i); ++k) gate.push_back(block.operand(i, k));
    for (const std::int64_t size : block.shape(i)) gate.push_back(size);
    if (!block.is_leaf(i)) {
      const GateTable& table = table_of_gate(block, i);
      gate.push_back(static_cast<std::int64_t>(reinterpret_cast<std::intptr_t>(&table)));
      add_bits(block.attributes(i), constants_of(table), gate);
    } else if (!block.requires_grad(i)) {
      add_bits(block.value(i), static_cast<std::size_t>(block.count(i)), gate);
    }
    sum = hash(gate, sum);
  }
  return sum;
}

std::uint64_t BranchTrace::signature(const Block& block) const {
  std::uint64_t sum = 0;
  for (const std::uint32_t gate : gates_) sum = hash(branches_of(block, gate), sum);
  return sum;
}

std::vector<BranchTrace::Change> BranchTrace::changes(const Block& block) const {
  std::vector<Change> changes;
  for (std::size_t g = 0; g < gates_.size(); ++g) {
    const std::vector<std::int64_t> now = branches_of(block, gates_[g]);
    for (std::size_t i = 0; i < now.size(); ++i) {
      if (now[i] == branches_[g][i]) continue;
      changes.push_back({gates_[g], static_cast<std::int64_t>(i)});
    }
  }
  return changes;
}

}  // namespace tapegrad::detail
