#pragma once

#include <tapegrad/autograd/custom_gate.hpp>
#include <tapegrad/autograd/testing/detail/gate_checks.hpp>
#include <tapegrad/autograd/testing/detail/wrong_rules.hpp>

/// Checks of gates, for programs of GoogleTest, which the library itself does not need.
namespace tapegrad::testing {

/// Registers the checks of a gate as tests of `suite`; true.
template <class G>
bool check_gate(const char* suite, const G& rule, Place place) {
  register_gate_checks(suite, cases_of(rule), gate_checks(), place);
  class WrongRules : public ::testing::Test {
   public:
    explicit WrongRules(const G& rule) : rule_(rule) {}
    void TestBody() override { wrong_gradient_rules_are_noticed(rule_); }

   private:
    G rule_;
  };
  ::testing::RegisterTest(suite, "WrongGradientRulesAreNoticed", nullptr, nullptr, place.file,
                          place.line,
                          [rule]() -> ::testing::Test* { return new WrongRules(rule); });
  return true;
}

}  // namespace tapegrad::testing

/// Makes what is checked of the library's own gates a test of a user's gate, in a program that
/// links GTest::gtest_main: gradients on operands of every rank and kind of broadcast, in float and
/// double, at special values, of second order, in lean mode and replayed, arrays beside scalars,
/// and that a wrong gradient rule in its place would be noticed. What its values and branches
/// should be, only its author knows: those are left to tests of one's own.
///
///     TAPEGRAD_CHECK_GATE(CheckDistance, Distance{});
///
/// A pointwise gate may say with `static constexpr tapegrad::ops::Domain domain[]` which numbers an
/// operand takes (as in ops/log.hpp); a whole-tensor gate says with `samples` on which attributes
/// and shapes it is tried (as in ops/cumsum.hpp).
#define TAPEGRAD_CHECK_GATE(suite, ...)       \
  static const bool tapegrad_checks_##suite = \
      ::tapegrad::testing::check_gate(#suite, __VA_ARGS__, {__FILE__, __LINE__})
