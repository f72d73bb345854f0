// Data of the examples `search` and `ensemble`, in three parts: to train on, to choose by, and to
// measure with at the end.
#pragma once

#include <cstdlib>
#include <string>

#include <tapegrad/tapegrad.hpp>

/// Three parts without a common sample.
struct HeldOut {
  tapegrad::data::Dataset train;
  tapegrad::data::Dataset validation;
  tapegrad::data::Dataset test;
};

/// The samples from `first` up to `last`.
inline tapegrad::data::Dataset part_of(const tapegrad::data::Dataset& dataset, std::size_t first,
                                       std::size_t last) {
  tapegrad::data::Dataset part = dataset;
  auto shape = dataset.inputs.shape();
  shape[0] = last - first;
  part.inputs.resize(shape);
  const auto size = static_cast<std::ptrdiff_t>(dataset.features());
  const float* const numbers = dataset.inputs.data();
  std::copy(numbers + static_cast<std::ptrdiff_t>(first) * size,
            numbers + static_cast<std::ptrdiff_t>(last) * size, part.inputs.data());
  const auto labels = dataset.labels.begin();
  part.labels.assign(labels + static_cast<std::ptrdiff_t>(first),
                     labels + static_cast<std::ptrdiff_t>(last));
  return part;
}

/// `spiral`, which is drawn, or `fashion-mnist` from a folder, or TAPEGRAD_DATA_DIR; its rows have
/// the mean of the training part subtracted.
inline HeldOut load_held_out(const std::string& data, std::string folder, const std::string& who) {
  using namespace tapegrad;
  if (data == "spiral")
    return {data::spiral(60, 3, 1), data::spiral(60, 3, 2), data::spiral(200, 3, 3)};
  if (const char* dir = std::getenv("TAPEGRAD_DATA_DIR"); folder.empty() && dir != nullptr)
    folder = dir;
  if (folder.empty()) {
    throw FileError(
        "[" + who +
        "] needs the folder of Fashion-MNIST's four files, which are published at "
        "https://github.com/zalandoresearch/fashion-mnist; give it with --data-dir DIR or "
        "TAPEGRAD_DATA_DIR=DIR, or choose --data spiral");
  }
  const data::Dataset all = flatten(data::load_fashion_mnist(folder, data::Split::train));
  const std::size_t kept = all.size() - all.size() / 6;
  HeldOut parts{part_of(all, 0, kept), part_of(all, kept, all.size()),
                flatten(data::load_fashion_mnist(folder, data::Split::test))};
  const data::MeanSubtraction mean(parts.train);
  for (data::Dataset* part : {&parts.train, &parts.validation, &parts.test}) mean.apply(*part);
  return parts;
}
