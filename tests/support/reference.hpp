#pragma once

#include <tapegrad/autograd/testing/detail/gate_cases.hpp>

namespace tapegrad::testing {

/// The value of a whole-tensor gate by the plainest loops there are, written apart from the
/// library. `result` has the right shape. False if there is none for this gate.
bool reference_forward(const GateCase& gate_case, const std::vector<std::vector<double>>& x,
                       Array<double>& result);

}  // namespace tapegrad::testing
