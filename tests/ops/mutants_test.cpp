// For every listed gate, every wrong gradient rule must be noticed by gradcheck.

#include <gtest/gtest.h>

#include <tapegrad/autograd/testing/detail/wrong_rules.hpp>

namespace tapegrad::testing {
namespace {

#define TAPEGRAD_GATE(name, Type)                  \
  TEST(Mutants, name) {                            \
    wrong_gradient_rules_are_noticed(ops::Type{}); \
  }
TAPEGRAD_GATES(TAPEGRAD_GATE)
#undef TAPEGRAD_GATE

}  // namespace
}  // namespace tapegrad::testing
