#pragma once

#include <functional>
#include <vector>

#include <tapegrad/autograd/detail/branches.hpp>
#include <tapegrad/autograd/detail/difference_quotient.hpp>
#include <tapegrad/autograd/tape.hpp>

namespace tapegrad::detail {

/// A leaf whose gradient is checked. Its numbers are moved in place.
struct CheckedLeaf {
  std::uint32_t index;
  double* numbers;
  std::vector<double> analytic;

  /// The largest absolute value of the gradient.
  double largest() const;
};

/// A scalar that is computed again wherever its leaves have been moved to.
class Objective {
 public:
  virtual ~Objective() = default;
  /// The circuit, in double and walked backward, where nothing has been moved yet.
  virtual Block& block() = 0;
  virtual std::uint32_t output() const = 0;
  virtual std::vector<CheckedLeaf> leaves() = 0;
  virtual Sample evaluate() = 0;
  /// How many branches the last evaluation took that differ from those where nothing was moved.
  virtual std::size_t changed_branches() const = 0;
};

/// A recorded circuit, replayed in double.
class ReplayedCircuit final : public Objective {
 public:
  ReplayedCircuit(const Block& recorded, std::uint32_t output, Place place);

  Block& block() override { return copy_.block(); }
  std::uint32_t output() const override { return output_; }
  std::vector<CheckedLeaf> leaves() override;
  Sample evaluate() override;
  std::size_t changed_branches() const override;

 private:
  Tape copy_;
  std::uint32_t output_;
  Place place_;
  BranchTrace trace_;
};

/// A function of variables, recorded anew at every point.
class RecordedFunction final : public Objective {
 public:
  using Function = std::function<Var(const std::vector<Var>&)>;

  RecordedFunction(const Function& function, const std::vector<Array<double>>& inputs, Place place);

  Block& block() override { return tape_.block(); }
  std::uint32_t output() const override { return output_; }
  std::vector<CheckedLeaf> leaves() override;
  Sample evaluate() override;
  std::size_t changed_branches() const override;

  /// Whether some point was computed by other gates than the first one.
  bool control_flow_depends_on_inputs() const { return other_circuits_; }

 private:
  Var record(Tape& tape);

  const Function& function_;
  std::vector<Array<double>> inputs_;
  Place place_;
  Tape tape_;
  std::uint32_t output_ = 0;
  std::uint64_t circuit_ = 0;
  bool other_circuits_ = false;
};

/// The gradient that has arrived at a leaf of a tape in double, zeros if none has.
std::vector<double> gradient_of(const Block& block, std::uint32_t leaf);

}  // namespace tapegrad::detail
