#pragma once

#include <vector>

#include <tapegrad/autograd/detail/block.hpp>
#include <tapegrad/autograd/detail/gate_table.hpp>
#include <tapegrad/autograd/detail/pointwise.hpp>
#include <tapegrad/autograd/var.hpp>

// NOTE [Two executors]
// The backward rule of a whole-tensor gate is a list of statements `e.add(k, gate, values...)`.
// ComputeExecutor runs each at once, adding straight into the operand's gradient memory.
// RecordExecutor records the same gates on the tape and adds the Vars, so that the gradient is
// itself a circuit. Both offer operand(), output(), upstream(), eval() and add(), and the latter
// two for lists whose length is known at run time only.

namespace tapegrad::detail {

/// Memory that receives a gradient: `accumulate` is false for the first contribution.
struct GradTarget {
  void* data;
  bool accumulate;
};

/// Decides which operands of a gate get a gradient, and where it goes.
class GradSink {
 public:
  virtual bool needs(std::uint32_t operand, int position) = 0;
  virtual GradTarget target(std::uint32_t operand) = 0;

 protected:
  ~GradSink() = default;
};

/// Runs the backward rule of one gate on numbers.
class ComputeExecutor {
 public:
  ComputeExecutor(Block& block, std::uint32_t index, GradSink& sink)
      : block_(block), index_(index), sink_(sink) {}
  ~ComputeExecutor();
  ComputeExecutor(const ComputeExecutor&) = delete;
  ComputeExecutor& operator=(const ComputeExecutor&) = delete;

  int operand_count() const { return static_cast<int>(block_.operand_count(index_)); }
  View operand(int k) const { return view(block_.operand(index_, static_cast<std::uint32_t>(k))); }
  View output() const { return view(index_); }
  View upstream() const;

  bool needs(int k) const { return sink_.needs(operand_index(k), k); }

  /// The value of a gate, in memory that lives as long as this executor.
  template <class G, class... Values>
  View eval(const G& gate, const Values&... values) {
    const View views[] = {values..., View{}};
    return eval_list(gate, views, static_cast<int>(sizeof...(values)));
  }
  template <class G>
  View eval_list(const G& gate, const View* values, int count) {
    return evaluate(table_of<G>(), &gate, values, static_cast<std::size_t>(count));
  }

  /// The gradient of operand k += gate(values...).
  template <class G, class... Values>
  void add(int k, const G& gate, const Values&... values) {
    const View views[] = {values..., View{}};
    add_list(k, gate, views, static_cast<int>(sizeof...(values)));
  }
  template <class G>
  void add_list(int k, const G& gate, const View* values, int count) {
    if (!needs(k)) return;
    add_to(operand_index(k), table_of<G>(), &gate, values, static_cast<std::size_t>(count));
  }

  /// Adds the gradients of a pointwise gate.
  void pointwise(const GateTable& table, const void* gate);

 private:
  std::uint32_t operand_index(int k) const {
    return block_.operand(index_, static_cast<std::uint32_t>(k));
  }
  View view(std::uint32_t index) const { return {block_.value(index), block_.shape(index)}; }
  View evaluate(const GateTable& table, const void* gate, const View* x, std::size_t count);
  void add_to(std::uint32_t operand, const GateTable& table, const void* gate, const View* x,
              std::size_t count);

  struct Temporary {
    void* memory;
    std::int64_t bytes;
  };
  static constexpr int most_temporaries = 8;

  Block& block_;
  std::uint32_t index_;
  GradSink& sink_;
  Temporary temporaries_[most_temporaries];
  int temporary_count_ = 0;
};

/// Applies a gate to raw views: y = or += gate(x₀, …).
void run_forward(const GateTable& table, const void* gate, Precision precision, const View* x,
                 std::size_t count, const Shape& shape, void* y, bool accumulate);

/// Where a gate's output of the given shape begins among the numbers of x₀, or −1 if it has numbers
/// of its own. Throws ShapeError where a gate says that it would end behind them.
std::int64_t view_offset(const GateTable& table, const void* gate, const Shape& x,
                         const Shape& shape);

/// The shape of a gate's output. Throws ShapeError.
Shape infer_shape(const GateTable& table, const void* gate, const Shape* const* shapes,
                  std::size_t count);

/// Records the backward rule of one gate.
class RecordExecutor {
 public:
  /// `gradients[i]` collects the gradient of gate i; `wanted[i]` says whether it is needed.
  RecordExecutor(Block& block, std::uint32_t index, std::vector<Var>& gradients,
                 const std::vector<char>& wanted)
      : block_(block), index_(index), gradients_(gradients), wanted_(wanted) {}

  int operand_count() const { return static_cast<int>(block_.operand_count(index_)); }
  Var operand(int k) const;
  Var output() const;
  Var upstream() const { return gradients_[index_]; }

  bool needs(int k) const {
    return wanted_[block_.operand(index_, static_cast<std::uint32_t>(k))] != 0;
  }

  template <class G, class... Values>
  Var eval(const G& gate, const Values&... values) {
    const Var vars[] = {values..., Var{}};
    return eval_list(gate, vars, static_cast<int>(sizeof...(values)));
  }
  template <class G>
  Var eval_list(const G& gate, const Var* values, int count) {
    return record(table_of<G>(), &gate, values, static_cast<std::size_t>(count));
  }

  template <class G, class... Values>
  void add(int k, const G& gate, const Values&... values) {
    if (needs(k)) add_checked(k, eval(gate, values...));
  }
  template <class G>
  void add_list(int k, const G& gate, const Var* values, int count) {
    if (needs(k)) add_checked(k, eval_list(gate, values, count));
  }

  /// The gradient of operand k += a Var, summed to the operand's shape.
  void contribute(int k, const Var& gradient);

 private:
  void add_checked(int k, const Var& gradient);
  Var record(const GateTable& table, const void* gate, const Var* operands, std::size_t count);

  Block& block_;
  std::uint32_t index_;
  std::vector<Var>& gradients_;
  const std::vector<char>& wanted_;
};

}  // namespace tapegrad::detail
