#pragma once

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <tapegrad/autograd/testing/detail/gradient_checks.hpp>
#include <tapegrad/autograd/testing/detail/special_value_checks.hpp>
#include <tapegrad/autograd/testing/detail/value_checks.hpp>

// What is checked of every gate, listed or a user's own. Needs GoogleTest, which the library itself
// does not.

namespace tapegrad::testing {

/// Whether a check can be tried on a case.
using Applies = bool (*)(const GateCase&);

inline bool any_gate(const GateCase&) {
  return true;
}
inline bool is_pointwise(const GateCase& c) {
  return c.table->pointwise;
}
inline bool has_gradient(const GateCase& c) {
  return !c.differentiable().empty();
}
inline bool has_two_gradients(const GateCase& c) {
  return c.differentiable().size() > 1;
}
inline bool has_kinks(const GateCase& c) {
  return c.table->branches != nullptr;
}
/// One case of each pointwise gate: special values bring their own shape.
inline bool is_first_of_pointwise(const GateCase& c) {
  return is_pointwise(c) && c.shapes[0] == Shape{7};
}
inline bool is_first_of_differentiable_pointwise(const GateCase& c) {
  return is_first_of_pointwise(c) && has_gradient(c);
}
inline bool is_small_and_has_gradient(const GateCase& c) {
  if (!has_gradient(c) || !c.has_elements()) return false;
  for (const Shape& shape : c.shapes) {
    if (shape.size() > 100) return false;
  }
  return true;
}

inline bool can_be_of_one_value(const GateCase& c) {
  if (!has_two_gradients(c)) return false;
  const GateCase twin = with_one_value(c);
  // Pointwise gates take any such shapes; cases made alike would only repeat others.
  if (twin.shapes == c.shapes) return true;
  if (is_pointwise(c)) return false;
  std::vector<const Shape*> shapes;
  for (const Shape& shape : twin.shapes) shapes.push_back(&shape);
  try {
    twin.table->shape(twin.attributes.get(), {shapes.data(), static_cast<int>(shapes.size())});
    return true;
  } catch (const ShapeError&) {
    return false;
  }
}

/// What is checked of a gate, in float and double where both say something.
struct GateCheck {
  const char* name;                        ///< As a test is named.
  Applies applies;                         ///< On which cases.
  void (*run)(const GateCase& gate_case);  ///< Reports through GoogleTest.
};

/// All checks that a gate needs nothing more for than its struct.
inline const std::vector<GateCheck>& gate_checks() {
  static const std::vector<GateCheck> checks = {
      {"ArraysEqualTheRule", is_pointwise, arrays_equal_the_rule},
      {"SpecialValuesAgreeWithTheRule", is_first_of_pointwise, special_values_agree_with_the_rule},
      {"GradientsAtSpecialValuesAgreeWithTheRule", is_first_of_differentiable_pointwise,
       gradients_at_special_values_agree_with_the_rule},
      {"ArraysAndScalarsAgreeAtSpecialValues", is_first_of_differentiable_pointwise,
       arrays_and_scalars_agree_at_special_values},
      {"GradientsEqualCentredDifferences", has_gradient, gradients_equal_centred_differences},
      {"OperandsWithoutGradientDoNotMatter", has_gradient, operands_without_gradient_do_not_matter},
      {"AConstantOperandChangesNothing", has_two_gradients, a_constant_operand_changes_nothing},
      {"GradientOfOneValueTwiceIsTheSum", can_be_of_one_value,
       gradient_of_one_value_twice_is_the_sum},
      {"FloatFollowsDouble", any_gate, float_follows_double},
      {"LeanGivesTheGradientsOfInspect", has_gradient, lean_gives_the_gradients_of_inspect},
      {"RecordedGradientEqualsComputed", has_gradient, recorded_gradient_equals_computed},
      {"SecondOrderEqualsDifferencesOfTheFirst", is_small_and_has_gradient,
       second_order_equals_differences_of_the_first},
      {"ReplayEqualsRecordingAnew", any_gate, replay_equals_recording_anew},
      {"ForwardWritesOrAdds", any_gate, forward_writes_or_adds},
      {"BranchesAreReportedPerElement", has_kinks, branches_are_reported_per_element}};
  return checks;
}

/// Makes each check of each case a test, `suite.Check/gate_3`.
inline void register_gate_checks(const char* suite, const std::vector<GateCase>& cases,
                                 const std::vector<GateCheck>& checks, Place place) {
  class CheckedCase : public ::testing::Test {
   public:
    CheckedCase(const GateCheck& check, const GateCase& gate_case, Place place)
        : check_(check), case_(gate_case), place_(place) {}
    void TestBody() override {
      const ::testing::ScopedTrace at(place_.file, place_.line, case_.name());
      check_.run(case_);
    }

   private:
    GateCheck check_;
    GateCase case_;
    Place place_;
  };
  for (const GateCheck& check : checks) {
    int index = 0;
    for (const GateCase& gate_case : cases) {
      if (check.applies(gate_case)) {
        const std::string name =
            std::string(check.name) + "/" + gate_case.table->name + "_" + std::to_string(index);
        ::testing::RegisterTest(suite, name.c_str(), nullptr, gate_case.name().c_str(), place.file,
                                place.line, [check, gate_case, place]() -> ::testing::Test* {
                                  return new CheckedCase(check, gate_case, place);
                                });
      }
      ++index;
    }
  }
}

}  // namespace tapegrad::testing
