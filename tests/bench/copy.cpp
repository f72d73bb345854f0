// The machine itself: copying as many bytes as a gate reads and writes, with memcpy.
#include <cstring>

#include "gates.hpp"
#include "worker.hpp"

namespace {

/// A gate reads its operands and writes a result of the first one's size: a copy of half as many
/// bytes reads and writes the same.
class Copy {
 public:
  explicit Copy(const bench::Task& task) {
    const bench::GateRow row = bench::find_gate_row(task.workload);
    std::size_t floats = static_cast<std::size_t>(bench::element_count(row.operands[0]));
    for (const bench::GateOperand& operand : row.operands) {
      floats += static_cast<std::size_t>(bench::element_count(operand));
    }
    from_.assign(floats / 2, 1.0F);
    to_.assign(floats / 2, 0.0F);
  }

  void step() {
    std::memcpy(to_.data(), from_.data(), from_.size() * sizeof(float));
    asm volatile("" : : "r"(to_.data()) : "memory");  // or the copy is left out
  }

  std::vector<double> results() const { return {0}; }

 private:
  std::vector<float> from_, to_;
};

}  // namespace

int main(int argc, char** argv) {
  return bench::run_worker(argc, argv,
                           {{"copying gate", bench::work<Copy>}, {"own gate", bench::work<Copy>}});
}
