#pragma once

#include <cstdint>

#include <tapegrad/data/dataset.hpp>

namespace tapegrad::data {

/// The 2-D spiral: `arms` classes that wind around the origin. Point i of n in arm j has radius
/// r = i / (n − 1) and angle t = 4·(j + r) + 0.2·(a standard normal), in radians, and lies at
/// (r sin t, r cos t). Inputs (arms·points_per_arm, 2), arm after arm, from the centre outward;
/// the same seed gives the same points. Throws ValueError for fewer than 1 point or arm.
/// Source: Karpathy, CS231n, Neural Networks Part 3: Putting it together, case study.
Dataset spiral(int points_per_arm = 100, int arms = 3, std::uint64_t seed = 0);

}  // namespace tapegrad::data
