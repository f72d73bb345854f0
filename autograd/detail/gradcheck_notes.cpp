#include <tapegrad/autograd/detail/gradcheck_notes.hpp>

#include <fmt/format.h>

#include <tapegrad/autograd/detail/backward.hpp>

namespace tapegrad::detail {

std::string name_of(const Block& block, std::uint32_t index) {
  std::string given = block.given_name(index);
  const bool is_parameter = block.is_leaf(index) && block.parameter(index) != nullptr;
  // Layers share names such as `weight`.
  if (!given.empty() && !is_parameter) return given;
  return fmt::format("{} %{}", block.label(index), index);
}

std::string name_and_place(const Block& block, std::uint32_t index) {
  return fmt::format("{} at {}", name_of(block, index), to_string(block.place(index)));
}

void note_small_gradients(const std::vector<CheckedLeaf>& leaves, const Block& block,
                          const GradcheckOptions& options, Notes& notes) {
  for (const CheckedLeaf& leaf : leaves) {
    const double largest = options.loss_scale * leaf.largest();
    if (largest == 0 || largest >= 1e-10) continue;
    notes.push_back(fmt::format(
        "the gradient of {} is at most {:.1e}: too small beside rounding, in float above all; "
        "scale the loss up, here with loss_scale = {:.0e}",
        name_of(block, leaf.index), largest, options.loss_scale * 1e-3 / largest));
  }
}

void note_random_gates(const Block& block, std::uint32_t output, Notes& notes) {
  const std::vector<char>& upstream = upstream_of(block, output, Path::any);
  for (std::uint32_t i = 0; i <= output; ++i) {
    if (upstream[i] == 0 || block.nodes[i].op() != op_of<ops::DropoutMask>) continue;
    notes.push_back(
        fmt::format("dropout at {} is active: every replay repeats its draws, so one "
                    "mask is checked; model.eval() leaves dropout out",
                    to_string(block.place(i))));
  }
}

void note_initial_parameters(const Block& recorded, std::uint32_t output, Notes& notes) {
  bool any = false;
  for (const Leaf& leaf : recorded.leaves) {
    if (leaf.parameter == nullptr || leaf.index > output) continue;
    if (leaf.parameter->version > 1) return;  // The first change is the initialiser's.
    any = true;
  }
  if (!any) return;
  notes.emplace_back(
      "the parameters have their initial values, where gradients may be unlike those of training: "
      "check again after some steps");
}

void note_kinks(const GradcheckReport& report, Notes& notes) {
  const std::int64_t kinks = report.count(Verdict::kink) + report.count(Verdict::tie);
  if (10 * kinks <= static_cast<std::int64_t>(report.coordinates.size())) return;
  notes.push_back(
      fmt::format("{} of {} coordinates lie next to kinks: a check on two or three "
                  "samples meets fewer",
                  kinks, report.coordinates.size()));
}

}  // namespace tapegrad::detail
