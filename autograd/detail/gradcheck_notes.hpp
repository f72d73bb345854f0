#pragma once

#include <string>
#include <vector>

#include <tapegrad/autograd/detail/objective.hpp>
#include <tapegrad/autograd/gradcheck.hpp>

/// What a report of gradcheck says in words.
namespace tapegrad::detail {

/// The name that the user gave, else the gate's own (a parameter's in its module) and its index.
std::string name_of(const Block& block, std::uint32_t index);
/// The same with the line that recorded the gate.
std::string name_and_place(const Block& block, std::uint32_t index);

using Notes = std::vector<std::string>;

/// Gradients so small that rounding shows, in float above all.
void note_small_gradients(const std::vector<CheckedLeaf>& leaves, const Block& block,
                          const GradcheckOptions& options, Notes& notes);

/// Dropout that is switched on.
void note_random_gates(const Block& block, std::uint32_t output, Notes& notes);

/// Parameters of which none has changed since it was initialised.
void note_initial_parameters(const Block& recorded, std::uint32_t output, Notes& notes);

/// More than a tenth of the coordinates next to kinks.
void note_kinks(const GradcheckReport& report, Notes& notes);

}  // namespace tapegrad::detail
