#pragma once

#include <string>
#include <vector>

#include <tapegrad/autograd/place.hpp>
#include <tapegrad/autograd/var.hpp>
#include <tapegrad/ops/array.hpp>

namespace tapegrad {

/// What one consumer of a gate sent back to it.
struct LedgerEntry {
  Var consumer;            ///< The gate that has it among its operands.
  int operand;             ///< Which one, counted from 0.
  Array<double> gradient;  ///< Of the gate's own shape.
};

/// Where a gate's gradient comes from.
struct GradientLedger {
  std::vector<LedgerEntry> entries;  ///< In tape order.
  Array<double> total;               ///< Their sum.
  /// 1 − Σ|total| / Σ|entries|: 0 if all pull one way, 1 if nothing is left of them,
  /// NaN where they are not finite.
  double cancelled;
};

/// Which consumers sent how much to a gate in the last backward pass, and how much of it cancelled.
/// Consumers that no gradient has reached are left out, and so is what the output of the pass
/// started with. Throws TapeError if the handle is stale, a lean tape has reused its memory or a
/// parameter has changed since it was read.
GradientLedger gradient_ledger(const Var& x, Place place = Place::here());

/// A line per consumer: gate, line, operand, and the norm of what it sent.
std::string to_string(const GradientLedger& ledger);

}  // namespace tapegrad
