#pragma once

#include <cstddef>
#include <vector>

#include <tapegrad/data/dataset.hpp>

namespace tapegrad::data {

/// The samples at these places, copied in the order of `indices`, with the same classes and names;
/// a place may come twice, as in bootstrap samples. Throws ValueError for an index that is no
/// sample's, and what `Dataset::validate` throws.
Dataset subset(const Dataset& dataset, const std::vector<std::size_t>& indices);

}  // namespace tapegrad::data
